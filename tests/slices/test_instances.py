"""Slices of one instance of a rule with `for`: what they compute, which are chosen, what is refused and why."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import tncompile as tn
from tests.helpers import difference, draw, inputs_of, weights_of
from tests.slices.sliced import QUICK, check, used
from tncompile.network import Use, nodes_of
from tncompile.plan import peak_elements
from tncompile.plan.peak import least_elements
from tncompile.plan.samples import for_samples
from tncompile.transform import linear_in, slice_index, summed_indices

SETTINGS = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
PAIRS = [f"{i}{j}" for i in "abcde" for j in "abcde" if i < j]


def clique(member):
    """A product with five indices, each two of them joined: in whatever order, four are alive at once."""
    return " * ".join(f"M{pair}[{member}]({pair[0]}, {pair[1]})" for pair in PAIRS)


BLOCKS = (
    "network blocks\nsize B = 2, n = 12\ninput x[1..B](n)\n"
    + "".join(f"weight M{pair}[1..B](n, n) ~ uniform(0, 1)\n" for pair in PAIRS)
    + f"T[k]() = {clique('k')} * x[k](a) for k in 1..B\noutput y() = prod(T[k]() for k in 1..B)\n"
)
TREE = """network tree
size d = 4, n = 6
let L = log2(d)
input x[1..d](n)
weight A[l in 1..L, j in 1..d/2^l](n, n, n)
weight B[l in 1..L, j in 1..d/2^l](n, n, n)
weight C[l in 1..L, j in 1..d/2^l](n, n, n)
h[0, j](a) = x[j](a) for j in 1..d
h[l, j](c) = h[l-1, 2*j-1](a) * h[l-1, 2*j](b) * A[l, j](a, e, f) * B[l, j](e, g, p) * C[l, j](f, g, b) * A[l, j](c, p, g)
             for l in 1..L, j in 1..d/2^l
output y(c) = h[L, 1](c)
"""
# The rows of a lattice act one after the other on a state; the wires within a row are summed there.
ROWS = """network rows
size m = 2, c = 6, r = 3
weight A[1..m, 1..c](r, r, r, r), e(r)
state[0](u[j] for j in 1..c) = prod(e(u[j]) for j in 1..c)
state[i](v[j] for j in 1..c) = state[i-1](u[j] for j in 1..c) * e(h[0]) * e(h[c])
    * prod(A[i, j](u[j], h[j-1], v[j], h[j]) for j in 1..c) for i in 1..m
