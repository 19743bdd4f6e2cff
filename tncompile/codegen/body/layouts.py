"""In which order the axes of each buffer lie in memory: chosen so that as little as possible is copied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

from tncompile.codegen.arrays.reading import Storage, covers, reading
from tncompile.codegen.arrays.strided import Strided, copy_cost
from tncompile.codegen.body.steps import label_sizes, step_cost
from tncompile.codegen.body.suggestions import suggested_orders
from tncompile.plan.folding.liveness import executed
from tncompile.plan.samples import is_samples, usual
from tncompile.plan.schedule import Buffer, Schedule, Step
from tncompile.source.records import record

Order = tuple[int, ...]
MANY_STEPS = 150


def native_order(buffer: Buffer) -> Order:
    """The order of the network: family axes, then the axes of a member."""
    return tuple(range(len(buffer.family) + len(buffer.shape)))


def samples_first(buffer: Buffer, batch: str | None) -> Order:
    """The order of the axes outside: the axis of samples, if there is one, then the family, then the rest."""
    family, count = len(buffer.family), len(buffer.family) + len(buffer.shape)
    if not buffer.shape or not is_samples(buffer.shape[0], batch):
        return tuple(range(count))
    return (family, *range(family), *range(family + 1, count))


@record
class Placed:
    """Where results go, as far as the choice of orders is concerned."""

    outside: Mapping[str, Order]  # buffers that come in or leave, and the order they have there
    bound: frozenset[str]  # buffers that a single assignment makes


def choose_orders(schedule: Schedule, placed: Placed, batch: str | None, thorough: bool) -> dict[str, Order]:
    """The order of the axes of every buffer. Without ``thorough`` the better of the two that a search begins with."""
    search = _Search(schedule, placed, batch)
    starts = [search.start(samples_last) for samples_last in (False, True)]
    if not thorough:
        return min(starts, key=search.total)
    if search.few:
        return search.descend(min(starts, key=search.total))
    return min([search.descend(start) for start in starts], key=search.total)


@record
class _Lying:
    """How what is read or written lies in memory, and whether single entries of it are gathered."""

    memory: Strided
    gathers: bool


@dataclass
class _Search:
    """The time of a program by the orders of its buffers, and the way to better ones."""

    schedule: Schedule
    placed: Placed
    batch: str | None
    _known: dict[tuple[int, tuple[Order, ...]], float] = field(default_factory=dict)
    _edges: dict[tuple[str, Order], float] = field(default_factory=dict)
    _lies: dict[tuple[int, int, Order], _Lying] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.steps = list(executed(self.schedule.body))
        self.sizes = [tuple(label_sizes(step, self.batch).items()) for step, _ in self.steps]
        self.accesses = [(step.result, *step.operands) for step, _ in self.steps]
        self.touching: dict[str, list[int]] = {}
        for number, accesses in enumerate(self.accesses):
            for name in dict.fromkeys(access.buffer for access in accesses):
                self.touching.setdefault(name, []).append(number)
        self.buffers = {name: self.schedule.buffers[name] for name in self.touching}
        # A network that is written out has many buffers, each used a few times: one round is enough.
        self.few = len(self.steps) > MANY_STEPS

    def start(self, samples_last: bool) -> dict[str, Order]:
        """The order of the network for all buffers, or with the samples last."""
        return {
            name: self._samples_last(buffer)
            if samples_last and buffer.role != "constant"
            else tuple(range(len(buffer.family) + len(buffer.shape)))
            for name, buffer in self.buffers.items()
        }

    def _samples_last(self, buffer: Buffer) -> Order:
        family = len(buffer.family)
        axes = [(axis, extent) for axis, extent in enumerate(buffer.shape)]
        samples = [family + axis for axis, extent in axes if is_samples(extent, self.batch)]
        return tuple(a for a in range(family + len(axes)) if a not in samples) + tuple(samples)

    def descend(self, orders: dict[str, Order]) -> dict[str, Order]:
        """Each buffer in turn is given its best order, until nothing gets better."""
        for _ in range(1 if self.few else 4):
            changed = False
            for name, buffer in self.buffers.items():
                best = min(self._candidates(buffer, orders), key=lambda o: self._local(orders, name, o))
                if self._local(orders, name, best) < self._local(orders, name, orders[name]) * (1 - 1e-9):
                    orders[name] = best
                    changed = True
            if not changed:
                break
        return orders

    def _candidates(self, buffer: Buffer, orders: Mapping[str, Order]) -> Iterable[Order]:
        count = len(buffer.family) + len(buffer.shape)
        current = orders[buffer.name]
        if buffer.role == "constant":
            return (current,)
        found = [current, self.placed.outside.get(buffer.name, current), native_order(buffer)]
        found.append(self._samples_last(buffer))
        if count <= 3 and not self.few:
            found += permutations(range(count))
        else:
            for number in self.touching[buffer.name]:
                found += suggested_orders(buffer.name, self.steps[number][0], orders, self.buffers)
        return dict.fromkeys(found)

    def _local(self, orders: Mapping[str, Order], name: str, order: Order) -> float:
        changed = {**orders, name: order} if orders[name] != order else orders
        return self._edge(name, order) + sum(self._step(number, changed) for number in self.touching[name])

    def total(self, orders: Mapping[str, Order]) -> float:
        """The time of the whole program."""
        steps = sum(self._step(number, orders) for number in range(len(self.steps)))
        return steps + sum(self._edge(name, order) for name, order in orders.items())

    def _step(self, number: int, orders: Mapping[str, Order]) -> float:
        chosen = tuple([orders[access.buffer] for access in self.accesses[number]])
        key = (number, chosen)
        if key not in self._known:
            step, rounds = self.steps[number]
            target, *operands = [self._lying(number, *one) for one in enumerate(chosen)]
            fresh = target.gathers or step.result.buffer in self.placed.bound
            result = Strided.dense(target.memory.labels) if fresh else target.memory
            read = tuple(operand.memory for operand in operands)
            self._known[key] = rounds * step_cost(step, read, result, fresh, self.sizes[number])
        return self._known[key]

    def _lying(self, number: int, place: int, order: Order) -> _Lying:
        """How the result of a step (``place`` 0) or one of its operands lies in memory, for an order of its buffer."""
        key = (number, place, order)
        if key not in self._lies:
            access = self.accesses[number][place]
            read = reading(access, Storage(self.buffers[access.buffer], access.buffer, order))
            self._lies[key] = _Lying(read.strided, bool(read.gathers))
        return self._lies[key]

    def _edge(self, name: str, order: Order) -> float:
        """The time to bring data and weights into another order than they come in, and results into theirs."""
        buffer = self.buffers[name]
        wanted = self.placed.outside.get(name, order)
        if wanted == order or buffer.role == "constant":
            return 0.0
        if (name, order) not in self._edges:
            extents = [*buffer.family, *buffer.shape]
            sizes = {str(i): usual(e, self.batch) for i, e in enumerate(extents)}
            self._edges[name, order] = copy_cost(
                Strided.dense(map(str, wanted)), tuple(map(str, order)), sizes
            )
        return self._edges[name, order]


def bound_buffers(schedule: Schedule, placed: Sequence[str]) -> frozenset[str]:
    """The buffers that each of their steps makes anew, as a whole; the others are allocated first."""
    partly = set(placed)
    writers: dict[str, int] = {}
    for step, _ in executed(schedule.body):
        name = step.result.buffer
        if any(access.buffer == name for access in step.operands) and step.op == "rescale":
            continue  # written before, changed now
        buffer = schedule.buffers[name]
        writers[name] = writers.get(name, 0) + 1
        several = writers[name] > 1 and not buffer.rolling
        if several or not _writes_all(step, buffer):
            partly.add(name)
    return frozenset(name for name in writers if name not in partly)


def _writes_all(step: Step, buffer: Buffer) -> bool:
    return all(covers(subscript, buffer, axis) for axis, subscript in enumerate(step.result.subscripts))
