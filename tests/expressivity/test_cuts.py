"""Which cuts there are, and which make no sense."""

from __future__ import annotations

import pytest

from tncompile import TnError, UsageError, load
from tncompile.expressivity.cuts import studies
from tncompile.expressivity.rank import rank

TRAIN = "examples/tensor_train.tn"
FAMILY = """
network steps
size T = 4, R = 2, C = 3
input x[1..T](R)
weight A(R, R), O(C, R)
h[1](i) = A(i, j) * x[1](j)
h[t](i) = A(i, j) * x[t](j) * h[t-1](i) for t in 2..T
output y[t](c) = O(c, i) * h[t](i) for t in 1..T
"""


def sides(net, cut=None, output=None):
    return [
        (s.sides.rows.texts(), s.sides.columns.texts(), s.sides.fixed.texts())
        for s in studies(net, cut, output)
    ]


def test_cuts_of_the_file_come_by_name_and_by_default():
    net = load(TRAIN, d=4)
    odd_even, start_end = (["x[1]", "x[3]"], ["x[2]", "x[4]"], []), (["x[1]", "x[2]"], ["x[3]", "x[4]"], [])
    assert sides(net) == [odd_even, start_end]
    assert sides(net, "start_end") == [start_end]
    assert sides(net, ["start_end", "odd_even"]) == [start_end, odd_even]


def test_odd_even_and_start_end_are_built_in_where_inputs_are_one_family():
    net = load(FAMILY, T=5)
    assert sides(net, "odd_even") == [(["x[1]", "x[3]", "x[5]"], ["x[2]", "x[4]"], [])]
    assert sides(net, "start_end") == [(["x[1]", "x[2]"], ["x[3]", "x[4]", "x[5]"], [])]
    assert len(sides(net)) == 2
    two = load("network f\ninput x(2), z(2)\nweight a(2, 2)\noutput y() = a(i, j) * x(i) * z(j)\n")
    with pytest.raises(TnError, match="one family"):
        sides(two, "odd_even")
    with pytest.raises(TnError, match="say one"):
        sides(two)
    assert sides(two, "x") == [(["x"], ["z"], [])]


def test_cuts_can_be_spelled():
    net = load(TRAIN, d=6)
    rest = ["x[2]", "x[4]", "x[5]", "x[6]"]
    assert sides(net, "x[1], x[3]") == [(["x[1]", "x[3]"], rest, [])]
    assert sides(net, "x[1..2] | x[6]") == [(["x[1]", "x[2]"], ["x[6]"], ["x[3]", "x[4]", "x[5]"])]
    assert sides(net, "x[k] for k in 1..d if k > 4") == [
        (["x[5]", "x[6]"], ["x[1]", "x[2]", "x[3]", "x[4]"], [])
    ]


def test_all_prefixes_and_all_bipartitions():
    net = load(TRAIN, d=4)
    assert [rows for rows, _, _ in sides(net, "contiguous")] == [
        ["x[1]"],
        ["x[1]", "x[2]"],
        ["x[1]", "x[2]", "x[3]"],
    ]
    every = sides(net, "all")
    assert len(every) == 7
    assert len({frozenset((frozenset(r), frozenset(c))) for r, c, _ in every}) == 7


def test_too_many_bipartitions_are_refused_with_their_number():
    with pytest.raises(TnError, match=r"131,071 bipartitions"):
        sides(load(TRAIN, d=18), "all")


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        ("odd_evn", "no cut `odd_evn`; did you mean `odd_even`"),
        ("middle", "no cut `middle`"),
        ("x[1..4]", "all inputs in its rows"),
        ("x[k] for k in 1..0", "no input in its rows"),
        ("x[1] | x[k] for k in 1..0", "no input in its columns"),
        ("x[k] for k in 1..0 | x[1]", "no input in its rows"),
        ("x[1], x[1]", r"names `x\[1\]` twice"),
        ("x[1..2] | x[2..3]", r"names `x\[2\]` twice"),
        ("x[9]", "outside the family"),
        ("G[1]", "is no input and no definition"),
        ("x[1", "never closed"),
    ],
)
def test_cuts_that_make_no_sense_are_refused(cut, message):
    with pytest.raises(TnError, match=message):
        rank(load(TRAIN, d=4), cut)


