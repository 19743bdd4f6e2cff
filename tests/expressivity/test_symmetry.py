"""Inputs that a score does not tell apart: bounds by symmetric functions, and their certificates."""

from __future__ import annotations

from random import Random

import pytest

from tests.expressivity.modular import bipartition, rank_at_points
from tncompile import load
from tncompile.expressivity.certificates.check_certificate import verify_certificate
from tncompile.expressivity.certificates.check_exchanges import check_components
from tncompile.expressivity.cuts import studies
from tncompile.expressivity.polynomials.expand import expand
from tncompile.expressivity.polynomials.polynomial import COLUMNS, ROWS
from tncompile.expressivity.polynomials.symmetry import Exchanges
from tncompile.expressivity.rank import rank
from tncompile.expressivity.result import CutSides, Side
from tncompile.expressivity.upper.bound_formula import bound_formula
from tncompile.expressivity.upper.bounds import upper_bound
from tncompile.expressivity.upper.coloring import multichoose
from tncompile.source import TnError

ONE_PRODUCT = """
network shared_cp
size d = 4, n = 3, r = 10
input x[1..d](n)
weight A(n, r)
output score() = prod(A(i[k], q) * x[k](i[k]) for k in 1..d)
"""
STATES = """
network shared_states
size d = 4, n = 3, r = 10
input x[1..d](n)
weight A(n, r), top(r)
f[k](q) = A(i, q) * x[k](i) for k in 1..d
output score() = top(q) * prod(f[k](q) for k in 1..d)
"""
INPUTS = "network sums\ninput x[1..4](2)\nweight A(2, 3), B(2, 3), C(3, 3)\n"


def sides(rows, columns):
    return CutSides(
        "chosen", Side(tuple(("x", (k,)) for k in rows)), Side(tuple(("x", (k,)) for k in columns))
    )


def named(net, rows, columns):
    """The classes of the rows and of the columns, by the numbers of the inputs."""
    graph = expand(net, sides(rows, columns))
    return [
        sorted(sorted(int(graph.nodes[leaf].name[2:-1]) for leaf in equal) for equal in found)
        for found in (Exchanges(graph).classes(ROWS), Exchanges(graph).classes(COLUMNS))
    ]


