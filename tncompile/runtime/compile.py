"""From a network to a model."""

from __future__ import annotations

from collections.abc import Mapping

from tncompile.network import Network
from tncompile.plan import Objective
from tncompile.runtime.memory import chosen_limit
from tncompile.runtime.model import Model
from tncompile.runtime.plans import Plans
from tncompile.source import UsageError


def compile_network(
    net: Network,
    target: str = "numpy",
    dtype: str | None = None,
    memory: int | str | None = None,
    objective: Objective | None = None,
    *,
    scaled: bool = False,
    capture: bool = True,
) -> Model:
    """Compiles a network.

    Parameters
    ----------
    net:
        What `load` returns, or a transform of it.
    target:
        The array library of the module: ``"numpy"`` or ``"cupy"``.
    dtype:
        ``"float32"``, ``"float64"``, ``"complex64"`` or ``"complex128"``; double precision by default,
        complex for a complex network.
    memory:
        The most bytes that the module may use at its peak, with `USUAL_BATCH` samples, as an integer or as a text such as
        ``"8G"``; by default half of what is free.
    objective:
        What the order of contraction makes small, how long to search for it, and whether chains are loops or trees.
    scaled:
        Numbers as mantissas times powers of two that each sample carries along, so that long products neither
        over- nor underflow; scores and gradients are then pairs ``(mantissa, scale)``.
    capture:
        On the target ``"cupy"``: scores and gradients are captured as CUDA graphs, one for each number of samples,
        and replayed (see `Captured`).

    Raises
    ------
    TnError
        Where the network is at fault, or needs more memory than allowed.
    UsageError
        For a target or dtype that there is not, and for arguments of another kind than these.
    """
    _check_kinds(net, objective, {"scaled": scaled, "capture": capture})
    if dtype is None:
        dtype = "complex128" if net.field == "complex" else "float64"
    plans = Plans(net, target, dtype, chosen_limit(memory), objective=objective or Objective(), scaled=scaled)
    return Model(net, plans, capture)


def _check_kinds(net: object, objective: object, flags: Mapping[str, object]) -> None:
    """Raises UsageError for arguments of another kind than `compile_network` takes."""
    if not isinstance(net, Network):
        raise UsageError(f"`compile` takes a network (see `load`), not {net!r}")
    if not isinstance(objective, Objective | None):
        raise UsageError(
            f"`objective` is an `Objective`, such as tn.Objective(budget=5.0), not {objective!r}"
        )
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            raise UsageError(f"`{name}` is True or False, not {flag!r}")
