"""`order`: flat, equal in value, short, and readable."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from tests.corpus import CORPUS, NAMES
from tests.networks import Builder, networks
from tests.reference import evaluate, random_arrays
from tncompile.expressivity.evaluation.evaluate import input_members, items
from tncompile.language import load
from tncompile.network import Network
from tncompile.plan import Objective, cost, order
from tncompile.plan.check import check_flat
from tncompile.plan.search.contraction import Contraction, Path
from tncompile.plan.search.paths import best_path
from tncompile.source import InternalError
from tncompile.transform import batch, grid, probe

TEXTS = dict(CORPUS)
SLOW = {"deadline": None, "derandomize": True, "suppress_health_check": [HealthCheck.too_slow]}


def assert_same_values(net: Network, other: Network) -> None:
    """Both networks have the same outputs at random arrays."""
    arrays = random_arrays(net, 0, 0.7)
    wanted, found = evaluate(net, arrays), evaluate(other, arrays)
    assert wanted.keys() == found.keys()
    for name, members in wanted.items():
        assert members.keys() == found[name].keys()
        scale = max((float(np.max(np.abs(a), initial=0)) for a in members.values()), default=0.0)
        for member, array in members.items():
            np.testing.assert_allclose(found[name][member], array, rtol=1e-9, atol=1e-11 * max(1.0, scale))


def assert_ordered(net: Network) -> Network:
    flat = order(net)
    check_flat(flat)
    assert_same_values(net, flat)
    assert load(str(flat)).statements == flat.statements
    return flat


def rules(net: Network) -> list[str]:
    """The rules as they are printed."""
    lines = str(net).splitlines()
    names = {d.name for d in net.definitions}
    return [line for line in lines if line.removeprefix("output ").split("[")[0].split("(")[0] in names]


@pytest.mark.parametrize("name", NAMES)
def test_a_flat_network_means_the_same_and_prints_back(name: str) -> None:
    assert_ordered(load(TEXTS[name]))


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_of_samples_is_flat_too(name: str) -> None:
    check_flat(order(batch(load(TEXTS[name]), value=3)))


@given(networks())
@settings(max_examples=80, **SLOW)  # type: ignore[arg-type]
def test_random_networks_keep_their_values(text: str) -> None:
    assert_ordered(load(text))


@given(networks(is_complex=True))
@settings(max_examples=30, **SLOW)  # type: ignore[arg-type]
def test_random_complex_networks_keep_their_values(text: str) -> None:
    assert_ordered(load(text))


def test_the_comparison_notices_another_network() -> None:
    net = load(TEXTS["cp"])
    other = load(TEXTS["cp"].replace("top(q, y) *", "2 * top(q, y) *"))
    with pytest.raises(AssertionError):
        assert_same_values(net, order(other))


def test_a_network_that_is_not_flat_is_refused() -> None:
    with pytest.raises(InternalError, match="not flat"):
        check_flat(load(TEXTS["hierarchical_tucker"]))


def test_a_flat_network_stays_as_it_is() -> None:
    for name in ("tensor_train", "lstm", "gnn", "peps"):
        flat = order(load(TEXTS[name]))
        assert rules(order(flat)) == rules(flat)


# --- what it looks like ------------------------------------------------------------------------

CHAIN = """network chain_of_cores
size d = 6, n = 2, r = 5
input x[1..d](n)
weight G[k in 1..d](r if k > 1 else 1, n, r if k < d else 1)
h[k](b) = G[k](a, i, b) * x[k](i) * (h[k-1](a) if k > 1 else one(a)) for k in 1..d
output score() = sum(h[d](b) over b)
"""


def test_choices_become_rules_and_intermediates_get_readable_names() -> None:
    assert rules(order(load(CHAIN))) == [
        "h[1](b) = sum(G[1](a, i, b) * x[1](i) over a)",
        "G_h[k](b, i) = G[k](a, i, b) * h[k-1](a)  for k in 2..d",
        "h[k](b) = G_h[k](b, i) * x[k](i)  for k in 2..d",
        "output score() = sum(h[d](b) over b)",
    ]


def test_source_is_as_short_for_a_long_chain_as_for_a_short_one() -> None:
    for name in ("tensor_train", "tensor_ring", "born_machine", "lstm"):
        size = "d" if name != "lstm" else "T"
        short, long = (order(load(TEXTS[name], **{size: value})) for value in (8, 40))
        assert len(rules(short)) == len(rules(long))


def test_what_does_not_depend_on_a_loop_is_computed_once() -> None:
    flat = order(
        load("""network shared
