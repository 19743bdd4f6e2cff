"""Functions of a CuPy module as CUDA graphs: captured at the first call for each shape of the data, replayed after.

A step of a module is a kernel of some microseconds, and Python and CuPy take as long to launch it. A graph launches all
of them at once. `Captured` is the whole interface; it needs nothing of a model, so it serves a stand-alone module too.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from contextlib import suppress
from threading import Lock
from types import FunctionType
from typing import Any

from tncompile.runtime.blas import Blas
from tncompile.runtime.traced import Tracer, bare
from tncompile.source import UsageError
from tncompile.source.records import record

Array = Any

GRAPHS = 8  # how many shapes are kept on one device, the last ones that were used


class Captured:
    """A function of a generated CuPy module that replays CUDA graphs.

    The first call with arrays of new shapes runs the function once, captures it, and replays what was captured; later
    ones copy their arrays to where the graph reads, launch it, and copy the results out. All of that is queued on the stream
    that is current at the call, and calls from other streams wait for one another, so a call means the same as
    ``function(...)``. Arrays of NumPy are put on the device first. Threads take turns.

    Where nothing can be captured, the function is called as it is from then on, after one warning that says why.

    Parameters
    ----------
    function:
        ``score`` or ``score_and_gradient`` of the module. Its values are arrays of the device; whatever else is among its
        arguments belongs to the shape.
    graphs:
        How many shapes are kept on each device.

    Raises
    ------
    UsageError
        If the function belongs to no CuPy module.
    """

    def __init__(self, function: FunctionType, graphs: int = GRAPHS) -> None:
        self.function = function
        self.reason: str | None = None  # why nothing is captured
        self._cupy = _library(function)
        self._graphs = graphs
        self._devices: dict[int, _Device] = {}
        self._lock = Lock()

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """What the function returns."""
        if self.reason is not None or self._cupy.cuda.get_current_stream().is_capturing():
            return self.function(*arguments, **options)
        arrays: list[Array] = []
        shape = _taken_apart((arguments, options), arrays)
        with self._lock:
            arrays = [self._cupy.asarray(array) for array in arrays]
            try:
                graph = self._graph(shape, arrays)
            except (
                Exception
            ) as error:  # whatever it is that cannot be captured, the function itself may do it
                reason = f"{type(error).__name__}: {error}"
            else:
                return graph.replay(arrays)
        value = self.function(*arguments, **options)
        self.reason = reason
        warnings.warn(
            f"`{self.function.__name__}` runs without a CUDA graph: {reason}", RuntimeWarning, stacklevel=2
        )
        return value

    def _graph(self, shape: Hashable, arrays: Sequence[Array]) -> _Graph:
        """The graph for arrays of these shapes, on the device of now."""
        if self._cupy.cuda.runtime.is_hip:
            raise RuntimeError("CuPy captures no graphs on ROCm")
        number = self._cupy.cuda.runtime.getDevice()
        if number not in self._devices:
            self._devices[number] = _Device(self._cupy)
        return self._devices[number].graph(self.function, shape, arrays, self._graphs)


class _Device:
    """The graphs of one function on one device. They share a stream to be captured on and the workspace of cuBLAS, so
    they never run at the same time: each waits for the event `done` of the one before."""

    def __init__(self, cupy: Any) -> None:
        self._cupy = cupy
        self._stream = cupy.cuda.Stream(non_blocking=True)
        self._done = cupy.cuda.Event(disable_timing=True)
        self._done.record()
        self._blas = Blas(cupy)
        self._graphs: OrderedDict[Hashable, _Graph] = OrderedDict()

    def __del__(self) -> None:
        # Results may still be under way when a model is dropped, and graphs take the memory along that they write to.
        with suppress(Exception):  # at the end of the interpreter the library may be gone before
            self._forget(0)

    def graph(self, function: FunctionType, shape: Hashable, arrays: Sequence[Array], most: int) -> _Graph:
        """The graph of a shape, captured where there is none."""
        key = (shape, tuple((array.shape, array.dtype.str) for array in arrays))
        if key in self._graphs:
            self._graphs.move_to_end(key)
            return self._graphs[key]
        self._forget(most - 1)
        with suppress(*[MemoryError] if self._graphs else []):
            self._graphs[key] = self._captured(function, shape, arrays)
        if key not in self._graphs:  # the error is gone by now, and what its frames held
            self._forget(0)
            self._graphs[key] = self._captured(function, shape, arrays)
        return self._graphs[key]

    def _forget(self, most: int) -> None:
        """Graphs that were not used for long are dropped, once none of them runs, until so many are left."""
        if len(self._graphs) > most:
            self._done.synchronize()
        while len(self._graphs) > most:
            self._graphs.popitem(last=False)

    def _captured(self, function: FunctionType, shape: Hashable, arrays: Sequence[Array]) -> _Graph:
        """Runs the function, which loads its kernels and fills the pool, and then captures it."""
        cuda, stream = self._cupy.cuda, self._stream
        pool = cuda.MemoryPool(self._allocate)
        pool.set_limit(size=0)
        tracer = Tracer(self._cupy, self._blas.matmul)
        stream.wait_event(self._done)
        stream.wait_event(cuda.get_current_stream().record())
        with cuda.using_allocator(pool.malloc), stream:
            self._blas.use(stream)
            inputs = [array.copy() for array in arrays]
            call = tracer.rewritten(function)
            given, options = _put_together(shape, iter([tracer.wrap(array) for array in inputs]))
            call(*given, **options)
            stream.synchronize()
            stream.begin_capture()
            try:
                value = bare(call(*given, **options))
            except BaseException:
                self._abandon()
                raise
            executable = stream.end_capture()
        outputs: list[Array] = []
        form = _taken_apart(value, outputs)
        return _Graph(self._cupy, executable, inputs, outputs, form, self._done, (pool, tracer))

    def _abandon(self) -> None:
        """Ends a capture in which something failed. CUDA may have ended it before, and says so."""
        with suppress(self._cupy.cuda.runtime.CUDARuntimeError):
            self._stream.end_capture()

    def _allocate(self, size: int) -> Any:
        """Memory for the pool of a graph. What it raises is no error of CUDA: at one of those, a pool would give back
        the blocks that are free by now, which the graph writes to."""
        cuda = self._cupy.cuda
        try:
            return cuda.MemoryPointer(cuda.Memory(size), 0)
        except cuda.runtime.CUDARuntimeError:
            self._cupy.get_default_memory_pool().free_all_blocks()
        try:
            return cuda.MemoryPointer(cuda.Memory(size), 0)
        except cuda.runtime.CUDARuntimeError as error:
            raise MemoryError(f"no {size:,} bytes for a graph are left on the device") from error


@record
class _Graph:
    """A captured call: where it reads, where it writes, and what has to outlive it."""

    cupy: Any
    executable: Any
    inputs: Sequence[Array]
    outputs: Sequence[Array]
    form: Hashable  # of the value, around its arrays
    done: Any
    kept: tuple[Any, ...]

    def replay(self, arrays: Sequence[Array]) -> Any:
        """The value for other arrays of the same shapes, queued on the current stream."""
        stream = self.cupy.cuda.get_current_stream()
        stream.wait_event(self.done)
        for place, array in zip(self.inputs, arrays, strict=True):
            self.cupy.copyto(place, array)
        self.executable.launch(stream)
        values = [array.copy() for array in self.outputs]
        self.done.record(stream)
        return _put_together(self.form, iter(values))


def _library(function: Any) -> Any:
    """The array library of the module that a function belongs to."""
    names = function.__globals__.values() if isinstance(function, FunctionType) else ()
    for value in names:
        if getattr(value, "__name__", None) == "cupy":
            return value
    raise UsageError(f"{function!r} is no function of a module for CuPy")


# --- values that hold arrays --------------------------------------------------------------------


@record
class _Place:
    """Where an array stands."""


def _taken_apart(value: Any, arrays: list[Array]) -> Hashable:
    """A value without its arrays, which are added to a list; it can be compared and looked up."""
    if isinstance(value, dict):
        return dict, tuple((name, _taken_apart(part, arrays)) for name, part in value.items())
    if isinstance(value, list | tuple):
        return type(value), tuple(_taken_apart(part, arrays) for part in value)
    if hasattr(value, "shape"):
        arrays.append(value)
        return _Place()
    return None, value


def _put_together(form: Any, arrays: Iterator[Array]) -> Any:
    """The value again, with other arrays."""
    if isinstance(form, _Place):
        return next(arrays)
    kind, parts = form
    if kind is dict:
        return {name: _put_together(part, arrays) for name, part in parts}
    if kind is None:
        return parts
    return kind(_put_together(part, arrays) for part in parts)
