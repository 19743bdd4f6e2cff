"""Models with their weights bound: what is done once, what is done for each batch, and that both give the scores."""

from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import tncompile as tn
from tests.corpus import EXAMPLES
from tests.helpers import difference, draw, inputs_of, leaves, processes, same, weights_of
from tests.networks import networks
from tncompile.codegen.body import memory
from tncompile.plan import bound, fold, order, peak_elements
from tncompile.runtime import parts
from tncompile.transform import batch

SETTINGS = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
EXP = """network softened
size n = 3
input x(n)
weight A(n, n)
weight B(n)
soft(i, j) = exp(A(i, j))
output y(j) = soft(i, j) * x(i)
output alone() = B(i) * exp(B(i))
"""
WIDE = """network wide
size n = 2, m = 300
input x(n)
weight A(m), B(m), C(m, n)
big(a, b) = A(a) * B(b)
output y() = sum(exp(big(a, b)) * exp(x(i) * C(a, i)) over a, b, i)
"""
CLIQUE = (
    "network clique\nsize n = 8\ninput x(n)\n"
    + "".join(f"weight M{a}{b}(n, n)\n" for a, b in ("ab", "ac", "ad", "bc", "bd", "cd"))
    + "output y() = Mab(a, b) * Mac(a, c) * Mad(a, d) * Mbc(b, c) * Mbd(b, d) * Mcd(c, d) * x(a)\n"
)


def nested(source):
    """The function that `bind` returns, and the statements before it."""
    (bind,) = (node for node in ast.parse(source).body if getattr(node, "name", "") == "bind")
    (scorer,) = (node for node in bind.body if isinstance(node, ast.FunctionDef))
    return ast.unparse(scorer), ast.unparse([node for node in bind.body if node is not scorer])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_bound_weights_give_the_scores_of_every_example(path):
    net = tn.load(path)
    model = tn.compile(net)
    w = model.init(0)
    scorer = model.bind(w)
    for samples in (draw(net, 3), draw(net, 2, seed=5)):
        data = inputs_of(net, samples)
        same(scorer(*data), model.score(w, *data))


@SETTINGS
@given(networks())
def test_bound_weights_give_the_scores_of_random_networks(text):
    net = tn.load(text)
    model = tn.compile(net)
    samples = draw(net, 2)
    w = weights_of(model, net, samples[0])
    data = inputs_of(net, samples)
    with np.errstate(all="ignore"):
        same(model.bind(w)(*data), model.score(w, *data))


def test_what_depends_on_weights_alone_is_not_done_for_each_batch():
    scorer, before = nested(tn.compile(tn.load(EXP)).source)
    assert "np.exp(A)" in before
    assert "np.exp(A)" not in scorer


def test_weights_may_change_after_they_were_bound():
    model = tn.compile(tn.load(EXP))
    w, x = model.init(0), np.ones((2, 3))
    wanted = model.score(w, x)
    scorer = model.bind(w)
    w.flat[...] = 7
    same(scorer(x), wanted)


def test_results_of_two_evaluations_share_no_memory():
    model = tn.compile(tn.load(EXP))
    scorer = model.bind(model.init(0))
    first, second = scorer(np.ones((2, 3))), scorer(np.ones((2, 3)))
    wanted = np.array(second["alone"])
    for mine, theirs in zip(leaves(first), leaves(second), strict=True):
        assert not np.shares_memory(mine, theirs)
        mine[...] = 0
    same(scorer(np.ones((2, 3)))["alone"], wanted)


