"""Values of a network modulo a prime, member by member from its equations: slow, simple, and without the compiler.

This is what certificates are checked with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import prod

import numpy as np

from tncompile.expressivity.certificates.plain_arrays import POINTS, Label, Named, added, contracted, powered
from tncompile.expressivity.evaluation.residues import imaginary_unit
from tncompile.expressivity.result import Member
from tncompile.network import (
    Add,
    Binary,
    Call,
    Expr,
    Index,
    ListExpr,
    Loop,
    Looped,
    Multiply,
    Negative,
    Network,
    Number,
    Over,
    Range,
    Reduce,
    Rows,
    RuleClass,
    Tensor,
    Use,
    children,
    nodes_of,
)
from tncompile.network.values.exact import exact_numbers
from tncompile.source import TnError

Given = Callable[[Member, tuple[int, ...]], Named]


def evaluated(net: Network, given: Given, prime: int) -> Named:
    """The only output of a network. ``given`` says inputs and weights of a shape: labels for axes of points only.

    Raises TnError for functions that are no polynomials, ZeroDivisionError for a zero denominator.
    """
    return _Evaluation(net, given, prime).run()


class _Evaluation:
    def __init__(self, net: Network, given: Given, prime: int) -> None:
        self.net, self.prime, self._given = net, prime, given
        self.unit = imaginary_unit(prime)
        self.values: dict[Member, Named] = {}
        self.extents: dict[Label, int] = {}
        self.sums = 0

    def run(self) -> Named:
        """The value of the output, after everything that it is made from."""
        rules: dict[Member, tuple[RuleClass, int]] = {}
        for rule in self.net.tables.classes:
            for row, target in enumerate(rule.target.tolist()):
                rules[self._at(rule.definition.name, target)] = rule, row
        (name,) = self.net.outputs
        stack: list[Member] = [(name, ())]
        while stack:
            rule, row = rules[stack[-1]]
            needed = [m for m in self._used(rule, row) if m in rules and m not in self.values]
            if needed:
                stack += needed
            else:
                member = stack.pop()
                if member not in self.values:
                    self.values[member] = self._rule(rule, row)
        return self.values[name, ()]

    def _at(self, name: str, position: int) -> Member:
        return name, tuple(self.net.tables.tensors[name].members[position].tolist())

    def _used(self, rule: RuleClass, row: int) -> list[Member]:
        return [self._at(u.use.name, p) for u in rule.uses for p in u.positions[u.parent == row].tolist()]

    def _rule(self, rule: RuleClass, row: int) -> Named:
        """The value of a member: axes of points, which have labels, and then its own."""
        rows = rule.rows.take(np.array([row]))
        self.extents = {self._label(index, rows): e.value for index, e in rule.extents.items()}
        self._learn_extents(rule.equation, rows)
        value = self._value(rule.equation, rows)
        points = tuple(label for label in POINTS if label in value.labels)
        free = [self._label(index, rows) for index in rule.free]
        shape = [value.size_of(label) for label in points] + [self.extents[label] for label in free]
        return Named(np.broadcast_to(value.aligned((*points, *free)), shape), points)

    # --- wires and members ------------------------------------------------------------------------

    def _numbers(self, subscripts: tuple[Expr, ...], rows: Rows) -> tuple[int, ...]:
        return tuple(int(self.net.scope.integers(subscript, rows)[0]) for subscript in subscripts)

    def _label(self, index: Index, rows: Rows) -> Label:
        return index.name, self._numbers(index.subscripts, rows)

    def _rounds(self, argument: Looped, rows: Rows) -> list[Rows]:
        inner, _ = self.net.scope.expand(argument.loops, rows)
        return [inner.take(np.array([number])) for number in range(inner.count)]

    def _each(self, argument: Looped, rows: Rows) -> Iterator[Rows]:
        """The rounds one after the other, the extents of their own wires known."""
        for inner in self._rounds(argument, rows):
            self._learn_extents(argument.body, inner)
            yield inner

    def _learn_extents(self, expr: Expr, rows: Rows) -> None:
        """Learns the extents of wires from the tensors that carry them."""
        if isinstance(expr, Use):
            if expr.name not in ("delta", "one"):
                own = self._tensor((expr.name, self._numbers(expr.subscripts, rows)))
                for index, extent in zip(expr.indices, own.array.shape[len(own.labels) :], strict=True):
                    self.extents[self._label(index, rows)] = extent
        elif isinstance(expr, Reduce):
            for argument in expr.arguments:
                for inner in self._rounds(argument, rows):
                    self._learn_extents(argument.body, inner)
        else:
            for child in children(expr):
                if isinstance(child, Expr):
                    self._learn_extents(child, rows)

    def _tensor(self, member: Member) -> Named:
        """The value of a member; its own axes have no labels."""
        if member not in self.values:
            tensor = self.net.tensors[member[0]]
            table = self.net.tables.tensors[member[0]]
            position = int(table.find(np.array([member[1]], np.int64).reshape(1, -1))[0])
            shape = tuple(extent.value for extent in table.blocks[int(table.block_of[position])].shape)
            constant = tensor.role == "constant"
            found = self._constant(tensor, position, shape) if constant else self._given(member, shape)
            self.values[member] = found
        return self.values[member]

    def _constant(self, tensor: Tensor, position: int, shape: tuple[int, ...]) -> Named:
        assert tensor.value is not None
        size = prod(shape)
        if isinstance(tensor.value, ListExpr):
            entries = _entries(tensor.value)
            first = position * size if len(entries) > size else 0
            values = [exact_numbers(self.net.scope, entry)[0] for entry in entries[first : first + size]]
        else:
            owner = self.net.scope.family(tensor.family).take(np.array([position]))
            loops = [
                Loop((axis.variable or f"[{number}]",), Range(axis.first or Number("1"), axis.extent))
                for number, axis in enumerate(tensor.axes)
            ]
            rows, _ = self.net.scope.expand(loops, owner)
            values = exact_numbers(self.net.scope, tensor.value, rows)
        return Named(np.array([self._residue(*value) for value in values], np.int64).reshape(shape), ())

    def _residue(self, real: Fraction, imaginary: Fraction) -> int:
        parts = [v.numerator * pow(v.denominator, -1, self.prime) for v in (real, imaginary)]
        return (parts[0] + self.unit * parts[1]) % self.prime

    # --- expressions --------------------------------------------------------------------------------

    def _value(self, expr: Expr, rows: Rows) -> Named:
        match expr:
            case Use():
                return self._use(expr, rows)
            case Multiply() | Reduce(op="prod") | Over(op="sum"):
                summed, factors = self._product(expr, rows)
                return contracted(factors, summed, self.extents, self.prime)
            case Reduce(op="sum", arguments=arguments):
                parts = [self._value(a.body, inner) for a in arguments for inner in self._each(a, rows)]
                return added(parts, self.prime) if parts else Named(np.zeros((), np.int64), ())
        if not any(isinstance(node, Use) for node in nodes_of(expr)):
            return Named(np.array(self._residue(*exact_numbers(self.net.scope, expr, rows)[0])), ())
        match expr:
            case Negative(operand=operand):
                return self._signed(self._value(operand, rows), -1)
            case Add(terms=terms, signs=signs):
                parts = [self._signed(self._value(t, rows), s) for t, s in zip(terms, signs, strict=True)]
                return added(parts, self.prime)
            case Binary(op="^", left=left, right=right):
                return powered(self._value(left, rows), self._numbers((right,), rows)[0], self.prime)
            case Call(function="conj", arguments=(argument,)) if self.net.field == "real":
                return self._value(argument, rows)
        raise TnError("only polynomials can be checked modulo a prime")

    def _signed(self, value: Named, sign: int) -> Named:
        return Named(value.array * sign % self.prime, value.labels)

    def _product(self, expr: Expr, rows: Rows) -> tuple[list[Label], list[Named]]:
        """The labels that are summed in an expression, and the factors of what stands inside."""
        if isinstance(expr, Over) and expr.op == "sum":
            summed, factors = self._product(expr.body, rows)
            own = {self._label(index, rows): self._own_label(index, rows) for index in expr.indices}
            renamed = [Named(f.array, tuple(own.get(label, label) for label in f.labels)) for f in factors]
            return [*summed, *own.values()], renamed
        if isinstance(expr, Multiply):
            parts = [
                ([], [powered(self._value(f, rows), -1, self.prime)]) if below else self._product(f, rows)
                for f, below in zip(expr.factors, expr.inverted, strict=True)
            ]
        elif isinstance(expr, Reduce) and expr.op == "prod":
            parts = [self._product(a.body, inner) for a in expr.arguments for inner in self._each(a, rows)]
        else:
            return [], [self._value(expr, rows)]
        return [label for summed, _ in parts for label in summed], [
            f for _, factors in parts for f in factors
        ]

    def _own_label(self, index: Index, rows: Rows) -> Label:
        """A label that no other sum has: sums beside each other may use one name for what they sum over."""
        label = self._label(index, rows)
        self.sums += 1
        own = f"{index.name} {self.sums}", label[1]
        if label in self.extents:
            self.extents[own] = self.extents[label]
        return own

    def _use(self, use: Use, rows: Rows) -> Named:
        labels = tuple(self._label(index, rows) for index in use.indices)
        if use.name == "one":
            return Named(np.ones((), np.int64), ())
        if use.name == "delta":
            count = next((self.extents[label] for label in labels if label in self.extents), 1)
            places = np.indices((count,) * len(labels))
            return Named((places == places[:1]).all(axis=0).astype(np.int64), labels).diagonal()
        own = self._tensor((use.name, self._numbers(use.subscripts, rows)))
        return Named(own.array, (*own.labels, *labels)).diagonal()


def _entries(value: Expr) -> list[Expr]:
    """The entries of a nested list."""
    if not isinstance(value, ListExpr):
        return [value]
    return [entry for item in value.items for entry in _entries(item)]
