"""Arrays of the oracle as a compiled model wants them, and the comparisons of the two."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np

from tests.reference import evaluate, random_arrays
from tests.reference.written import Arrays, Member
from tncompile.network import Network, Tensor
from tncompile.runtime import Weights

Samples = list[dict[str, dict[Member, Any]]]


def processes(count: int) -> ProcessPoolExecutor:
    """Worker processes that begin anew: to fork is not safe where libraries have threads."""
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"))


def roles(net: Network, role: str) -> list[str]:
    """The names of the tensors that are declared ``input``, ``weight`` or ``constant``."""
    return [s.name for s in net.statements if isinstance(s, Tensor) and s.role == role]


def member_name(name: str, member: Member) -> str:
    """``G[3]``, ``node[1, 2]``, ``top``"""
    return f"{name}[{', '.join(map(str, member))}]" if member else name


def is_box(members: Mapping[Member, Any]) -> bool:
    """Whether members fill a box and have one shape, so that they are one array outside."""
    if not members:
        return False
    ranges = [range(min(column), max(column) + 1) for column in zip(*members, strict=True)]
    return (
        sorted(members) == list(itertools.product(*ranges))
        and len({np.shape(a) for a in members.values()}) == 1
    )


def outside(members: Mapping[Member, Any]) -> Any:
    """A family as it looks outside: one array ``(*family, *axes)`` for a box, else a list in family order."""
    if not is_box(members):
        return [members[member] for member in sorted(members)]
    order = sorted(members)
    family = tuple(len(set(column)) for column in zip(*order, strict=True))
    return np.stack([members[m] for m in order]).reshape(family + np.shape(members[order[0]]))


def stacked(samples: list[Mapping[Member, Any]]) -> dict[Member, Any]:
    """The members of several samples with the batch as their first axis."""
    return {member: np.stack([sample[member] for sample in samples]) for member in samples[0]}


def batched(samples: list[Mapping[Member, Any]]) -> Any:
    """A family of several samples as it looks outside: ``(batch, *family, *axes)``, or a list."""
    members = stacked(samples)
    if not is_box(samples[0]):
        return [members[member] for member in sorted(members)]
    return np.stack([outside(sample) for sample in samples])


def draw(net: Network, count: int, seed: int = 0, scale: float = 0.5) -> Samples:
    """Random arrays for several samples: the weights are the same in each."""
    samples = [random_arrays(net, seed + number, scale) for number in range(count)]
    for name in roles(net, "weight"):
        for sample in samples:
            sample[name] = samples[0][name]
    return samples


def weights_of(model: Any, net: Network, arrays: Arrays) -> Any:
    """The weights as the model has them: a flat vector, with views that carry names."""
    w = model.init(seed=0)
    for name in roles(net, "weight"):
        for member, array in arrays[name].items():
            w[member_name(name, member)][...] = array
    return w


def inputs_of(net: Network, samples: Samples) -> tuple[Any, ...]:
    """The arguments behind the weights: nothing, one array, or a dict by name."""
    names = roles(net, "input")
    by_name = {name: batched([sample[name] for sample in samples]) for name in names}
    return () if not names else (by_name[names[0]],) if len(names) == 1 else (by_name,)


def expected(net: Network, samples: Samples) -> dict[str, list[Any]]:
    """The outputs of several samples by the oracle: output -> members in order, each ``(batch, *legs)``."""
    results = [evaluate(net, sample) for sample in samples]
    if not roles(net, "input"):
        return {name: [members[m] for m in sorted(members)] for name, members in results[0].items()}
    stacks = {name: stacked([result[name] for result in results]) for name in results[0]}
    return {name: [members[m] for m in sorted(members)] for name, members in stacks.items()}


def is_alone(value: Any, wanted: list[Any]) -> bool:
    """Whether an output is given once for all samples, because it depends on no input."""
    members = value if isinstance(value, list) else [value]
    return sum(np.size(a) for a in members) < sum(np.size(a) for a in wanted)


def members_of(value: Any, wanted: list[Any], batch: int) -> list[Any]:
    """One output of a model in the form of `expected`.

    A family that is one array is taken apart; what is given once for all samples is repeated.
    """
    shape, alone = wanted[0].shape, is_alone(value, wanted)
    if not isinstance(value, list):
        legs = shape[1:] if alone else shape
        batch = 0 if alone else batch
        value = list(np.moveaxis(value.reshape(*legs[:batch], -1, *legs[batch:]), batch, 0))
    return [np.broadcast_to(member, shape) for member in value]


def leaves(value: Any) -> list[Any]:
    """All arrays of what a model returns: values by name, lists of members, pairs."""
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]
    if isinstance(value, list | tuple):
        return [leaf for part in value for leaf in leaves(part)]
    return [value.flat if isinstance(value, Weights) else np.asarray(value)]


def same(one: Any, other: Any) -> None:
    """Asserts that two results are equal to the last bit."""
    for mine, theirs in zip(leaves(one), leaves(other), strict=True):
        np.testing.assert_array_equal(mine, theirs)


class Comparison:
    """A compiled model beside the oracle, at random arrays."""

    def __init__(self, net: Network, model: Any, count: int = 2, seed: int = 0) -> None:
        self.net = net
        self.model = model
        self.samples = draw(net, count if roles(net, "input") else 1, seed)
        self.wanted = expected(net, self.samples)
        self.batch = 1 if roles(net, "input") else 0
        self.arguments = (weights_of(model, net, self.samples[0]), *inputs_of(net, self.samples))

    def by_output(self, scores: Any) -> dict[str, Any]:
        """What `Model.score` returned, by output."""
        result = scores if isinstance(scores, dict) else {self.net.outputs[0]: scores}
        assert list(result) == list(self.wanted)
        return result

    def score_error(self) -> float:
        """The largest difference to the definitions, relative to the largest value of the output."""
        errors = [0.0]
        for name, value in self.by_output(self.model.score(*self.arguments)).items():
            wanted = self.wanted[name]
            found = members_of(value, wanted, self.batch)
            scale = max(np.max(np.abs(a), initial=1e-30) for a in wanted)
            errors += [
                float(np.max(np.abs(a - b), initial=0.0)) / scale for a, b in zip(found, wanted, strict=True)
            ]
        return max(errors)

    def cotangent(self, seed: int) -> tuple[Any, dict[str, list[Any]]]:
        """A random cotangent as the model wants it, and in the form of `expected`."""
        generator = np.random.default_rng(seed)

        def like(value: Any) -> Any:
            if isinstance(value, list):
                return [like(member) for member in value]
            drawn = generator.normal(size=np.shape(value))
            return drawn + 1j * generator.normal(size=np.shape(value)) if np.iscomplexobj(value) else drawn

        by_name = {
            name: like(value) for name, value in self.by_output(self.model.score(*self.arguments)).items()
        }
        apart = {}
        for name, value in by_name.items():
            # What is given once counts once, not once for each sample.
            share = len(self.samples) if is_alone(value, self.wanted[name]) else 1
            apart[name] = [a / share for a in members_of(value, self.wanted[name], self.batch)]
        return (by_name if len(by_name) > 1 else next(iter(by_name.values()))), apart

    def slope(self, along: Arrays, cotangent: Mapping[str, list[Any]], step: float) -> float:
        """How ``Re sum(conj(cotangent) * outputs)`` grows along a direction, by differences of fourth order."""

        def total(factor: float) -> float:
            moved = [
                {
                    name: {
                        m: a + factor * step * along[name][m] if name in along else a
                        for m, a in members.items()
                    }
                    for name, members in sample.items()
                }
                for sample in self.samples
            ]
            found = expected(self.net, moved)
            pairs = [
                (c, y)
                for name, members in found.items()
                for c, y in zip(cotangent[name], members, strict=True)
            ]
            return float(sum(np.vdot(c, y).real for c, y in pairs))

        return (8 * (total(1) - total(-1)) - (total(2) - total(-2))) / (12 * step)

    def gradient_error(self, seed: int = 0, step: float = 3e-5) -> float:
        """The difference of a directional derivative to the oracle's, relative to the lengths; nan at a kink."""
        given, apart = self.cotangent(seed)
        _, gradient = self.model.score_and_gradient(*self.arguments, cotangent=given)
        along = direction(self.net, seed)
        unit = weights_of(self.model, self.net, along).flat
        size = float(np.linalg.norm(gradient.flat) * np.linalg.norm(unit))
        size += sum(
            float(np.abs(c * y).sum())
            for name in apart
            for c, y in zip(apart[name], self.wanted[name], strict=True)
        )
        fine, coarse = self.slope(along, apart, step), self.slope(along, apart, 2 * step)
        if abs(fine - coarse) > 1e-7 * size:
            return float("nan")
        return abs(float(np.vdot(gradient.flat, unit).real) - fine) / max(size, 1e-300)


def direction(net: Network, seed: int = 1) -> dict[str, dict[Member, Any]]:
    """A random direction in the space of the weights, a complex one where they are."""
    drawn = random_arrays(net, seed)
    return {name: drawn[name] for name in roles(net, "weight")}


def difference(one, other):
    """The largest difference of two results of one form, relative to the largest entry."""
    if isinstance(one, dict):
        return max(difference(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple):
        return max((difference(a, b) for a, b in zip(one, other, strict=True)), default=0.0)
    one, other = np.asarray(one), np.asarray(other)
    assert one.shape == other.shape
    return float(np.abs(one - other).max(initial=0.0) / max(1.0, np.abs(one).max(initial=0.0)))