size d = 4, n = 3, m = 2
input x[1..d](n)
weight W(m, n)
f[k](o) = exp(W(o, i)) * x[k](i) for k in 1..d
g[j](o) = tanh(exp(W(o, i)) * x[j](i)) for j in 2..d
output score() = sum(f[k](o) for k in 1..d) * g[d](o)
""")
    )
    assert rules(flat)[0] == "exp_W(o, i) = exp(W(o, i))"
    assert str(flat).count("exp(W(o, i))") == 1
    assert str(flat).count("exp_W(o, i) * x[") == 2  # for f, and once more for the inside of g


def test_intermediates_never_take_a_name_that_is_there() -> None:
    text = CHAIN.replace("weight G", "weight G_h()\nweight G").replace("sum(h", "G_h() * sum(h")
    flat = assert_ordered(load(text))
    assert "G_h2" in {d.name for d in flat.definitions}


def test_numbers_that_depend_on_a_loop_become_constants() -> None:
    flat = assert_ordered(
        load("""network weighted
size d = 4, n = 2
input x[1..d](n)
weight A(n)
h[k](i) = k * A(i) * x[k](i) + 1/k for k in 1..d
output score() = sum((d - k) * h[k](i) * A(i) for k in 1..d)
output steep() = sum(2^(k*k) * h[k](i) * A(i) for k in 2..d if k != 3)
""")
    )
    assert {t.role for name, t in flat.tensors.items() if name.startswith("factor")} == {"constant"}


def test_exponents_that_depend_on_a_loop_are_said_one_by_one() -> None:
    assert_ordered(
        load("""network powers
size d = 4, n = 2
input x[1..d](n)
weight A(n)
h[k](i) = A(i)^k * x[k](i) for k in 1..d
output score() = prod((1 + A(j[k])^2 * x[k](j[k]))^k for k in 1..d) + sum(A(j)^k * x[k](j) * h[k](j) for k in 1..d)
output nested(i) = prod(x[k](i) for k in 1..d) * sum(prod(h[j](i) for j in 1..k) for k in 1..d)
output triangle[t](i) = prod(A(i) for k in 1..t) * sum(k * j for k in 1..t, j in k..t) for t in 1..3
""")
    )


def test_loops_whose_rounds_differ_from_row_to_row_are_written_out() -> None:
    assert_ordered(
        load("""network windows
size d = 6, n = 2, r = 3
size steps = [1, 3, 2, 5, 4, 6]
input x[1..d](n)
weight A[1..d](r, n, r)
output moving[t](a[t], a[t+3]) = prod(A[k](a[k], i[k], a[k+1]) * x[k](i[k]) for k in t..t+2) for t in 1..d-2
output jumping[t]() = prod(A[steps[k]](a[k], i[k], a[k+1]) * x[k](i[k]) for k in t..t+1) * A[1](a[t], j, a[t]) * x[1](j) * A[2](a[t+2], l, a[t+2]) * x[2](l) for t in 1..3
""")
    )


def test_an_order_across_definitions_is_taken_only_where_it_is_much_cheaper() -> None:
    text = """network product_of_factors
size n = 40, r = 2
input x(n)
weight A(n, r), B(r, n)
W(i, j) = A(i, q) * B(q, j)
output score(i) = W(i, j) * x(j)
"""
    assert "W" not in {d.name for d in assert_ordered(load(text)).definitions}
    assert "W" in {d.name for d in order(batch(load(text, r=30), value=256)).definitions}


def test_a_delta_is_a_change_of_names_where_it_can_be() -> None:
    flat = order(
        load("""network joined
