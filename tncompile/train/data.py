"""Samples from an `.npz` file, matched with the inputs of a network."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tncompile.network import Network
from tncompile.source import Diagnostic, TnError, read_bytes
from tncompile.source.records import record
from tncompile.train.fit import take

Array = npt.NDArray[Any]


@record(eq=False)
class Samples:
    """What `Model.score` takes, and a target for each sample."""

    x: Any
    y: Array

    def split(self, share: float, seed: int) -> tuple[Samples, Samples]:
        """The samples to train on and those held out, chosen at random."""
        order = np.random.default_rng(seed).permutation(len(self.y))
        held = round(share * len(self.y))
        if held == len(self.y):
            raise TnError(f"--test-split {share} of {len(self.y)} samples leaves none to train on")
        return self._take(order[held:]), self._take(order[:held])

    def _take(self, rows: Array) -> Samples:
        return Samples(take(self.x, rows), self.y[rows])


def read_samples(net: Network, file: str, target_name: str, *, classes: bool) -> Samples:
    """The samples of a file; raises TnError that says what the file lacks."""
    arrays = _read_arrays(file)
    inputs = [name for name, tensor in net.tensors.items() if tensor.role == "input"]
    if not inputs:
        raise TnError(f"the network `{net.name}` has no input: there is nothing to train it on")
    held = ", ".join(f"`{name}`" for name in arrays) or "nothing"
    if target_name not in arrays:
        raise TnError(
            [
                Diagnostic(
                    f"{file} holds no targets `{target_name}`; it holds {held}",
                    help="--target-name says how they are called",
                )
            ]
        )
    y = arrays[target_name]
    _check_targets(file, target_name, y, classes)
    if len(inputs) == 1 and inputs[0] not in arrays and "x" in arrays:
        arrays = {**arrays, inputs[0]: arrays["x"]}
    missing = [name for name in inputs if name not in arrays]
    if missing:
        raise TnError(
            f"{file} holds no array `{missing[0]}`, the network has that input; the file holds {held}"
        )
    x = {name: arrays[name] for name in inputs}
    for name, array in x.items():
        _check_input(file, name, array, len(y))
    return Samples(x if len(x) > 1 else x[inputs[0]], y)


def _read_arrays(file: str) -> Mapping[str, Array]:
    data = read_bytes(file)
    try:
        # Arrays of objects could run code of a stranger: they stay unread.
        archive = np.load(io.BytesIO(data), allow_pickle=False)
        if isinstance(archive, np.ndarray):
            raise TnError(f"{file} holds one array; an .npz file with named arrays is needed (numpy.savez)")
        with archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, EOFError, OSError, KeyError, zipfile.BadZipFile) as error:
        message = f"{file} is no .npz file of arrays of numbers"
        raise TnError([Diagnostic(message, help="write it with numpy.savez(file, x=..., y=...)")]) from error


def _check_targets(file: str, name: str, y: Array, classes: bool) -> None:
    if y.ndim == 0 or not len(y):
        raise TnError(f"{file}: the targets `{name}` hold no samples")
    if y.dtype.kind not in "biuf":
        raise TnError(f"{file}: the targets `{name}` hold {y.dtype}, not numbers")
    if classes and y.dtype.kind not in "iu":
        raise TnError(
            [
                Diagnostic(
                    f"{file}: the targets `{name}` hold {y.dtype}; classes are integers from 0",
                    help="--loss squared_error for numbers",
                )
            ]
        )
    if not classes and not np.isfinite(y).all():
        raise TnError(f"{file}: the targets `{name}` hold nan or infinity")


def _check_input(file: str, name: str, array: Array, count: int) -> None:
    if array.dtype.kind not in "biufc":
        raise TnError(f"{file}: `{name}` holds {array.dtype}, not numbers")
    if array.ndim == 0 or len(array) != count:
        found = "no samples" if array.ndim == 0 else f"{len(array)} samples"
        raise TnError(f"{file}: `{name}` holds {found}, the targets hold {count}")
    if array.dtype.kind in "fc" and not np.isfinite(array).all():
        raise TnError(f"{file}: `{name}` holds nan or infinity")
