"""Certificates: what anyone needs to check a rank again, as one JSON object."""

from __future__ import annotations

from dataclasses import asdict
from hashlib import sha256

from tncompile.expressivity.cuts import Study
from tncompile.expressivity.evaluation.residues import RULE
from tncompile.expressivity.result import RankResult
from tncompile.network import Network

FORMAT = "tncompile rank certificate 1"


def certificate(net: Network, study: Study, result: RankResult) -> dict[str, object]:
    """The claim about one cut of a network, with all that its proof needs besides the text of the network."""
    proof = result.bound.proof if result.bound is not None else None
    return {
        "format": FORMAT,
        "network": net.name,
        "sizes": _plain(dict(net.sizes)),
        "text_sha256": text_hash(net),
        "cut": {
            "name": result.cut.name,
            "rows": study.texts(result.cut.rows),
            "columns": study.texts(result.cut.columns),
            "fixed": study.texts(result.cut.fixed),
        },
        "output": str(study.output),
        "of": result.of,
        "lower": result.lower,
        "upper": result.upper,
        "verdict": result.verdict,
        "failure": None if result.failure is None else str(result.failure),
        "method": result.method,
        "rule": RULE,
        "points": result.points,
        "primes": list(result.primes),
        "seeds": list(result.seeds),
        "witness": None if result.witness is None else list(result.witness),
        "bound": None if proof is None else _plain(asdict(proof)),
    }


def text_hash(net: Network) -> str:
    """A hash of a network with its sizes bound; layout and comments of the file do not count."""
    lines = [line for line in str(net).splitlines() if not line.startswith("#")]
    return sha256("\n".join(lines).encode()).hexdigest()


def _plain(value: object) -> object:
    """Tuples as lists, as JSON has them."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple) else value
