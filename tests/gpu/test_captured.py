"""Captured graphs on the stand-in: every example, and what has to hold of streams, memory, shapes and failures."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import tncompile as tn
from tests.corpus import EXAMPLES
from tests.gpu.data import close, data, move
from tests.slices.sliced import CLIQUE
from tncompile.runtime import Captured
from tncompile.runtime.loading import loaded


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_those_of_numpy(cupy, machine, path):
    net = tn.load(path)
    here = tn.compile(net)
    for capture in (False, True):
        there = tn.compile(net, target="cupy", capture=capture)
        for samples, seed in ((3, 0), (2, 1), (3, 2)):
            same_there(here, there, cupy, data(net, samples, seed), seed)
        assert (machine.launched > 0) == capture


def same_there(here, there, cupy, x, seed):
    """Compares scores and gradients, also for a cotangent, with those of the host."""
    w = here.init(seed).flat
    value, gradient = here.score_and_gradient(w, x)
    cotangent = move(value, lambda array: np.cos(array.real))
    _, slope = here.score_and_gradient(w, x, cotangent)
    on_device = (cupy.asarray(w), move(x, cupy.asarray))
    close(move(there.score(*on_device), cupy.asnumpy), value)
    for given, wanted in ((None, gradient), (cotangent, slope)):
        found, theirs = there.score_and_gradient(*on_device, move(given, cupy.asarray))
        close(move(found, cupy.asnumpy), value)
        np.testing.assert_allclose(cupy.asnumpy(theirs), wanted, rtol=1e-9, atol=1e-11)


SIZES = {"d": 5, "n": 2, "r": 4, "C": 3}


def train(**sizes):
    return tn.load(EXAMPLES[0].with_name("tensor_train.tn"), **(SIZES | sizes))


@pytest.fixture
def models(cupy):  # noqa: ARG001  the target is there
    net = train()
    return tn.compile(net), tn.compile(net, target="cupy")


def given(models, samples, seed):
    """Weights and data on the host."""
    x = np.random.default_rng(seed).standard_normal((samples, 5, 2))
    return models[0].init(seed).flat, x


def test_a_shape_is_captured_once_and_replayed(cupy, machine, models):
    here, there = models
    for number, seed in enumerate(range(4), 1):
        w, x = given(models, 6, seed)
        found = there.score(cupy.asarray(w), cupy.asarray(x))
        assert machine.launched == number
        np.testing.assert_allclose(found.get(), here.score(w, x), rtol=1e-12)
    products = machine.counts(capturing=True)["gemm"]
    assert products == machine.counts(capturing=False)["gemm"] == 5
    assert machine.counts(capturing=False)["matmul"] == 0


def test_results_stay_when_the_graph_runs_again(cupy, models):
    here, there = models
    calls = [given(models, 4, seed) for seed in range(3)]
    found = [there.score_and_gradient(cupy.asarray(w), cupy.asarray(x)) for w, x in calls]
    for (w, x), (value, gradient) in zip(calls, found, strict=True):
        wanted, slope = here.score_and_gradient(w, x)
        np.testing.assert_allclose(value.get(), wanted, rtol=1e-12)
        np.testing.assert_allclose(gradient.get(), slope, rtol=1e-12)


def test_a_model_may_be_dropped_before_its_results_are_read(cupy, models):
    w, x = given(models, 6, 0)
    there = tn.compile(train(), target="cupy")
    found = [there.score(cupy.asarray(w), cupy.asarray(x)) for _ in range(2)]
    found += [tn.compile(train(), target="cupy").bind(cupy.asarray(w))(cupy.asarray(x))]
    del there
    gc.collect()
    over = [cupy.ones(size) for size in (4096, 512, 64, 18)]
    for value in found:
        np.testing.assert_allclose(value.get(), models[0].score(w, x), rtol=1e-12)
    assert all(array.get().all() for array in over)


def test_calls_from_several_streams_wait_for_one_another(cupy, models):
    here, there = models
    streams = [cupy.cuda.Stream(non_blocking=True) for _ in range(3)]
    calls = [given(models, 4, seed) for seed in range(6)]
    found = []
    for number, (w, x) in enumerate(calls):
        with streams[number % 3]:
            # The inputs are made on this stream, and nobody has waited for them.
            found.append(there.score(cupy.asarray(w) * 1, cupy.asarray(x) * 1))
    # Streams are drained the last one first: what does not wait by itself runs in the wrong order.
    for number in reversed(range(6)):
        with streams[number % 3]:
            np.testing.assert_allclose(found[number].get(), here.score(*calls[number]), rtol=1e-12)


def test_cotangents_of_all_forms_have_graphs_of_their_own(cupy, models):
    here, there = models
    w, x = given(models, 4, 0)
    for cotangent in (None, np.arange(12.0).reshape(4, 3), np.ones((4, 3))):
        _, slope = here.score_and_gradient(w, x, cotangent)
        for _ in range(2):
            given_ = None if cotangent is None else cupy.asarray(cotangent)
            _, found = there.score_and_gradient(cupy.asarray(w), cupy.asarray(x), given_)
            np.testing.assert_allclose(found.get(), slope, rtol=1e-12)
    captured = there._captured["score_and_gradient"]
    assert [len(device._graphs) for device in captured._devices.values()] == [2]


def test_the_oldest_shapes_are_forgotten_and_their_memory_freed(cupy, machine, models):
    here, there = models
    w, _ = given(models, 1, 0)
    used = []
    for samples in [*range(1, 14), 1, 13]:
        x = np.ones((samples, 5, 2))
        found = there.score(cupy.asarray(w), cupy.asarray(x))
        np.testing.assert_allclose(found.get(), here.score(w, x), rtol=1e-12)
        used.append(machine.used)
    graphs = there._captured["score"]._devices[0]._graphs
    assert len(graphs) == 8
    assert machine.launched == 15
    small = [there.score(cupy.asarray(w), cupy.ones((3, 5, 2))).get() for _ in range(20)]
    settled = machine.used
    small += [there.score(cupy.asarray(w), cupy.ones((3, 5, 2))).get() for _ in range(20)]
    assert machine.used == settled
    assert len({array.tobytes() for array in small}) == 1


def test_devices_have_graphs_of_their_own(cupy, machine, models):
    here, there = models
    w, x = given(models, 3, 0)
    for device in (0, 1, 0):
        cupy.cuda.runtime.device = device
        np.testing.assert_allclose(there.score(cupy.asarray(w), cupy.asarray(x)).get(), here.score(w, x))
    assert sorted(there._captured["score"]._devices) == [0, 1]
    assert machine.launched == 3


def test_memory_that_lacks_drops_other_graphs_first_and_then_the_graph(cupy, machine, models):
    here, there = models
    w, x = given(models, 3, 0)
    there.score(cupy.asarray(w), cupy.asarray(x)).get()
    larger = np.ones((4, 5, 2))
    on_device = cupy.asarray(w), cupy.asarray(larger)
    machine.capacity = machine.used + 600
    np.testing.assert_allclose(there.score(*on_device).get(), here.score(w, larger))
    assert len(there._captured["score"]._devices[0]._graphs) == 1


def test_a_graph_that_does_not_fit_is_not_made(cupy, machine, models):
    here, there = models
    w, x = given(models, 300, 0)
    on_device = cupy.asarray(w), cupy.asarray(x)
    there._scoring.score(*on_device).get()
    machine.capacity = (
        machine.used + 2**22 + 1000
    )  # the workspace of cuBLAS, and little more than a call needs
    with pytest.warns(RuntimeWarning, match="runs without a CUDA graph: MemoryError: no .* bytes"):
        found = there.score(*on_device)
    np.testing.assert_allclose(found.get(), here.score(w, x))


def test_what_cannot_be_captured_is_called_after_one_warning(cupy, machine, models, monkeypatch):
    here, there = models
    w, x = given(models, 3, 0)
    there.score(cupy.asarray(w), cupy.asarray(x))
    total = cupy.ndarray.sum

    def asking(self, *arguments, **options):
        found = total(self, *arguments, **options)
        found.machine.waited_for("a copy to the host")
        return found

    monkeypatch.setattr(cupy.ndarray, "sum", asking)
    with pytest.warns(
        RuntimeWarning, match="`score` runs without a CUDA graph: RuntimeError: .* is capturing"
    ):
        found = there.score(cupy.asarray(w), cupy.asarray(x[:2]))
    np.testing.assert_allclose(found.get(), here.score(w, x[:2]))
    launched = machine.launched
    np.testing.assert_allclose(there.score(cupy.asarray(w), cupy.asarray(x)).get(), here.score(w, x))
    assert machine.launched == launched
    assert not machine.stream.is_capturing()


def test_without_cublas_or_on_rocm_the_function_is_called(cupy, models, monkeypatch):
    here, there = models
    w, x = given(models, 3, 0)
    monkeypatch.setattr(cupy.cuda.runtime, "is_hip", True, raising=False)
    with pytest.warns(RuntimeWarning, match="ROCm"):
        found = there.score(cupy.asarray(w), cupy.asarray(x))
    np.testing.assert_allclose(found.get(), here.score(w, x))


def test_mistakes_of_the_caller_stay_mistakes(cupy, models):
    w, x = given(models, 3, 0)
    captured = Captured(models[1]._whole.score)
    with pytest.raises(ValueError, match=r"`w` has the shape \(127,\), not \(128,\)"):
        captured(cupy.asarray(w[:-1]), cupy.asarray(x))
    assert captured.reason is None
    np.testing.assert_allclose(captured(w, x).get(), models[0].score(w, x))


def test_captured_takes_functions_of_cupy_modules_only(models):
    for wrong in (models[0]._whole.score, print, 3):
        with pytest.raises(tn.UsageError, match="no function of a module for CuPy"):
            Captured(wrong)


def test_a_bound_model_is_captured_with_its_weights(cupy, machine, models):
    here, there = models
    (w, x), (other, y) = given(models, 4, 0), given(models, 4, 1)
    first, second = there.bind(cupy.asarray(w)), there.bind(cupy.asarray(other))
    for data_ in (x, y, x):
        np.testing.assert_allclose(first(cupy.asarray(data_)).get(), here.score(w, data_), rtol=1e-12)
        np.testing.assert_allclose(second(cupy.asarray(data_)).get(), here.score(other, data_), rtol=1e-12)
    assert machine.launched == 6


@pytest.mark.parametrize("dtype", ["float32", "complex64", "complex128"])
def test_every_dtype_is_captured(cupy, machine, dtype):
    net = train()
    here, there = tn.compile(net, dtype=dtype), tn.compile(net, target="cupy", dtype=dtype)
    w, x = here.init(0).flat, np.random.default_rng(0).standard_normal((4, 5, 2))
    wanted, slope = here.score_and_gradient(w, x)
    value, found = there.score_and_gradient(cupy.asarray(w), cupy.asarray(x))
    assert value.dtype == found.dtype == dtype
    np.testing.assert_allclose(value.get(), wanted, rtol=1e-5)
    np.testing.assert_allclose(found.get(), slope, rtol=1e-5, atol=1e-5)
    assert machine.launched == 1


def test_scaled_scores_and_gradients_are_captured(cupy, machine):
    net = train(d=40)
    here, there = (tn.compile(net, scaled=True, target=target) for target in ("numpy", "cupy"))
    w, x = here.init(0).flat * 1e-20, np.random.default_rng(0).standard_normal((4, 40, 2))
    wanted = here.score_and_gradient(w, x)
    for _ in range(2):
        value, (gradient, scale) = move(
            there.score_and_gradient(cupy.asarray(w), cupy.asarray(x)), cupy.asnumpy
        )
        close(value, wanted[0])
        # Here the adjoints follow their states, there they are measured: the exponents are others.
        close(
            np.ldexp(gradient, scale - wanted[1][1]),
            wanted[1][0],
            rtol=1e-9,
            atol=1e-9 * abs(wanted[1][0]).max(),
        )
    assert machine.launched == 2


def test_slices_of_a_scaled_model_are_replayed(cupy, machine):
    net = tn.load(CLIQUE.replace("size n = 16", "size n = 6"))
    here, there = (
        tn.compile(net, scaled=True, target=target, memory=memory)
        for target, memory in (("numpy", None), ("cupy", 12_000))
    )
    assert there._plans.gradient.slices is not None
    for power in (-400, 0, 300):
        w = here.init(0).flat
        wanted = here.score_and_gradient(w)
        ours = move(there.score_and_gradient(cupy.asarray(w * 2.0 ** (power // 10))), cupy.asnumpy)
        (value, scale), (gradient, exponents) = ours
        assert scale == wanted[0][1] + power
        np.testing.assert_allclose(value, wanted[0][0], rtol=1e-12)
        found = np.ldexp(gradient, exponents - power // 10 * 9)
        np.testing.assert_allclose(found, np.ldexp(*wanted[1]), rtol=1e-12)
    assert machine.launched == 3


def test_pieces_of_the_memory_limit_are_replayed(cupy, machine, models):
    net = train()
    there = tn.compile(net, target="cupy", memory=12_000)
    pieces = there._plans.pieces(200, with_gradient=True)
    assert len(pieces) > 4
    w, x = given(models, 200, 0)
    value, slope = models[0].score_and_gradient(w, x)
    found, gradient = there.score_and_gradient(cupy.asarray(w), cupy.asarray(x))
    np.testing.assert_allclose(found.get(), value, rtol=1e-12)
    np.testing.assert_allclose(gradient.get(), slope, rtol=1e-12)
    assert machine.launched == len(pieces)
    assert sum(call.capturing and call.name == "gemm" for call in machine.calls) < 5 * len(pieces)


def test_threads_take_turns(cupy, models):
    here, there = models
    calls = [given(models, 2 + seed % 3, seed) for seed in range(24)]
    on_device = [(cupy.asarray(w), cupy.asarray(x)) for w, x in calls]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda call: there.score(*call), on_device))
    for (w, x), value in zip(calls, found, strict=True):
        np.testing.assert_allclose(value.get(), here.score(w, x), rtol=1e-12)


@pytest.mark.usefixtures("cupy")
def test_lists_of_positions_are_on_the_device_before_the_capture(machine):
    module = loaded(
        "import cupy as cp\nSHIFT = cp.array([1.0, 2.0])\n"
        "def picked(x, rows):\n    y = cp.zeros_like(x)\n    y[[2, 0]] = x[rows] @ x.T[:, [0, 2]].T + doubled(SHIFT)[:, None]\n"
        "    y += 1\n    return {'y': y, 'both': (y[1], len(y))}\n"
        "def doubled(x):\n    return 2 * x\n",
        "lists",
    )
    captured = Captured(module.picked)
    for seed in range(3):
        x = np.random.default_rng(seed).standard_normal((3, 2))
        x[2] = x[1, ::-1]
        found = captured(x, rows=[0, 1])
        wanted = np.ones((3, 2))
        wanted[[2, 0]] += x[[0, 1]] @ x[[0, 2]] + [[2], [4]]
        np.testing.assert_allclose(found["y"].get(), wanted)
        assert found["both"][1] == 3
    assert machine.launched == 3
