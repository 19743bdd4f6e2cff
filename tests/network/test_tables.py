"""Tables: members, blocks, classes, extents."""

from __future__ import annotations

import time
from textwrap import dedent

import numpy as np
import pytest

from tncompile.expressivity.rank import rank
from tncompile.language import load
from tncompile.network import (
    Add,
    Axis,
    Definition,
    Expr,
    FreeIndex,
    Index,
    Loop,
    Multiply,
    Name,
    Network,
    Number,
    Range,
    Size,
    Tensor,
    Use,
    expression_text,
    verify,
)
from tncompile.source import InternalError, TnError

TRAIN = """network tensor_train
size d = 8, n = 3, r = 4, C = 2
let bond[k in 0..d] = 1 if k == 0 else C if k == d else r
input  x[1..d](n)
weight G[k in 1..d](bond[k-1], n, bond[k])
h[1](b) = G[1](a, i, b) * x[1](i)
h[k](b) = G[k](a, i, b) * x[k](i) * h[k-1](a)      for k in 2..d
output score(y) = h[d](y)
"""


def shapes(net, name):
    return [tuple(str(extent.formula) for extent in block.shape) for block in net.tables.tensors[name].blocks]


def equations(net, name):
    return [expression_text(c.equation) for c in net.tables.classes if c.definition.name == name]


def test_members_of_equal_shape_are_one_block():
    table = load(TRAIN).tables.tensors["G"]
    assert [tuple(e.value for e in block.shape) for block in table.blocks] == [
        (1, 3, 4),
        (4, 3, 4),
        (4, 3, 2),
    ]
    assert [block.members.tolist() for block in table.blocks] == [[0], [1, 2, 3, 4, 5, 6], [7]]
    assert table.block_of.tolist() == [0, 1, 1, 1, 1, 1, 1, 2]
    assert table.find(np.array([[8], [1], [9], [0]])).tolist() == [7, 0, -1, -1]


def test_extents_are_known_as_formulas():
    net = load(TRAIN)
    assert shapes(net, "G") == [("1", "n", "r"), ("r", "n", "r"), ("r", "n", "C")]
    assert shapes(net, "h") == [("r",), ("C",)]
    assert shapes(net, "score") == [("C",)]


@pytest.mark.parametrize("sizes", [{"C": 4}, {"n": 4, "r": 3}, {"r": 1}, {"n": 5, "r": 5, "C": 5}])
def test_blocks_and_classes_do_not_depend_on_sizes_that_happen_to_agree(sizes):
    plain, equal = load(TRAIN), load(TRAIN, **sizes)
    for name, table in plain.tables.tensors.items():
        assert [b.members.tolist() for b in table.blocks] == [
            b.members.tolist() for b in equal.tables.tensors[name].blocks
        ]
    assert [c.rows.columns.tolist() for c in plain.tables.classes] == [
        c.rows.columns.tolist() for c in equal.tables.classes
    ]
    assert [c.equation for c in plain.tables.classes] == [c.equation for c in equal.tables.classes]


def test_uses_lead_to_members_for_every_row():
    net = load(TRAIN)
    inner = next(c for c in net.tables.classes if c.rows.count == 6)
    assert [(u.use.name, u.positions.tolist()) for u in inner.uses] == [
        ("G", [1, 2, 3, 4, 5, 6]),
        ("x", [1, 2, 3, 4, 5, 6]),
        ("h", [0, 1, 2, 3, 4, 5]),
    ]
    assert inner.target.tolist() == [1, 2, 3, 4, 5, 6]
    assert all(u.parent.tolist() == [0, 1, 2, 3, 4, 5] for u in inner.uses)
    assert {str(i.name): str(e.formula) for i, e in inner.extents.items()} == {"a": "r", "i": "n", "b": "r"}


def test_uses_inside_a_loop_have_the_rows_of_the_loop():
    net = load(
        "network t\nsize d = 3, n = 2\ninput x[1..d](n)\nweight A[1..d](n)\n"
        "h[k]() = prod(A[j](i) * x[k](i) for j in 1..k)  for k in 1..d\noutput score() = h[1]() + h[2]() * h[3]()\n"
    )
    last = [c for c in net.tables.classes if c.definition.name == "h"][-1]
    use = last.uses[0]
    assert use.rows.names == ("k", "j")
    assert use.rows.columns.tolist() == [[3, 3, 3], [1, 2, 3]]
    assert use.parent.tolist() == [0, 0, 0]


def test_a_branch_that_is_not_taken_is_not_evaluated():
    net = load(
        "network t\nsize d = 3, n = 2\ninput x[1..d](n)\n"
        "h[k](i) = x[k](i) * (h[k-1](i) if k > 1 and 6 // (k - 1) > 0 else 1)  for k in 1..d\n"
        "output score(i) = h[d](i)\n"
    )
    assert equations(net, "h") == ["x[k](i) * 1", "x[k](i) * h[k-1](i)"]


