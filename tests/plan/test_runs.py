"""Steps without tables of positions in the place of one with them: where, how many, and that no value changes."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import tncompile as tn
from tests.corpus import EXAMPLES
from tests.helpers import difference, leaves
from tests.networks import networks
from tncompile.plan import Gather, fold, order
from tncompile.plan.folding import runs
from tncompile.plan.folding.liveness import steps_of
from tncompile.runtime.random_data import random_data
from tncompile.transform import batch, gradient

FOLDER = EXAMPLES[0].parent
WINDOWS = {"d": 12, "n": 8, "r": 32}


def schedules(example, *, with_gradient=False, **sizes):
    """The schedule of an example with tables, and with few of them."""
    flat = order(batch(tn.load(FOLDER / f"{example}.tn", **sizes)))
    flat = gradient(flat) if with_gradient else flat
    with patch.object(runs, "COPIED", 2**60):
        tables = fold(flat, batch="batch")
    return tables, fold(flat, batch="batch")


def tables_of(schedule):
    """All tables that its steps read or write through."""
    uses = [access for step in steps_of(schedule.body) for access in (*step.operands, step.result)]
    return [subscript for access in uses for subscript in access.subscripts if isinstance(subscript, Gather)]


def test_each_place_of_a_short_window_is_a_product_of_slices():
    before, after = schedules("overlapping_conv_arithmetic_circuit", **WINDOWS)
    assert len(tables_of(before)) == 3
    assert not tables_of(after)
    made = [step.result.subscripts[1].constant for step in after.body if step.result.buffer == "W_h"]
    assert sorted(made) == [0, 0, 0, 1, 1, 1]


def test_wide_windows_and_small_arrays_stay_gathered():
    before, after = schedules("overlapping_conv_arithmetic_circuit", **WINDOWS | {"d": 14, "K": 4})
    assert len(tables_of(after)) == len(tables_of(before)) > 0
    before, after = schedules("overlapping_conv_arithmetic_circuit", d=5, n=1, r=1)
    assert len(tables_of(after)) == len(tables_of(before)) > 0


def test_stretches_of_equal_distances_are_a_step_each():
    before, after = schedules("gnn", with_gradient=True, D=8, H=32)
    assert len(tables_of(after)) < len(tables_of(before)) / 2
    ends = [
        step.result.subscripts[1]
        for step in steps_of(after.body)
        if step.result.buffer == "h_after" and step.operands[0].buffer == "h_bar"
    ]
    assert [getattr(end, "step", None) for end in ends] == [3, None, 3, None]  # 1, 4, 7 and 9, in two layers


def test_operations_are_counted_as_before():
    for example, sizes in (("overlapping_conv_arithmetic_circuit", WINDOWS), ("gnn", {"D": 8, "H": 32})):
        both = schedules(example, with_gradient=True, **sizes)
        counts = [sum(row.flops.value for row in tn.plan.plan_table(one)) for one in both]
        assert counts[0] == counts[1]


def same_values(net):
    """Scores and gradients with tables, and with as few as there can be; whether the texts differ."""
    dtype = "complex128" if net.field == "complex" else "float64"
    with patch.object(runs, "COPIED", 2**60):
        plain = tn.compile(net, dtype=dtype)
        assert plain.source
    with patch.object(runs, "COPIED", 0), patch.object(runs, "FEW", 10):
        model = tn.compile(net, dtype=dtype)
        assert model.source
    inputs = random_data(net, np.random.default_rng(0), 3)
    w = plain.init(0).flat
    with np.errstate(all="ignore"):
        wanted, found = plain.score_and_gradient(w, inputs), model.score_and_gradient(w, inputs)
    for mine, theirs in zip(leaves(wanted), leaves(found), strict=True):
        if np.isfinite(np.asarray(mine)).all():
            assert difference(mine, theirs) < 1e-9
    return plain.source != model.source


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_keep_their_values(path):
    changed = same_values(tn.load(path))
    if path.stem in ("gnn", "overlapping_conv_arithmetic_circuit"):
        assert changed


def test_scaled_schedules_keep_their_values():
    net = tn.load(FOLDER / "gnn.tn")
    plain = tn.compile(net, scaled=True)
    assert plain.source  # written here, with the tables
    with patch.object(runs, "COPIED", 0):
        model = tn.compile(net, scaled=True)
        assert model.source != plain.source
    w, inputs = plain.init(0).flat, random_data(net, np.random.default_rng(0), 3)
    wanted, found = (np.ldexp(*one.score(w, inputs)) for one in (plain, model))
    assert difference(wanted, found) < 1e-12


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks())
def test_random_networks_keep_their_values(text):
    same_values(tn.load(text))
