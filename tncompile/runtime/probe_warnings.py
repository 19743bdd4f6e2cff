"""What a network does at random weights and data: a score that is always zero, data or weights without effect.

The network is compiled and evaluated. Every sample of a batch has one member of the inputs replaced, so
one evaluation tells which members matter; what seems not to matter is tried again at other points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tncompile.network import Definition, Network
from tncompile.plan import Objective
from tncompile.runtime.model import Model
from tncompile.runtime.plans import Plans
from tncompile.runtime.random_data import arranged, normal
from tncompile.source import NOWHERE, Diagnostic, Span, TnError

Array = npt.NDArray[Any]

SCALES = (1.0, 2.0, 0.5, 1.0, 4.0, 0.25, 1.0, 2.0)  # of the weights, one for each try
MEMBERS = 1000  # of the inputs that are looked at
WEIGHTS = 64  # tensors that are looked at
ROUNDING = 1e-10


def probe_warnings(net: Network) -> list[Diagnostic]:
    """Warnings about the values of a correct network; none where it is too large to be evaluated."""
    try:
        probe = _Probe(net)
        return [*probe.initial(), *(probe.influence() or probe.vanishing())]
    except TnError:
        return []  # past the memory limit: nothing can be said


# A few evaluations are not worth the search for the best order.
QUICK = Objective(thorough=False)


class _Probe:
    def __init__(self, net: Network) -> None:
        self.net = net
        dtype = "complex128" if net.field == "complex" else "float64"
        self.model = Model(net, Plans(net, "numpy", dtype, None, objective=QUICK))
        inputs = [name for name, tensor in net.tensors.items() if tensor.role == "input"]
        self.members = [(name, p) for name in inputs for p in range(len(net.tables.tensors[name].members))][
            :MEMBERS
        ]
        self.weights = [name for name, tensor in net.tensors.items() if tensor.role == "weight"][:WEIGHTS]
        self.inputs = inputs

    # --- at the initial weights ------------------------------------------------------------------

    def initial(self) -> list[Diagnostic]:
        """Whether the scores are numbers at the initial weights."""
        rng = np.random.default_rng(0)
        values = self._values(self.model.init(0).flat, self._data(rng, 2))
        found = []
        for name, value in values.items():
            if not np.isfinite(value).all():
                what = "nan" if np.isnan(value).any() else "infinite"
                message = f"`{name}` is {what} at the initial weights"
                found.append(
                    Diagnostic(
                        message,
                        self._output_span(name),
                        "warning",
                        "smaller initial weights (`~ normal(...)`)",
                    )
                )
        return found

    def vanishing(self) -> list[Diagnostic]:
        """Whether the scores are zero at all initial weights: they underflow, or the network is dead."""
        inits = [tensor.init for tensor in self.net.tensors.values() if tensor.role == "weight"]
        if any(init is not None and init.name == "zeros" for init in inits):
            return []  # asked for
        names = list(self.net.outputs)
        for seed in range(len(SCALES)):
            values = self._values(self.model.init(seed).flat, self._data(np.random.default_rng(seed), 2))
            names = [name for name in names if not np.any(values[name])]
            if not names:
                break
        return [
            Diagnostic(
                f"`{name}` is zero at the initial weights",
                self._output_span(name),
                "warning",
                "larger initial weights (`~ normal(...)`)",
            )
            for name in names
        ]

    # --- what has an effect ----------------------------------------------------------------------

    def influence(self) -> list[Diagnostic]:
        """What is zero, or makes no difference, at every point that is tried."""
        zero = dict.fromkeys(self.net.outputs)
        members = dict.fromkeys(range(len(self.members)))
        weights = dict.fromkeys(self.weights)
        tried = False
        for number, scale in enumerate(SCALES):
            rng = np.random.default_rng(number)
            flat = scale * (
                self.model.init(number).flat + 0.1 * normal(self.net, rng, self.model.zeros().flat.shape)
            )
            data = self._data(rng, 1 + len(self.members))
            values = self._values(flat, data)
            if not all(np.isfinite(value).all() for value in values.values()):
                continue
            tried = True
            for name in [name for name in zero if np.any(values[name])]:
                del zero[name]
            for place in [place for place in members if _differs(values, 0, place + 1)]:
                del members[place]
            for name in [name for name in weights if self._matters(name, rng, flat, data, values)]:
                del weights[name]
            if not zero and not members and not weights:
                return []
        if not tried:
            return []  # no score was a number: nothing can be said
        if len(zero) == len(self.net.outputs):
            return [self._zero(name) for name in zero]
        return [*map(self._zero, zero), *map(self._no_influence, members), *map(self._no_effect, weights)]

    def _matters(
        self, name: str, rng: np.random.Generator, flat: Array, data: Any, values: Mapping[str, Array]
    ) -> bool:
        """Whether other values of a weight make another score."""
        weights = self.model.zeros()
        weights.flat[:] = flat
        for member in self.model.weights:
            if member.partition("[")[0] == name:
                weights[member][...] += normal(self.net, rng, self.model.weights[member])
        changed = self._values(weights.flat, data)
        return any(not _alike(changed[output], values[output]) for output in values)

    # --- values ----------------------------------------------------------------------------------

    def _values(self, flat: Array, data: Any) -> dict[str, Array]:
        with np.errstate(all="ignore"):
            value = self.model.score(flat, data) if self.inputs else self.model.score(flat)
        named = value if isinstance(value, dict) else {self.net.outputs[0]: value}
        return {name: _one_array(entry) for name, entry in named.items()}

    def _data(self, rng: np.random.Generator, samples: int) -> Any:
        """Random data; sample i + 1 differs from sample 0 in member i only."""
        if not self.inputs:
            return None
        lists: dict[str, list[Array]] = {}
        places = {member: place for place, member in enumerate(self.members)}
        for name in self.inputs:
            table = self.net.tables.tensors[name]
            lists[name] = []
            for position, block in enumerate(table.block_of.tolist()):
                shape = tuple(extent.value for extent in table.blocks[block].shape)
                array = np.broadcast_to(normal(self.net, rng, shape), (samples, *shape)).copy()
                place = places.get((name, position), samples) + 1
                if place < samples:
                    array[place] = normal(self.net, rng, shape)
                lists[name].append(array)
        return {name: arranged(self.net, name, arrays) for name, arrays in lists.items()}

    # --- what is said ----------------------------------------------------------------------------

    def _zero(self, name: str) -> Diagnostic:
        return Diagnostic(
            f"`{name}` is zero at all weights and data that were tried", self._output_span(name), "warning"
        )

    def _no_influence(self, place: int) -> Diagnostic:
        name, position = self.members[place]
        subscripts = self.net.tables.tensors[name].members[position].tolist()
        member = f"{name}[{', '.join(map(str, subscripts))}]" if subscripts else name
        outputs = ", ".join(f"`{output}`" for output in self.net.outputs)
        return Diagnostic(
            f"{outputs} does not depend on `{member}`", self.net.tensors[name].name_span, "warning"
        )

    def _no_effect(self, name: str) -> Diagnostic:
        return Diagnostic(f"weight `{name}` has no effect", self.net.tensors[name].name_span, "warning")

    def _output_span(self, name: str) -> Span:
        rules = (s for s in self.net.statements if isinstance(s, Definition) and s.name == name)
        return next((rule.name_span for rule in rules), NOWHERE)


def _differs(values: Mapping[str, Array], first: int, second: int) -> bool:
    return any(not _alike(value[first], value[second]) for value in values.values())


def _alike(left: Array, right: Array) -> bool:
    """Whether two values differ by no more than rounding."""
    return bool(
        np.allclose(left, right, rtol=ROUNDING, atol=ROUNDING * float(np.max(np.abs(right), initial=0.0)))
    )


def _one_array(value: Array | Sequence[Array]) -> Array:
    """All numbers of an output, the samples along the first axis."""
    if not isinstance(value, list | tuple):
        return np.asarray(value)
    return np.concatenate([np.asarray(entry).reshape(len(entry), -1) for entry in value], axis=1)