@pytest.mark.parametrize("text", [ONE_PRODUCT, STATES])
@pytest.mark.parametrize("cut", ["odd_even", "start_end"])
@pytest.mark.parametrize(("d", "n", "r"), [(4, 3, 10), (6, 3, 20), (6, 2, 9), (12, 2, 30)])
def test_shared_factors_are_exact(text, cut, d, n, r):
    net = load(text, d=d, n=n, r=r)
    found = rank(net, cut)
    assert found.exact
    assert found.upper == min(r, multichoose(n, d // 2))
    assert [len(equal) for equal in found.results[0].bound.symmetric] == [d // 2]
    said = verify_certificate(found.certificate, str(net))
    assert said[-1] == f"so the rank is exactly {found.upper}"


def test_only_what_is_exchanged_without_a_change_is_equal():
    body = "output s() = A(i, a) * x[1](i) * A(j, a) * x[2](j) * B(k, a) * x[3](k) * A(l, a) * x[4](l)"
    assert named(load(INPUTS + body), [1, 2, 3], [4]) == [[[1, 2], [3]], [[4]]]
    body = (
        "output s() = A(i, a) * x[1](i) * C(a, b) * A(j, b) * x[2](j) * A(k, a) * x[3](k) * A(l, b) * x[4](l)"
    )
    assert named(load(INPUTS + body), [1, 2, 3], [4]) == [[[1, 3], [2]], [[4]]]
    body = "output s() = A(i, a) * x[1](i) * (A(j, a) * x[2](j))^2 * A(k, a) * x[3](k) * A(l, a) * x[4](l)"
    assert named(load(INPUTS + body), [1, 2, 3], [4]) == [[[1, 3], [2]], [[4]]]


def test_terms_of_sums_are_not_exchanged():
    """Their numbers are not in the graph: u v - 2 v u is no symmetric function of the inputs."""
    body = """
u[k](a) = A(i, a) * x[k](i) for k in 1..4
v[k](a) = B(i, a) * x[k](i) for k in 1..4
output s() = (u[1](a) * v[2](a) - 2 * v[1](a) * u[2](a)) * u[3](b) * u[4](b)
"""
    net = load(INPUTS + body)
    assert named(net, [1, 2], [3, 4]) == [[[1], [2]], [[3, 4]]]
    report = rank(net, "x[1], x[2]")
    verify_certificate(report.certificate, str(net))


def test_a_certificate_with_other_exchanges_is_refused():
    text = ONE_PRODUCT.replace("A(n, r)", "A(n, r), B(n, r)").replace(
        "prod(A(i[k], q) * x[k](i[k]) for k in 1..d)",
        "prod((A(i[k], q) if k != 2 else B(i[k], q)) * x[k](i[k]) for k in 1..d)",
    )
    report = rank(load(text), "odd_even")
    assert report.results[0].bound.symmetric == (("x[1]", "x[3]"),)
    certificate = report.certificate
    nodes = certificate["bound"]["nodes"]
    leaves = {node["name"]: number for number, node in enumerate(nodes) if node["kind"] == "leaf"}
    for wrong in ([["x[1]", "x[3]", "x[1]"]], [["x[2]", "x[4]"]], [["x[1]", "x[2]"]]):
        certificate["bound"]["symmetric"] = [[leaves[name] for name in equal] for equal in wrong]
        with pytest.raises(TnError):
            verify_certificate(certificate, text)


@pytest.mark.parametrize("seed", range(40))
def test_bounds_of_random_symmetric_networks_are_not_below_their_rank(seed):
    random = Random(seed)
    d = random.randint(3, 5)
    shared = random.choice(["A", "A", "B"])
    lines = [
        f"network n{seed}\nsize d = {d}, n = {random.randint(1, 3)}, r = {random.randint(1, 4)}",
        "input x[1..d](n)\nweight A(n, r), B(n, r), C(r, r), top(r)",
        f"u[k](a) = {random.choice([1, 2, 3])} * A(i, a) * x[k](i) for k in 1..d",
        f"v[k](a) = {shared}(i, a) * x[k](i) * {random.choice(['1', 'u[k](a)', 'k'])} for k in 1..d",
    ]
    factors = [f"{random.choice('uv')}[{k}](a)" for k in range(1, d + 1)]
    random.shuffle(factors)
    middle = random.randint(1, d - 1)
    inner = " * ".join(f.replace("(a)", "(b)") for f in factors[middle:])
    power = random.choice(["", "^2"])
    lines.append(f"w(a) = C(a, b) * {inner}")
    lines.append(
        f"output s() = {' * '.join(factors[:middle])} * w(a){power} * top(a)" + random.choice(["", " + 1"])
    )
    net = load("\n".join(lines))
    for _ in range(3):
        cut = bipartition(net, random.sample(range(1, d + 1), random.randint(1, d - 1)))
        for grid in (None, 2):
            assert upper_bound(net, cut, grid=grid).value >= rank_at_points(net, cut, 40, grid=grid)


PURIFIED = """
network purified
FIELD
size d = 4, n = 3, r = 3, P = 2
let bond[k in 0..d] = r if 0 < k < d else 1
input x[1..d](n)
weight A[k in 1..d](bond[k-1], n, P, bond[k])
inline B[k](a, q, b) = A[k](a, i, q, b) * x[k](i) for k in 1..d
R[k](b, c) = B[k](a, q, b) * conj(B[k](e, q, c)) * (R[k-1](a, e) if k > 1 else one(a, e)) for k in 1..d
output probability() = sum(R[d](a, e) over a, e)
"""


@pytest.mark.parametrize(("d", "r"), [(4, 2), (4, 3), (6, 3)])
def test_states_symmetric_in_their_axes_have_fewer_components(d, r):
    for field, expected, formula in (
        ("real", multichoose(r, 2), "multichoose(r, 2)"),
        ("complex", r * r, "r^2"),
    ):
        net = load(PURIFIED.replace("FIELD", f"field {field}"), d=d, r=r)
        found = rank(net, "start_end")
        assert (found.upper, found.exact) == (expected, True)
        verify_certificate(found.certificate, str(net))
        (study,) = studies(net, "start_end")
        assert formula in bound_formula(study.net, study.sides)


@pytest.mark.parametrize(
    ("body", "swaps"),
    [
        ("A(i, a) * x[1](i) * A(j, b) * x[1](j)", 1),
        ("A(i, a) * x[1](i) * B(j, b) * x[1](j)", 0),
        ("A(i, a) * x[1](i) * A(j, b) * x[2](j)", 0),
        ("A(i, c) * x[1](i) * C(c, e) * A(j, e) * x[1](j) * C(a, b)", 0),
        ("C(c, a) * A(i, c) * x[1](i) * C(e, b) * A(j, e) * x[1](j)", 1),
        ("C(a, b) * sum(A(i, c) * x[1](i) over i, c) * C(b, a)", 1),
    ],
)
def test_axes_are_exchanged_only_where_the_product_stays_the_same(body, swaps):
    net = load(f"{INPUTS}S(a, b) = {body}\noutput s() = S(a, b) * C(a, b) * A(i, a) * x[3](i)")
    graph = expand(net, sides([1, 2], [3]))
    (number,) = (number for number, node in enumerate(graph.nodes) if node.name == "S")
    assert len(graph.swaps[number]) == swaps
    assert graph.components[number] == (multichoose(3, 2) if swaps else 9)
    check_components(graph)


def test_swaps_that_change_a_product_are_refused():
    net = load(
        f"{INPUTS}S(a, b) = A(i, a) * x[1](i) * B(j, b) * x[1](j)\noutput s() = S(a, b) * A(i, a) * A(i, b) * x[3](j) * v(j)\nweight v(2)"
    )
    graph = expand(net, sides([1], [3]))
    check_components(graph)
    swaps = [
        tuple(
            {node.open[0]: node.open[1], node.open[1]: node.open[0]}.get(w, w) for w in range(len(node.wires))
        )
        if node.name == "S"
        else ()
        for node in graph.nodes
    ]
    graph.__dict__["swaps"] = tuple((swap,) if swap else () for swap in swaps)
    with pytest.raises(TnError, match="cannot be exchanged"):
        check_components(graph)
