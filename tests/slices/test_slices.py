"""Slices over summed indices and over samples: what they compute, what they need, where there are none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import tncompile as tn
from tests.helpers import difference, processes
from tests.networks import networks
from tests.slices.sliced import CLIQUE, check, used
from tncompile.plan import fold, operations, order, peak_elements
from tncompile.runtime.loading import loaded
from tncompile.transform import slice_index, summed_indices

SETTINGS = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
RING = """network ring
size d = 6, n = 2, r = 12, C = 2
input x[1..d](n)
weight G[1..d](r, n, r)
weight top(r, r, C)
output score(y) = top(a[d], a[0], y) * prod(G[k](a[k-1], i[k], a[k]) * x[k](i[k]) for k in 1..d)
"""


@st.composite
def products(draw):
    """A product of a few tensors with random indices, some of them inputs, under functions or conjugated."""
    letters = "abcdef"[: draw(st.integers(2, 6))]
    extents = {letter: draw(st.integers(2, 4)) for letter in letters}
    shapes = draw(
        st.lists(st.lists(st.sampled_from(letters), min_size=1, max_size=3), min_size=2, max_size=5)
    )
    is_complex, kept = draw(st.booleans()), draw(st.lists(st.sampled_from(letters), max_size=1))
    words = st.sampled_from(["conj"] if is_complex else ["tanh", "exp", "conj"])
    shapes += [list(letters[:3]), list(letters[-3:])]
    declared, factors = [], []
    for number, shape in enumerate(shapes):
        role = "input" if draw(st.integers(0, 3)) == 0 else "weight"
        declared.append(f"{role} T{number}({', '.join(str(extents[i]) for i in shape)})")
        use = f"T{number}({', '.join(shape)})"
        factors.append(f"{draw(words)}({use})" if draw(st.integers(0, 4)) == 0 else use)
    assume(all(sum(i in shape for shape in shapes) > 1 for i in letters if i not in kept))
    head = ["network product", *(["field complex"] if is_complex else []), *declared, "weight v(3)"]
    return (
        "\n".join([*head, f"output y({', '.join(kept)}) = {' * '.join(['v(z)', 'v(z)', *factors])}"]) + "\n"
    )


CHOICES = st.integers(0, 20), st.integers(0, 5), st.booleans()


@settings(SETTINGS, max_examples=25)
@given(products(), *CHOICES)
def test_slices_of_random_products_add_up(text, which, width, twice):
    assume(check(text, which, width, twice, scaled=True))


@settings(SETTINGS, max_examples=4)
@given(networks(), *CHOICES)
def test_slices_of_random_networks_add_up(text, which, width, twice):
    assume(check(text, which, width, twice, scaled=True))


@pytest.mark.parametrize("example", ["peps", "tensor_ring", "tucker", "cp", "mera"])
def test_slices_of_an_example_add_up(example):
    assert check(f"examples/{example}.tn", 5, 1, example != "cp", scaled=True)  # which has one index


@pytest.mark.parametrize("body", [
    "relu(A(i, j) * B(i, j))",
    "A(i, j) * B(i, j) + 1",
    "(A(i, j) * B(i, j)) ^ 2",
    "h() * h()",
    "1 / h()",
])  # fmt: skip
def test_what_is_not_linear_in_a_sum_has_no_slices(body):
    net = tn.load(
        f"network t\nsize n = 4\nweight A(n, n), B(n, n)\nh() = A(i, j) * B(i, j)\noutput y() = {body}\n"
    )
    sums = summed_indices(net)
    assert sums
    assert all(slice_index(net, summed) is None for summed in sums)


# --- memory ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clique():
    """A model whose plan is 30 times its weights, and one with a tenth of the memory."""
    net = tn.load(CLIQUE)
    model = tn.compile(net)
    peak, _ = peak_elements(model._plans.gradient)
    return model, tn.compile(net, memory=8 * peak // 10), peak


def test_a_tenth_of_the_memory_is_enough(clique):
    model, small, peak = clique
    w = model.init(0).flat
    value, slope = model.score_and_gradient(w)
    mine, slopes = small.score_and_gradient(w)
    assert peak_elements(small._plans.gradient)[0] <= peak // 10
    assert difference(value, mine) < 1e-12
    assert difference(slope, slopes) < 1e-12
    assert used(small.score_and_gradient, w) < used(model.score_and_gradient, w) / 5


def test_the_module_has_one_loop_over_the_slices(clique):
    source = clique[1].source
    assert source.count("for number in range(") == 2
    assert "y_sum += y" in source
    assert "gradient_sum += gradient" in source


def test_an_executor_gives_the_same_numbers(clique):
    _, small, _ = clique
    w = small.init(0).flat
    value, slope = small.score_and_gradient(w)
    for kind in (ThreadPoolExecutor, processes):
        with kind(2) as executor:
            mine, slopes = small.score_and_gradient(w, executor=executor)
            assert np.array_equal(small.score(w, executor=executor), small.score(w))
        assert np.array_equal(value, mine)
        assert np.array_equal(slope, slopes)


def test_all_slices_count():
    text = "network t\nsize n = 6\nweight A(n, n), B(n, n), u(n)\noutput y(a) = A(a, b) * B(b, c) * u(c)\n"
    net = tn.load(text)
    summed = next(s for s in summed_indices(net) if s.index.name == "b")
    sliced, selector = slice_index(net, summed)
    schedule = fold(order(sliced), (), (selector,))
    # B e: 6 x 6 and A e: 6 x 6 for each of 6 values, then (B e) u and its product with A e; nothing is shared.
    assert operations(schedule).value == 6 * (2 * 36 + 2 * 36 + 2 * 6 + 6)


def test_what_no_slice_changes_is_computed_once():
    net = tn.load(
        "network t\nsize n = 6\nweight A(n, n), B(n, n), C(n, n)\n"
        "P(a, b) = A(a, c) * B(c, b)\noutput y() = P(a, b) * C(a, b)\noutput z() = 2 * P(a, b) * C(b, a)\n"
    )
    summed = summed_indices(net)
    assert all(
        slice_index(net, one) is None for one in summed if one.rule > 0
    )  # the other output needs it whole
    sliced, selector = slice_index(net, summed[0])
    assert sliced.tensors[selector].role == "input"


# --- samples -----------------------------------------------------------------------------------


def test_many_samples_are_computed_a_few_at_a_time():
    net = tn.load(RING)
    whole, small = tn.compile(net), tn.compile(net, memory=100_000)
    w = whole.init(0).flat
    rng = np.random.default_rng(0)
    x, bar = rng.normal(size=(301, 6, 2)), rng.normal(size=(301, 2))
    most = small._plans.samples_at_once(True)
    assert 1 <= most < 150
    value, slope = whole.score_and_gradient(w, x, bar)
    module = loaded(small.source, "ring")
    with ThreadPoolExecutor(2) as executor:
        results = [
            small.score_and_gradient(w, x, bar),
            small.score_and_gradient(w, x, bar, executor=executor),
            module.score_and_gradient(w, x, bar),
        ]
    for mine, slopes in results:
        assert difference(value, mine) < 1e-12
        assert difference(slope, slopes) < 1e-12
    assert difference(value, small.score(w, x)) < 1e-12
    assert difference(value, module.score(w, x)) < 1e-12
    assert difference(slope, module.score_and_gradient(w, x, 1.0)[1]) > 1e-3
    ones = whole.score_and_gradient(w, x)[1]
    assert difference(ones, module.score_and_gradient(w, x, 1.0)[1]) < 1e-12


def test_the_module_hangs_on_a_limit_only_where_one_is_given():
    assert "SAMPLES" not in tn.compile(tn.load(RING)).source
    assert "SCORE_SAMPLES = " in tn.compile(tn.load(RING), memory=100_000).source


def test_several_inputs_and_outputs_in_pieces():
    net = tn.load(
        "network t\nsize n = 3\ninput x[1..2](n), z(n)\nweight A(n, n)\n"
        "output y[k](a) = A(a, b) * x[k](b) for k in 1..2\noutput s() = z(a) * x[1](a)\n"
    )
    whole, small = tn.compile(net), tn.compile(net, memory=1200)
    rng = np.random.default_rng(0)
    data = {"x": rng.normal(size=(50, 2, 3)), "z": rng.normal(size=(50, 3))}
    bars = {"y": rng.normal(size=(50, 2, 3)), "s": rng.normal(size=50)}
    w = whole.init(0).flat
    wanted = whole.score_and_gradient(w, data, bars)
    assert small._plans.samples_at_once(True) < 50
    assert difference(wanted, small.score_and_gradient(w, data, bars)) < 1e-12
    assert (
        difference(wanted, loaded(small.source, "t").score_and_gradient(w, data["x"], data["z"], bars))
        < 1e-12
    )
