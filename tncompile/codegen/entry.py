"""`score` and `score_and_gradient`: what comes in, the program, what goes out."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tncompile.codegen import nodes
from tncompile.codegen.alignment import transposed
from tncompile.codegen.blocks import is_array
from tncompile.codegen.layouts import native_order
from tncompile.codegen.outside import Outside
from tncompile.codegen.outside_scales import OutsideScales
from tncompile.codegen.program import Program, Shared
from tncompile.codegen.sliced import in_pieces, over_slices
from tncompile.codegen.symbols import Symbols
from tncompile.codegen.text import Block, Item, Text, mentions
from tncompile.network import Ints, Network
from tncompile.plan.schedule import Buffer, Schedule


class Entry:
    """Writes one entry point. ``network`` is the network that is scored; ``schedule`` computes it, or it
    and the gradients of its weights (results ``<weight>_bar``, for cotangents ``<output>_bar``), maybe in slices.
    With a ``limit`` (the name of a constant) no more samples are computed at a time."""

    def __init__(
        self, network: Network, schedule: Schedule, symbols: Symbols, shared: Shared, limit: str | None = None
    ) -> None:
        self.limit = limit
        self.selectors = () if schedule.slices is None else schedule.slices.selectors
        self.network, self.schedule, self.symbols, self.shared = network, schedule, symbols, shared
        self.outside = Outside(schedule.network, symbols)
        outputs = [name for name in schedule.network.outputs if name not in network.outputs]
        weights = list(dict.fromkeys(block.table.name for block in shared.blocks))
        self.adjoints = {name: weight for weight in weights for name in outputs if name == f"{weight}_bar"}
        given = self._direct()
        program = Program(schedule, symbols, shared, list(given))
        lying = [
            name for name in given if program.storages[name].order == native_order(schedule.buffers[name])
        ]
        self.given = {name: given[name] for name in lying}
        self.program = program if len(lying) == len(given) else Program(schedule, symbols, shared, lying)
        self.scales = OutsideScales(self.outside, schedule, self.program) if schedule.exponents else None

    def function(self, called: str) -> Block:
        """The whole function."""
        differentiated = called != "score"
        inputs = [name for name, tensor in self.network.tensors.items() if tensor.role == "input"]
        words = {name: self._parameter(name) for name in inputs}
        core: list[Item] = [*self._cotangents(), *self._arrivals(words)]
        core += self._in_slices(differentiated) if self.selectors else self._evaluation(differentiated)
        core = [*self.program.in_memory(core), ast.Return(self._result(differentiated))]
        head: list[Item] = [Text(tuple(self._documentation(words, differentiated))), *self._taken(words)]
        if self.limit is not None:
            count = self.symbols.batch_word()
            core = [*in_pieces(called, self.limit, count, list(words.values()), bool(self.selectors)), *core]
        if self.symbols.batch is not None and mentions(core, self.symbols.batch_word()):
            head.append(self._count(words))
        parameters = [ast.arg("w"), *(ast.arg(word) for word in words.values())]
        optional = ["cotangent"] * differentiated + ["slices"] * bool(self.selectors)
        optional += ["cotangent_scale"] * (differentiated and self.scales is not None)
        parameters += [ast.arg(word) for word in optional]
        defaults: list[ast.expr] = [ast.Constant(None) for _ in optional]
        arguments = ast.arguments([], parameters, None, [], [], None, defaults)
        return Block(ast.FunctionDef(called, arguments, [], [], lineno=0), [*head, *core])

    def _evaluation(self, differentiated: bool, first: int = 0) -> list[Item]:
        """The steps from a node on, and what belongs to the gradient around them."""
        steps = self.program.body(tuple(self.given), first)
        if not differentiated:
            return steps
        scales = [] if self.scales is None else self._gradient_scales(self.scales)
        return [*self._gradient_views(), *steps, *self._gradient_copies(), *scales]

    def _in_slices(self, differentiated: bool) -> list[Item]:
        """What all slices share, then a loop that adds up their results."""
        slices = self.schedule.slices
        assert slices is not None
        parts = {word: total for _, word, total in self._totals()}
        if differentiated:
            parts["gradient"] = self._gradient_total()
        each = self._evaluation(differentiated, slices.start)
        each += [
            ast.AugAssign(ast.Name(total, ast.Store()), ast.Add(), nodes.name(word))
            for word, total in parts.items()
        ]
        words = {name: self.program.storages[name].identifier for name in slices.selectors}
        return [
            *self.program.body((), 0, slices.start),
            *(nodes.assign(total, nodes.number(0)) for total in parts.values()),
            over_slices(self.schedule, self.symbols, words, each),
        ]

    def _totals(self) -> list[tuple[str, str, str]]:
        """The buffers of the outputs, with their variables and those of their sums over the slices."""
        leaving = dict.fromkeys(
            a.buffer for name in self.network.outputs for a in self.schedule.outputs[name]
        )
        words = [(name, self.program.storages[name].identifier) for name in leaving]
        return [(name, word, self.shared.names.give(("sum", name), f"{word}_sum")) for name, word in words]

    def _gradient_total(self) -> str:
        return self.shared.names.give(("sum", "gradient"), "gradient_sum")

    # --- what comes in ----------------------------------------------------------------------------

    def _parameter(self, name: str) -> str:
        return self.shared.names.give(("input", name), name)

    def _taken(self, words: dict[str, str]) -> Iterator[Item]:
        domain = self.symbols.domain
        dtype = nodes.name("DTYPE")
        yield nodes.assign("w", domain.call("asarray", nodes.name("w"), dtype))
        for name, word in words.items():
            if is_array(self.schedule.network, name):
                yield nodes.assign(word, domain.call("asarray", nodes.name(word), dtype))
            else:
                each = domain.call("asarray", nodes.name("member"), dtype)
                loop = ast.comprehension(nodes.name("member"), nodes.name(word), [], 0)
                yield nodes.assign(word, ast.ListComp(each, [loop]))

    def _count(self, words: dict[str, str]) -> ast.stmt:
        """The number of samples, read from the first input that has members."""
        tables = self.network.tables.tensors
        name, word = next((name, word) for name, word in words.items() if len(tables[name].members))
        data: ast.expr = nodes.name(word)
        if not is_array(self.schedule.network, name):
            data = nodes.indexed(data, [nodes.number(0)])
        return nodes.assign(self.symbols.batch_word(), nodes.call(nodes.name("len"), data))

    def _arrivals(self, words: dict[str, str]) -> Iterator[Item]:
        program = self.program
        views = self._views_of_weights()
        if any(view != "_" for view in views):
            yield _unpacked(views, "w")
        for name in program.used:
            buffer = self.schedule.buffers[name]
            statement = None
            if buffer.role == "weight":
                statement = program.arrived(name, self._weight(buffer))
            elif buffer.role == "input" and buffer.tensor in words:
                word = nodes.name(words[buffer.tensor])
                whole = is_array(self.schedule.network, buffer.tensor)
                statement = program.arrived(
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
        for number, block in enumerate(self.shared.blocks):
            places = np.searchsorted(block.block.members, buffer.members)
            inside = np.isin(buffer.members, block.block.members).all()
            if block.table.name != buffer.tensor or not inside:
                continue
            view: ast.expr = nodes.name(self.shared.view(self.schedule, number))
            if self.shared.block_buffer(self.schedule, number) == buffer.name:
                return view
            shape = [self.symbols.extent(extent) for extent in buffer.shape]
            family = [self.symbols.extent(extent) for extent in buffer.family]
            flat = nodes.indexed(nodes.method(view, "reshape", nodes.number(-1), *shape), [_places(places)])
            return nodes.method(flat, "reshape", *family, *shape) if len(family) != 1 else flat
        raise AssertionError(f"no block of weights holds {buffer.name}")

    def _cotangents(self) -> Iterator[Item]:
        """The cotangents, ones where none are given."""
        several = len(self.network.outputs) > 1
        for name in self.program.used:
            buffer = self.schedule.buffers[name]
            if buffer.role != "input" or buffer.tensor in self.network.tensors or name in self.selectors:
                continue
            source: ast.expr = nodes.name("cotangent_scale" if buffer.exponents else "cotangent")
            if several:
                source = nodes.indexed(source, [nodes.number(buffer.tensor.removesuffix("_bar"))])
            if not buffer.exponents:
                yield from self._cotangent(name, buffer, source)
            elif self.scales is not None:
                yield from self.scales.cotangent(name, source)

    def _cotangent(self, name: str, buffer: Buffer, source: ast.expr) -> Iterator[Item]:
        domain, dtype = self.symbols.domain, nodes.name("DTYPE")
        # A cotangent looks like its output, which may be a list although the cotangents form a box.
        whole = is_array(self.schedule.network, buffer.tensor.removesuffix("_bar"))
        absent = ast.Compare(nodes.name("cotangent"), [ast.Is()], [ast.Constant(None)])
        if whole:
            shape = nodes.group(self.outside.shape(buffer.tensor, buffer))
            given = domain.call("asarray", ast.IfExp(absent, nodes.number(1), source), dtype)
            word = self.program.storages[name].identifier
            yield nodes.assign(word, domain.call("broadcast_to", given, shape))
            statement = self.program.arrived(
                name, self.outside.input_array(buffer.tensor, nodes.name(word), buffer, whole)
            )
        else:
            shape = nodes.group([self.symbols.extent(e) for e in self.outside.inner(buffer)])
            ones = domain.call("ones", shape, dtype)
            members = self.outside.input_array(buffer.tensor, source, buffer, whole)
            given = domain.call("asarray", members, dtype)
            statement = self.program.arrived(name, ast.IfExp(absent, ones, given))
        if statement is not None:
            yield statement

    # --- gradients ----------------------------------------------------------------------------------

    def _direct(self) -> dict[str, int]:
        """The buffers that are exactly one block of the gradient, with the number of that block."""
        found: dict[str, int] = {}
        for adjoint, weight in self.adjoints.items():
            for access in self.schedule.outputs[adjoint]:
                buffer = self.schedule.buffers[access.buffer]
                for number, block in enumerate(self.shared.blocks):
                    if block.table.name == weight and np.array_equal(
                        self._members(buffer, weight), block.block.members
                    ):
                        found[buffer.name] = number
        return found

    def _members(self, buffer: Buffer, weight: str) -> Ints:
        """The members of the weight that a buffer of adjoints belongs to."""
        tables = self.schedule.network.tables.tensors
        return tables[weight].find(tables[buffer.tensor].members[buffer.members])

    def _gradient_views(self) -> Iterator[Item]:
        domain = self.symbols.domain
        covered = sum(len(self._members(b, weight)) for b, weight in self._adjoint_buffers())
        wanted = sum(len(block.block.members) for block in self.shared.blocks)
        called = "empty_like" if covered == wanted else "zeros_like"
        yield nodes.assign("gradient", domain.call(called, nodes.name("w")))
        views = ["_"] * len(self.shared.blocks)
        for name, number in self.given.items():
            views[number] = self.program.storages[name].identifier
        for buffer, weight in self._adjoint_buffers():
            for number in self._touched(buffer, weight):
                if views[number] == "_":
                    views[number] = self._gradient_word(number)
        if any(view != "_" for view in views):
            yield _unpacked(views, "gradient")

    def _gradient_scales(self, scales: OutsideScales) -> Iterator[Item]:
        """The exponents of the gradient, each beside its mantissa."""
        vector = self.symbols.domain.call(
            "zeros", nodes.attribute(nodes.name("w"), "shape"), self.symbols.domain.function("int64")
        )
        yield nodes.assign("gradient_scale", vector)
        words = {
            number: self.shared.names.give(
                ("scale", number), f"{self.shared.view(self.schedule, number)}_scale"
            )
            for buffer, weight in self._adjoint_buffers()
            for number in self._touched(buffer, weight)
            if buffer.name in self.schedule.exponents
        }
        if not words:
            return
        yield _unpacked(
            [words.get(number, "_") for number in range(len(self.shared.blocks))], "gradient_scale"
        )
        for buffer, weight in self._adjoint_buffers():
            if buffer.name in self.schedule.exponents:
                flat = [nodes.number(1)] * len(buffer.shape)
                yield from self._entered(buffer, weight, scales.beside(buffer), words, flat)

    def _gradient_word(self, number: int) -> str:
        view = self.shared.view(self.schedule, number)
        return self.shared.names.give(("gradient", number), f"{view}_gradient")

    def _adjoint_buffers(self) -> list[tuple[Buffer, str]]:
        return [
            (self.schedule.buffers[access.buffer], weight)
            for adjoint, weight in self.adjoints.items()
            for access in self.schedule.outputs[adjoint]
        ]

    def _touched(self, buffer: Buffer, weight: str) -> list[int]:
        members = self._members(buffer, weight)
        return [
            number
            for number, block in enumerate(self.shared.blocks)
            if block.table.name == weight and np.isin(members, block.block.members).any()
        ]

    def _gradient_copies(self) -> Iterator[Item]:
        """Adjoints that were computed elsewhere, put in their places."""
        for buffer, weight in self._adjoint_buffers():
            if buffer.name in self.given:
                continue
            storage = self.program.storages[buffer.name]
            labels = [str(axis) for axis in storage.order]
            lying = transposed(nodes.name(storage.identifier), labels, sorted(labels, key=int))
            words = {number: self._gradient_word(number) for number in self._touched(buffer, weight)}
            shape = [self.symbols.extent(extent) for extent in buffer.shape]
            yield from self._entered(buffer, weight, lying, words, shape)

    def _entered(
        self,
        buffer: Buffer,
        weight: str,
        lying: ast.expr,
        words: Mapping[int, str],
        shape: Sequence[ast.expr],
    ) -> Iterator[ast.stmt]:
        """What belongs to the members of a buffer, put where the views ``words`` have them.

        ``lying`` has the family axes of the buffer and axes of the extents ``shape``.
        """
        members = self._members(buffer, weight)
        for number in self._touched(buffer, weight):
            block = self.shared.blocks[number].block.members
            view: ast.expr = nodes.name(words[number])
            value = lying
            if not np.array_equal(members, block):
                own = [self.symbols.extent(extent) for extent in buffer.shape]
                mine = np.flatnonzero(np.isin(members, block))
                view = nodes.indexed(
                    nodes.method(view, "reshape", nodes.number(-1), *own),
                    [_places(np.searchsorted(block, members[mine]))],
                )
                value = nodes.indexed(
                    nodes.method(lying, "reshape", nodes.number(-1), *shape), [_places(mine)]
                )
            if not isinstance(view, ast.Subscript):
                view = ast.Subscript(view, ast.Constant(...), ast.Load())
            yield nodes.assign(view, value)

    # --- what goes out --------------------------------------------------------------------------------

    def _result(self, differentiated: bool) -> ast.expr:
        held = {name: (nodes.name(s.identifier), s.order) for name, s in self.program.storages.items()}
        gradient: ast.expr = nodes.name("gradient")
        if self.selectors:
            held |= {name: (nodes.name(total), held[name][1]) for name, _, total in self._totals()}
            gradient = nodes.name(self._gradient_total())
        values: list[ast.expr] = [
            self.outside.output(self.schedule, name, held) for name in self.network.outputs
        ]
        if self.scales is not None:
            scales = [self.scales.output(name) for name in self.network.outputs]
            values = [nodes.group(pair) for pair in zip(values, scales, strict=True)]
            gradient = nodes.group([gradient, nodes.name("gradient_scale")])
        if len(values) == 1:
            result = values[0]
        else:
            result = ast.Dict([nodes.number(name) for name in self.network.outputs], values)
        return nodes.group([result, gradient]) if differentiated else result

    def _documentation(self, words: dict[str, str], differentiated: bool) -> Iterator[str]:
        outputs = ", ".join(f"`{name}`" for name in self.network.outputs)
        if not differentiated:
            yield f"The value of {outputs} for the weights `w`" + (" and the data." if words else ".")
        else:
            yield f"The value of {outputs}, and the gradient of its product with `cotangent` (ones if there is none)."
            yield ""
            yield "The gradient has the shape of `w`" + (" and is summed over the samples." if words else ".")
        if self.scales is not None:
            yield ""
            yield "Each result is a pair (mantissa, scale) and stands for mantissa * 2**scale."
            if differentiated:
                yield "`cotangent_scale` is that of the cotangent, 0 if there is none."
        if self.schedule.slices is not None:
            yield ""
            yield f"Sums are taken in {self.schedule.slices.count} slices, 0, 1, ..., one after the other; `slices` says which"
            yield "of them are added up (all if it is None)."


def _unpacked(views: Sequence[str], vector: str) -> ast.stmt:
    targets = ast.Tuple([nodes.name(view) for view in views], ast.Load())
    return nodes.assign(targets, nodes.call(nodes.name("unpack"), nodes.name(vector)))


def _places(places: Ints) -> ast.expr:
    """A subscript for some positions of an axis."""
    if (np.diff(places) == 1).all():
        return ast.Slice(nodes.number(int(places[0])), nodes.number(int(places[-1]) + 1))
    return ast.List([nodes.number(int(place)) for place in places], ast.Load())
