"""What the text of a module says of memory that is used again: where it is, what is written over what, where there is none."""

from __future__ import annotations

import ast
import re
from unittest.mock import patch

import pytest

import tncompile as tn
from tests.corpus import EXAMPLES
from tncompile.codegen import emit
from tncompile.codegen.body import memory
from tncompile.plan import fold, order
from tncompile.runtime.loading import loaded
from tncompile.transform import batch, gradient

CP = EXAMPLES[0].parent / "cp.tn"


def source_of(net, **options):
    """The text where all arrays count as large."""
    with patch.object(memory, "LARGE", 0):
        return tn.compile(net, **options).source


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_products_are_never_written_where_blas_cannot_write(path):
    for call in ast.walk(ast.parse(source_of(tn.load(path)))):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "np.matmul":
            assert "None" not in ast.unparse(call.keywords[0].value)


def test_small_networks_do_not_keep_memory():
    assert "SPARE" not in tn.compile(tn.load(CP, d=4, n=2, r=2)).source


def test_arrays_that_are_large_together_lie_in_memory_that_is_kept():
    path = EXAMPLES[0].parent / "shallow_rac.tn"
    score, gradient = functions_of(tn.load(path, T=16, M=8, R=32))  # arrays of half a MiB, four at once
    assert "room(memory" in gradient
    assert "room(memory" not in score
    score, gradient = functions_of(tn.load(path, T=6, M=8, R=32))
    assert "room(memory" not in gradient


def test_a_state_is_written_over_the_one_before():
    path = EXAMPLES[0].parent / "linear_attention.tn"
    source = tn.compile(tn.load(path, T=12, D=8, E=16, V=16), dtype="float32").source
    assert "S = room(memory" in source
    assert "np.add(S, k_v, out=S)" in source
    net = "network powers\nsize n = 9, T = 4\ninput x(n)\nweight U(n, n)\nh[0](k) = exp(x(k))\n"
    net += "h[t](k) = U(k, j) * h[t-1](j)  for t in 1..T\noutput y(k) = h[T](k)\n"
    source = source_of(tn.load(net), objective=tn.Objective(chain="loop"))
    assert "for t in" in source
    assert not re.search(r"\bh\b.*out=h\)", source)  # a product reads all of the state for each entry


def functions_of(net):
    """The text of the score, and that of the gradient."""
    source = tn.compile(net, dtype="float32").source
    start = source.index("def score_and_gradient")
    return source[source.index("def bind") : start], source[start:]


def test_arrays_are_written_over_what_they_are_made_of():
    net = tn.load(CP)
    source = source_of(net)
    assert "f_bar = prod_f_after\n" in source
    assert "f_bar[0] = prod_f_after[0]" not in source
    slots = re.findall(r"(\w+) = room\(memory, (\d+), ", source[source.index("def score_and_gradient") :])
    assert len(slots) > len({slot for _, slot in slots})  # some lie where others were


def test_memory_is_not_kept_where_it_is_limited_nor_by_cupy():
    net = tn.load(CP)
    assert "SPARE" not in source_of(net, target="cupy")
    with patch.object(memory, "LARGE", 0):
        schedules = [fold(order(batch(net))), fold(gradient(order(batch(net))))]
        assert "SPARE" in emit(*schedules)
        two = {"score": 2, "score_and_gradient": 2}
        limited = emit(*schedules, samples=two, reuses=False)
    assert "SPARE" not in limited
    assert loaded(limited, "limited").SCORE_SAMPLES == 2


def test_what_a_round_of_a_loop_leaves_is_written_where_it_stays():
    path = EXAMPLES[0].parent / "linear_attention.tn"
    source = tn.compile(tn.load(path, T=12, D=8, E=16, V=16), dtype="float32").source
    assert "np.add(Z[t - 1], k[t - 1], out=Z[t])" in source
    small = tn.compile(tn.load(path, T=12, D=1, E=1, V=1), dtype="float32").source
    assert re.search(r"Z\[.*t\] = Z\[.*t - 1\] \+ k\[", small)  # a kilobyte
