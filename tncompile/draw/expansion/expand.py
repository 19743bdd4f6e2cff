"""A network as a graph to draw: every use of a tensor a node, every index a wire.

A definition that is used once disappears into the network around it; one that is used several times
is a state, a node of its own. What does not depend on the inputs and is used several times (a
normalised transition matrix) is drawn where it is used, as a weight is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tncompile.draw.expansion.frames import Frame, Reader, index_text
from tncompile.draw.expansion.graph import Graph, Kind, Node
from tncompile.draw.expansion.nets import Nets, Port, Reference
from tncompile.draw.expansion.patterns import Apply, Join, Leaf, Pattern, Product, Summed, Value
from tncompile.draw.expansion.survey import Survey
from tncompile.network import Extent, Index, Network

KINDS: Mapping[str, Kind] = {"input": "input", "weight": "weight", "constant": "constant"}


@dataclass
class _Task:
    """A definition to be read into its place: the wires of its axes, and who waits for its node."""

    name: str
    position: int
    nets: list[int]
    root: Reference = field(default_factory=Reference)
    sinks: list[Reference] = field(default_factory=list)


def expand(net: Network) -> Graph:
    """The graph of a network without `inline` definitions."""
    return _Expansion(Survey(net)).graph()


class _Expansion:
    def __init__(self, survey: Survey) -> None:
        self.survey, self.reader = survey, Reader(survey)
        self.nets = Nets()
        self.shared: dict[tuple[str, int], Reference] = {}
        self.tasks: deque[_Task] = deque()
        self.roots: list[Reference] = []  # of outputs without axes

    def graph(self) -> Graph:
        """Read the outputs, then whatever they call for, definition by definition."""
        for name in self.survey.net.outputs:
            for position in self.survey.members(name):
                self._open_output(name, position)
        while self.tasks:
            self._read(self.tasks.popleft())
        return self.nets.graph(self.roots)

    def _open_output(self, name: str, position: int) -> None:
        subscripts, extents = self.survey.subscripts(name, position), self.survey.extents(name, position)
        ends = [self.nets.node(Node("open", name, subscripts, (name, subscripts))) for _ in extents]
        if self.survey.is_used(name, position):
            state = self._state(name, position)
            for axis, end in enumerate(ends):
                self.nets.join([(state, "out"), (end, "in")], extents[axis])
            return
        nets = [self.nets.join([(end, "in")], extent) for end, extent in zip(ends, extents, strict=True)]
        root = self._read_later(_Task(name, position, nets))
        if not extents:
            self.roots.append(root)

    def _read_later(self, task: _Task) -> Reference:
        self.tasks.append(task)
        return task.root

    def _read(self, task: _Task) -> None:
        """Read one instance into the graph."""
        instance = self.survey.instance(task.name, task.position)
        frame = self._frame(task.name, task.position)
        free = [index.index for index in instance.rule.definition.indices]
        keys = [key for index in free for key in self.reader.free_keys(index, frame)]
        for key, outer in zip(keys, task.nets, strict=True):
            frame.nets[key] = self.nets.inner(outer, key[1], frame.home)
            self.nets.call(frame.nets[key], index_text(key, frame.home))
        root = self._evaluate(instance.pattern, frame)
        task.root.become(root)
        if (task.name, task.position) in self.shared and isinstance(instance.pattern, Apply):
            self.nets.name(root, frame.home)
        for sink in task.sinks:
            self.nets.scalar(root, sink)

    def _frame(self, name: str, position: int) -> Frame:
        instance = self.survey.instance(name, position)
        values = dict(instance.rule.rows.values(instance.row))
        return Frame((name, self.survey.subscripts(name, position)), values, {}, loops=len(values))

    # --- parts of an equation --------------------------------------------------------------------

    def _evaluate(self, pattern: Pattern, frame: Frame) -> Reference:
        """Read a part of an equation; returns the node that stands for it."""
        match pattern:
            case Leaf():
                return self._leaf(pattern, frame)
            case Product(factors):
                return self._product(factors, frame)
            case Apply(label, arguments):
                return self._apply(label, arguments, frame)
            case Summed(indices, body, ""):
                return self._evaluate(body, self.reader.inside(indices, frame, self.nets))
            case Summed(indices, body, operation):
                return self._reduce(indices, body, operation, frame)
            case Join(name, indices):
                return self._join(name, indices, frame)
            case Value(text):
                return self._number(text, frame)
        raise TypeError(f"no way to draw {type(pattern).__name__}")

    def _product(self, factors: Sequence[Pattern], frame: Frame) -> Reference:
        """Factors side by side; one without indices is tied to the first that has some."""
        parts = [part for factor in factors for part in self.reader.written_out(factor, frame)]
        roots = [(self._evaluate(part, inner), self.reader.carried(part, inner)) for part, inner in parts]
        if not roots:
            return self._number("1", frame)
        joined = [root for root, carried in roots if carried]
        if not joined:
            return Reference.of([root for root, _ in roots])
        # A tensor of the product itself stands for it better than one far inside a definition.
        main = next((root for root in joined if root.nodes()), joined[0])
        for root, carried in roots:
            if not carried:
                self.nets.scalar(root, main)
        return main

    def _apply(self, label: str, arguments: Sequence[Pattern], frame: Frame) -> Reference:
        node = self._new("function", label, (), frame)
        for key in dict.fromkeys(k for argument in arguments for k in self.reader.carried(argument, frame)):
            self.nets.attach(frame.net(key), node, "out")
        for argument in arguments:
            for part, inner in self.reader.written_out(argument, frame):
                self._argument(part, inner, node)
        return node

    def _argument(self, part: Pattern, frame: Frame, node: Reference) -> None:
        """Read an argument of an operation: its indices end there."""
        carried = self.reader.carried(part, frame)
        nets = {key: self.nets.join([(node, "in")], extent) for key, extent in carried.items()}
        root = self._evaluate(part, replace(frame, nets=nets, summed=()))
        if not carried:
            self.nets.scalar(root, node)

    def _reduce(self, indices: tuple[Index, ...], body: Pattern, operation: str, frame: Frame) -> Reference:
        """``max(... over i)``: the wire i ends at the operation."""
        node = self._new("function", operation, (), frame)
        reduced = {self.reader.key(index, frame) for index in indices}
        for key in self.reader.carried(body, frame):
            if key not in reduced:
                self.nets.attach(frame.net(key), node, "out")
        self._argument(body, frame, node)
        return node

    def _join(self, name: str, indices: tuple[Index, ...], frame: Frame) -> Reference:
        nets = [frame.net(self.reader.key(index, frame)) for index in indices]
        if name == "delta":
            self.nets.unite(nets)
        else:
            for net in nets:
                self.nets.attach(net, self.nets.node(Node("number", "1", (), frame.home)), "none")
        return Reference.of([])

    def _number(self, text: str, frame: Frame) -> Reference:
        """A number in the place of a tensor: it is drawn only where a wire leads to it."""
        node = self.nets.node(Node("number", text, (), frame.home))
        for net in frame.nets.values():
            self.nets.attach(net, node, "none")
        return node

    def _new(self, kind: Kind, name: str, subscripts: tuple[int, ...], frame: Frame) -> Reference:
        return self.nets.node(Node(kind, name, subscripts, frame.home, frame.inner_values()))

    # --- uses ------------------------------------------------------------------------------------

    def _leaf(self, leaf: Leaf, frame: Frame) -> Reference:
        name, position = leaf.use.name, self.reader.position(leaf, frame)
        nets = [frame.net(self.reader.key(index, frame)) for index in leaf.use.indices]
        for net, extent in zip(nets, self.survey.extents(name, position), strict=True):
            self.nets.measure(net, extent)
        role = self.survey.role(name)
        if role == "definition" and not leaf.conjugate and self.survey.disappears(name, position):
            return self._read_later(_Task(name, position, nets))
        node = self._used(leaf, position, frame)
        flows = role == "input" or (role == "definition" and not self.survey.is_derived(name, position))
        port: Port = "out" if flows else "none"
        for net in nets:
            self.nets.attach(net, node, port)
        return node

    def _used(self, leaf: Leaf, position: int, frame: Frame) -> Reference:
        """The node of a use that does not disappear."""
        name = leaf.use.name
        shown = f"{name}*" if leaf.conjugate else name
        subscripts, role = self.survey.subscripts(name, position), self.survey.role(name)
        if role == "input" and not leaf.conjugate:
            if (name, position) not in self.shared:
                self.shared[name, position] = self.nets.node(
                    Node("input", name, subscripts, (name, subscripts))
                )
            return self.shared[name, position]
        if role != "definition":
            return self._new(KINDS[role], shown, subscripts, frame)
        if self.survey.is_derived(name, position):
            return self._new("derived", shown, subscripts, frame)
        state = self._state(name, position)
        return (
            self._conjugated(state, self.survey.extents(name, position), frame) if leaf.conjugate else state
        )

    def _conjugated(self, state: Reference, extents: Sequence[Extent], frame: Frame) -> Reference:
        node = self._new("function", "conj", (), frame)
        for extent in extents:
            self.nets.join([(state, "out"), (node, "in")], extent)
        if not extents:
            self.nets.scalar(state, node)
        return node

    def _state(self, name: str, position: int) -> Reference:
        """The node of a definition that is used several times; it is read when first asked for."""
        passed = [(name, position)]
        while passed[-1] not in self.shared:
            renamed = self._renamed(*passed[-1])
            if renamed is None:
                self.shared[passed[-1]] = self._new_state(*passed[-1])
            elif isinstance(renamed, Reference):
                self.shared[passed[-1]] = renamed
            else:
                passed.append(renamed)
        for place in passed:
            self.shared[place] = self.shared[passed[-1]]
        return self.shared[passed[-1]]

    def _new_state(self, name: str, position: int) -> Reference:
        subscripts, extents = self.survey.subscripts(name, position), self.survey.extents(name, position)
        if isinstance(self.survey.instance(name, position).pattern, Apply):
            # What an operation makes is used from there, under the name of the definition.
            return self._read_later(_Task(name, position, [self.nets.silent(extent) for extent in extents]))
        node = self.nets.node(Node("state", name, subscripts, (name, subscripts)))
        nets = [self.nets.join([(node, "in")], extent) for extent in extents]
        self._read_later(_Task(name, position, nets, sinks=[] if extents else [node]))
        return node

    def _renamed(self, name: str, position: int) -> Reference | tuple[str, int] | None:
        """What a definition stands for that only renames (``h[t, 0](s) = x[t](s)``) or says a number."""
        instance, subscripts = self.survey.instance(name, position), self.survey.subscripts(name, position)
        if isinstance(instance.pattern, Value):
            return self.nets.node(Node("number", instance.pattern.text, subscripts, (name, subscripts)))
        if not isinstance(instance.pattern, Leaf) or instance.pattern.conjugate:
            return None
        free: tuple[Index, ...] = tuple(index.index for index in instance.rule.definition.indices)
        if instance.pattern.use.indices != free:
            return None
        frame = self._frame(name, position)
        target, place = instance.pattern.use.name, self.reader.position(instance.pattern, frame)
        if self.survey.role(target) == "definition" and not self.survey.is_derived(target, place):
            return target, place
        return self._used(instance.pattern, place, frame)
