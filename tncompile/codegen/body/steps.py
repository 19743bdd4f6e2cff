"""One step of a schedule as statements, and what it costs over given memory."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import lru_cache, partial, reduce

from tncompile.codegen.arrays.alignment import Value, aligned, transposed
from tncompile.codegen.arrays.contraction import Contraction, Contractor, ordered, plan_contraction
from tncompile.codegen.arrays.places import into
from tncompile.codegen.arrays.reading import Reading, Storage, reading
from tncompile.codegen.arrays.strided import Strided, copy_cost, elementwise_cost, reduction_cost
from tncompile.codegen.arrays.windows import parts_of, turned
from tncompile.codegen.body.access import Accessor
from tncompile.codegen.body.memory import Memory, is_copied, is_copy, is_large
from tncompile.codegen.body.scaling import (
    balanced,
    followed,
    measured,
    multiplied,
    rescaled,
    scaled_function,
)
from tncompile.codegen.python import nodes
from tncompile.codegen.python.functions import function
from tncompile.codegen.python.symbols import Symbols
from tncompile.codegen.python.text import Block, Item
from tncompile.network import Expr, Extent, Negative
from tncompile.plan.samples import usual
from tncompile.plan.schedule import Access, Span, Step
from tncompile.source.records import record


def step_cost(
    step: Step,
    operands: tuple[Strided, ...],
    result: Strided,
    fresh: bool,
    sizes: tuple[tuple[str, int], ...],
) -> float:
    """The time of a step in nanoseconds, roughly, on the average of all rounds; ``fresh`` says that its result is
    an array of its own, ``sizes`` the extent of each label."""
    rounds = 1 if step.turn is None else step.turn[1]
    return _cost(step.op, operands, result, fresh, step.summed, sizes) / rounds


@lru_cache(maxsize=100_000)
def _cost(
    op: str,
    operands: tuple[Strided, ...],
    result: Strided,
    fresh: bool,
    summed: tuple[str, ...],
    extents: tuple[tuple[str, int], ...],
) -> float:
    """The time of a step, which steps that are alike share."""
    sizes = dict(extents)
    if op == "contract":
        return plan_contraction(operands, result, fresh, sizes).cost
    if op == "measure":
        return 2 * reduction_cost(operands[0], summed, sizes)
    if op in ("rescale", "balance", "follow"):
        again = elementwise_cost(operands[0].labels, [operands[0]], sizes)
        return 2 * reduction_cost(operands[0], summed, sizes) + again
    if op == "reduce":
        rest = Strided.dense(label for label in operands[0].labels if label not in summed)
        return reduction_cost(operands[0], summed, sizes) + copy_cost(rest, result.labels, sizes)
    return elementwise_cost(result.labels, [*operands, result], sizes) * max(1, len(operands))


def label_sizes(step: Step, batch: str | None) -> dict[str, int]:
    """The extent of each label as costs see it: the number of samples, known only later, is taken as 256."""
    return {label: usual(extent, batch) for label, extent in step.labels.items()}


@record
class StepWriter:
    """Writes steps over buffers whose places in memory are known."""

    symbols: Symbols
    accessor: Accessor
    storages: Mapping[str, Storage]
    leaving: frozenset[str] = frozenset()  # buffers that are results: never a view of something else
    memory: Memory = field(default_factory=Memory)
    reuses: bool = False  # large results are written into places, not put together from fresh arrays
    sees: bool = False  # sizes of what is brought to size are kept, to be looked at (see `Schedule.tries`)

    def write(self, step: Step, bound: bool) -> list[Item]:
        """The statements of a step; ``bound`` says that the result's name is given a new array.

        There are none for a copy of what lies in its place already.
        """
        if is_copy(step) and self.memory.over.get(step.result.buffer) == step.operands[0].buffer:
            return []
        target = reading(step.result, self.storages[step.result.buffer])
        labels = target.strided.labels
        domain = self.symbols.domain
        if step.op == "contract":
            return [*self._contract(step, target, bound)]
        parts = parts_of(step) if step.op == "reduce" else None
        operands = [self._read(access) for access in parts or step.operands]
        if step.op in ("rescale", "follow"):
            return self._in_turn(step, self._changed(step, operands, target, bound))
        if step.op == "balance":
            changed = balanced(step, operands[0], operands[1])
            return self._in_turn(step, self._pair(operands[1], target, bound, *changed))
        if step.op == "reduce" and len(step.operands) > 1:
            return self._product(step, operands, target, bound)
        if step.op == "measure":
            value = measured(step, operands[0], operands[1] if len(operands) > 1 else None)
        elif parts is not None:
            value = self._joined(step, operands)
        elif step.op == "reduce":
            value = self._reduced(step, operands[0])
        elif step.op == "combine":
            value = self._combined(step, operands, _carried(labels, operands))
        else:
            order = _carried(labels, operands)
            number = self.symbols.exponent if step.function == "^" else self.symbols.number
            arguments = [
                aligned(operands[a], order) if isinstance(a, int) else number(a) for a in step.arguments
            ]
            expr = scaled_function(step, arguments, domain)
            value = Value(expr or function(step.function, arguments, domain), Strided.dense(order))
        return [*self._store(step, value, target, bound)]

    def extent(self, step: Step) -> _Extents:
        """The extents of the labels of a step, as expressions."""
        return _Extents(step, self.symbols)

    def _read(self, access: Access) -> Value:
        return self.accessor.read(reading(access, self.storages[access.buffer]), self.symbols.domain)

    def _contract(self, step: Step, target: Reading, bound: bool) -> list[ast.stmt]:
        labels = target.strided.labels
        fresh = bound or bool(target.gathers)
        result = Strided.dense(labels) if fresh else target.strided
        sizes = label_sizes(step, self.symbols.batch)
        readings = [reading(access, self.storages[access.buffer]) for access in step.operands]
        if any(one.gathers for one in readings):
            readings = turned(readings, result, fresh, sizes)
        operands = [self.accessor.read(one, self.symbols.domain) for one in readings]
        plan = plan_contraction([value.array for value in operands], result, fresh, sizes)
        contractor = Contractor(self.symbols.domain, self.extent(step), sizes)
        factor = self._factor(step, operands)
        if (
            plan.product is not None
            and factor is None
            and not bound
            and self._writes_into(step, target, plan)
        ):
            place = self.accessor.view(target)
            written = contractor.place(plan.product, place)
            if written is not None:
                left, right = contractor.operands(plan, operands)
                return [ast.Expr(self.symbols.domain.call("matmul", left, right, out=written))]
            if plan.product.left is None and not plan.product.summed and plan.core == labels and labels:
                arguments = [aligned(value, labels) for value in contractor.reduced(plan, operands)]
                return [ast.Expr(self.symbols.domain.call("multiply", *arguments, out=place.expr))]
        return self._store(step, contractor.value(plan, operands, factor), target, bound)

    def _writes_into(self, step: Step, target: Reading, plan: Contraction) -> bool:
        plain = self.symbols.domain.plain and not target.gathers
        return plain and (not any(plan.alone) or self._is_copied(step))

    def _is_copied(self, step: Step) -> bool:
        """Is so much written that it matters where?"""
        domain = self.symbols.domain
        return domain.plain and is_copied(self._written(step), self.symbols.batch, domain.dtype)

    def _is_large(self, step: Step) -> bool:
        """Is so much written that each statement should write there?"""
        return self.reuses and is_large(self._written(step), self.symbols.batch, self.symbols.domain.dtype)

    def _written(self, step: Step) -> list[Extent]:
        labels = [*step.result.indices, *(s.label for s in step.result.subscripts if isinstance(s, Span))]
        return [step.labels[label] for label in labels]

    def _factor(self, step: Step, operands: Sequence[Value]) -> ast.expr | None:
        """The coefficient, times the extents of labels that are summed though no operand carries them."""
        factors = [self.symbols.number(c) for c in step.coefficients if c is not None]
        extents = self.extent(step)
        carried = {label for value in operands for label in value.labels}
        factors += [extents(label) for label in step.summed if label not in carried]
        return reduce(self.symbols.domain.multiply, factors) if factors else None

    def _reduced(self, step: Step, value: Value) -> Value:
        axes = [axis for axis, label in enumerate(value.labels) if label in step.summed]
        kept = Strided.dense(label for label in value.labels if label not in step.summed)
        called = step.function or "prod"
        expr, domain = value.expr, self.symbols.domain
        if axes:
            arguments: dict[str, ast.expr] = {"axis": nodes.integers(axes)} if kept.labels else {}
            if self.storages[step.result.buffer].buffer.exponents and domain.namespace == "np":
                arguments["initial"] = nodes.name("EMPTY")  # there may be no samples
            expr = (
                domain.product(expr, **arguments)
                if called == "prod"
                else nodes.method(expr, called, **arguments)
            )
        if called == "prod":
            extents = self.extent(step)
            for label in step.summed:
                if label not in value.labels:
                    expr = domain.power(expr, extents(label))
        return Value(expr, kept, value.gathered)

    def _joined(self, step: Step, operands: Sequence[Value]) -> Value:
        """A reduction of arrays that lie apart."""
        domain = self.symbols.domain
        called = step.function or "prod"
        join = domain.multiply if called == "prod" else partial(domain.call, f"{called}imum")
        order = operands[0].labels
        return Value(reduce(join, (aligned(value, order) for value in operands)), Strided.dense(order))

    def _changed(self, step: Step, operands: Sequence[Value], target: Reading, bound: bool) -> Iterator[Item]:
        """The exponents or sizes of mantissas that are changed in their place."""
        if not operands[0].labels and isinstance(operands[0].expr, ast.Name):
            array = self.symbols.domain.call("asarray", operands[0].expr, nodes.name("DTYPE"))
            yield nodes.assign(operands[0].expr, array)
        write = partial(rescaled, seen=self.sees) if step.op == "rescale" else followed
        value = write(step, operands[0], operands[1] if len(operands) > 1 else None)
        yield from self._store(step, value, target, bound)

    def _in_turn(self, step: Step, items: Iterable[Item]) -> list[Item]:
        """What is done in some rounds of a loop only."""
        if step.turn is None:
            return list(items)
        variable, rounds = step.turn
        word = self.symbols.variable(variable)
        moved = nodes.binary(word, ast.Add(), nodes.number(step.offset)) if step.offset else word
        turn = nodes.binary(moved, ast.Mod(), nodes.number(rounds))
        due = ast.Compare(turn, [ast.Eq()], [nodes.number(0)])
        return [Block(ast.If(due, [], []), list(items))]

    def _product(self, step: Step, operands: Sequence[Value], target: Reading, bound: bool) -> list[Item]:
        """A product and its exponents."""
        labels = target.strided.labels
        value = multiplied(step, operands[0], operands[1], labels, self.symbols.domain, self.extent(step))
        return self._pair(operands[1], target, bound, value, labels)

    def _pair(
        self, exponents: Value, target: Reading, bound: bool, value: ast.expr, labels: Sequence[str]
    ) -> list[Item]:
        """Two results at once: that of a step, and the exponents that it changes, both in the order of ``labels``."""
        name = nodes.name(target.storage.identifier)
        found = Value(name, Strided.dense(target.strided.labels)) if bound else self.accessor.view(target)
        targets: list[ast.expr] = []
        turned: list[Item] = []
        for place in (found, exponents):
            kept = [label for label in labels if label in place.labels]
            if isinstance(place.expr, ast.Name) and (bound or place is exponents):
                targets.append(place.expr)
                back = transposed(place.expr, kept, place.labels)
                turned += [] if back is place.expr else [nodes.assign(place.expr, back)]
            else:
                lying = aligned(place, kept)
                whole = ast.Subscript(lying, ast.Constant(...), ast.Load())
                targets.append(lying if isinstance(lying, ast.Subscript) else whole)
        return [nodes.assign(nodes.group(targets), value), *turned]

    def _combined(self, step: Step, operands: Sequence[Value], labels: tuple[str, ...]) -> Value:
        total: ast.expr | None = None
        coefficients = step.coefficients or (None,) * len(operands)
        terms = [(c, aligned(value, labels)) for value, c in zip(operands, coefficients, strict=True)]
        first_is_negative = bool(coefficients) and isinstance(coefficients[0], Negative)
        if step.constant is not None and first_is_negative:
            total = self._added(total, step.constant, None)
        for coefficient, term in terms:
            total = self._added(total, coefficient, term)
        if step.constant is not None and not first_is_negative:
            total = self._added(total, step.constant, None)
        if total is None:
            return Value(nodes.number(0), Strided.dense(labels))
        if isinstance(total, ast.BinOp):
            total = self.symbols.domain.finished(total)
        return Value(total, Strided.dense(labels), any(value.gathered for value in operands))

    def _added(self, total: ast.expr | None, coefficient: Expr | None, term: ast.expr | None) -> ast.expr:
        factor = None if coefficient is None else self.symbols.number(coefficient)
        negative = isinstance(factor, ast.UnaryOp)
        if isinstance(factor, ast.UnaryOp):
            factor = factor.operand
        if term is None:
            part = factor or nodes.number(1)
        elif factor is None or (isinstance(factor, ast.Constant) and factor.value == 1):
            part = term
        else:
            part = self.symbols.domain.multiply(factor, term)
        if total is None:
            return ast.UnaryOp(ast.USub(), part) if negative else part
        return nodes.binary(total, ast.Sub() if negative else ast.Add(), part)

    def _store(self, step: Step, value: Value, target: Reading, bound: bool) -> list[ast.stmt]:
        labels = target.strided.labels
        if not bound:
            return self._placed(step, value, target)
        name, domain = target.storage.identifier, self.symbols.domain
        value = self._narrowed(step, value, target)
        core = [label for label in labels if label in value.labels]
        alone = not step.operands  # a number, but what is measured, and results, are arrays
        if len(core) < len(labels) or alone:
            shape = nodes.group([self.extent(step)(label) for label in labels])
            if not core:
                kind = self.symbols.dtype(target.storage.buffer)
                if isinstance(value.expr, ast.Constant) and value.expr.value == 0:
                    return [nodes.assign(name, domain.call("zeros", shape, kind))]
                return [nodes.assign(name, domain.call("full", shape, value.expr, kind))]
            spread = domain.call("broadcast_to", aligned(value, labels), shape)
            return [nodes.assign(name, nodes.method(spread, "copy"))]
        if target.storage.buffer.exponents and self._stays(step) and value.labels == labels:
            return [nodes.assign(name, value.expr)]
        if self._is_finished(step, value):
            return [nodes.assign(name, transposed(value.expr, value.labels, labels))]
        if len(step.operands) == 1 and labels and not value.gathered and _is_view(value.expr):
            lying = transposed(value.expr, value.labels, labels)
            apart = step.result.buffer in self.leaving or target.storage.buffer.exponents
            apart = apart or self._changes(step.operands[0].buffer)
            copy = nodes.method(lying, "copy") if apart else domain.call("ascontiguousarray", lying)
            return [nodes.assign(name, copy)]
        return [nodes.assign(name, ordered(value, labels, domain))]

    def _narrowed(self, step: Step, value: Value, target: Reading) -> Value:
        """The value, in the dtype of its place if it was computed in a wider one."""
        wide = any(self.storages[access.buffer].buffer.wide for access in step.operands)
        if not wide or target.storage.buffer.wide or target.storage.buffer.exponents:
            return value
        expr = nodes.method(value.expr, "astype", nodes.name("DTYPE"))
        return Value(expr, value.array, value.gathered)

    def _placed(self, step: Step, value: Value, target: Reading) -> list[ast.stmt]:
        """A value put into its place."""
        labels, domain = target.strided.labels, self.symbols.domain
        place = self.accessor.view(target)
        if labels and self._is_copied(step) and not target.gathers and set(value.labels) == set(labels):
            apart = self._is_large(step) and step.op != "contract"
            apart = apart and step.result.buffer not in self.memory.over
            apart = apart and all(access.buffer != step.result.buffer for access in step.operands)
            arrays = {storage.identifier for storage in self.storages.values()}
            lying = transposed(place.expr, labels, value.labels)
            written = into(value.expr, lying, domain, arrays, several=apart)
            if written is not None:
                return written
        expr = place.expr
        if not isinstance(expr, ast.Subscript):
            expr = ast.Subscript(expr, ast.Constant(...), ast.Load())
        return [nodes.assign(expr, aligned(value, labels))]

    def _changes(self, name: str) -> bool:
        """May the array of a buffer be written to again, so that nothing else may share its memory?"""
        buffer = self.storages[name].buffer
        again = bool(buffer.rolling) or buffer.exponents or name in self.memory.slots
        return buffer.role == "value" and again

    def _stays(self, step: Step) -> bool:
        """Are exponents read that are not written again, so that they may be shared? A variable is only ever bound anew."""
        if len(step.operands) != 1:
            return False
        source = self.storages[step.operands[0].buffer].buffer
        return not source.family or not source.rolling

    def _is_finished(self, step: Step, value: Value) -> bool:
        """Is the value a whole buffer that nothing writes to any more, in need of no copy?"""
        if not isinstance(value.expr, ast.Name) or not step.operands:
            return False
        name = step.operands[0].buffer
        return self.storages[name].buffer.role == "value" and not self._changes(name)


@record
class _Extents:
    """The extents of the labels of a step, as expressions."""

    step: Step
    symbols: Symbols

    def __call__(self, label: str) -> ast.expr:
        return self.symbols.extent(self.step.labels[label])


def _carried(labels: Sequence[str], operands: Sequence[Value]) -> tuple[str, ...]:
    """Those labels that an operand has."""
    return tuple(label for label in labels if any(label in value.labels for value in operands))


def _is_view(expr: ast.expr) -> bool:
    """Is the expression a variable, a part of it or its axes in another order, and nothing more?"""
    match expr:
        case ast.Subscript(value=inner) | ast.Attribute(value=inner, attr="T"):
            return _is_view(inner)
        case ast.Call(func=ast.Attribute(value=inner, attr="transpose")):
            return _is_view(inner)
    return isinstance(expr, ast.Name)


__all__ = ["StepWriter", "step_cost"]
