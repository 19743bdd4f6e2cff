"""The benchmark of chains: one network of each kind, and what counts as right."""

from __future__ import annotations

from benchmarks.chains import Row, row, table


def test_a_row_has_estimates_times_and_what_was_chosen():
    found = row("norm", "numpy", {"d": 40, "r": 2}, 0)
    assert found.chosen == "tree"
    assert found.estimates[1] < found.estimates[0]
    assert min(found.measured) > 0
    found = row("tensor_train", "numpy", {"d": 12, "n": 2, "r": 8, "C": 2}, 64)
    assert found.chosen == "loop"
    lines = list(table([found]))
    assert lines[2].startswith("| tensor_train d = 12, r = 8, 64 samples |")


def test_a_choice_is_right_if_it_is_hardly_slower():
    def made(loop, tree, chosen):
        return Row("one", "numpy", (1.0, 1.0), (loop, tree), chosen).right

    assert made(1.0, 2.0, "loop")
    assert made(1.0, 1.05, "tree")
    assert not made(1.0, 1.2, "tree")
    assert not made(1.2, 1.0, "loop")
