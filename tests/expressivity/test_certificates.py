"""Certificates hold for their network, and for nothing else."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from tests.expressivity.texts import GNN, SQUARED_TRAIN, SUM_OF_TRAINS, UNEQUAL_TRAIN
from tncompile import TnError, load
from tncompile.expressivity.certificates.check_certificate import verify_certificate
from tncompile.expressivity.rank import rank

TRAIN = Path("examples/tensor_train.tn").read_text(encoding="utf-8")
DEEP = Path("examples/deep_rac.tn").read_text(encoding="utf-8")
WITH_CONSTANTS = """
network constants
size d = 4
number c = 0.25
input x[1..d](2)
weight A[1..d](2, 3)
constant shift(a in 1..3, b in 1..3) = 1/2 if b == a + 1 else c
constant fixed[1..2](2) = [[1, 2], [3, 0.1]]
f[k](b) = A[k](i, a) * x[k](i) * shift(a, b) for k in 1..d
output y() = 3 * prod(f[k](b) for k in 1..d) - c / 7 * prod(fixed[k](i[k]) * x[k](i[k]) for k in 1..2) * sum((2 * f[3](b) + f[4](b)) ^ 2 over b)
"""


def certified(text, cut, sizes=None, **options):
    """A certificate as it comes back from a file."""
    return json.loads(json.dumps(rank(load(text, **(sizes or {})), cut, **options).certificate))


@pytest.mark.parametrize(
    ("text", "cut", "sizes", "options", "method"),
    [
        (TRAIN, "odd_even", {"d": 6, "n": 3, "r": 2}, {}, "probe"),
        (TRAIN, "x[1..3]", {"d": 6, "n": 2, "r": 8}, {"output": "score(2)"}, "weight tensor"),
        (TRAIN, "x[1..3] | x[4..6], score", {"d": 6, "n": 2, "r": 8}, {}, "probe"),
        (TRAIN, "odd_even", {"d": 60, "n": 3, "r": 5}, {}, "witness"),
        (TRAIN, "start_end", {"d": 4}, {"grid": 2}, "grid"),
        (DEEP, "start_end", {"T": 8, "M": 2, "R": 2, "L": 3}, {}, "probe"),
        (DEEP, "ends", {"T": 6, "M": 2, "R": 2}, {}, "probe"),
        (DEEP, "start_end", {"T": 6, "M": 2, "R": 2}, {"grid": 2}, "grid"),
        (DEEP, "start_end", {"T": 12, "M": 4, "R": 4}, {"points": 70}, "probe"),
        (GNN, "x[1..2]", {}, {}, "probe"),
        (UNEQUAL_TRAIN, "odd_even", {}, {}, "weight tensor"),
        (SUM_OF_TRAINS, "odd_even", {}, {}, "probe"),
        (SQUARED_TRAIN.replace("FIELD", "complex"), "odd_even", {}, {}, "probe"),
        (Path("examples/born_machine.tn").read_text(encoding="utf-8"), "start_end", {}, {}, "probe"),
        (Path("examples/peps.tn").read_text(encoding="utf-8"), "upper", {"r": 2}, {}, "probe"),
        (WITH_CONSTANTS, "x[1], x[3]", {}, {}, "probe"),
    ],
)
def test_certificates_are_checked_without_the_compiler(text, cut, sizes, options, method):
    certificate = certified(text, cut, sizes, **options)
    assert certificate["method"] == method
    said = verify_certificate(certificate, text)
    assert f"at least {certificate['lower']}" in said[0]


def test_layout_and_comments_of_the_text_do_not_matter():
    certificate = certified(TRAIN, "odd_even", {"d": 4})
    lines = [line.replace(" * ", "*") for line in TRAIN.splitlines() if not line.startswith("#")]
    assert verify_certificate(certificate, "\n".join(["# another comment", *lines]))


CHANGES = {
    "a larger rank": ({"lower": 19, "upper": 19}, "not found at the points"),
    "a smaller bound": ({"lower": 17, "upper": 17}, "counts 18, not 17"),
    "another verdict": ({"verdict": "probable"}, "does not go with the bounds"),
    "no prime": ({"primes": [33554391]}, "is no prime"),
    "a prime too large": ({"primes": [33554467]}, "is no prime below"),
    "no seeds": ({"seeds": []}, "a seed for each prime"),
    "another format": ({"format": "x"}, "this is no certificate"),
    "another hash": ({"text_sha256": "0"}, "another network"),
    "other sizes": ({"sizes": {"d": 6, "n": 3, "r": 3, "C": 2}}, "another network"),
    "another cut": (
        {"cut": {"name": "odd_even", "rows": ["x[1..3]"], "columns": ["x[4..6]"], "fixed": []}},
        "not found|is not that",
    ),
    "other inputs held fixed": (
        {"cut": {"name": "odd_even", "rows": ["x[1]"], "columns": ["x[2]"], "fixed": []}},
        "holds other inputs fixed",
    ),
    "no colouring": ({"bound": {"nodes": []}}, "is not that of the network"),
    "no method": ({"method": "luck"}, "no method"),
    "a huge number of points": ({"points": 10**9}, "past the limit"),
    "numbers that are none": ({"points": "many"}, "damaged"),
    "a numerical claim": ({"verdict": "numerical"}, "proves nothing"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_certificates_that_were_tampered_with_are_rejected(name):
    changes, message = CHANGES[name]
    certificate = certified(TRAIN, "odd_even", {"d": 6, "n": 3, "r": 2})
    assert certificate["lower"] == certificate["upper"] == 18
    with pytest.raises(TnError, match=message):
        verify_certificate({**certificate, **changes}, TRAIN)


def test_a_certificate_with_a_part_missing_is_rejected():
    certificate = certified(TRAIN, "odd_even", {"d": 4})
    del certificate["primes"]
    with pytest.raises(TnError, match="lacks `primes`"):
        verify_certificate(certificate, TRAIN)


def test_the_certificate_of_another_network_is_rejected():
    with pytest.raises(TnError, match="belongs to another network"):
        verify_certificate(certified(TRAIN, "odd_even", {"d": 4}), DEEP)


def test_a_changed_network_is_rejected():
    certificate = certified(TRAIN, "odd_even", {"d": 4})
    with pytest.raises(TnError, match="belongs to another network"):
        verify_certificate(certificate, TRAIN.replace("x[k](i) * h[k-1](a)", "x[k](i) * x[k](i) * h[k-1](a)"))


@pytest.mark.parametrize("key", ["is_red", "components", "red", "extents", "below"])
def test_a_colouring_with_one_change_never_proves_less_than_the_rank(key):
    certificate = certified(DEEP, "start_end", {"T": 6, "M": 2, "R": 2, "L": 2})
    for number, node in enumerate(certificate["bound"]["nodes"]):
        changed = copy.deepcopy(certificate)
        new = changed["bound"]["nodes"][number]
        if isinstance(node[key], bool):
            new[key] = not node[key]
        elif isinstance(node[key], int):
            new[key] = node[key] - 1
        elif node[key]:
            new[key][0] = not node[key][0] if isinstance(node[key][0], bool) else node[key][0] - 1
        else:
            continue
        try:
            said = verify_certificate(changed, DEEP)
        except TnError:
            continue
        assert f"at most {certificate['upper']}" in said[1]


def test_a_probability_that_is_too_small_is_rejected():
    certificate = certified(DEEP, "start_end", {"T": 8, "M": 2, "R": 2, "L": 3})
    assert (certificate["lower"], certificate["upper"], certificate["verdict"]) == (106, 110, "probable")
    assert any("probability" in sentence for sentence in verify_certificate(certificate, DEEP))
    with pytest.raises(TnError, match="probability of failure is not as small"):
        verify_certificate({**certificate, "failure": "1/10000000000000000000000"}, DEEP)


def test_certificates_of_many_cuts_bounded_at_once_are_checked():
    report = rank(load(TRAIN, d=6), "all")
    assert len(report.certificates) == 31
    for certificate in report.certificates:
        assert certificate["bound"] is None
        assert verify_certificate(certificate, TRAIN)
        with pytest.raises(TnError, match="the upper bound is not proved"):
            verify_certificate(
                certificate | {"upper": certificate["upper"] - 1, "verdict": "probable"}, TRAIN
            )
