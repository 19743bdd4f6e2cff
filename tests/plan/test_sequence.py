"""The order of the steps: allowed, and never worse than the one before."""

from __future__ import annotations

import pytest

from tests.plan.flat_networks import TEXTS
from tncompile.language.load import load
from tncompile.plan import fold, order, peak_elements
from tncompile.plan.folding.liveness import dead_after
from tncompile.plan.folding.sequence import _Sequencer
from tncompile.plan.peak import most_alive
from tncompile.transform.adjoint.gradient import gradient


def orders(schedule):
    """The ways that are compared, and what each needs."""
    kept = {a.buffer for blocks in schedule.outputs.values() for a in blocks}
    for way in ("early", "least", "branches"):
        numbers = getattr(_Sequencer(schedule.body, schedule.buffers, kept), way)()
        assert sorted(numbers) == list(range(len(schedule.body)))
        body = tuple(schedule.body[number] for number in numbers)
        yield numbers, most_alive(schedule.buffers, body, dead_after(body, schedule.buffers, kept))


@pytest.mark.parametrize("name", TEXTS)
def test_no_order_needs_less_than_the_one_taken(name):
    schedule = fold(gradient(load(TEXTS[name])))
    peak, _ = peak_elements(schedule)
    assert all(peak <= other for _, other in orders(schedule))


@pytest.mark.parametrize("name", TEXTS)
def test_every_order_computes_an_array_before_it_is_read(name):
    schedule = fold(gradient(load(TEXTS[name])))
    for numbers, _ in orders(schedule):
        places = {number: place for place, number in enumerate(numbers)}
        kept = {a.buffer for blocks in schedule.outputs.values() for a in blocks}
        after = _Sequencer(schedule.body, schedule.buffers, kept).after
        assert all(places[one] < places[other] for one, some in enumerate(after) for other in some)


def test_branches_of_a_tree_are_finished_one_after_another():
    """Each of four leaves makes a large array that a small one replaces: at most one large array is alive."""
    text = (
        "network t\nsize n = 2, m = 50\nweight " + ", ".join(f"a{k}(n, m), b{k}(m)" for k in range(4)) + "\n"
    )
    text += "".join(f"L{k}(i, j) = exp(a{k}(i, j))\ns{k}(i) = L{k}(i, j) * b{k}(j)\n" for k in range(4))
    net = load(text + "output y() = " + " * ".join(f"s{k}(i)" for k in range(4)) + "\n")
    weights = 4 * (2 * 50 + 50)
    assert peak_elements(fold(order(net)))[0] <= weights + 2 * 50 + 4 * 2 + 2
