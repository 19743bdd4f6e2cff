"""A cut in a drawing."""

import shutil

import pytest

from tncompile.cli.app import run
from tncompile.cli.cut_drawing import cut_to_draw
from tncompile.draw import draw
from tncompile.draw.expansion.expand import expand
from tncompile.draw.paper.cut import COLUMNS, MARKED, ROWS
from tncompile.language import load


def marked(path, cut, **sizes):
    """The nodes at the ends of the wires that are cut, and what is written at the nodes that are crossed."""
    net, marks = cut_to_draw(load(path, **sizes), cut)
    graph = expand(net)
    ends = {(graph.nodes[w.source], graph.nodes[w.target]) for w in graph.wires if marks.is_cut(w)}
    crossed = {(n.name, n.subscripts): marks.crossed(n) for n in graph.nodes if marks.crossed(n)}
    return {tuple((n.name, n.subscripts) for n in pair) for pair in ends}, crossed


def test_the_wires_of_the_minimum_cut_of_a_train_are_marked():
    wires, crossed = marked("examples/tensor_train.tn", "start_end")
    assert wires == {(("G", (4,)), ("G", (5,)))}
    assert crossed == {}


def test_a_state_that_is_crossed_says_its_extent_and_degree():
    _, crossed = marked("examples/deep_rac.tn", "start_end", T=6)
    assert crossed == {("h", (3, 1)): "extent 4, degree 3"}


def test_a_wire_that_touches_many_tensors_is_marked_as_one():
    wires, _ = marked("examples/cp.tn", "start_end")
    assert len(wires) == 9
    assert {source for source, _ in wires} >= {("factor", (k,)) for k in range(1, 9)}


def test_the_sides_have_two_colours():
    text = draw(*cut_to_draw(load("examples/tensor_train.tn"), "odd_even")).svg()
    assert text.count(ROWS) == 4 + 1  # the inputs and the legend
    assert text.count(COLUMNS) == 4 + 1
    assert MARKED in text
    assert "odd_even: rank ≤ 81" in text


def test_without_a_cut_nothing_is_marked():
    text = draw(load("examples/tensor_train.tn")).svg()
    assert all(colour not in text for colour in (ROWS, COLUMNS, MARKED))


def test_dot_marks_the_cut_too():
    text = draw(*cut_to_draw(load("examples/deep_rac.tn", T=6), "start_end")).dot()
    assert "extent 4, degree 3" in text
    assert ROWS in text
    assert MARKED in text


def test_a_network_that_is_no_polynomial_shows_its_sides():
    _, marks = cut_to_draw(load("examples/second_order_rnn.tn"), "x[1..2]")
    assert marks.rows
    assert not marks.wires
    assert "no bound" in marks.title


@pytest.mark.parametrize(
    "arguments",
    [("--cut", "odd_even"), ("--cut", "all", "-o", "f.svg"), ("--cut", "odd_even", "-o", "f.txt")],
)
def test_a_cut_needs_a_drawing_of_its_own(arguments, tmp_path, monkeypatch, capsys):
    shutil.copy("examples/tensor_train.tn", tmp_path / "t.tn")
    monkeypatch.chdir(tmp_path)
    assert run(["show", "t.tn", *arguments]) == 2
    assert "--cut" in capsys.readouterr().err
