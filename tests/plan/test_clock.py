"""The clock: what a schedule is said to take."""

from __future__ import annotations

import pytest

from tests.corpus import EXAMPLES
from tncompile.language import load
from tncompile.plan import CLOCKS, Clock, Numbers, fold, order, time_of
from tncompile.plan.clock import CUDA_GRAPH, NUMPY, Time
from tncompile.transform import batch, gradient

FOLDER = EXAMPLES[0].parent
DOUBLE = Numbers()


def spent(text: str, clock: Clock, numbers: Numbers = DOUBLE) -> Time:
    return time_of(fold(order(load("network timed\n" + text))), clock, numbers)


def plain(**rates: float) -> Clock:
    """A clock on which everything is free but what is said."""
    free = {"call": 0.0, "product": 0.0, "flops": 1e300, "bandwidth": 1e300}
    return Clock("plain", **{**free, **rates}, dense=bool(rates.pop("dense", False)))


def test_each_constant_counts_what_it_says():
    one = (
        "weight A[1..7](30, 20), B[1..7](20, 50)\noutput y[k](a, c) = A[k](a, b) * B[k](b, c) for k in 1..7\n"
    )
    assert spent(one, plain(call=1.0)).whole == 1
    # The other way, element by element, has two calls, and nothing else that is not free.
    assert spent(one, plain(call=1.0, product=0.01)).whole == pytest.approx(1 + 7 * 0.01)
    assert spent(one, plain(call=1e9, flops=1.0)).whole == pytest.approx(1e9 + 7 * 2 * 30 * 20 * 50)
    moved = 7 * (30 * 20 + 20 * 50 + 30 * 50)
    assert spent(one, plain(bandwidth=1.0)).whole == 8 * moved
    assert spent(one, plain(bandwidth=1.0), Numbers(16, 2)).whole == 16 * moved


def test_loops_count_their_rounds_and_are_told_apart():
    text = (
        "size d = 9\nweight A[1..d](2, 2), z(2)\nh[0](a) = tanh(z(a))\n"
        "h[k](b) = A[k](a, b) * h[k-1](a) for k in 1..d\noutput y(a) = h[d](a)\n"
    )
    time = spent(text, plain(call=1.0))
    assert (time.whole, time.looping) == (11, 9)  # the function before, and the output that repeats a state


def test_complex_numbers_work_four_times_as_long_and_halves_half():
    assert Numbers(16, 2).work == 4 * Numbers().work == 8 * Numbers(4, 1).work
    assert Numbers.of("complex") == Numbers(16, 2)
    assert Numbers.of("real") == DOUBLE


def test_stacks_with_gaps_are_copied_where_the_clock_says_so():
    text = (
        "weight A[1..8](30, 5, 5)\noutput y[j](s, a, c) = A[2*j](s, a, b) * A[2*j-1](s, b, c) for j in 1..4\n"
    )
    dense = Clock("dense", 1.0, 0.0, 1e300, 1e300, dense=True)
    # Two copies and the product, or two calls element by element: the clock takes the faster.
    assert spent(text, dense).whole == 2
    slow = Clock("dense", 1.0, 0.0, 1e300, 1e2, dense=True)
    loose = Clock("loose", 1.0, 0.0, 1e300, 1e2, dense=False)
    assert spent(text, slow).whole > spent(text, loose).whole + 2


@pytest.mark.parametrize("clock", [NUMPY, CUDA_GRAPH], ids=lambda clock: clock.name)
def test_more_takes_longer(clock):
    def train(**sizes):
        flat = order(batch(load(FOLDER / "tensor_train.tn", **sizes)))
        return [time_of(fold(one), clock, DOUBLE).whole for one in (flat, gradient(flat))]

    small, longer, wider = train(d=20, r=8), train(d=40, r=8), train(d=20, r=256)
    assert all(a < b < c for a, b, c in zip(small, longer, wider, strict=True))
    assert all(score < both for score, both in (small, longer, wider))


def test_every_target_has_a_clock():
    from tncompile.codegen import LIBRARIES

    assert set(CLOCKS) == set(LIBRARIES)
