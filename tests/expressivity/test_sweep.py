"""Sweeps: points, what is skipped, what is proved."""

import pytest

from tncompile.expressivity.rank import rank
from tncompile.expressivity.sweep import parse_axis, points_of, sweep
from tncompile.language import load
from tncompile.source import TnError, UsageError

TRAIN = "examples/tensor_train.tn"


def loading(path, **fixed):
    return lambda point: load(path, **fixed, **point)


def swept(path, *axes, cut, **fixed):
    return sweep(loading(path, **fixed), [parse_axis(axis) for axis in axes], lambda net: rank(net, cut))


@pytest.mark.parametrize(("text", "values"), [
    ("T=2..12..2", (2, 4, 6, 8, 10, 12)),
    ("T=2..5", (2, 3, 4, 5)),
    (" T = 8, 2,4 ", (2, 4, 8)),
    ("T=7", (7,)),
])  # fmt: skip
def test_a_sweep_is_a_range_or_a_list(text, values):
    axis = parse_axis(text)
    assert (axis.name, axis.values) == ("T", values)


@pytest.mark.parametrize(
    "text",
    ["T", "T=", "=3", "T=5..2", "T=1..9..0", "T=2,2", "T=a", "T=1..", "T=-1..3", "T=1..99999999", "T=1.5"],
)
def test_what_is_no_sweep_is_refused(text):
    with pytest.raises(UsageError, match="--sweep"):
        parse_axis(text)


def test_points_are_all_combinations_the_last_size_first():
    points = points_of([parse_axis("d=2,4"), parse_axis("r=1..2")])
    assert [tuple(point.values()) for point in points] == [(2, 1), (2, 2), (4, 1), (4, 2)]


def test_too_many_points_and_a_size_twice_are_refused():
    with pytest.raises(UsageError, match="more than"):
        points_of([parse_axis("a=1..200"), parse_axis("b=1..200")])
    with pytest.raises(UsageError, match="twice"):
        points_of([parse_axis("a=1..2"), parse_axis("a=3..4")])


def test_the_form_of_a_tensor_train_is_the_proved_bound():
    report = swept(TRAIN, "d=2..6..2", "n=1..4", "r=1..4", cut=["odd_even", "start_end"])
    odd_even, start_end = report.findings
    assert odd_even.label == start_end.label == "bound"
    assert str(odd_even.proposal.form) == "min(n^(d/2), r^(d-1), n^(d/2-1)*r)"
    assert str(start_end.proposal.form) == "min(r, n^(d/2))"
    assert len(report.rows) == 2 * 3 * 4 * 4
    assert all(row.result.exact for row in report.rows)


def test_a_deep_circuit_with_wide_inputs_has_a_form_that_is_a_conjecture():
    report = swept("examples/deep_rac.tn", "T=4..8..2", "R=1..3", cut="start_end")
    (finding,) = report.findings
    assert str(finding.proposal.form) == "R*multichoose(R, T/2)"
    assert finding.label == "conjecture"
    assert finding.to_dict()["label"] == "conjecture"


def test_points_that_the_file_refuses_are_skipped_with_the_reason():
    report = swept("examples/hierarchical_tucker.tn", "d=2..4", "r=2", cut="odd_even", n=2)
    assert [sizes for sizes, _ in report.skipped] == [{"d": 3, "r": 2}]
    assert "log2(3)" in report.skipped[0][1]
    assert [row.rank for row in report.rows] == [2, 4]


def test_an_error_at_every_point_is_the_error_of_the_file():
    with pytest.raises(TnError, match="no size is called"):
        swept(TRAIN, "width=1..3", cut="odd_even")


def test_an_interruption_keeps_the_points_finished():
    calls = []

    def interrupted(point):
        calls.append(point)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return load(TRAIN, **point)

    report = sweep(interrupted, [parse_axis("d=2..8..2")], lambda net: rank(net, "odd_even"))
    assert report.interrupted
    assert [row.sizes["d"] for row in report.rows] == [2, 4]


def test_ranks_of_which_only_a_lower_bound_is_known_are_left_out_of_the_fit():
    report = sweep(
        loading(TRAIN, n=3, r=2), [parse_axis("d=2..10..2")], lambda net: rank(net, "odd_even", points=8)
    )
    (finding,) = report.findings
    assert finding.unknown == sum(row.rank is None for row in report.rows) > 0
