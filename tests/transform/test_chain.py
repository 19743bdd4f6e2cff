"""`chains_of` and `chain_tree`: recurrences that are linear in a state, and the same values by a tree of products."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.corpus import EXAMPLES
from tests.networks import networks
from tests.plan.recurrences import recurrences
from tests.reference import evaluate, random_arrays
from tncompile.language import load
from tncompile.network import Network
from tncompile.plan import order
from tncompile.plan.check import check_flat
from tncompile.transform import batch, gradient, inline_definitions
from tncompile.transform.chain import chains
from tncompile.transform.chain.chains import chains_of
from tncompile.transform.chain.tree import chain_tree

FOLDER = EXAMPLES[0].parent
SETTINGS = settings(
    max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


def example(name: str, **sizes: object) -> Network:
    return load(FOLDER / f"{name}.tn", **sizes)


def keys(net: Network) -> list[tuple[str, int, int]]:
    return [chain.key for chain in chains_of(net)]


def treed(net: Network) -> Network:
    """The network with all its chains as trees, once its values are seen to be the same, and that it reads back."""
    result = net
    while found := chains_of(result):
        result = chain_tree(result, found[0]).network
    assert result is not net
    assert load(str(result)) == result
    same_values(net, result)
    return result


def same_values(net: Network, other: Network, seed: int = 0) -> None:
    """Asserts that two networks compute the same, by the definitions."""
    arrays = random_arrays(net, seed, 0.6)
    wanted, found = evaluate(net, arrays), evaluate(other, arrays)
    assert list(wanted) == list(found)
    for name, members in wanted.items():
        scale = max(float(np.max(np.abs(array), initial=0.0)) for array in members.values())
        for member, array in members.items():
            np.testing.assert_allclose(found[name][member], array, rtol=1e-9, atol=1e-12 * max(scale, 1e-30))


def same_gradients(loop: Network, tree: Network) -> None:
    """Asserts that all gradients of two networks, brought into order, are the same."""
    one, other = (gradient(order(net)) for net in (loop, tree))
    same_values(one, other)


@pytest.mark.parametrize("d", [*range(6, 24), 31, 32, 33, 34, 66])
@pytest.mark.parametrize("r", [1, 3])
def test_tensor_trains_of_any_length(d, r):
    net = example("tensor_train", d=d, r=r, n=2, C=2)
    assert keys(net) == [("h", 2, d - 1)]
    tree = treed(net)
    assert {x.name for x in tree.definitions if "span" in x.name} == {
        f"h_span{2 ** (level + 1)}" for level in range(levels(d - 2))
    }


def levels(count: int) -> int:
    """How often a number of factors is halved until three are left at the most."""
    return 0 if count <= 3 else 1 + levels(count // 2)


def test_the_text_grows_with_the_logarithm():
    lengths = [len(treed_quickly(example("tensor_train", d=d)).definitions) for d in (100, 1000, 10_000)]
    assert all(length < 3 * log2(d) + 6 for length, d in zip(lengths, (100, 1000, 10_000), strict=True))


def treed_quickly(net: Network) -> Network:
    return chain_tree(net, chains_of(net)[0]).network


@pytest.mark.parametrize(
    ("name", "sizes", "names"),
    [
        ("recurrent_tensor_train", {"d": 15, "r": 3}, ["h"]),
        ("hidden_markov", {"T": 14, "H": 2, "n": 2}, ["alpha"]),
        ("born_machine", {"d": 12, "r": 2}, ["h", "E"]),
        ("locally_purified", {"d": 9, "r": 2, "P": 2}, ["R", "E"]),
        ("mps_classifier", {"d": 19, "r": 2}, ["left", "right"]),
        ("exponential_machine", {"d": 13, "r": 2}, ["h"]),
    ],
)
def test_examples_with_chains(name, sizes, names):
    net = inline_definitions(example(name, **sizes))
    assert [chain.name for chain in chains_of(net)] == names
    tree = treed(net)
    same_gradients(net, tree)
    batched = batch(net, value=3)
    same_values(batched, treed(batched))


def test_a_chain_that_an_order_made_of_a_product_stays_flat():
    flat = order(batch(example("tensor_ring", d=13, r=2), value=2))
    assert keys(flat) == [("chain", 2, 13)]
    tree = treed(flat)
    check_flat(tree)
    same_values(gradient(flat), gradient(tree))


def test_a_chain_that_runs_downwards_is_found_from_above():
    (chain,) = [c for c in chains_of(example("mps_classifier", d=19)) if c.name == "right"]
    assert (chain.kind.step, chain.first, chain.last, chain.count) == (-1, 18, 11, 8)


HEAD = """network chains
size d = 11, r = 2, L = 3
input x[1..d](r), z(r)
weight A[1..d](r, r), B[1..d, 1..L](r, r), v(r), M(r, r)
"""
LAST = "output y(a) = h[d](a)\n"
RULE = "h[0](a) = z(a)\nh[k](b) = A[k](a, b) * h[k-1](a) for k in 1..d\n"


def network(text: str) -> Network:
    return load(HEAD + text)


@pytest.mark.parametrize(
    "text",
    [
        RULE,
        "h[0](a) = z(a)\nh[k](b) = -2 * A[k](a, b) * x[k](b) * h[k-1](a) for k in 1..d\n",
        "h[0](a) = z(a)\nh[k](b) = A[k](a, b) * h[k-1](a) / sum(x[k](i) over i) for k in 1..d\n",
        "h[0](a) = z(a)\nh[k](a) = x[k](a) * h[k-1](a) for k in 1..d\n",
        "h[0](a) = z(a)\nh[k](a) = 0.5 * h[k-1](a) for k in 1..d\n",
        "h[0](a) = z(a)\nh[k](b) = (A[k](a, b) if k % 2 == 0 else x[k](a) * M(a, b)) * h[k-1](a) for k in 1..d\n",
        "h[0](a) = z(a)\nh[k](b) = A[k](a, b) * h[k-1](a) for k in 1..d if k % 2 == 0\n"
        "h[k](a) = M(a, i) * tanh(x[k](o) * x[k](o)) * h[k-1](i) for k in 1..d if k % 2 == 1\n",
        "h[0](a in 1..r) = 1\nh[k](b) = k * x[k](c) * v(c) * delta(a, b) * h[k-1](a) for k in 1..d\n",
        "h[k](a) = (h[k-1](b) if k > 1 else z(b)) * M(b, a) for k in 1..d\n",
        "h[0](a) = z(a)\nh[j+1](b) = (M(b, a) + A[j+1](a, b)) * h[j](a) for j in 0..d-1\n",
    ],
    ids=[
        "plain",
        "numbers",
        "quotient",
        "entries",
        "number",
        "choice",
        "two rules",
        "delta",
        "start",
        "shifted",
    ],
)
def test_what_is_linear_in_the_state_before(text):
    net = network(text + LAST)
    tree = treed(net)
    same_gradients(net, tree)


def test_two_states_as_matrices_and_axes_that_only_come_along():
    net = network(
        "E[0](a, b) = z(a) * v(b)\nE[k](c, b) = A[k](a, c) * E[k-1](a, b) for k in 1..d\noutput y(a, b) = E[d](a, b)\n"
    )
    (chain,) = chains_of(net)
    assert (chain.kind.carried, chain.kind.held) == ((False, True), (False, False))
    treed(net)
    net = network(
        "E[0](a, b) = z(a) * v(b)\n"
        "E[k](c, b) = A[k](a, c) * x[k](b) * E[k-1](a, b) for k in 1..d\noutput y(a, b) = E[d](a, b)\n"
    )
    (chain,) = chains_of(net)
    assert (chain.kind.carried, chain.kind.held, chain.matrices) == ((False, True), (False, True), 2)
    treed(net)


def test_axes_that_change_places_are_no_chain():
    turned = network(
        "E[0](a, b) = z(a) * v(b)\nE[k](a, b) = A[k](a, b) * E[k-1](b, a) for k in 1..d\noutput y(a, b) = E[d](a, b)\n"
    )
    assert keys(turned) == []


def test_an_index_that_stands_under_a_loop_by_another_name_is_no_chain():
    start = "h[0](a) = z(a)\nh[k](w[1]) = A[k](w[0], w[1]) * h[k-1](w[0])"
    loop = " * prod(x[k](w[j]) * v(w[j]) for j in 0..2) for k in 1..d\n"
    assert keys(network(start + loop + LAST)) == []
    net = network(start + loop.replace("0..2", "2..3") + LAST)
    assert keys(net) == []  # it may be the same
    net = network(start + loop.replace("w[j]", "u[j]") + LAST)
    assert keys(net) == [("h", 1, 11)]
    treed(net)


def test_indices_that_are_one_in_some_steps_make_two_chains_at_most():
    text = "h[0](a) = z(a)\nh[k](w[k // 6]) = A[k](w[0], w[k // 6]) * h[k-1](w[0]) for k in 1..d\n"
    net = network(text + LAST)  # up to k = 5 the matrix is diagonal, and the axis comes along
    assert keys(net) == [("h", 1, 5), ("h", 6, 11)]
    treed(net)


def test_transfer_matrices_may_depend_on_states_before_the_chain():
    net = network(
        "h[0](a) = z(a)\nh[k](b) = A[k](a, b) * h[k-1](a) * g() for k in 1..d\n"
        "g() = sum(h[0](a) over a)\noutput y(a) = h[d](a)\n"
    )
    assert keys(net) == [("h", 1, 11)]
    treed(net)
    net = network(
        "h[0](a) = z(a)\nh[k](b) = A[k](a, b) * h[k-1](a) * (1 if k < 6 else g()) for k in 1..d\n"
        "g() = sum(h[5](a) over a)\noutput y(a) = h[d](a)\n"
    )
    assert keys(net) == [("h", 1, 5), ("h", 6, 11)]
    treed(net)


def test_families_side_by_side():
    rule = "h[l, 0](a) = z(a) for l in 1..L\nh[l, k](b) = B[k, l](a, b) * h[l, k-1](a) for l in 1..L, k in 1..d\n"
    net = network(rule + "output y(a) = prod(h[l, d](a) for l in 1..L)\n")
    (chain,) = chains_of(net)
    assert (chain.matrices, chain.count) == (3, 11)
    same_gradients(net, treed(net))
    ragged = rule.replace("k in 1..d", "k in 1..d-l")
    net = network(ragged + "output y(a) = prod(h[l, d-l](a) for l in 1..L)\n")
    (chain,) = chains_of(net)
    assert chain.count == 8  # the part that all have
    treed(net)


def test_layers_that_hang_on_one_another_are_no_chain():
    text = (
        "h[k, 0](a) = x[k](a) for k in 1..d\nh[0, l](a) = z(a) for l in 1..L\n"
        "h[k, l](b) = B[k, l](a, b) * h[k-1, l](a) * h[k, l-1](b) for k in 1..d, l in 1..L\n"
        "output y(a) = h[d, L](a)\n"
    )
    assert keys(network(text)) == []


def test_a_state_that_something_else_reads_ends_a_chain():
    net = network(RULE + "output y(a) = h[d](a) * h[6](a)\n")
    assert keys(net) == [("h", 1, 6), ("h", 7, 11)]
    treed(net)
    net = network(RULE + "output y(a) = h[d](a) * h[2](a) * h[9](a)\n")
    assert keys(net) == [("h", 3, 9)]
    treed(net)
    assert keys(network(RULE + "output y[k](a) = h[k](a) for k in 1..d\n")) == []


@pytest.mark.parametrize(
    "text",
    [
        "h[0](a) = z(a)\nh[k](b) = A[k](a, b) * h[k-1](a) + x[k](b) for k in 1..d\n",
        "h[0](a) = z(a)\nh[k](b) = tanh(A[k](a, b) * h[k-1](a)) for k in 1..d\n",
        "h[0](a) = z(a)\nh[k](b) = A[k](a, b) * h[k-1](a) * h[k-1](b) for k in 1..d\n",
        "h[0](a) = z(a)\nh[k](b) = A[k](a, b) * x[k](a) / h[k-1](b) for k in 1..d\n",
        "h[0](a) = z(a)\nh[k](b) = x[k](b) * sum(h[k-1](a) over a) for k in 1..d\n",
        "h[0](a) = z(a)\nh[k](b) = sum(x[k](b) * h[k-1](a) over a) for k in 1..d\n",
        "h[0](a) = z(a)\nh[k](b) = h[k-1](b) for k in 1..d\n",
        "h[-1](a) = z(a)\nh[0](a) = z(a)\nh[k](b) = A[k](a, b) * h[k-2](a) for k in 1..d\n",
        "g[0](a) = z(a)\ng[k](b) = A[k](a, b) * h[k](a) for k in 1..d\nh[0](a) = z(a)\nh[k](a) = x[k](a) * g[k-1](a) for k in 1..d\n",
        "h[0](a) = z(a)\nh[k](b) = A[k](a, b) * h[k-1](a) for k in 1..d if k < 4\n"
        "h[k](b) = A[k](a, b) * h[k-1](a) * h[k-2](b) for k in 1..d if k >= 4\n",
        "h[0](a) = z(a)\nh[k](b) = M(b, a) * prod(h[k-1](a) for j in 1..2) for k in 1..d\n",
    ],
    ids=[
        "affine",
        "function",
        "twice",
        "divisor",
        "alone",
        "constant",
        "copy",
        "two back",
        "mutual",
        "short",
        "inside prod",
    ],
)
def test_what_is_no_chain(text):
    assert keys(network(text + LAST)) == []


def test_outputs_are_no_chain():
    net = network("output h[0](a) = z(a)\noutput h[k](b) = A[k](a, b) * h[k-1](a) for k in 1..d\n")
    assert keys(net) == []


def test_shapes_that_differ_are_no_chain():
    net = load(
        "network widths\nsize r[0..9] = [2, 3, 2, 3, 3, 3, 3, 3, 3, 2]\nweight A[k in 1..9](r[k-1], r[k])\nweight z(r[0])\n"
        "h[0](a) = z(a)\nh[k](b) = A[k](a, b) * h[k-1](a) for k in 1..9\noutput y(b) = h[9](b)\n"
    )
    assert keys(net) == []  # one size each: that some are equal is chance


def test_names_that_are_taken_are_not_taken_again():
    net = network(
        "h[0](a) = z(a)\nh[k](j) = A[k](b', j) * h_step(j2) * v(j2) * h[k-1](b') for k in 1..d\n"
        "h_step(a) = v(a)\nh_span2() = v(a) * z(a)\noutput y(a) = h[d](a) * h_span2()\n"
    )
    tree = treed(net)
    assert {"h_step2", "h_span22", "h_span4"} <= {rule.name for rule in tree.definitions}


def test_cuts_of_states_go_with_them():
    net = network(RULE + LAST + "cut states = h[1..4]\ncut inputs = x[1..4]\n")
    tree = treed_quickly(net)
    assert list(tree.cuts) == ["inputs"]


@st.composite
def bound(draw):
    """A chain with random sizes, direction, factors and readers."""
    n, r, m = draw(st.integers(1, 26)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    down, start = draw(st.booleans()), draw(st.integers(-5, 5))
    factor = draw(
        st.sampled_from(
            ["A[k](a, b)", "A[k](a, b) * x[k](i) * w(i)", "W(i, a, b) * x[k](i)", "-M(a, b) * q[k]()"]
        )
    )
    carried = draw(st.sampled_from(["", ", c"]))
    first, last = start, start + n - 1
    before, edge = ("k+1", last + 1) if down else ("k-1", first - 1)
    end = first if down else last
    lines = [
        f"network random\nsize r = {r}, m = {m}\ninput x[{first}..{last}](m), q[{first}..{last}](), z(r{', m' if carried else ''})",
        f"weight A[{first}..{last}](r, r), W(m, r, r), M(r, r), w(m)",
        f"h[{edge}](a{carried}) = z(a{carried})",
        f"h[k](b{carried}) = {factor} * h[{before}](a{carried}) for k in {first}..{last}",
    ]
    other = draw(st.integers(first, last))
    lines.append(
        f"output y(a{carried}) = h[{end}](a{carried})"
        + (f" * h[{other}](a{carried})" if draw(st.booleans()) else "")
    )
    return load("\n".join(lines) + "\n")


@SETTINGS
@given(net=bound())
def test_any_length_direction_and_factor(net):
    assume(chains_of(net))
    tree = net
    while found := chains_of(tree):
        tree = chain_tree(tree, found[0]).network
    same_values(net, tree)
    same_gradients(net, tree)


@pytest.fixture
def shorter(monkeypatch):
    """Chains of two steps are chains."""
    monkeypatch.setattr(chains, "SHORTEST", 2)


def assert_trees_mean_the_same(net: Network) -> None:
    """Every chain is made a tree, in the network and in the one in order, and the values are compared."""
    for one in (inline_definitions(net), order(net)):
        tree = one
        while found := chains_of(tree):
            tree = chain_tree(tree, found[0]).network
        with np.errstate(all="ignore"):
            same_values(one, tree)


@pytest.mark.usefixtures("shorter")
def test_random_networks():
    """What has chains means the same as trees. Few random networks have some: `test_any_length_direction_and_factor` draws those."""

    @settings(SETTINGS, suppress_health_check=list(HealthCheck))
    @given(text=networks(), spread=recurrences())
    def run(text, spread):
        for one in (text, spread):
            assert_trees_mean_the_same(load(one))

    run()
