"""Exact costs, as numbers and as formulas."""

from __future__ import annotations

import pytest

from tests.corpus import CORPUS, NAMES
from tncompile.language import load
from tncompile.network import Network
from tncompile.plan import cost, order

TEXTS = dict(CORPUS)


def sizes(net: Network) -> dict[str, int]:
    """Every size as a formula names it."""
    values = {}
    for name, value in net.sizes.items():
        if isinstance(value, int):
            values[name] = value
    family = {"r": [f"r[{k}]" for k in range(4)], "n": [f"n[{k}]" for k in range(1, 5)]}
    for name, members in family.items():
        if isinstance(net.sizes.get(name), tuple):
            values.update(zip(members, net.sizes[name], strict=False))
    return values


@pytest.mark.parametrize("name", NAMES)
def test_formulas_give_the_numbers(name: str) -> None:
    flat = order(load(TEXTS[name]))
    total = cost(flat)
    known = sizes(flat)
    for extent in (total.flops, total.writes):
        if set(extent.formula.atoms()) <= known.keys():
            assert extent.formula.value(known) == extent.value


def test_each_form_is_counted_as_the_page_says() -> None:
    net = load("""network counted
size d = 3, n = 4, m = 5
input x[1..d](n)
weight A(m, n), b(m)
pair[k](o) = A(o, i) * x[k](i) for k in 1..d
outer(o, i) = b(o) * x[1](i)
scaled(o) = 2 * b(o)
copied(o) = b(o)
alone() = sum(b(o) over o)
added(o) = 3 * b(o) - pair[1](o) + 1
applied(o) = tanh(added(o))
largest(o) = max(added(o), b(o), 0)
looped(o) = sum(A(o, i) * x[k](i) for k in 1..d)
reduced(o) = prod(pair[k](o) for k in 1..d)
output score() = outer(o, i) * A(o, i)
""")
    flops = {one.name: str(one.flops.formula) for one in cost(net).classes if one.name != "score"}
    assert flops == {
        "pair": "2*d*m*n",
        "outer": "m*n",
        "scaled": "m",
        "copied": "0",
        "alone": "m",
        "added": "4*m",
        "applied": "m",
        "largest": "2*m",
        "looped": "2*d*m*n",
        "reduced": "d*m",
    }


def test_the_cost_of_a_tensor_train_is_a_formula_in_its_sizes() -> None:
    flat = order(load(TEXTS["tensor_train"]))
    by_rule = {(one.name, str(one.instances.formula)): str(one.flops.formula) for one in cost(flat).classes}
    assert by_rule["G_h", "d - 2"] == "2*d*n*r^2 - 4*n*r^2"
    assert by_rule["h", "d - 2"] == "2*d*n*r - 4*n*r"


def test_counts_that_are_no_polynomial_stay_numbers() -> None:
    net = load("""network triangle
size d = 5, n = 2
input x[1..d](n)
h[i, j](a) = x[i](a) * x[j](a) for i in 1..d, j in i+1..d
output score() = sum(h[i, j](a) * h[i, j](a) for i in 1..d, j in i+1..d)
""")
    counts = {one.name: (one.instances.value, str(one.flops.formula)) for one in cost(net).classes}
    assert counts == {"h": (10, "10*n"), "score": (1, "20*n")}
