"""`score_and_gradient`: cotangents come in, the blocks of the gradient go out."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tncompile.codegen.arrays.alignment import transposed
from tncompile.codegen.entries.entry import (
    CALLED,
    CAREFUL,
    Entry,
    again,
    function_of,
    one_family_axis,
    places_of,
    unpacked,
)
from tncompile.codegen.entries.outside_scales import OutsideScales
from tncompile.codegen.entries.shapes import spread
from tncompile.codegen.python import nodes
from tncompile.codegen.python.text import Block, Item, Text
from tncompile.network import Ints
from tncompile.network.values.sets import within
from tncompile.plan.schedule import Buffer


class Differentiated(Entry):
    """Writes `score_and_gradient`; one that tries falls back on `careful_gradient`, the same of another schedule."""

    def function(self, called: str = CALLED) -> Block:
        """The whole function."""
        core = [*self._cotangents(), *self._weights_in(), *self._data_in()]
        core += self._in_slices() if self.selectors else self._evaluation()
        core = [*self._with_pieces(called, core), ast.Return(self._result())]
        head: list[Item] = [again(CALLED) if called == CAREFUL[CALLED] else Text((*self._documentation(),))]
        if self.schedule.tries:
            head += self._remembered(["w", *self.words.values(), "cotangent", "cotangent_scale"])
        head += [self._taken_weights(), *self._taken()]
        optional = ["cotangent"] + ["slices"] * bool(self.selectors)
        optional += ["cotangent_scale"] * (self.scales is not None)
        body = [*head, *self._counted(core), *core]
        return function_of(called, ["w", *self.words.values()], optional, body, self._quiet())

    def _evaluation(self, first: int = 0) -> list[Item]:
        """The steps from a node on, and what belongs to the gradient around them."""
        scales = [] if self.scales is None else self._gradient_scales(self.scales)
        found = [*self._gradient_views(), *super()._evaluation(first), *self._gradient_copies()]
        return [*found, *self._checked(), *scales]

    def _adding(self, start: int) -> tuple[list[Item], list[Item], list[Item]]:
        before, each, behind = super()._adding(start)
        if self.scales is not None:
            before = [*self._gradient_views(), *before]
            behind = [*behind, *self._gradient_copies(), *self._gradient_scales(self.scales)]
        return before, each, behind

    def _checked(self) -> Iterator[Item]:
        """What is returned where adjoints of a balanced gradient went out of range, or the score behind the last state."""
        balance = self.schedule.balance
        if balance is None:
            return
        buffers = (balance.scale, balance.cotangent, *balance.sizes)
        words = [nodes.name(self.program.storages[name].identifier) for name in buffers]
        sound = nodes.call(nodes.name("in_range"), nodes.name("gradient"), *words)
        yield self._again(CALLED, [ast.UnaryOp(ast.Not(), sound)])

    def _summed(self) -> dict[str, str]:
        return super()._summed() | {"gradient": self._gradient_total()}

    def _gradient_total(self) -> str:
        return self.shared.names.give(("sum", "gradient"), "gradient_sum")

    # --- what comes in ----------------------------------------------------------------------------

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
        whole = self.outside.is_array(buffer.tensor.removesuffix("_bar"))
        absent = ast.Compare(nodes.name("cotangent"), [ast.Is()], [ast.Constant(None)])
        if whole:
            shape = self.outside.shape(buffer.tensor, buffer)
            given = domain.call("asarray", ast.IfExp(absent, nodes.number(1), source), dtype)
            word = self.program.storages[name].identifier
            yield nodes.assign(word, spread(ast.unparse(source), given, shape))
            statement = self.program.arrived(
                name, self.outside.input_array(buffer.tensor, nodes.name(word), buffer, whole)
            )
        else:
            extents = nodes.group([self.symbols.extent(e) for e in self.outside.inner(buffer)])
            ones = domain.call("ones", extents, dtype)
            members = self.outside.input_array(buffer.tensor, source, buffer, whole)
            given = domain.call("asarray", members, dtype)
            statement = self.program.arrived(name, ast.IfExp(absent, ones, given))
        if statement is not None:
            yield statement

    # --- gradients ----------------------------------------------------------------------------------

    def _adjoints(self) -> dict[str, str]:
        """The outputs that are gradients, with their weights."""
        names = set(self.schedule.network.outputs).difference(self.network.outputs)
        return {f"{weight}_bar": weight for weight in self.shared.numbers if f"{weight}_bar" in names}

    def _direct(self) -> dict[str, int]:
        """The buffers that are exactly one block of the gradient, with the number of that block."""
        found: dict[str, int] = {}
        for adjoint, weight in self._adjoints().items():
            for access in self.schedule.outputs[adjoint]:
                buffer = self.schedule.buffers[access.buffer]
                for number in self.shared.numbers[weight]:
                    block = self.shared.blocks[number].block
                    if np.array_equal(self._members(buffer, weight), block.members):
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
        called = "empty_like" if covered == wanted and self.sums is None else "zeros_like"
        yield nodes.assign("gradient", domain.call(called, nodes.name("w")))
        views = ["_"] * len(self.shared.blocks)
        for name, number in self.given.items():
            views[number] = self._adjoint_word(name)
        for buffer, weight in self._adjoint_buffers():
            for number in self._touched(buffer, weight):
                if views[number] == "_":
                    views[number] = self._gradient_word(number)
        if any(view != "_" for view in views):
            yield unpacked(views, "gradient")

    def _gradient_scales(self, scales: OutsideScales) -> Iterator[Item]:
        """The exponents of the gradient, each beside its mantissa."""
        balance, shape = self.schedule.balance, nodes.attribute(nodes.name("w"), "shape")
        if balance is not None:
            shared = nodes.call(
                nodes.name("finished"), nodes.name(self.program.storages[balance.shared].identifier)
            )
            yield nodes.assign("gradient_scale", self.symbols.domain.call("broadcast_to", shared, shape))
            return
        vector = self.symbols.domain.call("zeros", shape, self.symbols.domain.function("int64"))
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
        yield unpacked(
            [words.get(number, "_") for number in range(len(self.shared.blocks))], "gradient_scale"
        )
        for buffer, weight in self._adjoint_buffers():
            if buffer.name in self.schedule.exponents:
                flat = [nodes.number(1)] * len(buffer.shape)
                yield from self._entered(buffer, weight, scales.beside(buffer), words, flat)

    def _gradient_word(self, number: int) -> str:
        view = self.shared.view(self.schedule, number)
        return self.shared.names.give(("gradient", number), f"{view}_gradient")

    def _adjoint_word(self, name: str) -> str:
        """The variable of a buffer of adjoints; of what slices add up, where they have exponents."""
        return self.program.storages[name].identifier if self.sums is None else self.sums.of[name].mantissas

    def _adjoint_buffers(self) -> list[tuple[Buffer, str]]:
        return [
            (self.schedule.buffers[access.buffer], weight)
            for adjoint, weight in self._adjoints().items()
            for access in self.schedule.outputs[adjoint]
        ]

    def _touched(self, buffer: Buffer, weight: str) -> list[int]:
        members = self._members(buffer, weight)
        return [
            number
            for number in self.shared.numbers[weight]
            if within(members, self.shared.blocks[number].block.members).any()
        ]

    def _gradient_copies(self) -> Iterator[Item]:
        """Adjoints that were computed elsewhere, put in their places."""
        for buffer, weight in self._adjoint_buffers():
            if buffer.name in self.given:
                continue
            storage = self.program.storages[buffer.name]
            labels = [str(axis) for axis in storage.order]
            lying = transposed(nodes.name(self._adjoint_word(buffer.name)), labels, sorted(labels, key=int))
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
            whole = self.shared.blocks[number]
            block = whole.block.members
            view: ast.expr = nodes.name(words[number])
            value = lying
            if not np.array_equal(members, block):
                own = [self.symbols.extent(extent) for extent in buffer.shape]
                mine = np.flatnonzero(within(members, block))
                view = nodes.indexed(
                    one_family_axis(whole, view, own),
                    [places_of(np.searchsorted(block, members[mine]), len(block))],
                )
                value = nodes.indexed(
                    nodes.method(lying, "reshape", nodes.number(-1), *shape), [places_of(mine, len(members))]
                )
            if not isinstance(view, ast.Subscript):
                view = ast.Subscript(view, ast.Constant(...), ast.Load())
            yield nodes.assign(view, value)

    # --- what goes out --------------------------------------------------------------------------------

    def _result(self) -> ast.expr:
        gradient: ast.expr = nodes.name(
            "gradient" if self.sums or not self.selectors else self._gradient_total()
        )
        if self.scales is not None:
            gradient = nodes.group([gradient, nodes.name("gradient_scale")])
        return nodes.group([self._value(), gradient])

    def _documentation(self) -> Iterator[str]:
        yield f"The value of {self._outputs()}, and the gradient of its product with `cotangent` (ones if there is none)."
        yield ""
        yield "The gradient has the shape of `w`" + (
            " and is summed over the samples." if self.words else "."
        )
        yield "The cotangent has the shape of the value" + (
            ", for each output by name." if len(self.network.outputs) > 1 else "; a number stands for all."
        )
        yield from self._shapes()
        yield from self._notes()
        if self.scales is not None:
            yield ""
            yield "`cotangent_scale` is that of the cotangent: whole numbers, in the shape of a scale; 0 if there is none."