def test_a_sum_opens_at_the_smallest_product_that_holds_the_index():
    net = load(
        "network t\nsize n = 3\ninput x(n)\nweight A(n), B(n), W(n, n)\nweight c()\n"
        "output s() = A(i) * x(i) + B(i) * x(i) + c()\n"
        "output t() = (A(i) + B(i)) * x(i)\n"
        "output u(i) = tanh(W(i, j) * x(j)) * A(i)\n"
    )
    assert equations(net, "s") == ["sum(A(i) * x(i) over i) + sum(B(i') * x(i') over i') + c()"]
    assert equations(net, "t") == ["sum((A(i) + B(i)) * x(i) over i)"]
    assert equations(net, "u") == ["tanh(sum(W(i, j) * x(j) over j)) * A(i)"]


def test_a_prod_counts_as_written_out():
    shared = (
        "network t\nsize d = 3, n = 2\ninput x[1..d](n)\nweight A[1..d](n)\n"
        "output s() = prod(A[k](q) * x[k](q) for k in {})\noutput t() = prod(A[k](q[k]) * x[k](q[k]) for k in 1..d)\n"
    )
    net = load(shared.format("1..d"))
    assert equations(net, "s") == ["sum(prod(A[k](q) * x[k](q) for k in 1..d) over q)"]
    assert equations(net, "t") == ["prod(sum(A[k](q[k]) * x[k](q[k]) over q[k]) for k in 1..d)"]
    # Of a single row the index belongs to that row.
    assert equations(load(shared.format("d..d")), "s") == [
        "prod(sum(A[k](q) * x[k](q) over q) for k in d..d)"
    ]


def test_extents_run_both_ways_and_through_states():
    net = load(
        "network t\nsize T = 4, H = 3, n = 2\ninput x[1..T](n)\nweight W(H, n)\n"
        "h[0](i in 1..H) = 0\n"
        "h[t](i) = tanh(h[t-1](i)) + sum(W(i, j) * x[t](j) over j)  for t in 1..T\n"
        "g[0](i) = one(i)\ng[t](i) = g[t-1](i) * g[t-1](i)  for t in 1..T\n"
        "output score() = h[T](i) * g[T](i)\n"
    )
    assert shapes(net, "h") == [("H",)]
    assert shapes(net, "g") == [("H",)]


def test_a_tensor_may_have_axes_by_a_loop():
    net = load(
        "network t\nsize d = 3, r = 2, C = 5\ninput x(C)\nweight core(r for k in 1..d, C)\n"
        "output score() = core(q[k] for k in 1..d, y) * delta(q[1], q[2], q[3]) * x(y)\n"
    )
    assert shapes(net, "core") == [("r", "r", "r", "C")]
    assert equations(net, "score") == [
        "sum(core(q[1], q[2], q[3], y) * delta(q[1], q[2], q[3]) * x(y) over q[1], q[2], q[3], y)"
    ]


def test_a_network_made_by_hand_is_checked_as_one_from_a_text():
    n, k = Name("n"), Name("k")
    loop = Loop(("k",), Range(Number("1"), Number("3")))
    i = Index("i")
    statements = (
        Size("n", default=Number("2")),
        Tensor("input", "x", (Loop((), Range(Number("1"), Number("3"))),), (Axis(n),)),
        Definition("plain", "h", (k,), (FreeIndex(i),), Use("x", (k,), (i,)), (loop,)),
        Definition(
            "output", "y", (), (), product(Use("h", (Number("1"),), (i,)), Use("h", (Number("3"),), (i,)))
        ),
    )
    net = Network("by_hand", statements)
    assert verify(net, "a test") is net
    assert [expression_text(c.equation) for c in net.tables.classes] == [
        "x[k](i)",
        "sum(h[1](i) * h[3](i) over i)",
    ]
    wrong = net.replace(
        [*statements[:-1], Definition("output", "y", (), (), Use("h", (Add((k, n), (1, 1)),), (i,)))]
    )
    with pytest.raises(TnError, match="`k` has no value"):
        _ = wrong.tables
    with pytest.raises(InternalError, match="a test"):
        verify(wrong, "a test")


def product(*factors: Expr) -> Expr:
    return Multiply(tuple(factors), (False,) * len(factors))


def test_a_long_chain_takes_a_moment():
    started = time.perf_counter()
    net = load(TRAIN, d=10_000)
    assert [c.rows.count for c in net.tables.classes] == [1, 9998, 1, 1]
    assert time.perf_counter() - started < 1.0


def test_too_many_members_are_refused_before_anything_is_made():
    with pytest.raises(TnError, match="2,000,000"):
        load(TRAIN, d=3_000_000)
    with pytest.raises(TnError, match="2,000,000"):
        load(TRAIN, d=700_000)
    with pytest.raises(TnError, match="steps"):
        load(TRAIN.replace("for k in 2..d", "for k in 2..d, j in 1..k*100000 if j == 1"), d=2000)


def test_a_choice_in_the_subscript_of_an_index_is_made_for_each_member_of_a_product():
    text = """
        network snake
        size n = 2
        input x[1..2](n)
        weight A[1..2](n, n)
        output score() = prod(A[k](s[k], s[k + 1 if k == 1 else 1]) * x[k](s[k]) for k in 1..2)
    """
    plain = text.replace("s[k + 1 if k == 1 else 1]", "s[3 - k]")
    assert (
        rank(load(dedent(text)), "start_end").results[0].lower
        == rank(load(dedent(plain)), "start_end").results[0].lower
    )
