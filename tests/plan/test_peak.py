"""The peak and the table of a schedule, against a run that keeps count and against sums done by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plan.flat_networks import BOUNDARIES, CHAIN, DEEP_RAC, LSTM, TEXTS
from tests.plan.folding import Nodes, executed, rounds, steps_within
from tncompile.language.load import load
from tncompile.plan import Schedule, Step, cost, fold, order, peak_elements, plan_table
from tncompile.transform.adjoint.gradient import gradient

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.tn"))


def size(schedule: Schedule, name: str) -> int:
    """The elements of a buffer."""
    total = 1
    for extent in (*schedule.buffers[name].family, *schedule.buffers[name].shape):
        total *= extent.value
    return total


def counted_peak(schedule: Schedule) -> int:
    """The peak of a schedule that is run round by round, as numpy would run it."""
    alive = {name for name, buffer in schedule.buffers.items() if buffer.role != "value"}
    peak = sum(size(schedule, name) for name in alive)

    def run(nodes: Nodes) -> None:
        nonlocal peak
        for node in nodes:
            if not isinstance(node, Step):
                for _ in rounds(node):
                    run(node.body)
                continue
            name = node.result.buffer
            # What has no family axis is computed anew and then bound; an array is made once and filled.
            new = name not in alive or not schedule.buffers[name].family
            peak = max(peak, sum(size(schedule, other) for other in alive) + new * size(schedule, name))
            alive.add(name)

    for node, dead in zip(schedule.body, schedule.dead, strict=True):
        run((node,))
        alive.difference_update(dead)
    return peak


@pytest.mark.parametrize("name", TEXTS)
def test_the_peak_is_what_a_run_needs_and_its_formula_has_that_value(name):
    net = load(TEXTS[name])
    for schedule in (fold(net), fold(gradient(net))):
        peak, formula = peak_elements(schedule)
        assert peak == counted_peak(schedule)
        assert formula.value({**schedule.network.sizes, "len(neighbours)": 4, "len(edges)": 7}) == peak


def test_a_score_without_gradient_needs_no_memory_for_old_states():
    peaks = [peak_elements(fold(load(CHAIN, d=d)))[0] for d in (6, 12)]
    inputs_and_weights = 6 * 3 + 6 * 2 * 3 * 2
    assert peaks[1] - peaks[0] == inputs_and_weights + 6 * 2 * 2  # and the products before the loop


def test_a_table_has_a_row_for_each_step_and_counts_all_rounds():
    for text in (CHAIN, BOUNDARIES, DEEP_RAC, LSTM):
        schedule = fold(load(text))
        rows = plan_table(schedule)
        assert len(rows) == sum(1 for _ in steps_within(schedule.body))
        assert sum(row.executed.value for row in rows) == executed(schedule.body)
        for row in rows:
            for extent in (row.executed, row.flops, row.elements, *row.shape):
                assert extent.formula.value(schedule.network.sizes) == extent.value


@pytest.mark.parametrize("name", TEXTS)
def test_a_table_adds_up_to_the_cost_of_the_network(name):
    net = load(TEXTS[name])
    for flat in (net, gradient(net)):
        assert sum(row.flops.value for row in plan_table(fold(flat))) == cost(flat).flops.value


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_table_of_an_example_adds_up_to_the_cost_of_its_order(path):
    flat = order(load(path))
    assert sum(row.flops.value for row in plan_table(fold(flat))) == cost(flat).flops.value


def test_the_table_of_a_chain_says_what_each_step_costs():
    first, begin, inner, last = plan_table(fold(load(CHAIN)))
    assert (first.operation, first.result, first.batch) == ("contract", "P[k](a, b)", ("k",))
    assert (str(first.flops.formula), first.flops.value) == ("2*d*n*r^2", 2 * 6 * 3 * 2 * 2)
    assert (begin.loops, inner.loops, last.loops) == ((), ("k in 2..d",), ())
    assert inner.operands == ("P[k - 1](a, b)", "h(a)")
    assert str(inner.flops.formula) == "2*d*r^2 - 2*r^2"
    assert (inner.executed.value, inner.elements.value) == (5, 10)
