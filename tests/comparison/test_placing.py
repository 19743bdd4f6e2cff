"""The sizes of networks at points: given, swept, bound together, implied by common inputs."""

from __future__ import annotations

import pytest

from tests.comparison.questions import CP, DEEP, EXAMPLES, HT, PEPS, SHALLOW, TT, question
from tests.comparison.test_equivalent import HALF
from tncompile.comparison.answer import prepared
from tncompile.comparison.contender import Contender, width_candidates
from tncompile.language import load
from tncompile.source import Source, TnError, UsageError


def sizes(work, label, number=0):
    return [dict(place.sizes) for place in work.places if place.contender.label == label][number]


def test_sizes_of_one_name_are_those_of_the_first_network():
    work = prepared(question([TT, CP]))
    assert sizes(work, "cp") == sizes(work, "tensor_train")  # alone it would have r = 16


def test_a_size_of_one_network_alone_goes_before():
    work = prepared(question([TT, CP], sizes={"r": 3, "cp.r": 7}))
    assert (sizes(work, "tensor_train")["r"], sizes(work, "cp")["r"]) == (3, 7)


def test_inputs_imply_sizes_of_other_names():
    work = prepared(question([TT, DEEP], sizes={"d": 6, "n": 5}))
    assert {k: v for k, v in sizes(work, "deep_rac").items() if k in "TM"} == {"T": 6, "M": 5}


def test_a_sweep_of_the_length_moves_all_networks():
    work = prepared(question([TT, SHALLOW], sweep="d=4..8..2"))
    assert [sizes(work, "shallow_rac", number)["T"] for number in range(3)] == [4, 6, 8]


def test_a_width_is_swept_whatever_its_name():
    work = prepared(question([TT, HT, DEEP], sizes={"d": 4}, sweep="width=2..3"))
    assert work.widths == {"tensor_train": "r", "hierarchical_tucker": "r", "deep_rac": "R"}
    assert [place.width for place in work.places] == [2, 2, 2, 3, 3, 3]
    assert sizes(work, "hierarchical_tucker", 1)["r"] == (3, 3)


def test_a_width_is_set_whatever_its_name():
    work = prepared(question([TT, DEEP], sizes={"d": 4, "width": 3}))
    assert [place.width for place in work.places] == [3, 3]


def test_sizes_move_together():
    work = prepared(question([TT], sweep="n,r=2..3"))
    assert [(s["n"], s["r"]) for s in (sizes(work, "tensor_train", 0), sizes(work, "tensor_train", 1))] == [
        (2, 2),
        (3, 3),
    ]


def test_a_network_from_python_keeps_its_sizes():
    nets = [load(TT, d=4, r=2), load(CP, d=4, r=9)]
    work = prepared(question(nets))
    assert [place.width for place in work.places] == [2, 9]


def test_a_point_at_which_a_file_refuses_its_sizes_is_a_place_with_the_reason():
    work = prepared(question([TT, HT], sweep="d=4..6..2"))
    failures = [(p.point["d"], p.failure) for p in work.places if p.failure]
    assert [point for point, _ in failures] == [6]
    assert "log2(6)" in failures[0][1]


def test_a_network_that_exists_at_no_point_is_an_error():
    with pytest.raises(TnError, match=r"log2\(6\)"):
        prepared(question([TT, HT], sizes={"d": 6}))


def test_inputs_that_do_not_match_are_named():
    with pytest.raises(
        TnError, match=r"`tensor_train` has x\[1\]\.\.x\[8\] \(8 members\) .* `peps` has x\[1, 1\]"
    ):
        prepared(question([TT, PEPS]))
    with pytest.raises(TnError, match="the inputs do not match"):
        prepared(question([TT, DEEP], sizes={"deep_rac.M": 2}))


def test_only_inner_extents_can_be_the_width():
    assert width_candidates(load(TT)) == ["r"]
    assert width_candidates(load(DEEP)) == ["R"]
    assert width_candidates(load(EXAMPLES / "digits_cp.tn")) == ["n", "r"]


def test_a_width_is_no_size_that_shapes_the_network_or_its_inputs():
    for wrong in ("deep_rac.L", "deep_rac.M", "deep_rac.C"):
        with pytest.raises(UsageError, match=r"is an extent of its weights, .*: R may be"):
            prepared(question([DEEP], width=wrong))
    half = Contender("half", Source("half", HALF))
    assert prepared(question([half])).widths == {"half": "r"}


def test_a_width_is_not_given_twice():
    with pytest.raises(UsageError, match="`r` of `tensor_train` is given twice"):
        prepared(question([TT, CP], sizes={"r": 4}, sweep="width=1..2"))
    work = prepared(question([TT, CP], sizes={"cp.r": 4}, sweep="width=1..2"))
    assert [place.width for place in work.places] == [1, 4, 2, 4]


def test_a_width_that_is_not_clear_must_be_told():
    text = "network two\nsize n = 2, a = 3, b = 4\ninput x(n)\nweight U(n, a), V(a, b), w(b)\n"
    two = Contender("two", Source("two", text + "output y() = U(i, j) * V(j, k) * w(k) * x(i)\n"))
    with pytest.raises(UsageError, match=r"a and b may be .* --width two\.a"):
        prepared(question([two], sweep="width=1..2"))
    assert prepared(question([two], sweep="width=1..2", width="two.b")).widths == {"two": "b"}
    with pytest.raises(UsageError, match=r"--width two\.c: `two` has no size `c`"):
        prepared(question([two], width="two.c"))


def test_a_cut_that_a_network_lacks_is_refused_at_once():
    with pytest.raises(TnError, match="no cut `ends`"):
        prepared(question([DEEP, SHALLOW], cut="ends"))


def test_cuts_that_all_have_are_taken():
    assert prepared(question([SHALLOW, DEEP])).cuts == ("odd_even", "start_end")
