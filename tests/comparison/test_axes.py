"""What is swept and set: how it is written, and what is refused."""

from __future__ import annotations

import pytest

from tncompile.comparison.axes import Target, check_targets, parse_sweep, parse_target, points_of, sweep_axis
from tncompile.comparison.contender import Contender, label_of, labelled
from tncompile.source import Source, UsageError

CHAIN = Contender("chain", Source("chain.tn", "network chain\nsize d = 3, r = 2\n"))
STAR = Contender("star", Source("star.tn", "network star\nsize d = 3, q = 2\n"))


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("r=1..4", "r", (1, 2, 3, 4)),
        ("T=2..12..5", "T", (2, 7, 12)),
        ("r=8,2", "r", (2, 8)),
        ("n, r = 2..3", "n = r", (2, 3)),
        ("cp.r=16", "cp.r", (16,)),
    ],
)
def test_a_sweep_is_read(text, name, values):
    axis = parse_sweep(text)
    assert (axis.name, axis.values) == (name, values)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("r", "write --sweep NAME=FIRST..LAST"),
        ("r=", "write --sweep NAME=FIRST..LAST"),
        ("=1..2", "write --sweep NAME=FIRST..LAST"),
        ("r=4..1", "the range holds no value"),
        ("r=1..4..0", "the step has to be at least 1"),
        ("r=a..b", "neither a range"),
        ("r=1,1", "a value is given twice"),
        ("a.b.c=1", "no name of a size"),
        ("r=1..100000", "more than 10,000 values"),
    ],
)
def test_a_sweep_that_makes_no_sense_is_refused(text, said):
    with pytest.raises(UsageError, match=said):
        parse_sweep(text)


def test_an_axis_in_python_has_integers():
    assert sweep_axis("n, r", range(2, 4)).values == (2, 3)
    for values in ([], [1.5], [True]):
        with pytest.raises(UsageError):
            sweep_axis("r", values)


@pytest.mark.parametrize(
    ("axes", "settings", "said"),
    [
        (["x=1..2"], [], "none of the networks has a size `x`"),
        (["star.r=1..2"], [], "`star` has no size `r`"),
        (["ring.r=1..2"], [], "no network is called `ring`"),
        (["r=1..2", "r=3..4"], [], "`r` is given twice"),
        (["r=1..2"], ["r"], "`r` is given twice"),
        (["r=1..5000", "d=1..5000"], [], "more than 10,000 combinations"),
    ],
)
def test_a_size_must_exist_and_be_given_once(axes, settings, said):
    targets = {parse_target(text, text): 1 for text in settings}
    with pytest.raises(UsageError, match=said):
        check_targets([CHAIN, STAR], [parse_sweep(axis) for axis in axes], targets)


def test_width_stands_for_the_width_of_each_network_unless_one_has_a_size_of_that_name():
    check_targets([CHAIN, STAR], [parse_sweep("width=1..2")], {})
    wide = Contender("wide", Source("wide.tn", "network wide\nsize width = 2\n"))
    assert Target("", "width").of(wide)


def test_points_are_all_combinations():
    points = points_of([parse_sweep("d=1..2"), parse_sweep("n,r=5,6")])
    assert points == [{"d": d, "n = r": r} for d in (1, 2) for r in (5, 6)]


def test_labels_are_names_and_unlike():
    assert label_of("some/my-net 2.tn") == "my_net_2"
    assert [c.label for c in labelled([CHAIN, CHAIN, STAR, CHAIN])] == ["chain", "chain_2", "star", "chain_3"]
