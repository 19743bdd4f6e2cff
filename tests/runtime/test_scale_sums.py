"""Gradients of pieces, added at one exponent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import tncompile as tn
from tncompile.runtime.scales import aligned_sum, sum_of_gradients, sum_of_outputs

TRAIN = Path(__file__).parent.parent.parent / "examples" / "tensor_train.tn"


def pair(values, scale):
    return np.array(values), np.broadcast_to(np.int64(scale), len(values))


def test_the_larger_scale_counts():
    for scales in ((5, 3), (3, 5), (-900, 900), (4, 4)):
        one, other = pair([1.0, -1.5], scales[0]), pair([0.5, 0.0], scales[1])
        wanted = [
            np.ldexp(a, scales[0] - max(scales)) + np.ldexp(b, scales[1] - max(scales))
            for a, b in ((1, 0.5), (-1.5, 0))
        ]
        mantissa, scale = aligned_sum(one, other, np)
        assert mantissa.tolist() == wanted
        assert scale.tolist() == [max(scales)] * 2


def test_what_is_zero_has_no_say():
    nothing = pair([0.0, 0.0], 900)
    for pairs in ((pair([1.0, 2.0], 3), nothing), (nothing, pair([1.0, 2.0], 3))):
        mantissa, scale = aligned_sum(*pairs, np)
        assert np.ldexp(mantissa, scale).tolist() == [8, 16]


def test_scales_of_their_own_stay_so():
    one = (np.array([1.0, 0.0]), np.array([4, 0]))
    other = (np.array([1.0, 1.0]), np.array([2, -7]))
    mantissa, scale = aligned_sum(one, other, np)
    assert np.ldexp(mantissa, scale).tolist() == [20, 2.0**-7]
    assert scale.tolist() == [4, -7]


def test_outputs_of_slices_are_added_sample_by_sample():
    """One sample is 0 in one of them, one in both, and one cancels but for what is far below."""
    one = np.array([[1.0, -1.5], [0, 0], [0, 0], [1.0, 1.0]]), np.array([[-2000], [0], [0], [5]])
    other = np.array([[0, 0], [1.0, 1.5], [0, 0], [-1.0, -1.0]]), np.array([[0], [-3000], [0], [5]])
    result = sum_of_outputs(
        {"y": one, "z": ([one[0]], [one[1]])}, {"y": other, "z": ([other[0]], [other[1]])}, np
    )
    for mantissa, scale in (result["y"], tuple(part[0] for part in result["z"])):
        assert mantissa.tolist() == [[1, -1.5], [1, 1.5], [0, 0], [0, 0]]
        assert scale.tolist() == [[-2000], [-3000], [0], [0]]
    again = sum_of_outputs(result["y"], (np.full((4, 2), 1.0), np.full((4, 1), -4000)), np)
    assert again[1].tolist() == [[-2000], [-3000], [-4000], [-4000]]


def test_gradients_of_slices_are_added_member_by_member():
    """A block of two members of two weights, and one weight."""
    one = np.array([1.0, 1.5, 0, 0, 1.25]), np.array([3, 3, 0, 0, 7])
    other = np.array([1.0, 1.5, 1.0, 0, 1.0]), np.array([4, 4, -900, -900, 6])
    mantissas, scales = sum_of_gradients(one, other, ((0, 2, 2), (4, 1, 1)), np)
    assert np.ldexp(mantissas, scales).tolist() == [24, 36, 2.0**-900, 0, 224]
    assert scales.tolist() == [5, 5, -900, -900, 7]
    assert mantissas.tolist() == [0.75, 1.125, 1, 0, 1.75]


class Keeper(ThreadPoolExecutor):
    """An executor whose results nobody may change."""

    def submit(self, call, *arguments):
        def frozen():
            value, (mantissa, scale) = call(*arguments)
            mantissa.flags.writeable = False
            return value, (mantissa, scale)

        return super().submit(frozen)


def test_results_of_executors_are_not_written_over():
    model = tn.compile(tn.load(TRAIN, d=20), scaled=True, memory="20k")
    w, x = model.init(0).flat, np.random.default_rng(0).normal(size=(64, 20, 3))
    assert len(model._plans.pieces(64, with_gradient=True)) > 1
    with Keeper(2) as executor:
        _, (found, scale) = model.score_and_gradient(w, x, executor=executor)
    _, (wanted, other) = model.score_and_gradient(w, x)
    assert np.allclose(np.ldexp(found, scale - other), wanted)
