"""A CUDA device as far as the order of work and the life of memory go, on the host.

Nothing that is queued on a stream runs before somebody waits for it, so what forgets to wait reads garbage. In a
capture operations become nodes of a graph and do not run at all. Freed memory is handed out again, and new
memory holds NaN.
"""

from __future__ import annotations

import threading
import weakref
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np

Operation = Callable[[], None]


class CUDARuntimeError(RuntimeError):
    """An error of CUDA with its number."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass
class Call:
    """One operation that was asked for."""

    name: str
    shapes: tuple[tuple[int, ...], ...]
    stream: Stream
    capturing: bool


class Machine:
    """The device: its memory, its streams, and all that was asked of it."""

    def __init__(self, capacity: int = 2**40) -> None:
        self.capacity = capacity
        self.used = 0
        self.calls: list[Call] = []
        self.shuffling = False
        self.chance = Random(0)  # of the order in which streams get on
        self.streams: weakref.WeakSet[Stream] = weakref.WeakSet()
        self.launched = 0  # graphs
        self.default_stream = Stream(self, number=0)
        self.default_pool = Pool(self, self.allocate)
        self._here = threading.local()

    @property
    def stream(self) -> Stream:
        """The current stream of this thread."""
        return (getattr(self._here, "streams", None) or [self.default_stream])[-1]

    @property
    def allocator(self) -> Callable[[int], Pointer]:
        """The current allocator of this thread."""
        return (getattr(self._here, "allocators", None) or [self.default_pool.malloc])[-1]

    def stack(self, name: str) -> list[Any]:
        """The streams or allocators that this thread has entered."""
        if not hasattr(self._here, name):
            setattr(self._here, name, [])
        return getattr(self._here, name)

    def allocate(self, size: int) -> Pointer:
        """Memory straight from the device."""
        return Pointer(Memory(self, size), 0)

    def queue(self, name: str, operation: Operation, *shapes: tuple[int, ...]) -> None:
        """Something to be done on the current stream."""
        stream = self.stream
        self.calls.append(Call(name, shapes, stream, stream.is_capturing()))
        stream.push(operation)

    def counts(self, capturing: bool) -> Counter[str]:
        """How often each operation was asked for, in captures or outside."""
        return Counter(call.name for call in self.calls if call.capturing == capturing)

    def waited_for(self, what: str) -> None:
        """The host needs to know something of the device."""
        stream = self.stream
        if stream.is_capturing():
            stream.broken = True
            raise RuntimeError(f"the current stream is capturing, so {what} is not allowed")
        stream.synchronize()


class Memory:
    """A piece of memory, given back with the object."""

    def __init__(self, machine: Machine, size: int) -> None:
        if machine.used + size > machine.capacity:
            raise CUDARuntimeError(2, "cudaErrorMemoryAllocation: out of memory")
        machine.used += size
        weakref.finalize(self, self._free, machine, size)
        self.size = size
        self.bytes = np.zeros(max(size, 1), np.uint8)
        self.ptr = self.bytes.ctypes.data

    @staticmethod
    def _free(machine: Machine, size: int) -> None:
        machine.used -= size


@dataclass
class Pointer:
    """A place in memory."""

    mem: Any
    offset: int

    @property
    def bytes(self) -> np.ndarray:
        """The memory itself."""
        return self.mem.bytes


class Pooled:
    """Memory of a pool, which goes back there with the object."""

    def __init__(self, free: list[Memory], memory: Memory) -> None:
        self.bytes, self.ptr = memory.bytes, memory.ptr
        weakref.finalize(self, free.append, memory)


class Pool:
    """Memory that is used again, on the stream that it was allocated on."""

    def __init__(self, machine: Machine, allocator: Callable[[int], Pointer]) -> None:
        self._machine = machine
        self._allocator = allocator
        self._free: dict[tuple[int, int], list[Memory]] = defaultdict(list)
        self.limit = -1

    def malloc(self, size: int) -> Pointer:
        """Memory of a size. A call of the allocator that fails with an error of CUDA empties the pool."""
        stream = self._machine.stream
        free = self._free[stream.ptr, size]
        if not free:
            try:
                free.append(self._allocator(size).mem)
            except CUDARuntimeError as error:
                self.free_all_blocks()
                raise MemoryError("out of memory") from error
        return Pointer(Pooled(free, free.pop()), 0)

    def free_all_blocks(self) -> None:
        """What is not in use goes back to the device, and turns to garbage there."""
        for memories in self._free.values():
            for memory in memories:
                memory.bytes.fill(0xFF)
            memories.clear()

    def set_limit(self, size: int) -> None:
        """How much it may hold; 0 for all there is."""
        self.limit = size


@dataclass
class Marker:
    """A place in the queue of a stream."""

    stream: Stream
    passed: bool = False

    def wait(self) -> None:
        """Runs the stream up to here."""
        while not self.passed:
            self.stream.step()


class Event:
    """Marks how far a stream has come."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.marker: Marker | None = None

    def record(self, stream: Stream | None = None) -> None:
        """Marks a stream, the current one by default."""
        stream = stream or self._machine.stream
        marker = self.marker = Marker(stream)

        def passed() -> None:
            marker.passed = True

        stream.push(passed)

    def synchronize(self) -> None:
        """The host waits."""
        if self.marker is not None:
            self.marker.wait()


