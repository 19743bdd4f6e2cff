"""Arrays of the oracle as a compiled model wants them, and the comparisons of the two."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.reference import evaluate, random_arrays
from tests.reference.written import Arrays, Member
from tncompile.network import Network, Tensor

Samples = list[dict[str, dict[Member, Any]]]


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


def expected(net: Network, samples: Samples) -> dict[str, Any]:
    """The outputs of several samples, by the oracle, as a compiled model gives them."""
    results = [evaluate(net, sample) for sample in samples]
    if not roles(net, "input"):
        return {name: outside(members) for name, members in results[0].items()}
    return {name: batched([result[name] for result in results]) for name in results[0]}


def by_output(net: Network, scores: Any) -> dict[str, Any]:
    """What `Model.score` returned, by output."""
    return scores if isinstance(scores, dict) else {net.outputs[0]: scores}


def parts(scores: Any) -> list[Any]:
    """The arrays of one output, in order."""
    return list(scores) if isinstance(scores, list) else [scores]


def assert_close(found: Any, wanted: Any, tolerance: float) -> None:
    """The largest difference is at most ``tolerance`` times the largest value wanted."""
    assert len(parts(found)) == len(parts(wanted))
    for ours, theirs in zip(parts(found), parts(wanted), strict=True):
        assert np.shape(ours) == np.shape(theirs)
        scale = np.max(np.abs(theirs), initial=0.0)
        assert np.max(np.abs(np.asarray(ours) - theirs), initial=0.0) <= tolerance * max(scale, 1e-30)


def assert_scores_agree(net: Network, model: Any, samples: Samples, tolerance: float = 1e-12) -> None:
    """The model gives what the definitions say."""
    scores = by_output(net, model.score(weights_of(model, net, samples[0]), *inputs_of(net, samples)))
    wanted = expected(net, samples)
    assert list(scores) == list(wanted)
    for name, values in wanted.items():
        assert_close(scores[name], values, tolerance)


def slope(net: Network, samples: Samples, direction: Arrays, step: float) -> complex:
    """How the sum of all outputs grows along a direction of the weights, by differences of fourth order."""

    def total(factor: float) -> complex:
        moved = [
            {
                name: {
                    m: a + factor * step * direction[name][m] if name in direction else a
                    for m, a in members.items()
                }
                for name, members in sample.items()
            }
            for sample in samples[: len(samples) if roles(net, "input") else 1]
        ]
        return sum(
            np.sum(a) for sample in moved for out in evaluate(net, sample).values() for a in out.values()
        )

    return (8 * (total(1) - total(-1)) - (total(2) - total(-2))) / (12 * step)


def direction(net: Network, seed: int = 1) -> dict[str, dict[Member, Any]]:
    """A random direction in the space of the weights, a complex one where they are."""
    drawn = random_arrays(net, seed)
    return {name: drawn[name] for name in roles(net, "weight")}
