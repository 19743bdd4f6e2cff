"""A network as a graph to draw: every use of a tensor a node, every index a wire.

A definition that is used once disappears into the network around it; one that is used several times
is a state, a node of its own. What does not depend on the inputs and is used several times (a
normalised transition matrix) is drawn where it is used, as a weight is.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tncompile.draw.graph import Graph, Kind, Node
from tncompile.draw.nets import Nets, Port, Reference
from tncompile.draw.patterns import (
    Apply,
    Join,
    Leaf,
    Pattern,
    Product,
    Repeat,
    Summed,
    Value,
    leaves,
    parts_of,
    pattern_of,
)
from tncompile.network import UNIT_ROWS, Expr, Extent, Index, Name, Network, Number, Rows

Key = tuple[str, tuple[int, ...]]


@dataclass(frozen=True)
class _Member:
    """One member of a definition: its class, and its row there."""

    number: int
    row: int


@dataclass
class _Frame:
    """Where an expression is read: the instance, the loop values, what the indices are."""

    home: tuple[str, tuple[int, ...]]
    values: dict[str, int]
    nets: dict[Key, int]
    summed: tuple[dict[Key, int], ...] = ()  # the sums around, innermost first
    loops: int = 0  # how many of the values belong to the rule


@dataclass
class _Task:
    """A definition to be read into its place: the wires of its axes, and who waits for its node."""

    name: str
    position: int
    nets: list[int]
    root: Reference
    sinks: list[Reference] = field(default_factory=list)


def expand(net: Network) -> Graph:
    """The graph of a network without `inline` definitions."""
    return _Expansion(net).graph()


class _Expansion:
    def __init__(self, net: Network) -> None:
        self.net = net
        self.tables = net.tables
        self.patterns = [pattern_of(rule) for rule in self.tables.classes]
        self.members = self._members()
        self.uses = self._count_uses()
        self.with_inputs = self._depending_on_inputs()
        self.reused = self._reused()
        self.nets = Nets()
        self.shared: dict[tuple[str, int], Reference] = {}
        self.tasks: deque[_Task] = deque()
        self.roots: list[Reference] = []  # of outputs without axes

    # --- what is known before anything is drawn --------------------------------------------------

    def _members(self) -> dict[str, dict[int, _Member]]:
        members: dict[str, dict[int, _Member]] = {}
        for number, rule in enumerate(self.tables.classes):
            of_name = members.setdefault(rule.definition.name, {})
            of_name.update((int(p), _Member(number, row)) for row, p in enumerate(rule.target))
        return members

    def _count_uses(self) -> Counter[tuple[str, int]]:
        counts: Counter[tuple[str, int]] = Counter()
        for pattern in self.patterns:
            for leaf in leaves(pattern):
                name = leaf.use.name
                positions, times = np.unique(leaf.table.positions, return_counts=True)
                for position, count in zip(positions.tolist(), times.tolist(), strict=True):
                    counts[name, position] += count
        return counts

    def _depending_on_inputs(self) -> frozenset[str]:
        """Names of the inputs and of all definitions that read them, directly or through others."""
        readers: dict[str, set[str]] = {}
        for rule, pattern in zip(self.tables.classes, self.patterns, strict=True):
            for leaf in leaves(pattern):
                readers.setdefault(leaf.use.name, set()).add(rule.definition.name)
        stack = [name for name, tensor in self.net.tensors.items() if tensor.role == "input"]
        found = set(stack)
        while stack:
            fresh = readers.get(stack.pop(), set()) - found
            found |= fresh
            stack += sorted(fresh)
        return frozenset(found)

    def _reused(self) -> frozenset[str]:
        """Names of definitions of which a quarter of the members, or more, are used several times."""
        several = Counter(name for (name, _), count in self.uses.items() if count > 1)
        aliases = Counter(
            rule.definition.name
            for rule, pattern in zip(self.tables.classes, self.patterns, strict=True)
            if isinstance(pattern, Leaf | Value)
            for _ in range(rule.rows.count)
        )
        return frozenset(
            name for name, members in self.members.items() if 4 * several[name] >= max(1, len(members) - aliases[name])
        )

    # --- the graph -------------------------------------------------------------------------------

    def graph(self) -> Graph:
        """Read the outputs, then whatever they call for, definition by definition."""
        for name in self.net.outputs:
            for position in sorted(self.members[name]):
                self._open_output(name, position)
        while self.tasks:
            self._read(self.tasks.popleft())
        return self.nets.graph(self.roots)

    def _open_output(self, name: str, position: int) -> None:
        subscripts = self._subscripts(name, position)
        extents = self._extents(name, position)
        ends = [self.nets.node(Node("open", name, subscripts, (name, subscripts))) for _ in extents]
        if self.uses[name, position]:
            state = self._state(name, position)
            for axis, end in enumerate(ends):
                self.nets.join([(state, "out", axis), (end, "in", 0)], extents[axis])
            return
        nets = [self.nets.join([(end, "in", 0)], extent) for end, extent in zip(ends, extents, strict=True)]
        task = _Task(name, position, nets, Reference())
        self.tasks.append(task)
        if not extents:
            self.roots.append(task.root)

    def _read(self, task: _Task) -> None:
        """Read one instance into the graph."""
        member = self.members[task.name][task.position]
        rule = self.tables.classes[member.number]
        home = (task.name, self._subscripts(task.name, task.position))
        values = dict(rule.rows.values(member.row))
        frame = _Frame(home, values, {}, loops=len(values))
        keys = [key for free in rule.definition.indices for key in self._free_keys(free.index, frame)]
        for key, outer in zip(keys, task.nets, strict=True):
            frame.nets[key] = self.nets.inner(outer, key[1], home)
        root = self._evaluate(self.patterns[member.number], frame)
        task.root.become(root)
        if (task.name, task.position) in self.shared and isinstance(self.patterns[member.number], Apply):
            self.nets.name(root, home)
        for sink in task.sinks:
            self.nets.scalar(root, sink)

    def _evaluate(self, pattern: Pattern, frame: _Frame) -> Reference:
        """Read a part of an equation; returns the node that stands for it."""
        match pattern:
            case Leaf():
                return self._leaf(pattern, frame)
            case Product(factors):
                return self._product(factors, frame)
            case Apply(label, arguments):
                return self._apply(label, arguments, frame)
            case Summed(indices, body, ""):
                return self._evaluate(body, self._inside(indices, frame))
            case Summed(indices, body, operation):
                return self._reduce(indices, body, operation, frame)
            case Join(name, indices):
                return self._join(name, indices, frame)
            case Value(text):
                return self._number(text, frame)
        raise TypeError(f"no way to draw {type(pattern).__name__}")

    def _product(self, factors: Sequence[Pattern], frame: _Frame) -> Reference:
        """Factors side by side; one without indices is tied to the first that has some."""
        written_out = [part for factor in factors for part in self._written_out(factor, frame)]
        roots = [(self._evaluate(part, inner), self._carried(part, inner)) for part, inner in written_out]
        if not roots:
            return self._number("1", frame)
        joined = [root for root, carried in roots if carried]
        # A tensor of the product itself stands for it better than one far inside a definition.
        main = next((root for root in joined if root.nodes()), joined[0] if joined else roots[0][0])
        if joined:
            for root, carried in roots:
                if not carried:
                    self.nets.scalar(root, main)
            return main
        return Reference.of([root for root, _ in roots])

    def _written_out(self, pattern: Pattern, frame: _Frame) -> list[tuple[Pattern, _Frame]]:
        """The parts that a loop stands for, each with its loop values; anything else as it is."""
        if not isinstance(pattern, Repeat):
            return [(pattern, frame)]
        parts: list[tuple[Pattern, _Frame]] = []
        for step in pattern.steps.get(tuple(frame.values[name] for name in pattern.around), []):
            values = frame.values | dict(zip(pattern.variables, step, strict=True))
            parts.append((pattern.body, replace(frame, values=values)))
        return parts

    def _apply(self, label: str, arguments: Sequence[Pattern], frame: _Frame) -> Reference:
        node = self.nets.node(Node("function", label, (), frame.home, self._loop_values(frame)))
        for key in dict.fromkeys(k for argument in arguments for k in self._carried(argument, frame)):
            self.nets.attach(self._net(key, frame), node, "out")
        for argument in arguments:
            for part, inner in self._written_out(argument, frame):
                self._argument(part, inner, node)
        return node

    def _argument(self, part: Pattern, frame: _Frame, node: Reference) -> None:
        """Read an argument of an operation: its indices end there."""
        carried = self._carried(part, frame)
        nets = {key: self.nets.join([(node, "in", 0)], extent) for key, extent in carried.items()}
        root = self._evaluate(part, replace(frame, nets=nets, summed=()))
        if not carried:
            self.nets.scalar(root, node)

    def _reduce(self, indices: tuple[Index, ...], body: Pattern, operation: str, frame: _Frame) -> Reference:
        """``max(... over i)``: the wire i ends at the operation."""
        node = self.nets.node(Node("function", operation, (), frame.home, self._loop_values(frame)))
        reduced = {self._key(index, frame) for index in indices}
        carried = self._carried(body, frame)
        nets = {key: self.nets.join([(node, "in", 0)], extent) for key, extent in carried.items()}
        for key in carried:
            if key not in reduced:
                self.nets.attach(self._net(key, frame), node, "out")
        self._evaluate(body, replace(frame, nets=nets, summed=()))
        return node

    def _join(self, name: str, indices: tuple[Index, ...], frame: _Frame) -> Reference:
        nets = [self._net(self._key(index, frame), frame) for index in indices]
        if name == "delta":
            self.nets.unite(nets)
        else:
            for net in nets:
                self.nets.attach(net, self.nets.node(Node("number", "1", (), frame.home)), "none")
        return Reference.of([])

    def _number(self, text: str, frame: _Frame) -> Reference:
        """A number in the place of a tensor: it is drawn only where a wire leads to it."""
        node = self.nets.node(Node("number", text, (), frame.home))
        for net in frame.nets.values():
            self.nets.attach(net, node, "none")
        return node

    # --- uses ------------------------------------------------------------------------------------

    def _leaf(self, leaf: Leaf, frame: _Frame) -> Reference:
        name, position = leaf.use.name, self._position(leaf, frame)
        nets = [self._net(self._key(index, frame), frame) for index in leaf.use.indices]
        for net, extent in zip(nets, self._extents(name, position), strict=True):
            self.nets.measure(net, extent)
        role = self.tables.tensors[name].role
        if role == "definition" and self._once(name, position) and not leaf.conjugate:
            task = _Task(name, position, nets, Reference())
            self.tasks.append(task)
            return task.root
        node = self._used(leaf, name, position, role, frame)
        flows = role == "input" or (role == "definition" and not self._is_derived(name, position))
        port: Port = "out" if flows else "none"
        for axis, net in enumerate(nets):
            self.nets.attach(net, node, port, axis)
        return node

    def _position(self, leaf: Leaf, frame: _Frame) -> int:
        """The member that a use leads to."""
        row = leaf.rows[tuple(frame.values[name] for name in leaf.table.rows.names)]
        return int(leaf.table.positions[row])

    def _used(self, leaf: Leaf, name: str, position: int, role: str, frame: _Frame) -> Reference:
        """The node of a use that is not read into its place."""
        shown = f"{name}*" if leaf.conjugate else name
        subscripts = self._subscripts(name, position)
        if role == "input" and not leaf.conjugate:
            if (name, position) not in self.shared:
                self.shared[name, position] = self.nets.node(Node("input", name, subscripts, (name, subscripts)))
            return self.shared[name, position]
        if role != "definition":
            kinds: Mapping[str, Kind] = {"input": "input", "weight": "weight", "constant": "constant"}
            return self.nets.node(Node(kinds[role], shown, subscripts, frame.home, self._loop_values(frame)))
        if self._is_derived(name, position):
            return self.nets.node(Node("derived", shown, subscripts, frame.home, self._loop_values(frame)))
        state = self._state(name, position)
        if not leaf.conjugate:
            return state
        node = self.nets.node(Node("function", "conj", (), frame.home, self._loop_values(frame)))
        for axis, extent in enumerate(self._extents(name, position)):
            self.nets.join([(state, "out", axis), (node, "in", axis)], extent)
        if not self._extents(name, position):
            self.nets.scalar(state, node)
        return node

    def _state(self, name: str, position: int) -> Reference:
        """The node of a definition that is used several times; it is read when first asked for."""
        if (name, position) in self.shared:
            return self.shared[name, position]
        subscripts = self._subscripts(name, position)
        aliased = self._alias(name, position)
        if aliased is not None:
            self.shared[name, position] = aliased
            return aliased
        extents = self._extents(name, position)
        if isinstance(self.patterns[self.members[name][position].number], Apply):
            # What an operation makes is used from there, under the name of the definition.
            task = _Task(name, position, [self.nets.silent(extent) for extent in extents], Reference())
            self.shared[name, position] = task.root
            self.tasks.append(task)
            return task.root
        node = self.nets.node(Node("state", name, subscripts, (name, subscripts)))
        self.shared[name, position] = node
        nets = [self.nets.join([(node, "in", axis)], extent) for axis, extent in enumerate(extents)]
        self.tasks.append(_Task(name, position, nets, Reference(), [] if extents else [node]))
        return node

    def _alias(self, name: str, position: int) -> Reference | None:
        """What a definition that only renames (``h[t, 0](s) = x[t](s)``) or says a number stands for."""
        member = self.members[name][position]
        rule, pattern = self.tables.classes[member.number], self.patterns[member.number]
        subscripts = self._subscripts(name, position)
        if isinstance(pattern, Value):
            return self.nets.node(Node("number", pattern.text, subscripts, (name, subscripts)))
        if not isinstance(pattern, Leaf) or pattern.conjugate:
            return None
        if pattern.use.indices != tuple(free.index for free in rule.definition.indices):
            return None
        frame = _Frame((name, subscripts), dict(rule.rows.values(member.row)), {})
        target, place = pattern.use.name, self._position(pattern, frame)
        role = self.tables.tensors[target].role
        if role == "definition":
            return self._state(target, place)
        return self._used(pattern, target, place, role, frame)

    def _once(self, name: str, position: int) -> bool:
        if name in self.reused and name in self.with_inputs:
            return False
        return self.uses[name, position] == 1 and name not in self.net.outputs and not self._is_derived(name, position)

    def _is_derived(self, name: str, position: int) -> bool:
        """Whether a definition stands for a weight: made of weights by functions, or used in several places."""
        if self.with_inputs:
            if name in self.with_inputs:
                return False
        elif self.tables.tensors[name].members.shape[1]:
            return False
        pattern = self.patterns[self.members[name][position].number]
        return self.uses[name, position] > 1 or any(isinstance(part, Apply) for part in parts_of(pattern))

    # --- indices ---------------------------------------------------------------------------------

    def _inside(self, indices: tuple[Index, ...], frame: _Frame) -> _Frame:
        keys = [self._key(index, frame) for index in indices]
        return replace(frame, summed=({key: self.nets.join([], None, key[1], frame.home) for key in keys}, *frame.summed))

    def _net(self, key: Key, frame: _Frame) -> int:
        """The net of an index: that of the innermost sum over it, or a free one."""
        for summed in frame.summed:
            if key in summed:
                return summed[key]
        return frame.nets[key]

    def _free_keys(self, index: Index, frame: _Frame) -> list[Key]:
        """What a free index stands for: itself, or one index for each step of its loops."""
        if not index.loops:
            return [self._key(index, frame)]
        rows, _ = self.net.scope.expand(index.loops, _one_row(frame.values))
        return [self._key(index, replace(frame, values=dict(rows.values(row)))) for row in range(rows.count)]

    def _key(self, index: Index, frame: _Frame) -> Key:
        return index.name, tuple(self._integer(expr, frame) for expr in index.subscripts)

    def _integer(self, expr: Expr, frame: _Frame) -> int:
        if isinstance(expr, Name) and expr.name in frame.values:
            return frame.values[expr.name]
        if isinstance(expr, Number):
            return int(expr.value)
        return int(self.net.scope.integers(expr, _one_row(frame.values))[0])

    def _carried(self, pattern: Pattern, frame: _Frame) -> dict[Key, Extent | None]:
        """The indices that a part shows to what is around it, in reading order, with their extents."""
        match pattern:
            case Leaf(use):
                extents = self._extents(use.name, self._position(pattern, frame))
                return dict(zip((self._key(index, frame) for index in use.indices), extents, strict=True))
            case Join(_, indices):
                return dict.fromkeys(self._key(index, frame) for index in indices)
            case Product(parts) | Apply(_, parts):
                return _merged(self._carried(part, frame) for part in parts)
            case Repeat():
                return _merged(self._carried(part, inner) for part, inner in self._written_out(pattern, frame))
            case Summed(indices, body):
                inner = {self._key(index, frame) for index in indices}
                return {key: extent for key, extent in self._carried(body, frame).items() if key not in inner}
        return {}

    # --- tables ----------------------------------------------------------------------------------

    def _subscripts(self, name: str, position: int) -> tuple[int, ...]:
        return tuple(self.tables.tensors[name].members[position].tolist())

    def _extents(self, name: str, position: int) -> tuple[Extent, ...]:
        table = self.tables.tensors[name]
        return table.blocks[table.block_of[position]].shape

    def _loop_values(self, frame: _Frame) -> tuple[int, ...]:
        return tuple(frame.values.values())[frame.loops :]



def _merged(parts: Iterable[dict[Key, Extent | None]]) -> dict[Key, Extent | None]:
    """All keys, each with an extent if some part knows it."""
    result: dict[Key, Extent | None] = {}
    for part in parts:
        for key, extent in part.items():
            result[key] = result.get(key) or extent
    return result


def _one_row(values: Mapping[str, int]) -> Rows:
    if not values:
        return UNIT_ROWS
    return Rows(tuple(values), np.array(list(values.values()), np.int64).reshape(-1, 1), 1)
