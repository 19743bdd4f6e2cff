"""Modules that compute a network in slices, and what their slices have to add up to."""

from __future__ import annotations

import tracemalloc
from itertools import combinations

import numpy as np

import tncompile as tn
from tests.helpers import difference, draw, inputs_of, leaves, weights_of
from tests.runtime.scaled import as_plain
from tncompile.codegen import emit, range_limits
from tncompile.plan import fold, order, scaling
from tncompile.runtime.loading import loaded
from tncompile.transform import batch, gradient, inline_definitions, slice_index, summed_indices

QUICK = tn.Objective(budget=0.02)  # any order will do
CLIQUE = (
    "network clique\nsize n = 16\n"
    + "".join(f"weight M{i}{j}(n, n) ~ uniform(0, 1)\n" for i, j in combinations("abcde", 2))
    + "output y() = "
    + " * ".join(f"M{i}{j}({i}, {j})" for i, j in combinations("abcde", 2))
    + "\n"
)


def sliced_schedules(net, which, width, twice=False):
    """The schedules of score and gradient in slices over an index, or two; None where there are no slices."""
    whole = inline_definitions(batch(net) if any(t.role == "input" for t in net.tensors.values()) else net)
    selectors = []
    for _ in range(1 + twice):
        found = summed_indices(whole, selectors)
        if not found:
            return None
        start = which % len(found)
        tries = (sliced_at(whole, summed, width) for summed in [*found[start:], *found[:start]])
        sliced = next((one for one in tries if one is not None), None)
        if sliced is None:
            return None
        whole = sliced[0]
        selectors.append(sliced[1])
    flat = order(whole)
    return fold(flat, (), selectors), fold(gradient(flat), (), selectors)


def sliced_at(net, summed, width):
    """A network with an index sliced, in parts of one of the widths that there are."""
    divisors = [w for w in range(1, summed.extent.value) if summed.extent.value % w == 0]
    return slice_index(net, summed, divisors[width % len(divisors)])


def plain_module(net, schedules):
    """The module of such schedules."""
    return loaded(emit(*schedules, **options(net, schedules)), net.name)


def scaled_module(net, schedules, depth=None):
    """The module of such schedules, scaled; ``depth`` is that which mantissas may reach."""
    given = options(net, schedules)
    cotangents = {f"{name}_bar" for name in net.outputs}
    limit = range_limits(given["dtype"]).careful if depth is None else depth
    found = (
        scaling.scaled(one, given["batch"], limit, cotangents, net.outputs, often=True) for one in schedules
    )
    return loaded(emit(*found, **given), net.name)


def options(net, schedules):
    """What `emit` is told of a network."""
    size = next((name for name in schedules[0].network.sizes if name not in net.sizes), None)
    return {"batch": size, "written": net, "dtype": "complex128" if net.field == "complex" else "float64"}


def plainly(result):
    """A value and a gradient as the numbers that they stand for."""
    value, gradient = result
    return as_plain(value), as_plain(gradient)


def check(text, which, width, twice, *, scaled=False):
    """Asserts that the slices of a network add up to its scores and gradients; False where it has none."""
    net = tn.load(text)
    schedules = sliced_schedules(net, which, width, twice)
    if schedules is None:
        return False
    model = tn.compile(net)
    assert model.source  # made before a score alone is asked for, which would be another module
    samples = draw(net, 3)
    w, data = weights_of(model, net, samples[0]).flat, inputs_of(net, samples)
    arrays = model._data(model._reader(), *(data or (None,)))
    with np.errstate(all="ignore"):
        value, slope = model.score_and_gradient(w, *data)
    if not all(np.isfinite(a).all() and np.abs(a).max(initial=0) < 1e6 for a in leaves(value)):
        return False
    count = schedules[0].slices.count
    assert count > 1
    add_up(plain_module(net, schedules), lambda result: result, (w, *arrays), count, (value, slope))
    if scaled:
        add_up(scaled_module(net, schedules), as_plain, (w, *arrays), count, (value, slope))
    return True


def add_up(module, numbers, arguments, count, wanted):
    """Asserts that the slices of a module add up; ``numbers`` turns its results into those that they stand for."""
    value, slope = wanted
    with np.errstate(all="ignore"):
        mine, slopes = map(numbers, module.score_and_gradient(*arguments))
    assert difference(value, mine) < 1e-10
    assert difference(slope, slopes) < 1e-8
    assert difference(value, numbers(module.score(*arguments))) < 1e-10
    parts = [numbers(module.score(*arguments, slices=[k])) for k in range(count)]
    assert difference(value, added(parts)) < 1e-10


def added(parts):
    """The sum of some results."""
    if isinstance(parts[0], dict):
        return {name: added([part[name] for part in parts]) for name in parts[0]}
    if isinstance(parts[0], list):
        return [added(list(some)) for some in zip(*parts, strict=True)]
    return sum(parts[1:], parts[0])


def used(function, *arguments):
    """The most bytes that a call allocates at once."""
    function(*arguments)
    tracemalloc.start()
    function(*arguments)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak
