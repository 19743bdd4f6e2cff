"""`bind` and `score`: what comes in, the program, what goes out. And what they share with `score_and_gradient`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

import numpy as np

from tncompile.codegen.blocks import WeightBlock
from tncompile.codegen.body.layouts import native_order
from tncompile.codegen.body.program import Program, Shared
from tncompile.codegen.body.scaling import QUIET
from tncompile.codegen.entries.outside import Outside
from tncompile.codegen.entries.outside_scales import OutsideScales
from tncompile.codegen.entries.scaled_sums import ScaledSums
from tncompile.codegen.entries.shapes import Shapes
from tncompile.codegen.entries.sliced import in_pieces, over_slices
from tncompile.codegen.python import nodes
from tncompile.codegen.python.symbols import Symbols
from tncompile.codegen.python.text import Blank, Block, Item, Text, mentions, wrapped
from tncompile.network import Ints, Network
from tncompile.network.values.sets import within
from tncompile.plan.schedule import Buffer, Schedule

CALLED = "score_and_gradient"

# What functions fall back on that try to bring numbers to size seldom (`Schedule.tries`).
CAREFUL = {"score": "careful_score", CALLED: "careful_gradient"}
SEEN, SEEN_BEFORE = "seen", "seen_before"


class Entry:
    """What writes an entry point. ``network`` is the network that is scored; ``schedule`` computes it, or it
    and the gradients of its weights (results ``<weight>_bar``, for cotangents ``<output>_bar``), maybe in slices.
    With a ``limit`` many samples are computed some at a time."""

    def __init__(
        self,
        network: Network,
        schedule: Schedule,
        symbols: Symbols,
        shared: Shared,
        limit: str | None = None,
    ) -> None:
        self.limit = limit
        self.selectors = () if schedule.slices is None else schedule.slices.selectors
        self.network, self.schedule, self.symbols, self.shared = network, schedule, symbols, shared
        self.outside = Outside(schedule.network, network, symbols)
        self.shapes = Shapes(self.outside, schedule)
        inputs = [name for name, tensor in network.tensors.items() if tensor.role == "input"]
        self.words = {name: shared.names.give(("input", name), name) for name in inputs}
        given = self._direct()
        program = Program(schedule, symbols, shared, list(given))
        lying = [
            name for name in given if program.storages[name].order == native_order(schedule.buffers[name])
        ]
        self.given = {name: given[name] for name in lying}
        self.program = program if len(lying) == len(given) else Program(schedule, symbols, shared, lying)
        scaled = bool(schedule.exponents)
        self.sums = ScaledSums(schedule, self.program, symbols) if scaled and self.selectors else None
        self.scales = OutsideScales(self.outside, schedule, self.program, self.sums) if scaled else None

    def _direct(self) -> dict[str, int]:
        """The buffers that are exactly one block of the gradient, with the number of that block."""
        return {}

    def _evaluation(self, first: int = 0) -> list[Item]:
        """The steps from a node on."""
        return self.program.body(tuple(self.given), first)

    def _summed(self) -> dict[str, str]:
        """The variables that slices add up, with those of the sums."""
        return {word: total for _, word, total in self._totals()}

    def _in_slices(self, done: int = 0) -> list[Item]:
        """What all slices share, but for the first ``done`` nodes, then a loop that adds up their results."""
        slices = self.schedule.slices
        assert slices is not None
        before, each, behind = self._adding(slices.start)
        return [
            *self.program.body((), done, slices.start),
            *before,
            over_slices(self.program, each),
            *behind,
        ]

    def _adding(self, start: int) -> tuple[list[Item], list[Item], list[Item]]:
        """What is done before the loop over the slices, for each of them (the nodes from ``start`` on), and behind it."""
        if self.sums is not None:
            begun = self.sums.begun(tuple(self.given))
            return [*begun], [*self.program.body((), start), *self.sums.added()], []
        parts = self._summed()
        added = [
            ast.AugAssign(ast.Name(total, ast.Store()), ast.Add(), nodes.name(word))
            for word, total in parts.items()
        ]
        begun = (nodes.assign(total, nodes.number(0)) for total in parts.values())
        return [*begun], [*self._evaluation(start), *added], []

    def _with_pieces(self, called: str, core: Sequence[Item]) -> list[Item]:
        """The statements of the function ``called`` with their memory, behind calls for pieces of too many samples."""
        items = self.program.in_memory(core, limited=self.limit is not None)
        if self.limit is None:
            return items
        count, words = self.symbols.batch_word(), list(self.words.values())
        return [*in_pieces(called, self.limit, count, words, sliced=bool(self.selectors)), *items]

    def _totals(self) -> list[tuple[str, str, str]]:
        """The buffers of the outputs, with their variables and those of their sums over the slices."""
        leaving = dict.fromkeys(
            a.buffer for name in self.network.outputs for a in self.schedule.outputs[name]
        )
        words = [(name, self.program.storages[name].identifier) for name in leaving]
        return [(name, word, self.shared.names.give(("sum", name), f"{word}_sum")) for name, word in words]

    # --- what comes in ----------------------------------------------------------------------------

    def _taken(self) -> Iterator[Item]:
        for name, word in self.words.items():
            yield nodes.assign(word, self.shapes.checked(name, nodes.name(word)))

    def _taken_weights(self) -> Item:
        array = self.symbols.domain.call("asarray", nodes.name("w"), nodes.name("DTYPE"))
        count = nodes.name("WEIGHT_COUNT")
        return nodes.assign("w", nodes.call(nodes.name("checked"), nodes.number("w"), array, count))

    def _counted(self, core: Sequence[Item]) -> list[Item]:
        """The number of samples, where ``core`` speaks of it."""
        word = None if self.symbols.batch is None else self.symbols.batch_word()
        return [] if word is None or not mentions(core, word) else [self._count()]

    def _count(self) -> ast.stmt:
        """The number of samples, read from the first input that has members."""
        tables = self.network.tables.tensors
        name, word = next((name, word) for name, word in self.words.items() if len(tables[name].members))
        data: ast.expr = nodes.name(word)
        if not self.outside.is_array(name):
            data = nodes.indexed(data, [nodes.number(0)])
        return nodes.assign(self.symbols.batch_word(), nodes.call(nodes.name("len"), data))

    def _weights_in(self) -> Iterator[Item]:
        """The views of the weights, each in the order of axes that the program wants."""
        views = self._views_of_weights()
        if any(view != "_" for view in views):
            yield unpacked(views, "w")
        for name in self.program.used:
            buffer = self.schedule.buffers[name]
            if buffer.role == "weight":
                statement = self.program.arrived(name, self._weight(buffer))
                if statement is not None:
                    yield statement

    def _data_in(self) -> Iterator[Item]:
        """The data, likewise."""
        for name in self.program.used:
            buffer = self.schedule.buffers[name]
            if buffer.role == "input" and buffer.tensor in self.words:
                word = nodes.name(self.words[buffer.tensor])
                whole = self.outside.is_array(buffer.tensor)
                statement = self.program.arrived(
                    name, self.outside.input_array(buffer.tensor, word, buffer, whole)
                )
                if statement is not None:
                    yield statement

    def _views_of_weights(self) -> list[str]:
        """A name for the view of each block; ``_`` where the function does not need it."""
        used = {self.schedule.buffers[name].tensor for name in self.program.used}
        views = []
        for number, block in enumerate(self.shared.blocks):
            name = self.shared.block_buffer(self.schedule, number)
            needed = name in self.program.used if name is not None else block.table.name in used
            views.append(self.shared.view(self.schedule, number) if needed else "_")
        return views

    def _weight(self, buffer: Buffer) -> ast.expr:
        """The members of a weight that a buffer holds: a whole block, or some of its members."""
        for number in self.shared.numbers[buffer.tensor]:
            block = self.shared.blocks[number]
            members = block.block.members
            if not within(buffer.members, members).all():
                continue
            places = places_of(np.searchsorted(members, buffer.members), len(members))
            view: ast.expr = nodes.name(self.shared.view(self.schedule, number))
            if self.shared.block_buffer(self.schedule, number) == buffer.name:
                return view
            shape = [self.symbols.extent(extent) for extent in buffer.shape]
            family = [self.symbols.extent(extent) for extent in buffer.family]
            flat = nodes.indexed(one_family_axis(block, view, shape), [places])
            return nodes.method(flat, "reshape", *family, *shape) if len(family) != 1 else flat
        raise AssertionError(f"no block of weights holds {buffer.name}")

    # --- what goes out --------------------------------------------------------------------------------

    def _value(self) -> ast.expr:
        """The output, or all of them by name; pairs with exponents where there are such."""
        held = {name: (nodes.name(s.identifier), s.order) for name, s in self.program.storages.items()}
        if self.selectors:
            held |= {name: (nodes.name(total), held[name][1]) for name, _, total in self._totals()}
        values: list[ast.expr] = [
            self.outside.output(self.schedule, name, held) for name in self.network.outputs
        ]
        if self.scales is not None:
            scales = [self.scales.output(name) for name in self.network.outputs]
            values = [nodes.group(pair) for pair in zip(values, scales, strict=True)]
        if len(values) == 1:
            return values[0]
        return ast.Dict([nodes.number(name) for name in self.network.outputs], values)

    # --- what is tried --------------------------------------------------------------------------------

    def _remembered(self, words: Sequence[str], before: str | None = None) -> list[Item]:
        """What another function is given, should this one not do: the program may give the names to other arrays.

        ``before`` is a variable for sizes that were seen already.
        """
        given = nodes.assign("arguments", nodes.group([nodes.name(word) for word in words]))
        return [given, nothing_seen() if before is None else ast.parse(f"{SEEN} = [*{before}]").body[0]]

    def _again(self, called: str, failed: Sequence[ast.expr] = ()) -> Item:
        """What is returned where something seen was far from 1, or for one of the reasons ``failed``."""
        seen = nodes.call(nodes.name("lost"), nodes.name(SEEN))
        call = nodes.call(nodes.name(CAREFUL[called]), ast.Starred(nodes.name("arguments"), ast.Load()))
        return Block(
            ast.If(ast.BoolOp(ast.Or(), [seen, *failed]) if failed else seen, [], []), [ast.Return(call)]
        )

    def _quiet(self) -> list[ast.expr]:
        """The decorator of a function that tries."""
        return [nodes.name(QUIET)] if self.schedule.tries else []

    def _outputs(self) -> str:
        return ", ".join(f"`{name}`" for name in self.network.outputs)

    def _shapes(self, *, weights: bool = True) -> Iterator[str]:
        """What the documentation says of shapes."""
        data = [f"`{word}` {self.shapes.words(name)}" for name, word in self.words.items()]
        values = [f"`{name}` {self.shapes.words(name)}" for name in self.network.outputs]
        yield ""
        yield from wrapped(
            f"Shapes: {', '.join([*['`w` (WEIGHT_COUNT,)'] * weights, *data])}; the value {', '.join(values)}."
        )

    def _notes(self) -> Iterator[str]:
        """What the documentation says of scales and slices."""
        if self.scales is not None:
            yield ""
            yield "Each result is a pair (mantissa, scale) and stands for mantissa * 2**scale. In a scale the axes"
            yield "of a member have length 1."
        if self.schedule.slices is not None:
            yield ""
            yield f"Sums are taken in {self.schedule.slices.count} slices, 0, 1, ..., one after the other; `slices` says which"
            yield "of them are added up (all if it is None)."


class Scoring(Entry):
    """Writes `score`; where there are data, by way of `bind`, which does once what depends on the weights alone."""

    def functions(self, *, bound: bool) -> Iterator[Block]:
        """The functions, without `bind` if it is not wanted."""
        if bound and self.words:
            yield self._bind()
            given = [*self.words.values(), *self._optional()]
            call = nodes.call(nodes.call(nodes.name("bind"), nodes.name("w")), *map(nodes.name, given))
            yield self._function("score", ["w", *self.words.values()], [self._documented(), ast.Return(call)])
            return
        yield self._whole("score", self._documented())

    def careful(self) -> Block:
        """The same by a schedule that does not try, for `score` to fall back on."""
        return self._whole(CAREFUL["score"], again("score"))

    def _whole(self, called: str, documented: Text) -> Block:
        """A function of the weights and the data."""
        core = [*self._weights_in(), *self._core(called, 0)]
        body = [documented, self._taken_weights(), *self._taken(), *self._counted(core), *core]
        return self._function(called, ["w", *self.words.values()], body, around=self._quiet())

    def _bind(self) -> Block:
        before = [*self.program.body((), 0, self.schedule.bound)]
        seen = self.schedule.tries and mentions(before, SEEN)
        core = self._core("scorer", self.schedule.bound, SEEN_BEFORE if seen else None)
        head = Text((f"The value of {self._outputs()} for the data.", *self._shapes(weights=False)))
        body = [head, *self._taken(), *self._counted(core), *core]
        text = (
            "Does what depends on the weights `w` alone; returns the function of the data that does the rest.",
            "",
            "The weights, (WEIGHT_COUNT,), must not change as long as it is used.",
        )
        around: list[Item] = [Text(text), self._taken_weights(), *self._weights_in()]
        around += [nothing_seen(), *before, nodes.assign(SEEN_BEFORE, nodes.name(SEEN))] if seen else before
        inner = function_of("scorer", [*self.words.values()], self._optional(), body, self._quiet())
        around += [Blank(), inner, Blank(), ast.Return(nodes.name("scorer"))]
        return self._function("bind", ["w"], around, (), self._quiet())

    def _core(self, called: str, done: int, before: str | None = None) -> list[Item]:
        """From the data to the result, but for the first ``done`` nodes; ``called`` is the function that this is the body of.

        ``before`` is a variable for the sizes that were seen in these nodes.
        """
        core = [*self._data_in(), *(self._in_slices(done) if self.selectors else self._evaluation(done))]
        core = self._with_pieces(called, core)
        if not self.schedule.tries:
            return [*core, ast.Return(self._value())]
        begun = self._remembered(["w", *self.words.values()], before)
        return [*begun, *core, self._again("score"), ast.Return(self._value())]

    def _optional(self) -> tuple[str, ...]:
        return ("slices",) if self.selectors else ()

    def _function(
        self,
        called: str,
        taken: Sequence[str],
        body: list[Item],
        optional: Sequence[str] | None = None,
        around: Sequence[ast.expr] = (),
    ) -> Block:
        return function_of(called, taken, self._optional() if optional is None else optional, body, around)

    def _documented(self) -> Text:
        first = f"The value of {self._outputs()} for the weights `w`" + (
            " and the data." if self.words else "."
        )
        return Text((first, *self._shapes(), *self._notes()))


def function_of(
    called: str,
    taken: Sequence[str],
    optional: Sequence[str],
    body: list[Item],
    around: Sequence[ast.expr] = (),
) -> Block:
    """A function definition with decorators ``around`` it; what is ``optional`` is None by default."""
    parameters = [ast.arg(word) for word in (*taken, *optional)]
    defaults: list[ast.expr] = [ast.Constant(None) for _ in optional]
    arguments = ast.arguments([], parameters, None, [], [], None, defaults)
    return Block(ast.FunctionDef(called, arguments, [], [*around], lineno=0), body)


def again(called: str) -> Text:
    """The documentation of what the function ``called`` falls back on."""
    size = "for numbers of almost any size: nearly all products are brought to size at once."
    return Text((f"What `{called}` returns, {size}",))


def nothing_seen() -> ast.stmt:
    """The list of sizes that `rescale` adds to."""
    return nodes.assign(SEEN, ast.List([], ast.Load()))


def unpacked(views: Sequence[str], vector: str) -> ast.stmt:
    """The views of a flat vector, by name."""
    targets = ast.Tuple([nodes.name(view) for view in views], ast.Load())
    return nodes.assign(targets, nodes.call(nodes.name("unpack"), nodes.name(vector)))


def one_family_axis(block: WeightBlock, view: ast.expr, shape: Sequence[ast.expr]) -> ast.expr:
    """The view of a block with all its members along one axis, as it is where they have one subscript."""
    if block.table.members.shape[1] == 1 and len(block.block.members) > 1:
        return view
    return nodes.method(view, "reshape", nodes.number(-1), *shape)


def places_of(places: Ints, extent: int) -> ast.expr:
    """A subscript for some positions of an axis of this extent."""
    if (np.diff(places) == 1).all():
        first, stop = int(places[0]), int(places[-1]) + 1
        return ast.Slice(
            nodes.number(first) if first else None, nodes.number(stop) if stop < extent else None
        )
    return ast.List([nodes.number(int(place)) for place in places], ast.Load())
