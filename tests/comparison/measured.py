"""Comparisons for the tests: one that is measured, and ones that are evidently made up."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import tncompile as tn
from tncompile.comparison.result import (
    Accuracy,
    Certificate,
    Comparison,
    CutRank,
    Entry,
    EquivalentWidth,
    Origin,
    Row,
    Theory,
)
from tncompile.plan import peak_elements

EXAMPLES = Path(__file__).parents[2] / "examples"
CUTS = ("odd_even", "start_end")
NAMES = ("tensor_train", "cp", "hierarchical_tucker")
ORIGIN = Origin(
    command="tnc compare tensor_train.tn cp.tn hierarchical_tucker.tn --sweep r=1..4 -s d=8 -o report.html",
    versions={"tncompile": "0.1.0", "python": "3.11.9", "numpy": "2.1.0"},
    machine="a test",
    made="2026-11-20T12:00:00+00:00",
    seconds=12.5,
)


@cache
def measured(widths: tuple[int, ...] = (1, 2, 3), d: int = 4) -> Comparison:
    """Three networks at some widths: all ranks, costs and dimensions are computed here."""
    rows, certificates, drawn = [], [], {}
    for width in widths:
        for name in NAMES:
            net = tn.load(EXAMPLES / f"{name}.tn", d=d, n=3, C=1, r=width)
            drawn[name] = str(net)
            row, claims = _row(net, width)
            rows.append(row)
            certificates += claims
    entries = tuple(
        Entry(name, name, f"{name}.tn", "r", {"d": d, "n": 3, "C": 1}, drawn[name]) for name in NAMES
    )
    return Comparison(
        entries, {"r": widths}, CUTS, "function", tuple(rows), _widths(rows), tuple(certificates), ORIGIN
    )


def _row(net: tn.Network, width: int) -> tuple[Row, list[Certificate]]:
    report = tn.rank(net, cut=list(CUTS))
    flat = tn.order(net)
    backward = tn.gradient(flat)
    found = tn.dimension(net)
    point = {"r": width}
    row = Row(
        net.name,
        point,
        net.sizes,
        width=width,
        weights=found.weights,
        dimension=found.dimension,
        score_flops=tn.cost(flat).flops.value,
        gradient_flops=tn.cost(backward).flops.value,
        peak_elements=peak_elements(tn.fold(flat))[0],
        ranks=tuple(CutRank(r.cut.name, r.of, r.lower, r.upper, r.verdict) for r in report),
    )
    claims = [
        Certificate(net.name, point, result.cut.name, claim)
        for result, claim in zip(report.results, report.certificates, strict=True)
    ]
    return row, claims


def _widths(rows: list[Row]) -> tuple[EquivalentWidth, ...]:
    """The least width of the sweep whose ranks reach those of a row; unknown where none of the sweep does."""
    return tuple(
        _equivalent(row, [other for other in rows if other.network == name])
        for row in rows
        for name in NAMES
        if name != row.network
    )


def _equivalent(row: Row, others: list[Row]) -> EquivalentWidth:
    name, largest = others[0].network, max(CUTS, key=lambda cut: row.rank(cut).lower)
    theory = Theory("r", row.width, "≤", "Table 2") if (row.network, name) == ("cp", "tensor_train") else None
    for other in others:
        if all(other.rank(cut).lower >= row.rank(cut).lower for cut in CUTS):
            return EquivalentWidth(row.point, row.network, name, other.width, "proved", largest, theory)
    return EquivalentWidth(row.point, row.network, name, None, "unknown", None, theory)


# --- made up: evident extremes -------------------------------------------------------------------

HOSTILE = "<script>alert(1)</script>&\"'</pre></style><img src=x onerror=alert(2)>"


def extreme(networks: int = 12, points: int = 3) -> Comparison:
    """Ranks of hundreds of digits, every verdict, failures, missing fields, hostile labels."""
    labels = [f"{HOSTILE} {k}" for k in range(networks)]
    entries = tuple(
        Entry(label, label, f"{label}.tn" if k % 2 else None, None, {"d": k}, HOSTILE)
        for k, label in enumerate(labels)
    )
    rows = [_extreme_row(label, k, p) for p in range(1, points + 1) for k, label in enumerate(labels)]
    widths = [_extreme_width(r, c, p, labels) for p in range(1, points + 1) for r in range(networks) for c in range(networks) if r != c]  # fmt: skip
    cuts = ("odd_even", HOSTILE)
    return Comparison(
        entries,
        {"T": tuple(range(1, points + 1)), "R": (2,)},
        cuts,
        "grid 3",
        tuple(rows),
        tuple(widths),
        (),
        replace(ORIGIN, command=HOSTILE),
        unfinished=3,
    )


def _extreme_row(label: str, k: int, p: int) -> Row:
    verdict = ("exact", "probable", "at_least", "numerical")[k % 4]
    point = {"T": p, "R": 2}
    if k % 5 == 4:
        return Row(label, point, {}, failures={"weights": "too large", "odd_even": HOSTILE, HOSTILE: "late"})
    return Row(
        label,
        point,
        {"d": (1, 2)},
        weights=7**p * (k + 1) if k % 3 else 3**500,
        score_flops=10 ** (3 * k) + p,
        score_seconds=1e-6 * (k + 1) * p,
        train_accuracy=Accuracy(0.9, 0.01, 3) if k == 1 else None,
        test_accuracy=Accuracy(0.5 + p / 10**4, 0.02, 3) if k < 3 else None,
        ranks=(CutRank("odd_even", "grid 3", 3 ** (60 * p * k), 3**500 if k % 2 else None, verdict),),
        failures={HOSTILE: "out of time after 60 s"},
    )


def _extreme_width(row: int, column: int, p: int, labels: list[str]) -> EquivalentWidth:
    decided = ("proved", "probable", "at_least", "unreachable", "unknown")[(row + column) % 5]
    width = 3 ** (40 * row) if decided in ("proved", "probable", "at_least") else None
    theory = Theory(f"r^{HOSTILE}", 3**500, "≥", HOSTILE) if row < 2 else None
    return EquivalentWidth({"T": p, "R": 2}, labels[row], labels[column], width, decided, HOSTILE, theory)


def many(networks: int, points: int) -> Comparison:
    """The measured comparison, its rows repeated: many networks and points, to see how size and time grow."""
    found = measured()
    last = found.rows[-len(NAMES) :]
    labels = [f"network_{k}" for k in range(networks)]
    entries = tuple(replace(found.entries[k % 3], label=label) for k, label in enumerate(labels))
    rows = tuple(
        replace(
            last[k % 3], network=label, point={"r": p}, width=p, weights=p * p * (k + 3), score_flops=7 * p
        )
        for p in range(1, points + 1)
        for k, label in enumerate(labels)
    )
    widths = tuple(
        EquivalentWidth({"r": p}, row, column, p, "proved", "odd_even")
        for p in range(1, points + 1)
        for row in labels
        for column in labels
        if row != column
    )
    return replace(
        found, entries=entries, axes={"r": tuple(range(1, points + 1))}, rows=rows, widths=widths,
        certificates=found.certificates * 50,
    )  # fmt: skip
