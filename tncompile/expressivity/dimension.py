"""The dimension of the set of functions that a network can represent: the rank of its Jacobian."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from tncompile.codegen import Modular, emit, is_array
from tncompile.expressivity.degree import Degree, Kind, score_degree
from tncompile.expressivity.evaluation.evaluate import MATRIX_BYTES, check_memory
from tncompile.expressivity.evaluation.matrix import numerical_rank, rank_modulo
from tncompile.expressivity.evaluation.residues import imaginary_unit, random_prime, random_residues
from tncompile.expressivity.expected import expected_dimension
from tncompile.expressivity.free_weights import free_weights
from tncompile.expressivity.outputs import find_output, single_score
from tncompile.expressivity.rational import is_rational
from tncompile.expressivity.result import Verdict, member_text
from tncompile.expressivity.verdict import failure_bound
from tncompile.network import Cut, Network, Tensor
from tncompile.network.values.exact import Irrational
from tncompile.network.values.sets import unique
from tncompile.plan import Objective, fold, order
from tncompile.runtime.model import loaded
from tncompile.source import TnError
from tncompile.source.records import record
from tncompile.transform import batch, gradient, separate_conjugates
from tncompile.transform.names import Names

SPARE_SAMPLES = 5
TOGETHER = 256  # samples that are evaluated at once
Numbers = npt.NDArray[np.float64]


@record
class Dimension:
    """The dimension of a network, with what surrounds it.

    ``expected`` is an upper bound from counting, for plain tensor networks; ``gauge`` the number of weights beyond
    the dimension: directions that change no function. Where weights stand under a conjugate, they count twice.
    """

    network: str
    sizes: dict[str, object]
    weights: int
    dimension: int
    expected: int | None
    verdict: Verdict
    failure: Fraction | None
    samples: int
    prime: int
    seed: int
    seconds: float = 0.0

    @property
    def gauge(self) -> int:
        """The dimension of the set of weights that give one function, generically."""
        return self.weights - self.dimension

    @property
    def defect(self) -> int | None:
        """How far the dimension lies below the expected one."""
        return None if self.expected is None else self.expected - self.dimension

    def to_dict(self) -> dict[str, object]:
        """The result as one JSON object."""
        return {
            "network": self.network,
            "sizes": dict(self.sizes),
            "weights": self.weights,
            "dimension": self.dimension,
            "expected": self.expected,
            "gauge": self.gauge,
            "verdict": self.verdict,
            "failure": None if self.failure is None else float(self.failure),
            "samples": self.samples,
            "prime": self.prime,
            "seed": self.seed,
            "seconds": round(self.seconds, 3),
        }


def dimension(net: Network, *, seed: int = 0) -> Dimension:
    """The rank of the derivatives of the scores by the weights, at random weights and enough random samples.

    Modulo a random prime near 2^25, so never above the true dimension, and equal to it but for a stated
    probability; for functions that are no polynomials in floating-point numbers. With several outputs or
    legs the functions are taken together. Raises TnError where the network has no weights, or the
    Jacobian does not fit in memory.
    """
    start = time.perf_counter()
    net = free_weights(net)
    jacobian = _Jacobian(net, seed)
    degree = _degree(net)
    if not is_rational(net):
        degree = replace(degree, kind=Kind.OTHER)
    rank, prime = None, 0
    if degree.kind == Kind.POLYNOMIAL:
        prime = random_prime(seed, 0, net.field == "complex")
        try:
            rank = rank_modulo(jacobian.matrix(prime), prime)
        except Irrational:
            prime = 0
    if rank is None:
        rank, _ = numerical_rank(jacobian.matrix(0))
    expected = _expected(net)
    failure = failure_bound(degree, jacobian.weights, (prime,)) if prime else None
    verdict: Verdict = "numerical" if not prime else "at_least" if failure is None else "probable"
    if prime and rank in (expected, jacobian.weights):
        verdict, failure = "exact", Fraction(0)
    return Dimension(
        net.name,
        dict(net.sizes),
        jacobian.weights,
        rank,
        expected,
        verdict,
        failure,
        jacobian.samples,
        prime,
        seed,
        time.perf_counter() - start,
    )


def _degree(net: Network) -> Degree:
    """The highest degree of the scores; a random number for each of their entries comes on top."""
    found = [
        score_degree(single_score(net, find_output(net, member_text((name, tuple(member)))))[0])
        for name in net.outputs
        for member in net.tables.tensors[name].members[-1:].tolist()
    ]
    return Degree(max(d.value for d in found) + 1, True, max(d.kind for d in found))


def _expected(net: Network) -> int | None:
    if len(net.outputs) > 1 or len(net.tables.tensors[net.outputs[0]].members) > 1:
        return None
    return expected_dimension(single_score(net, find_output(net, None), labelled=True)[0])


class _Jacobian:
    """The derivatives of random combinations of the scores by all weights, one row for each sample."""

    def __init__(self, net: Network, seed: int) -> None:
        self.seed = seed
        free = separate_conjugates(net)
        self.names = [name for name, tensor in free.tensors.items() if tensor.role == "weight"]
        if not self.names:
            raise TnError(f"`{net.name}` has no weights")
        statements = [
            replace(s, role="input", init=None) if isinstance(s, Tensor) and s.role == "weight" else s
            for s in free.statements
            if not isinstance(s, Cut)
        ]
        self.batch = Names(free.replace(statements)).near("batch")
        self.flat = order(batch(free.replace(statements)), Objective(thorough=False))
        self.batch = next(name for name in self.flat.sizes if name not in free.sizes)
        self.net = gradient(self.flat, wrt=self.names)
        tables = free.tables.tensors
        self.weights = sum(
            len(block.members) * int(np.prod([e.value for e in block.shape], dtype=np.int64))
            for name in self.names
            for block in tables[name].blocks
        )
        self.samples = self.weights + SPARE_SAMPLES
        self.field = free.field

    def matrix(self, prime: int) -> Numbers:
        """The Jacobian, modulo a prime or (0) in floating-point numbers."""
        check_memory(MATRIX_BYTES * self.samples * self.weights, "the Jacobian", "smaller sizes")
        module = self._module(prime)
        rows = [self._rows(module, prime, first) for first in range(0, self.samples, TOGETHER)]
        return np.concatenate(rows)

    def _module(self, prime: int) -> ModuleType:
        dtype = "complex128" if self.field == "complex" else "float64"
        domain = Modular("float64", prime=prime, unit=imaginary_unit(prime)) if prime else None
        text = emit(fold(self.net), dtype=dtype, batch=self.batch, domain=domain)
        return loaded(text, f"the Jacobian of {self.net.name}")

    def _rows(self, module: ModuleType, prime: int, first: int) -> Numbers:
        count = min(TOGETHER, self.samples - first)
        values = module.score(np.zeros(0), *self._inputs(prime, first, count))
        bars = [name for name in self.net.outputs if name not in self.flat.outputs]
        parts = [part for name in bars for part in self._listed(values[name])]
        return np.concatenate(
            [np.broadcast_to(p, (count, *p.shape[1:])).reshape(count, -1) for p in parts], axis=1
        )

    def _listed(self, value: Any) -> list[Numbers]:
        return value if isinstance(value, list) else [value]

    def _inputs(self, prime: int, first: int, count: int) -> list[Any]:
        net = self.net
        return [
            self._input(name, prime, first, count) for name, t in net.tensors.items() if t.role == "input"
        ]

    def _input(self, name: str, prime: int, first: int, count: int) -> Any:
        """Random data and cotangents for each sample; the same weights for all."""
        table = self.net.tables.tensors[name]
        arrays = []
        for member, number in zip(table.members.tolist(), table.block_of.tolist(), strict=True):
            shape = tuple(extent.value for extent in table.blocks[number].shape)[1:]
            fixed = name in self.names
            key = member_text((name, tuple(member))) + ("" if fixed else f" {first}")
            drawn = self._drawn(key, shape if fixed else (count, *shape), prime)
            arrays.append(np.broadcast_to(drawn, (count, *shape)))
        if not is_array(self.net, name):
            return arrays
        box = tuple(len(unique(column)) for column in table.members.T)
        return np.stack(arrays, axis=1).reshape(count, *box, *arrays[0].shape[1:])

    def _drawn(self, key: str, shape: tuple[int, ...], prime: int) -> Numbers:
        if prime:
            return random_residues(self.seed, key, shape, prime)
        words = random_residues(self.seed, key, shape, random_prime(self.seed, 0))
        return words / 2.0**23
