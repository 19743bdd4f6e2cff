"""The stand-in beside CuPy: no function, method or parameter that CuPy lacks. It needs CuPy, but no device."""

from __future__ import annotations

import inspect

import pytest

from tests.device.cupy import UFUNCS, stand_in
from tests.device.machine import Machine

cupy = pytest.importorskip("cupy", reason="CuPy is not installed")


def test_every_function_is_one_of_cupy():
    module = stand_in(Machine())
    names = [name for name, value in vars(module).items() if inspect.ismethod(value)]
    assert len(names) > 20
    for name in names:
        theirs = getattr(cupy, name)
        if isinstance(theirs, cupy.ufunc) or name == "matmul":
            continue
        ours = inspect.signature(getattr(module, name)).parameters
        assert set(ours) <= set(inspect.signature(theirs).parameters), name
    for name in UFUNCS:
        assert isinstance(getattr(cupy, name), cupy.ufunc)


def test_every_method_is_one_of_cupy():
    ours = {name for name in dir(stand_in(Machine()).ndarray) if not name.startswith("__")}
    own = {"compute", "fresh", "machine", "view", "_places", "_viewed"}
    assert ours - own <= set(dir(cupy.ndarray))


def test_the_runtime_has_what_a_capture_needs():
    module = stand_in(Machine())
    needed = set(vars(module.cuda)) - {"cublas"}  # which is loaded at its first use
    assert needed <= set(dir(cupy.cuda))
    for name in (
        "record",
        "wait_event",
        "is_capturing",
        "begin_capture",
        "end_capture",
        "synchronize",
        "ptr",
    ):
        assert hasattr(cupy.cuda.Stream, name) or name == "ptr"
    assert {"record", "synchronize"} <= set(dir(cupy.cuda.Event))
    assert {"malloc", "set_limit", "free_all_blocks"} <= set(dir(cupy.cuda.MemoryPool))
    assert {"is_hip", "getDevice", "CUDARuntimeError"} <= set(dir(cupy.cuda.runtime))
