"""A workload: a network of the zoo at some sizes; and a case: the same with weights, data and what is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

import tncompile as tn
from tests.helpers import members_of
from tncompile.plan import Account, account
from tncompile.runtime.random_data import random_data

Array = Any
Parameters = list[Array]  # arrays whose numbers, one after another, are the flat vector of the weights
Score = Callable[[Parameters, Array], Array]
EXAMPLES = Path(__file__).parent.parent / "examples"
SCORE, GRADIENT = "score", "gradient"
KINDS = (SCORE, GRADIENT)
DRAWN, DRAWS = (
    2**20,
    256,
)  # numbers (and no more draws) from which the variance of an initialiser is estimated
SCORE_ERROR, GRADIENT_ERROR = 1e-3, 1e-2  # relative to the largest; float32 over long products


@dataclass(frozen=True)
class Workload:
    """A network of the zoo at some sizes.

    ``parameters`` keeps the weights as one would by hand; ``by_hand`` are the natural ways to score with them, in the methods
    that arrays of NumPy, JAX and torch share.
    """

    name: str
    example: str
    sizes: Mapping[str, Any]
    batch: int
    parameters: Callable[[tn.Weights], Parameters] | None = None
    by_hand: Mapping[str, Score] = field(default_factory=dict)
    noise: float = 0.3  # of weights and data around their mean

    @property
    def title(self) -> str:
        """The sizes in words."""
        sizes = " ".join(f"{name}={value}" for name, value in self.sizes.items())
        return f"{self.example} {sizes} batch={self.batch}"

    def load(self) -> tn.Network:
        """From the text."""
        return tn.load(EXAMPLES / f"{self.example}.tn", **self.sizes)


class Case:
    """A workload with weights and data in float32 (complex64 for a complex network)."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.net = workload.load()
        self.dtype = "complex64" if self.net.field == "complex" else "float32"
        self.model = tn.compile(self.net, dtype=self.dtype)
        self.weights = tame(self.model, workload.noise)
        self.inputs = self._inputs(np.random.default_rng(1))

    def _inputs(self, rng: np.random.Generator) -> dict[str, Any]:
        """Data around 1, by name: one array, or a list in the order of the members."""
        drawn = random_data(self.net, rng, self.workload.batch) or {}

        def near_one(values: Any) -> Any:
            if isinstance(values, list):
                return [near_one(value) for value in values]
            return (1 + self.workload.noise * values).astype(self.dtype)

        return {name: near_one(values) for name, values in drawn.items()}

    @property
    def data(self) -> Any:
        """The data as a model takes them."""
        return self.inputs or None

    @property
    def x(self) -> Array:
        """The one input of a workload with ways by hand."""
        (values,) = self.inputs.values()
        return values

    @property
    def parameters(self) -> Parameters:
        """The weights as one would keep them by hand."""
        if self.workload.parameters is None:
            return [self.weights[name] for name in self.weights]
        return self.workload.parameters(self.weights)

    # --- what it costs at best ----------------------------------------------------------------------

    @cached_property
    def account(self) -> Account:
        """Operations of one sample."""
        return account(self.net)

    def flops(self, kind: str) -> int:
        """Operations of the whole batch."""
        spent = self.account.score if kind == SCORE else self.account.gradient
        return 0 if spent is None else spent.flops.value * self.workload.batch

    def moved(self, kind: str) -> int:
        """Bytes that must be read and written whatever the method: weights, data, scores, gradients."""
        arrays = [
            a for values in self.inputs.values() for a in (values if isinstance(values, list) else [values])
        ]
        weights = self.weights.flat.nbytes * (1 if kind == SCORE else 2)
        return weights + sum(a.nbytes for a in arrays) + sum(a.nbytes for a in flat(self.right[0]))

    # --- what is right ------------------------------------------------------------------------------

    @cached_property
    def right(self) -> tuple[Any, Array]:
        """The scores, and the gradient of their sum; the tests hold them to the definitions."""
        return self.model.score_and_gradient(self.weights.flat, self.data)

    def check(self, kind: str, found: Any) -> None:
        """Raises AssertionError where a rival's result is another: scores, or scores and a list of gradients."""
        scores, parts = (found, None) if kind == SCORE else found
        for theirs, ours in zip(flat(scores), self._like(scores), strict=True):
            near(theirs, ours, SCORE_ERROR)
        if parts is not None:
            near(np.concatenate([np.asarray(part).ravel() for part in parts]), self.right[1], GRADIENT_ERROR)

    def _like(self, scores: Any) -> list[Array]:
        """The right scores in the form of a rival's: as a model gives them, or for each output a dictionary by member."""
        if not (isinstance(scores, Mapping) and all(isinstance(one, Mapping) for one in scores.values())):
            return flat(self.right[0])
        named = self.right[0] if isinstance(self.right[0], Mapping) else dict.fromkeys(scores, self.right[0])
        return [
            member
            for name, members in scores.items()
            for member in members_of(named[name], list(members.values()), 1 if self.inputs else 0)
        ]


def tame(model: tn.Model, noise: float) -> tn.Weights:
    """Weights around the variance of their initialiser, so that products of any length stay near 1.

    That variance is 1 over the extents that are summed, shared among the factors: a sum of products of ones so weighted is 1.
    It is estimated from many draws. What the initialiser makes constant stays as it is.
    """
    weights, rng = model.init(0), np.random.default_rng(0)
    draws = [model.init(seed) for seed in range(min(DRAWS, DRAWN // weights.flat.size + 1))]
    for name in weights:
        member = weights[name]
        if np.ptp(np.abs(member)):
            variance = np.mean([draw[name].var() for draw in draws])
            member[...] = variance * (1 + noise * rng.normal(size=member.shape))
    return weights


def flat(scores: Any) -> list[Array]:
    """All arrays of a result: one, a list of members, or a dictionary of outputs."""
    if isinstance(scores, Mapping):
        return [array for value in scores.values() for array in flat(value)]
    if isinstance(scores, Sequence):
        return [array for value in scores for array in flat(value)]
    return [np.asarray(scores)]


def near(found: Array, wanted: Array, error: float) -> None:
    """Raises AssertionError unless two arrays agree, relative to the largest number."""
    assert found.shape == wanted.shape, f"{found.shape} is not {wanted.shape}"
    scale = np.abs(wanted).max()
    assert 0 < scale < np.inf, f"the largest number is {scale}: nothing can be compared"
    distance = np.abs(found - wanted).max() / scale
    assert distance < error, f"differs by {distance:.1e} of the largest number"
