"""How a module reads overlapping windows and short axes: slices, and tables of positions in the order that needs no second copy."""

from __future__ import annotations

import re

import numpy as np

import tncompile as tn
from tests.corpus import EXAMPLES
from tncompile.codegen.arrays.products import best_product
from tncompile.codegen.arrays.strided import Strided
from tncompile.plan import Gather, Span, fold, order
from tncompile.plan.folding.buffers import family_groups
from tncompile.transform import batch

FOLDER = EXAMPLES[0].parent


def scoring(example, **sizes):
    """The text of the function that scores."""
    source = tn.compile(tn.load(FOLDER / f"{example}.tn", **sizes), dtype="float32").source
    return source[source.index("def bind") : source.index("def score(")]


def test_products_over_few_neighbours_are_those_of_slices():
    text = scoring("gnn", D=8, H=32)
    assert "PLACES" not in text
    assert "np.multiply(m[0, ::2], m[0, 1::2], out=h[0, ::3])" in text
    assert "np.multiply(m[1, :V - 2] * m[1, 1:V - 1], m[1, 2:], out=h[1, 1:V - 1])" in text


def test_many_neighbours_are_read_through_a_table():
    everyone = [[1, 2, 3, 4, 5]] * 5
    assert ".prod(axis=" in scoring("gnn", D=8, H=32, neighbours=everyone)


def test_neighbours_in_no_order_are_read_through_a_table():
    text = scoring("gnn", D=8, H=32, neighbours=[[1, 3], [2, 4], [3, 1], [4, 2], [5, 1]])
    assert re.search(r"PLACES_\d\]?.*prod", text)


def test_a_short_axis_is_two_arrays():
    text = scoring("overlapping_conv_arithmetic_circuit", d=12, n=8, r=32)
    assert "np.multiply(W_h[0, 21:], W_h[1, 21:], out=h[21:])" in text
    assert ".prod(axis=0, out=h" in scoring("overlapping_conv_arithmetic_circuit", d=14, n=8, r=32, K=4)


def test_windows_are_gathered_in_the_order_in_which_they_are_multiplied():
    text = scoring("overlapping_conv_arithmetic_circuit", d=14, n=8, r=32, K=4)
    assert re.search(r"matmul\(W\[0\], h\[PLACES_\d\](\.reshape\([^)]*\))?, out=", text)
    assert not re.search(r"h\[PLACES_\d\]\.transpose", text)


def test_a_subscript_that_is_free_of_the_others_keeps_its_axis():
    rows = np.array([(layer, j, w) for layer in (1, 2) for j in range(5 - layer) for w in (1, 2, 3)])
    assert family_groups(rows, apart=True) == [[0, 1], [2]]
    assert family_groups(rows, apart=False) == [[0, 1, 2]]
    assert family_groups(rows[:, [2, 0, 1]], apart=True) == [[0], [1, 2]]
    assert family_groups(rows[1:], apart=True) == [[0, 1, 2]]
    assert family_groups(rows[rows[:, 0] == 1], apart=True) == [[1], [2]]


def test_windows_are_written_without_tables():
    net = tn.load(FOLDER / "overlapping_conv_arithmetic_circuit.tn", d=12, n=8, r=32)
    schedule = fold(order(batch(net)))
    (name,) = [name for name, buffer in schedule.buffers.items() if buffer.tensor == "W_h"]
    assert [extent.value for extent in schedule.buffers[name].family] == [30, 2]
    uses = [a for step in schedule.body for a in (step.result, *step.operands) if a.buffer == name]
    assert len(uses) == 6
    assert all(isinstance(s, Span) and not isinstance(s, Gather) for a in uses for s in a.subscripts)


def test_data_are_not_copied_to_be_multiplied_with_one_matrix():
    text = scoring("deep_rac", T=16, M=8, R=32)
    assert "np.matmul(WI_1.T, x[:, 1:].transpose(1, 2, 0), out=WI_h[:, 0])" in text
    assert "ascontiguousarray(x" not in text
    assert "np.matmul(W.T, x.transpose(1, 2, 0), out=v)" in scoring("mi_rnn", T=12, D=8, H=32)


def test_a_stack_of_large_matrices_but_not_of_small_ones():
    data, matrix, result = Strided.dense("sti"), Strided.dense("hi"), Strided.dense("tsh")
    large = best_product(data, matrix, result, True, {"s": 256, "t": 12, "i": 8, "h": 32})
    assert large.matrices.batch == ("t",)
    assert large.copies == 0
    small = best_product(data, matrix, result, True, {"s": 4, "t": 1000, "i": 8, "h": 32})
    assert small.matrices.batch == ()
