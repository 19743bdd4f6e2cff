"""`inline_definitions`: bodies at their uses, with the same values."""

from __future__ import annotations

import numpy as np
import pytest

from tests.reference import evaluate, random_arrays
from tncompile.language import load
from tncompile.network import Network
from tncompile.transform import inline_definitions

HEAD = """network inlined
field complex
size d = 4, n = 2, r = 3
let bond[k in 0..d] = r if 0 < k < d else 1
input x[1..d](n)
weight A[k in 1..d](bond[k-1], n, bond[k]), B[1..d](r, n, r), v(r), w(n)
"""


def inlined(text: str) -> Network:
    """The network without `inline`, once its values are seen to be the same."""
    net = load(HEAD + text)
    result = inline_definitions(net)
    assert all(definition.role != "inline" for definition in result.definitions)
    arrays = random_arrays(net, 0)
    wanted, found = evaluate(net, arrays), evaluate(result, arrays)
    for name, members in wanted.items():
        for member, array in members.items():
            np.testing.assert_allclose(found[name][member], array, rtol=1e-10, atol=1e-12)
    assert load(str(result)).statements == result.statements
    return result


def names(net: Network) -> set[str]:
    return {definition.name for definition in net.definitions}


def test_a_network_without_inline_is_returned_as_it_is() -> None:
    net = load(HEAD + "output y() = w(i) * x[1](i)\n")
    assert inline_definitions(net) is net


def test_a_ket_is_also_the_bra() -> None:
    net = inlined(
        "inline psi(s[k] for k in 1..d) = prod(A[k](a[k-1], s[k], a[k]) for k in 1..d)\n"
        "output norm() = psi(s[k] for k in 1..d) * conj(psi(s[j] for j in 1..d))\n"
    )
    assert names(net) == {"norm"}
    assert str(net).count("prod(") == 2


@pytest.mark.parametrize(
    "rules",
    [
        "inline g(a) = v(a) * B[1](a, i, a) * w(i)",
        "inline f(a) = v(a) * B[1](a, i, a) * w(i)\ninline g(a) = f(a)",
        "inline g(a) = conj(v(a) * B[1](a, i, a) * w(i))",
        "inline f(a) = v(a) * v(a)\ninline g(a) = conj(f(a))",
    ],
)
def test_an_index_that_a_body_joins_is_not_put_under_a_conjugate(rules: str) -> None:
    """There it would have two readings: summed inside, or outside, where it stands too."""
    net = inlined(f"{rules}\noutput y() = conj(g(a)) * v(a)\noutput z() = g(a) * v(a)\n")
    assert names(net) > {"y", "z"}


def test_indices_written_out_are_tied_to_those_of_the_family() -> None:
    net = inlined(
        "inline psi(s[k] for k in 1..d) = prod(A[k](a[k-1], s[k], a[k]) for k in 1..d)\n"
        "output density(p, q) = psi(p, t[2], t[3], t[4]) * conj(psi(q, t[2], t[3], t[4]))\n"
    )
    assert names(net) == {"density"}


def test_a_free_index_with_subscripts_of_its_own_is_tied_to_the_one_given() -> None:
    net = inlined(
        "inline f[k](s[k], b) = B[k](a, s[k], b) * v(a) for k in 1..d\n"
        "output y(s[1], t) = f[1](s[1], b) * f[2](t, b)\n"
    )
    assert names(net) == {"y"}


def test_members_of_a_family_are_found_by_their_subscripts() -> None:
    net = inlined(
        "inline f[k](a, b) = B[k](a, i, b) * x[k](i) for k in 1..d\n"
        "h[1](b) = v(a) * f[1](a, b)\n"
        "h[k](b) = h[k-1](a) * f[k](a, b) for k in 2..d\n"
        "output y() = sum(h[d](a) over a)\n"
    )
    assert names(net) == {"h", "y"}


def test_several_rules_become_a_choice() -> None:
    net = inlined(
        "inline f[k](a, b) = B[k](a, i, b) * x[k](i) for k in 2..d\n"
        "inline f[1](a, b) = B[1](a, i, b) * x[1](i) * v(b)\n"
        "h[k](b) = f[k](a, b) * (h[k-1](a) if k > 1 else v(a)) for k in 1..d\n"
        "output y() = sum(h[d](a) over a)\n"
    )
    assert names(net) == {"h", "y"}


def test_each_round_of_a_loop_gets_inner_indices_of_its_own() -> None:
    net = inlined(
        "inline f[k](a, b) = B[k](a, i, b) * x[k](i) for k in 1..d\n"
        "output y() = v(c[0]) * v(c[d]) * prod(f[k](c[k-1], c[k]) for k in 1..d)\n"
    )
    assert names(net) == {"y"}


def test_inline_definitions_inside_one_another_all_go() -> None:
    net = inlined(
        "inline one_site[k](a, b) = B[k](a, i, b) * x[k](i) for k in 1..d\n"
        "inline two_sites[k](a, c) = one_site[k](a, b) * one_site[k+1](b, c) for k in 1..d-1\n"
        "output y() = v(a) * two_sites[1](a, b) * two_sites[3](b, c) * v(c)\n"
    )
    assert names(net) == {"y"}


@pytest.mark.parametrize(
    "text",
    [
        "inline g(i) = w(i) * x[1](i)\noutput y() = exp(g(i) * x[2](i)) * w(k) * x[3](k)\n",
        "inline g(i) = exp(w(i))\noutput y() = g(i) * x[1](i)\n",
        "inline g(i in 1..n) = 2\noutput y() = sum(g(i) over i) * w(k) * x[1](k)\n",
        "inline h[1](i) = x[1](i)\ninline h[k](i) = h[k-1](i) * x[k](i) for k in 2..d\n"
        "output y() = h[d](i) * w(i)\n",
        "inline g[2*k](i) = x[k](i) for k in 1..d\noutput y() = g[4](i) * w(i)\n",
        "inline g[k](s[k]) = x[k](s[k]) for k in 1..d\noutput y() = g[4](i) * w(i)\n",
        "inline g(i) = w(i)\noutput y() = 1 / (1 + g(i) * x[1](i)^2) + g(j) * g(j)\n",
    ],
)
def test_what_cannot_be_put_in_stays_a_definition_with_the_same_values(text: str) -> None:
    inlined(text)


def test_a_definition_that_is_a_delta_in_some_row_goes_where_the_rest_says_its_extents() -> None:
    rule = "inline f[k](a in 1..r, b in 1..r) = B[k](a, i, b) * x[k](i) if k > 1 else delta(a, b) for k in 1..d\n"
    chain = "output y() = v(c[0]) * v(c[d]) * prod(f[k](c[k-1], c[k]) for k in 1..d)\n"
    assert names(inlined(rule + chain)) == {"y"}
    alone = "output y() = f[1](a, b) * f[1](a, b) * w(i) * x[1](i)\n"
    assert names(inlined(rule + alone)) == {"f", "y"}
