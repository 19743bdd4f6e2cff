"""Warnings: what is no error, but probably not meant."""

from __future__ import annotations

import pytest

from tests.corpus import EXAMPLES, LANGUAGE_PAGE
from tncompile.language import load
from tncompile.network.warnings import warnings

HEAD = """network t
size d = 4, n = 3, r = 2
input x[1..d](n)
weight G[k in 1..d](r, n, r)
weight b(r)
"""


def said(text, **sizes):
    net = load(text, **sizes)
    found = warnings(net)
    assert all(w.kind == "warning" for w in found)
    return [(w.message, w.help) for w in found]


def test_members_that_a_loop_leaves_out_are_told_together():
    text = HEAD + (
        "h[1](c) = G[1](a, i, c) * x[1](i) * b(a)\n"
        "h[k](c) = G[k](a, i, c) * x[k](i) * h[k-1](a)   for k in 2..d-1\n"
        "output y() = h[d-1](a) * b(a)\n"
    )
    assert said(text) == [("input `x[4]` and weight `G[4]` are never used", "the loop on line 7 ends at d-1")]
    assert said(text, d=3) == [
        ("input `x[3]` and weight `G[3]` are never used", "the loop on line 7 ends at d-1")
    ]


def test_a_loop_that_begins_late_is_named():
    text = HEAD + "output y() = prod(G[k](a, i, a) * x[k](i) for k in 3..d) * b(a)\n"
    assert said(text)[0] == (
        "inputs `x[1]` and `x[2]` and weights `G[1]` and `G[2]` are never used",
        "the loop on line 6 begins at 3",
    )


def test_whole_tensors_definitions_sizes_and_lets_that_nothing_uses():
    text = (
        HEAD
        + "size q = 5\nnumber e = 0.5\nlet s = d\nf(c) = b(c)\noutput y() = prod(x[k](i) for k in 1..d)\n"
    )
    assert [message for message, _ in said(text)] == [
        "weight `G` is never used",
        "size `q` is never used",
        "number `e` is never used",
        "let `s` is never used",
        "definition `f` is never used",
    ]


def test_a_size_that_only_another_default_reads_is_used():
    text = "network t\nsize n = 2\nsize m = 3*n\ninput x(m)\noutput y(i) = x(i)\n"
    assert said(text) == []


def test_an_index_through_a_whole_prod_that_every_factor_joins_inside():
    text = "network t\nsize d = 4, n = 3\ninput x[1..d](n)\nweight A[1..d](n)\noutput y() = prod({} for k in 1..d)\n"
    assert said(text.format("A[k](i) * x[k](i)")) == [
        (
            "one index `i` runs through all factors of this `prod`, and every factor joins it inside",
            "`i[k]` would be one for each factor",
        )
    ]
    assert said(text.format("A[k](i[k]) * x[k](i[k])")) == []
    assert said(text.format("sum(A[k](i) * x[k](i) over i)")) == []
    # Of extent 1 it makes no difference.
    assert said(text.format("A[k](i) * x[k](i)"), n=1) == []


def test_extents_that_agree_only_because_two_sizes_are_equal():
    text = (
        "network t\nsize d = 4, n = 3, r = 3\ninput x[1..d](n)\nweight G[1..d](r, n)\n"
        "f[k](q) = G[k](i, q) * x[k](i)   for k in 1..d\noutput y(q) = prod(f[k](q) for k in 1..d)\n"
    )
    assert said(text) == [
        (
            "the extents of index `i` agree only because r = n (= 3): r as axis 1 of `G[1]`, n as axis 1 of `x[1]`",
            "",
        )
    ]
    assert said(text.replace("G[k](i, q)", "G[k](q, i)")) == []


def test_an_index_that_stands_alone_only_because_a_size_is_1():
    text = "network t\nsize n = 3, C = 1\ninput x(n)\nweight W(n, C)\noutput y() = W(i, c) * x(i)\n"
    assert said(text) == [
        (
            "`c` stands alone and is summed; that is no error only because C = 1",
            "where it is meant, `sum(... over c)` says so",
        )
    ]
    assert said(text.replace("C = 1", "D = 1").replace(", C)", ", 1)").replace(", D = 1", "")) == []


@pytest.mark.parametrize("name", LANGUAGE_PAGE)
def test_the_networks_of_the_language_page_give_no_warnings(name):
    assert said(LANGUAGE_PAGE[name].lstrip()) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_give_no_warnings(path):
    assert [message for message, _ in said(path)] == []


def test_extents_past_every_prime_are_compared_at_the_bound_sizes():
    text = "network t\nsize m = 3, n = 2\ninput x(n)\nweight W(n^9, m - n)\noutput y(k) = W(k, c) * x(i) * x(i)\n"
    assert said(text) == [
        (
            "`c` stands alone and is summed; that is no error only because m - n = 1",
            "where it is meant, `sum(... over c)` says so",
        )
    ]
