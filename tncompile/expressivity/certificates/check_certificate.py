"""Checking certificates again, from the text of the network alone: no planner, no compiler."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from tncompile.expressivity.certificates.certificate import FORMAT, text_hash
from tncompile.expressivity.certificates.check_bound import check_bound
from tncompile.expressivity.certificates.plain_arrays import COLUMN_POINTS, ROW_POINTS, Named
from tncompile.expressivity.certificates.plain_evaluation import evaluated
from tncompile.expressivity.cuts import Study, studies
from tncompile.expressivity.degree import score_degree
from tncompile.expressivity.evaluation.matrix import rank_modulo
from tncompile.expressivity.evaluation.residues import HIGHEST, is_prime, random_residues
from tncompile.expressivity.evaluation.witness import witness
from tncompile.expressivity.result import Member, Side, member_text
from tncompile.expressivity.verdict import failure_bound
from tncompile.language import load
from tncompile.source import TnError

MOST_POINTS = 20_000  # on one side
KEYS = (
    "network",
    "sizes",
    "text_sha256",
    "cut",
    "output",
    "of",
    "lower",
    "upper",
    "verdict",
    "method",
    "primes",
    "seeds",
    "points",
)


def verify_certificate(certificate: Mapping[str, Any], text: str) -> tuple[str, ...]:
    """What a certificate proves about the network of a `.tn` text, as sentences, each checked again.

    Raises TnError, with the reason, where it proves nothing: it was made for another network, or tampered with.
    """
    if certificate.get("format") != FORMAT:
        raise TnError(f"this is no certificate: its format is not `{FORMAT}`")
    missing = [key for key in KEYS if key not in certificate]
    if missing:
        raise TnError(f"the certificate lacks `{missing[0]}`")
    try:
        return _Check(certificate, text).run()
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise TnError(f"the certificate is damaged: {type(error).__name__} {error}") from error


class _Check:
    def __init__(self, certificate: Mapping[str, Any], text: str) -> None:
        self.claim = certificate
        elsewhere = (
            f"the certificate belongs to another network: the text is not that of `{certificate['network']}`"
        )
        try:
            self.net = load(text, **certificate["sizes"])
        except TnError as error:
            raise TnError(f"{elsewhere}: at the sizes of the certificate it says {error}") from error
        if self.net.name != certificate["network"] or text_hash(self.net) != certificate["text_sha256"]:
            raise TnError(elsewhere)
        self.study = self._study()
        templates = str(certificate["of"]).removeprefix("grid ")
        self.templates = int(templates) if templates != certificate["of"] else None

    def _study(self) -> Study:
        cut = self.claim["cut"]
        text = " | ".join(", ".join(cut[side]) for side in ("rows", "columns"))
        (study,) = studies(self.net, [text], self.claim["output"])
        if study.texts(study.sides.fixed) != list(cut["fixed"]):
            raise TnError("the certificate holds other inputs fixed than its cut does")
        return study

    def run(self) -> tuple[str, ...]:
        """All claims, or TnError."""
        lower, upper, verdict = self.claim["lower"], self.claim["upper"], self.claim["verdict"]
        if verdict == "numerical":
            raise TnError("a numerical rank proves nothing: there is nothing to check")
        if (verdict == "exact") != (upper is not None and lower == upper):
            raise TnError(f"the verdict `{verdict}` does not go with the bounds {lower} and {upper}")
        said = [self._lower(lower)]
        if upper is not None:
            proved = check_bound(self.study, self.templates, self.claim.get("bound"))
            if proved > upper:
                raise TnError(f"the upper bound is not proved: the colouring counts {proved}, not {upper}")
            said.append(f"the rank is at most {upper}: the colouring of the graph counts {proved}")
        if verdict == "exact":
            said.append(f"so the rank is exactly {lower}")
        if verdict == "probable":
            said.append(self._failure())
        return tuple(said)

    # --- from below ---------------------------------------------------------------------------------

    def _lower(self, lower: int) -> str:
        method = self.claim["method"]
        if lower == 0 and method == "zero":
            return "the rank is at least 0"
        if method == "witness":
            found = witness(self.study.net, self.study.sides)
            if found is None or found[0] < lower:
                raise TnError(f"no flow certifies the rank {lower}")
            return f"the rank is at least {lower}: a flow carries {found[2]} digits of base {found[1]}"
        primes, seeds = self.claim["primes"], self.claim["seeds"]
        if not primes or len(primes) != len(seeds):
            raise TnError("the certificate does not say a seed for each prime")
        for prime, seed in zip(primes, seeds, strict=True):
            if not isinstance(prime, int) or not 2 < prime < HIGHEST or not is_prime(prime):
                raise TnError(f"{prime} is no prime below 2^25")
            rank = self._rank(method, prime, int(seed))
            if rank >= lower:
                return f"the rank is at least {lower}: at the points of seed {seed}, modulo {prime}, it is {rank}"
        raise TnError(f"the rank {lower} is not found at the points of the certificate")

    def _rank(self, method: str, prime: int, seed: int) -> int:
        """The rank of the matrix of scores at the stated points."""
        tables = {
            "rows": self._points(method, self.study.sides.rows, seed, prime),
            "columns": self._points(method, self.study.sides.columns, seed, prime),
        }

        def given(member: Member, shape: tuple[int, ...]) -> Named:
            for side, label in (("rows", ROW_POINTS), ("columns", COLUMN_POINTS)):
                if member in tables[side]:
                    return Named(tables[side][member], (label,))
            return Named(_integers(seed, member_text(member), shape, prime), ())

        value = evaluated(self.study.net, given, prime)
        matrix = value.aligned((ROW_POINTS, COLUMN_POINTS)) % prime
        return rank_modulo(matrix.astype(np.float64), prime)

    def _points(self, method: str, side: Side, seed: int, prime: int) -> dict[Member, Any]:
        """For each input of a side its values at all points of that side."""
        shapes = {member: self._shape(member) for member in side}
        if method == "probe":
            count = int(self.claim["points"])
            _check_count(count)
            return {m: _integers(seed, member_text(m), (count, *shape), prime) for m, shape in shapes.items()}
        choices = {}
        for member, shape in shapes.items():
            if method == "grid":
                assert self.templates is not None
                choices[member] = _integers(seed, member[0], (self.templates, *shape), prime)
            elif method == "weight tensor":
                size = prod(shape)
                choices[member] = np.eye(size, dtype=np.int64).reshape(size, *shape)
            else:
                raise TnError(f"there is no method `{method}`")
        counts = [len(values) for values in choices.values()]
        _check_count(prod(counts))
        places = np.indices(counts).reshape(len(counts), -1)
        return {
            member: values[place] for (member, values), place in zip(choices.items(), places, strict=True)
        }

    def _shape(self, member: Member) -> tuple[int, ...]:
        table = self.study.net.tables.tensors[member[0]]
        position = int(table.find(np.array([member[1]], np.int64).reshape(1, -1))[0])
        return tuple(extent.value for extent in table.blocks[int(table.block_of[position])].shape)

    # --- the probability ----------------------------------------------------------------------------

    def _failure(self) -> str:
        points, upper = self.claim["points"], self.claim["upper"]
        largest = points if upper is None else min(points, upper)
        failure = failure_bound(score_degree(self.study.net), largest, tuple(self.claim["primes"]))
        stated = Fraction(self.claim["failure"])
        if failure is None or failure > stated:
            raise TnError(f"the probability of failure is not as small as {float(stated):.1e}")
        return f"the rank is larger with a probability of at most {float(stated):.1e}"


def _integers(seed: int, member: str, shape: tuple[int, ...], prime: int) -> Any:
    return random_residues(seed, member, shape, prime).astype(np.int64) % prime


def _check_count(count: int) -> None:
    if not 1 <= count <= MOST_POINTS:
        raise TnError(f"{count} points on one side are past the limit of {MOST_POINTS} for a check")
