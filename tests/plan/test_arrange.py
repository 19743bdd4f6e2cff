"""Which of several arrangements is taken."""

from __future__ import annotations

from itertools import permutations

from tncompile.plan.folding.arrange import Arrangement, Repeat, best_of


def arrangement(loops, executed, written=1):
    body = Arrangement((), 1, 1)
    return Arrangement(tuple(Repeat("t", None, 0, 1, 2, body) for _ in range(loops)), executed, written)


def test_fewer_loops_may_take_some_more_steps_in_any_order():
    """No more than 1.3 times the fewest, however many others lie between."""
    three = [arrangement(3, 100), arrangement(2, 125), arrangement(1, 155)]
    assert {best_of(order).executed for order in permutations(three)} == {125}


def test_of_as_many_loops_the_one_with_fewer_steps_then_less_text():
    assert best_of([arrangement(1, 12), arrangement(1, 10, 5), arrangement(1, 10, 4)]).written == 4
    assert best_of([]) is None