def test_what_would_take_much_more_memory_is_not_kept():
    flat = order(batch(tn.load(WIDE)))
    schedule = fold(flat)
    moved = bound(schedule, "batch", 10**9)
    assert moved.bound
    assert bound(schedule, "batch", peak_elements(moved)[0] // 10).bound == 0


def test_slices_and_pieces_of_a_batch_are_bound_as_well():
    net = tn.load(CLIQUE)
    free = tn.compile(net)
    w, x = free.init(1), np.random.default_rng(0).standard_normal((50, 8))
    wanted = free.score(w, x)
    for limit in (8000, 12_000, 30_000):
        model = tn.compile(net, memory=limit)
        np.testing.assert_allclose(model.bind(w)(x), wanted, rtol=1e-12)
        np.testing.assert_allclose(model.score(w, x), wanted, rtol=1e-12)
    assert "SCORE_SAMPLES" in model.source


def test_a_scaled_model_is_bound():
    net = tn.load(EXP)
    model = tn.compile(net, scaled=True)
    w, x = model.init(0), np.ones((2, 3))
    same(model.bind(w)(x), model.score(w, x))


def test_a_network_without_data_is_bound():
    model = tn.compile(tn.load("network one\nsize n = 3\nweight A(n)\noutput y() = A(i) * A(i)\n"))
    w = model.init(0)
    assert model.bind(w)() == model.score(w)
    assert "bind" not in model.source


def test_data_and_weights_are_checked():
    model = tn.compile(tn.load(EXP))
    with pytest.raises(tn.TnError, match="weights"):
        model.bind(np.ones(5))
    with pytest.raises(tn.TnError, match="x"):
        model.bind(model.init(0))(np.ones((2, 4)))
    with pytest.raises(tn.TnError, match="missing"):
        model.bind(model.init(0))()


# --- over executors ----------------------------------------------------------------------------


@pytest.fixture(scope="module", name="processes")
def one_process():
    with processes(1) as executor:
        yield executor


@pytest.fixture(scope="module")
def threads():
    with ThreadPoolExecutor(4) as executor:
        yield executor


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (CLIQUE, {"memory": 8000}),
        (CLIQUE, {"memory": 12_000}),
        (CLIQUE, {}),
        (EXP.replace("output alone() = B(i) * exp(B(i))\n", ""), {"memory": 1000, "scaled": True}),
        (CLIQUE, {"memory": 60_000, "scaled": True}),
    ],
    ids=["sliced", "pieces", "whole", "scaled", "scaled whole"],
)
def test_executors_give_the_same_numbers(text, options, processes, threads):
    net = tn.load(text)
    model = tn.compile(net, **options)
    width = next(iter(model._inputs.values())).shapes[0][-1]
    w, x = model.init(0), np.random.default_rng(0).standard_normal((30, width))
    scorer = model.bind(w)
    wanted = model.score(w, x)
    same(scorer(x), wanted)
    for executor in (threads, processes):
        same(scorer(x, executor=executor), wanted)
        same(scorer(x[:9], executor=executor), model.score(w, x[:9]))


def binds(_):
    """How often this process has bound weights."""
    return parts._scorer.cache_info().misses


def test_a_process_binds_weights_once(processes):
    model = tn.compile(tn.load(CLIQUE), memory=8000)
    x = np.random.default_rng(0).standard_normal((30, 8))
    assert model._plans.score.slices.count * len(model._plans.pieces(30, False)) > 10
    before = processes.submit(binds, 0).result()
    first, second = (model.bind(model.init(seed)) for seed in (3, 4))
    results = [scorer(x, executor=processes) for scorer in (first, second, first, second)]
    same(results[:2], results[2:])
    assert difference(results[0], results[1]) > 1e-3
    assert processes.submit(binds, 0).result() == before + 2


def test_threads_share_what_was_bound(threads):
    model = tn.compile(tn.load(CLIQUE), memory=12_000)
    scorer = model.bind(model.init(0))
    before = binds(0)
    scorer(np.ones((30, 8)), executor=threads)
    assert binds(0) == before


def test_a_bound_model_may_be_called_by_many_threads_at_once(threads):
    with patch.object(memory, "LARGE", 1):
        model = tn.compile(tn.load(WIDE, m=60))
        assert "ROOM" in model.source.upper()
    scorer = model.bind(model.init(0))
    batches = [np.random.default_rng(seed).standard_normal((40, 2)) for seed in range(12)]
    wanted = [scorer(x) for x in batches]
    for _ in range(5):
        same([*threads.map(scorer, batches)], wanted)


def test_a_network_without_data_is_bound_for_executors(threads):
    text = CLIQUE.replace("input x(n)\n", "").replace(" * x(a)", "")
    model = tn.compile(tn.load(text), memory=8000)
    w = model.init(0)
    same(model.bind(w)(executor=threads), model.score(w))


def test_what_is_no_executor_is_refused_as_by_score():
    model = tn.compile(tn.load(EXP))
    w, x = model.init(0), np.ones((2, 3))
    messages = []
    for call in (lambda: model.score(w, x, executor=5), lambda: model.bind(w)(x, executor=5)):
        with pytest.raises(tn.UsageError, match="`executor` is an executor") as error:
            call()
        messages.append(str(error.value))
    assert messages[0] == messages[1]
