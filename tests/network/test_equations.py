"""The equations of the tables, held to the oracle: opening the sums changes no value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from tests.corpus import AWKWARD, LANGUAGE_PAGE
from tests.network.explicit import evaluate_tables
from tests.networks import networks
from tests.reference import evaluate, random_arrays
from tncompile.language import load
from tncompile.network import Definition, Network

TEXTS = {**AWKWARD, **LANGUAGE_PAGE}


def assert_tables_mean_the_same(net: Network) -> None:
    """Every output is the same by the tables and by the oracle."""
    if any(isinstance(s, Definition) and s.role == "inline" for s in net.statements):
        return
    arrays = random_arrays(net, 0, 0.5)
    by_tables = evaluate_tables(net, arrays)
    for name, members in evaluate(net, arrays).items():
        for member, wanted in members.items():
            assert np.allclose(by_tables[name][member], wanted, rtol=1e-9, atol=1e-9, equal_nan=True), (name, member)


@pytest.mark.parametrize("name", TEXTS)
def test_equations_of_chosen_networks_mean_what_the_rules_mean(name):
    assert_tables_mean_the_same(load(TEXTS[name].lstrip()))


@given(networks())
@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_equations_of_random_networks_mean_what_the_rules_mean(text):
    assert_tables_mean_the_same(load(text))