@dataclass(eq=False)
class Stream:
    """A queue of operations."""

    machine: Machine
    number: int | None = None
    waiting: deque[Operation] = field(default_factory=deque)
    nodes: list[Operation] | None = None
    broken: bool = False
    busy: bool = False  # whether one of its operations has begun
    __hash__ = object.__hash__

    @property
    def ptr(self) -> int:
        """Its handle; 0 is that of the default stream."""
        return id(self) if self.number is None else self.number

    def __enter__(self) -> Stream:
        self.machine.stack("streams").append(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.machine.stack("streams").pop()

    def push(self, operation: Operation) -> None:
        """One more operation, or one more node."""
        (self.waiting if self.nodes is None else self.nodes).append(operation)

    def __post_init__(self) -> None:
        self.machine.streams.add(self)

    def step(self) -> None:
        """Does the next thing, after other streams may have done some of theirs."""
        if not self.machine.shuffling:
            self.machine.shuffling = True
            for other in sorted(self.machine.streams, key=id):
                if other is not self and other.waiting and self.machine.chance.random() < 0.5:
                    other.step()
            self.machine.shuffling = False
        if self.waiting and not self.busy:
            operation = self.waiting.popleft()
            self.busy = True  # an operation that waits for another stream may come back here
            operation()
            self.busy = False

    def synchronize(self) -> None:
        """The host waits until all is done."""
        if self.is_capturing():
            self.broken = True
            raise CUDARuntimeError(900, "cudaErrorStreamCaptureUnsupported")
        while self.waiting:
            self.step()

    def record(self) -> Event:
        """A new event that marks it."""
        event = Event(self.machine)
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        """What follows waits for an event, as it was recorded last."""
        if event.marker is not None:
            self.push(event.marker.wait)

    def is_capturing(self) -> bool:
        """Whether operations become nodes."""
        return self.nodes is not None

    def begin_capture(self) -> None:
        """From now on nothing runs."""
        if self.number == 0:
            raise RuntimeError("cannot capture on the default (legacy) stream")
        self.nodes, self.broken = [], False

    def end_capture(self) -> Graph:
        """What was captured."""
        nodes, self.nodes = self.nodes, None
        if self.broken:
            raise CUDARuntimeError(901, "cudaErrorStreamCaptureInvalidated")
        return Graph(self.machine, nodes or [])


@dataclass
class Graph:
    """Operations that run again and again, on the memory that they were captured with."""

    machine: Machine
    nodes: list[Operation]

    def launch(self, stream: Stream | None = None) -> None:
        """Queues all of them."""
        self.machine.launched += 1
        target = stream or self.machine.stream
        for node in self.nodes:
            target.push(node)