def test_outputs_are_chosen_by_member_and_component():
    net = load(FAMILY)
    assert [s.output.member for s in studies(net, "odd_even")] == [("y", (1,))]
    assert rank(net, "x[1]", output="y[1]").lower == 1
    assert rank(net, "x[1]", output="y[3]").lower == 2
    assert rank(net, "x[1]", output="y[3](2)").lower == 2
    for text, message in (
        ("z", "no output `z`"),
        ("y[7]", "no member"),
        ("y[2](4)", "counted from 1"),
        ("y[", "is no output"),
    ):
        with pytest.raises(TnError, match=message):
            rank(net, "x[1]", output=text)


def test_a_cut_over_features_puts_inputs_in_their_place():
    text = "network f\ninput z[1..3](2)\nweight A(3, 2), W(3, 3, 3)\nf[k](a) = sigmoid(A(a, i) * z[k](i)) for k in 1..3\noutput y() = W(a, b, c) * f[1](a) * f[2](b) * f[3](c)\ncut first = f[1]\n"
    report = rank(load(text))
    assert (report.lower, report.upper, report.exact) == (3, 3, True)


def test_options_that_make_no_sense_are_refused():
    for options in ({"points": 0}, {"grid": 0}, {"samples": 0}):
        with pytest.raises(UsageError):
            rank(load(TRAIN, d=4), "odd_even", **options)


def test_an_interruption_keeps_what_is_finished():
    def interrupt(number, _result):
        if number == 2:
            raise KeyboardInterrupt

    report = rank(load(TRAIN, d=4, n=2, r=2), "contiguous", progress=interrupt)
    assert report.interrupted
    assert [result.lower for result in report] == [2, 2]
    assert len(report.to_dict()["cuts"]) == len(report.certificates) == 2


def test_what_does_not_fit_in_memory_names_its_size_and_the_alternative():
    with pytest.raises(TnError, match=r"a probe with 50002 points a side needs .* GiB.*grid"):
        rank(load("examples/cp.tn", d=40, n=2, r=50_000), "start_end", points=10**6)
    with pytest.raises(TnError, match=r"a grid of 4 templates .* GiB.*probe"):
        rank(load("examples/deep_rac.tn", T=20), "start_end", grid=4)


def test_a_cut_that_cannot_be_found_loses_no_other():
    report = rank(load("examples/cp.tn", d=40, n=2, r=50_000), ["x[1]", "start_end"], points=10**6)
    assert [result.lower for result in report] == [2]
    ((cut, reason),) = report.failures
    assert cut == "start_end"
    assert "GiB" in reason
    assert report.certificate["cut"]["rows"] == ["x[1]"]


def test_a_long_train_is_certified_without_evaluation():
    report = rank(load(TRAIN, d=1000, n=3, r=5, C=1), "odd_even")
    assert report.lower == report.upper == 3**500
    assert report.results[0].method == "witness"


def test_every_bipartition_of_a_train_is_exact_at_once():
    report = rank(load(TRAIN, d=10, n=2, r=2, C=1), "all")
    assert len(report.results) == 511
    assert all(result.exact for result in report)


def test_a_probe_that_is_full_proves_a_lower_bound_only():
    (result,) = rank(load("examples/deep_rac.tn", T=8, M=4, R=4), "start_end", points=100).results
    assert (result.lower, result.verdict, result.failure) == (100, "at_least", None)
    assert result.consequence == "a shallow network needs width ≥ 100"


def test_no_probability_is_claimed_where_the_degree_is_too_high():
    (result,) = rank(load("examples/deep_rac.tn", T=12, M=2, R=3, L=8, C=1), "x[11..12]", points=64).results
    assert result.verdict in ("exact", "at_least")
    assert result.failure in (0, None)


def test_the_report_of_several_cuts_has_no_shortcuts():
    report = rank(load(TRAIN, d=4))
    with pytest.raises(ValueError, match="2 cuts"):
        _ = report.lower