size n = 3
input x(n)
weight A(n)
output score() = delta(i, j, k) * x(i) * A(j) * x(k)
output matrix(i, j) = delta(i, j) * x(i)
""")
    )
    assert rules(flat)[-1] == "output matrix(i, j) = x(i) * delta(i, j)"
    assert str(flat).count("delta") == 1


def test_dead_definitions_are_dropped() -> None:
    flat = order(load(CHAIN.replace("output", "unused[k]() = x[k](i) * x[k](i) for k in 1..d\noutput")))
    assert "unused" not in str(flat)


# --- what it costs -----------------------------------------------------------------------------


def test_the_batch_does_not_mislead_the_search() -> None:
    net = batch(load(TEXTS["tensor_train"], d=64, n=2, r=16, C=2), value=256)
    total = cost(order(net))
    assert total.flops.value <= 256 * 64 * (2 * 2 * 16 * 16 + 4 * 16 * 2)
    largest = max(one.writes.value // one.instances.value for one in total.classes)
    assert largest <= 256 * 16 * 2


def test_a_product_over_a_ring_is_swept_and_costs_what_a_sweep_costs() -> None:
    d, n, r = 32, 2, 3
    flat = order(load(TEXTS["tensor_ring"], d=d, n=n, r=r, C=1))
    assert len(rules(flat)) <= 7
    assert cost(flat).flops.value <= d * (2 * n * r * r + 2 * r**3) + 2 * r * r


def test_a_chain_between_two_ends_is_swept_as_a_vector() -> None:
    flat = assert_ordered(
        load("""network ends
size d = 12, n = 2, r = 6
input x[1..d](n)
weight A[1..d](r, n, r), left(r), right(r)
output score() = left(a[0]) * prod(A[k](a[k-1], i[k], a[k]) * x[k](i[k]) for k in 1..d) * right(a[d])
""")
    )
    assert cost(flat).flops.value <= 12 * (2 * 2 * 36 + 2 * 2 * 6) + 2 * 6
    assert len(rules(flat)) <= 5


def test_the_objective_decides() -> None:
    net = load(TEXTS["peps"], m=4, n=2, r=3)
    fewest = cost(order(net, Objective(flops=1, writes=0)))
    written = cost(order(net, Objective(flops=0, writes=1)))
    assert fewest.flops.value < written.flops.value
    assert written.writes.value < fewest.writes.value


@pytest.mark.parametrize(
    ("body", "written"),
    [
        ("A(i, j) * B(j, k) * C(k, l) * D(l, m)", ((0, 1), (4, 2), (5, 3))),
        ("A(i, j) * ((B(j, k) * C(k, l)) * D(l, m))", ((1, 2), (4, 3), (0, 5))),
        ("h(i, k) * (C(k, l) * D(l, m))", ((0, 1), (2, 3), (4, 5))),
        ("sum(A(i, j) * B(j, k) over j) * C(k, l) * D(l, m)", ((0, 1), (4, 2), (5, 3))),
        ("prod(E[t](s[t-1], s[t]) * F[t](s[t]) for t in 1..2) * A(i, m) * one(s[0])", ((0, 1), (2, 3), (5, 6), (7, 4))),
    ],
)  # fmt: skip
def test_parentheses_and_definitions_used_once_suggest_an_order(body, written, monkeypatch) -> None:
    told = []

    def noting(problem: Contraction, path: Path) -> Path:
        told.append(path)
        return best_path(problem, path)

    monkeypatch.setattr("tncompile.plan.flatten.pairs.best_path", noting)
    used_once = "h(i, k) = A(i, j) * B(j, k)\n" if "h(" in body else ""
    net = load(
        "network t\nweight A(2, 2), B(2, 2), C(2, 2), D(2, 2), E[1..2](2, 2), F[1..2](2)\n"
        f"{used_once}output y(i, m) = {body}\n"
    )
    assert_same_values(net, order(net))
    assert written in told


@pytest.mark.parametrize(("seed", "is_complex"), [(441, False), (528, True), (112, True)])
def test_wires_of_loops_are_known_and_tied_in_grids_and_probes(seed: int, is_complex: bool) -> None:
    """Sums inside of loops over what does not carry their index; a `delta` that ties wires of a loop's rounds."""
    net = load(Builder(Random(seed), is_complex).build())
    members = input_members(net)
    rows, columns = items(members[: len(members) // 2]), items(members[len(members) // 2 :])
    for other in (net, grid(net, 2), probe(net, rows, columns, counts=(2, 3))):
        assert_same_values(other, order(other, Objective(thorough=False)))


def test_a_number_summed_inside_a_loop_counts_the_extent_of_its_index() -> None:
    assert_ordered(
        load("""
network f
size d = 3
input x[1..d](4)
weight W[k in 1..d](k + 1)
output y() = prod(sum(1 - W[m](i) over i) * x[m](j) * x[m](j) for m in 1..d)
output z[k]() = prod(sum(1 - W[m](i) over i) for m in 1..k) for k in 1..d
""")
    )