output y() = state[m](u[j] for j in 1..c) * prod(e(u[j]) for j in 1..c)
"""


@st.composite
def families(draw):
    """Blocks that a rule with `for` makes, in a chain, a product or a tree. The outputs are linear in each of them."""
    letters = "efgi"[: draw(st.integers(1, 4))]
    extents = {letter: draw(st.integers(1, 4)) for letter in letters} | {"a": 2, "b": 2}
    shapes = draw(
        st.lists(st.lists(st.sampled_from(letters + "ab"), min_size=1, max_size=3), min_size=1, max_size=3)
    )
    shapes += [["a", *letters[:2]], ["b", *letters[-2:]], list(letters)]
    is_complex = draw(st.booleans())
    words = st.sampled_from(["conj"] if is_complex else ["tanh", "exp", "conj"])
    declared, factors = [], []
    for number, shape in enumerate(shapes):
        role = "input" if draw(st.integers(0, 3)) == 0 else "weight"
        declared.append(f"{role} T{number}[1..d]({', '.join(str(extents[i]) for i in shape)})")
        member = draw(st.sampled_from(["k", "k", "d + 1 - k", "order[k]"]))
        use = f"T{number}[{member}]({', '.join(shape)})"
        factors.append(f"{draw(words)}({use})" if draw(st.integers(0, 4)) == 0 else use)
    body = " * ".join(factors)
    if draw(st.booleans()):
        body = f"({body}) if k != 2 else 3 * {' * '.join(reversed(factors))}"
    ends = {
        "chain": "h[0](a in 1..2) = 1\nh[k](a) = S[k](a, b) * h[k-1](b) for k in 1..d\noutput y(a) = h[d](a)",
        "product": "output y(a[1]) = prod(S[k](a[k], a[k+1]) for k in 1..d) * u(a[d+1])",
        "sum": "output y(a) = sum(S[k](a, b) for k in 1..d) * u(b)",
        "twice": "output y(a) = S[1](a, b) * S[d](b, a) * u(b)\noutput z() = sum(u(a) over a)",
    }
    head = [
        "network family",
        *(["field complex"] if is_complex else []),
        f"size d = {(d := draw(st.integers(2, 5)))}, order = {[d, *range(1, d)]}",
    ]
    tail = [f"S[k](a, b) = {body} for k in 1..d", ends[draw(st.sampled_from(sorted(ends)))]]
    return "\n".join([*head, *declared, "weight u(2)", *tail]) + "\n"


@SETTINGS
@given(families(), st.integers(0, 40), st.integers(0, 5), st.booleans())
def test_slices_of_random_families_add_up(text, which, width, twice):
    assume(check(text, which, width, twice))


def test_a_selector_lies_in_memory_as_its_steps_want_it():
    # A selector of four by two whose axes change places, as no other operand of its products lies that way.
    product = "exp(C[k](e, f, g)) * z[k](b, f, g) * B[k](a, e, f) * A[k](f, g, b) * x[k](e, b, b)"
    assert check(
        "network order\nsize d = 3\ninput x[1..d](2, 2, 2), z[1..d](2, 4, 1)\n"
        "weight A[1..d](4, 1, 2), B[1..d](2, 2, 4), C[1..d](2, 4, 1), u(2)\n"
        f"S[k](a, b) = 3 * {product} for k in 1..d\n"
        "output y(a[1]) = prod(S[k](a[k], a[k+1]) for k in 1..d) * u(a[d+1])\n",
        which=5,
        width=1,
        twice=False,
    )


def instances(net):
    """The indices of instances that can be sliced: definition, member, index."""
    return [
        (net.definitions[s.rule].name, s.member, s.index.name)
        for s in summed_indices(net)
        if slice_index(net, s)
    ]


def test_an_instance_is_apart_and_the_others_stay_a_rule():
    net = tn.load(BLOCKS, B=5)
    summed = next(s for s in summed_indices(net) if s.member == 0 and s.index.name == "b")
    sliced, selector = slice_index(net, summed)
    rules = [d for d in sliced.definitions if d.name == "T"]
    assert [len(d.loops) for d in rules] == [0, 1]
    assert [any(isinstance(n, Use) and n.name == selector for n in nodes_of(d.body)) for d in rules] == [
        True,
        False,
    ]
    assert "for k in 2..B" in str(sliced)


def test_linear_is_asked_of_each_member_alone():
    net = tn.load(
        "network t\nsize n = 3\nweight A[1..4](n, n), u(n)\nT[k](a) = A[k](a, b) * u(b) for k in 1..4\n"
        "output y() = T[1](a) * T[2](a) + T[1](a) * u(a)\noutput z() = T[1](a) * exp(T[3](a)) * T[4](a)\n"
    )
    assert linear_in(net, [("T", k) for k in range(4)]) == {("T", 0)}
    assert {member for name, member, _ in instances(net) if name == "T"} == {0}


def test_a_conjugate_adds_up_and_a_square_does_not():
    text = "network t\nfield complex\nsize n = 3\nweight A[1..2](n, n), u(n)\nT[k](a) = A[k](a, b) * u(b) for k in 1..2\noutput y() = {}\n"
    assert instances(tn.load(text.format("conj(T[1](a)) * u(a)"))) != []
    assert [i for i in instances(tn.load(text.format("conj(T[1](a)) * T[1](a)"))) if i[0] == "T"] == []


def test_an_index_that_a_round_has_as_its_own_is_not_sliced():
    text = (
        "network t\nsize n = 4\nweight A(n), B(n), C(n), D(n)\n"
        "output y() = A(s[1]) * B(s[1]) * prod(sum(C(s[k]) * D(s[k]) over s[k]) for k in 1..2)\n"
    )
    assert instances(tn.load(text)) == []
    assert instances(tn.load(text.replace("1..2", "2..3"))) == [("y", 0, "s")]


@pytest.mark.parametrize(
    "text", [TREE, ROWS, BLOCKS.replace("n = 12", "n = 3")], ids=["tree", "rows", "blocks"]
)
@pytest.mark.parametrize("which", [0, 11])
def test_slices_of_instances_add_up(text, which):
    assert check(text, which, 1, twice=True)


# --- within a limit ----------------------------------------------------------------------------


def one_sample(model, with_gradient):
    """How a model computes one sample."""
    return for_samples(model._plans.schedule(with_gradient), model._plans.batch, 1)


@pytest.mark.parametrize(
    ("text", "share"), [(BLOCKS, 0.1), (TREE, 0.2), (ROWS, 0.6)], ids=["blocks", "tree", "rows"]
)
@pytest.mark.parametrize("with_gradient", [False, True])
def test_what_was_refused_fits(text, share, with_gradient):
    net = tn.load(text)
    model = tn.compile(net, objective=QUICK)
    whole = one_sample(model, with_gradient)
    peak, least = peak_elements(whole)[0], least_elements(whole)
    small = tn.compile(net, memory=8 * (least + int(share * (peak - least))), objective=QUICK)
    sliced = one_sample(small, with_gradient)
    assert len(sliced.slices.counts) > 0
    assert 8 * peak_elements(sliced)[0] <= small._plans.limit
    samples = draw(net, 2)
    w, data = weights_of(model, net, samples[0]).flat, inputs_of(net, samples)
    name = "score_and_gradient" if with_gradient else "score"
    assert difference(getattr(model, name)(w, *data), getattr(small, name)(w, *data)) < 1e-10


def test_several_instances_are_sliced_until_all_are_small():
    net = tn.load(BLOCKS)
    model = tn.compile(net, objective=QUICK)
    peak = peak_elements(one_sample(model, False))[0]
    small = tn.compile(net, memory=8 * peak // 4, objective=QUICK)
    schedule = one_sample(small, False)
    assert len(schedule.slices.counts) == 2
    w, x = model.init(0).flat, np.ones((1, 2, 12))
    assert difference(model.score(w, x), small.score(w, x)) < 1e-12
    assert used(small.score, w, x) < used(model.score, w, x) / 2


def test_a_long_chain_is_planned_and_refused_in_seconds():
    net = tn.load(
        "network long\nsize d = 1000, n = 3, q = 8\nweight G[1..d](n, q, n), H[1..d](q, q, q)\n"
        "h[0](a in 1..n) = 1\nh[k](b) = G[k](a, i, b) * H[k](i, j, m) * H[k](m, j, i) * h[k-1](a) for k in 1..d\n"
        "output y() = sum(h[d](a) over a)\n"
    )
    start = time.perf_counter()
    with pytest.raises(
        tn.TnError, match="slices of all sums that the outputs are linear in are still too large"
    ):
        _ = tn.compile(net, memory=8 * 590_000)._plans.score
    assert time.perf_counter() - start < 60


@pytest.mark.parametrize(
    ("output", "memory", "why"),
    [
        ("exp(T[1]() + T[2]())", 80_000, "the sums that would have to be sliced are those of `T`, and the outputs are not linear in them"),
        ("T[1]() * T[2]()", 20_000, "in slices inputs and weights, and results twice as they are added up, take 23,056 bytes by themselves"),
        ("T[1]() * T[2]()", 8 * 2_900, "slices of all sums that the outputs are linear in are still too large"),
    ],
)  # fmt: skip
def test_an_error_says_why_nothing_fits(output, memory, why):
    text = (
        BLOCKS.replace("prod(T[k]() for k in 1..B)", output)
        .replace(" * x[k](a)", "")
        .replace("input x[1..B](n)\n", "")
    )
    with pytest.raises(tn.TnError) as error:
        tn.compile(tn.load(text), memory=memory, objective=QUICK).score(np.zeros(2880))
    assert why in str(error.value)
