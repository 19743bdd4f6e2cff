"""What a network means, written out instance by instance: the oracle that everything else is held to.

It reads the statements of a network and nothing that is derived from them, follows the language page
to the letter, and is slow. Every definition is spelled out with its loops and choices done, then
summed by the rule of the page: an index is summed over the smallest product that holds all its
occurrences.
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.reference_values import Environment, Values
from tncompile.network import (
    Add,
    Binary,
    Call,
    Choice,
    Definition,
    Expr,
    Field,
    Index,
    Multiply,
    Negative,
    Network,
    Over,
    Reduce,
    Tensor,
    Use,
)

Member = tuple[int, ...]
Arrays = Mapping[str, Mapping[Member, Any]]
Wire = tuple[Any, ...]  # the name of an index, then its subscripts
Wires = frozenset[Wire]


# --- expressions, written out -----------------------------------------------------------------


@dataclass(frozen=True)
class Leaf:
    """An array with a wire on each axis."""

    array: Any
    wires: tuple[Wire, ...]


@dataclass(frozen=True)
class Spread:
    """``delta`` or ``one``: an array whose extents are those of its wires."""

    name: str
    wires: tuple[Wire, ...]


@dataclass(frozen=True)
class Product:
    factors: list[Any]


@dataclass(frozen=True)
class Total:
    terms: list[Any]
    signs: tuple[int, ...]


@dataclass(frozen=True)
class Function:
    """A function of finished sums."""

    apply: Callable[..., Any]
    arguments: list[Any]


@dataclass(frozen=True)
class OverWires:
    """``sum``, ``max`` or ``min`` of a body over wires that are known inside only."""

    op: str
    body: Any
    wires: tuple[Wire, ...]


def occurrences(node: Any) -> Iterator[Wire]:
    """Every wire of a node, as often as it stands there."""
    match node:
        case Leaf() | Spread():
            yield from node.wires
        case Product(parts) | Total(parts, _) | Function(_, parts):
            for part in parts:
                yield from occurrences(part)
        case OverWires(_, body, wires):
            yield from (wire for wire in occurrences(body) if wire not in wires)


@dataclass
class Writer:
    """Writes the body of one instance out. Members that have no value yet are noted in ``missing``."""

    values: Values
    known: Arrays
    xp: Any
    missing: list[tuple[str, Member]] = field(default_factory=list)
    fresh: int = 0

    def write(self, expr: Expr, env: Environment, bound: Mapping[Wire, Wire]) -> Any:
        match expr:
            case Add(terms, signs):
                return Total([self.write(term, env, bound) for term in terms], signs)
            case Negative(operand):
                return Total([self.write(operand, env, bound)], (-1,))
            case Multiply(factors, inverted):
                written = [self.write(factor, env, bound) for factor in factors]
                return Product(
                    [Function(_inverse, [f]) if down else f for f, down in zip(written, inverted, strict=True)]
                )
            case Binary("^", left, right):
                power = int(self.values.value(right, env))
                return Function(lambda x: x**power, [self.write(left, env, bound)])
            case Choice(then, test, other):
                return self.write(then if self.values.value(test, env) else other, env, bound)
            case Reduce(op, arguments):
                return self.reduce(op, [self.write(a.body, inner, bound) for a in arguments for inner in self.values.rows(a.loops, env)])
            case Over(op, body, indices):
                return self.over(op, body, indices, env, bound)
            case Call(function, arguments) if function in ("max", "min"):
                return self.reduce(function, [self.write(argument, env, bound) for argument in arguments])
            case Call(function, (argument,)) if function in functions(self.xp):
                return Function(functions(self.xp)[function], [self.write(argument, env, bound)])
            case Use():
                return self.use(expr, env, bound)
        return Leaf(self.xp.asarray(_scalar(self.values.value(expr, env))), ())

    def reduce(self, op: str, parts: list[Any]) -> Any:
        if op == "prod":
            return Product(parts)
        if op == "sum":
            return Total(parts, (1,) * len(parts))
        choose = self.xp.maximum if op == "max" else self.xp.minimum
        return Function(lambda first, *rest: _chain(choose, first, rest), parts)

    def over(
        self, op: str, body: Expr, indices: tuple[Index, ...], env: Environment, bound: Mapping[Wire, Wire]
    ) -> OverWires:
        wires = [wire for index in indices for wire in self.wires(index, env, {})]
        self.fresh += 1
        renamed = {wire: (*wire, "inside", self.fresh) for wire in wires}
        return OverWires(op, self.write(body, env, {**bound, **renamed}), tuple(renamed.values()))

    def wires(self, index: Index, env: Environment, bound: Mapping[Wire, Wire]) -> Iterator[Wire]:
        for inner in self.values.rows(index.loops, env):
            wire = (index.name, *(int(self.values.value(s, inner)) for s in index.subscripts))
            yield bound.get(wire, wire)

    def use(self, use: Use, env: Environment, bound: Mapping[Wire, Wire]) -> Leaf | Spread:
        wires = tuple(wire for index in use.indices for wire in self.wires(index, env, bound))
        if use.name in ("delta", "one"):
            return Spread(use.name, wires)
        member = tuple(int(self.values.value(s, env)) for s in use.subscripts)
        if member not in self.known.get(use.name, {}):
            self.missing.append((use.name, member))
            return Leaf(np.zeros((1,) * len(wires)), wires)
        return Leaf(self.known[use.name][member], wires)


def functions(xp: Any) -> dict[str, Callable[[Any], Any]]:
    """The functions of the language page, element by element."""
    return {
        "relu": lambda x: xp.where(x > 0, x, 0.0),
        "step": lambda x: xp.where(x > 0, 1.0, 0.0),
        "tanh": xp.tanh,
        "sigmoid": lambda x: 1 / (1 + xp.exp(-x)),
        "softplus": lambda x: xp.logaddexp(x, 0.0),
        "exp": xp.exp,
        "log": xp.log,
        "sqrt": xp.sqrt,
        "abs": xp.abs,
        "sign": xp.sign,
        "cos": xp.cos,
        "sin": xp.sin,
        "conj": xp.conj,
    }


def _inverse(x: Any) -> Any:
    return 1 / x


def _chain(choose: Callable[[Any, Any], Any], first: Any, rest: tuple[Any, ...]) -> Any:
    for other in rest:
        first = choose(first, other)
    return first


def _scalar(value: Any) -> float | complex:
    return value if isinstance(value, complex) else float(value)


# --- the values of what was written ---------------------------------------------------------------


@dataclass
class Evaluator:
    """Sums a written-out body. ``extents`` knows every wire."""

    extents: dict[Wire, int]
    xp: Any

    def value(self, node: Any, outer: Wires) -> Leaf:
        """The node with all wires summed that do not occur outside of it."""
        match node:
            case Spread(name, wires):
                return self.product([Leaf(self.spread(name, wires), wires)], outer)
            case Leaf():
                return self.product([node], outer)
            case Product(factors):
                held = [set(occurrences(factor)) for factor in factors]
                count = Counter(wire for wires in held for wire in wires)
                joined = [outer | {w for w in wires if count[w] > 1} for wires in held]
                return self.product([self.value(f, w) for f, w in zip(factors, joined, strict=True)], outer)
            case Total(terms, signs):
                signed = [self.value(term, outer) for term in terms]
                return self.broadcast(
                    lambda *xs: sum((s * x for s, x in zip(signs, xs, strict=True)), self.xp.asarray(0.0)), signed
                )
            case Function(apply, arguments):
                return self.broadcast(apply, [self.value(argument, outer) for argument in arguments])
            case OverWires(op, body, wires):
                return self.over(op, self.value(body, outer | set(wires)), wires)
        raise TypeError(node)

    def spread(self, name: str, wires: tuple[Wire, ...]) -> Any:
        shape = tuple(self.extents[wire] for wire in wires)
        if name == "one":
            return np.ones(shape)
        return np.prod([np.indices(shape)[0] == place for place in np.indices(shape)], axis=0).astype(float)

    def product(self, parts: list[Leaf], outer: Wires) -> Leaf:
        """One product, all wires summed that do not occur outside."""
        wires = tuple(dict.fromkeys(wire for part in parts for wire in part.wires))
        kept = tuple(wire for wire in wires if wire in outer)
        if not parts:
            return Leaf(self.xp.asarray(1.0), ())
        letter = dict(zip(wires, string.ascii_letters, strict=False))
        if len(letter) < len(wires):
            raise ValueError("more indices in one product than the oracle has letters for")
        spec = ",".join("".join(letter[w] for w in part.wires) for part in parts)
        arrays = [part.array for part in parts]
        path = "greedy" if len(parts) > 2 else False
        return Leaf(self.xp.einsum(f"{spec}->{''.join(letter[w] for w in kept)}", *arrays, optimize=path), kept)

    def broadcast(self, apply: Callable[..., Any], parts: list[Leaf]) -> Leaf:
        """A function of several; what lacks a wire is constant along it."""
        wires = tuple(dict.fromkeys(wire for part in parts for wire in part.wires))
        return Leaf(apply(*(self.aligned(part, wires) for part in parts)), wires)

    def aligned(self, part: Leaf, wires: tuple[Wire, ...]) -> Any:
        order = [part.wires.index(wire) for wire in wires if wire in part.wires]
        shape = [self.extents[wire] if wire in part.wires else 1 for wire in wires]
        return self.xp.transpose(part.array, order).reshape(shape)

    def over(self, op: str, body: Leaf, wires: tuple[Wire, ...]) -> Leaf:
        axes = tuple(body.wires.index(wire) for wire in wires)
        kept = tuple(wire for wire in body.wires if wire not in wires)
        return Leaf({"sum": self.xp.sum, "max": self.xp.max, "min": self.xp.min}[op](body.array, axis=axes), kept)


def extents_of(body: Any, known: Mapping[Wire, int]) -> dict[Wire, int]:
    """The extent of every wire of a written-out body; ``delta`` hands extents on."""
    extents = dict(known)
    deltas: list[tuple[Wire, ...]] = []
    for part in _parts(body):
        if isinstance(part, Leaf):
            for wire, extent in zip(part.wires, part.array.shape, strict=True):
                assert extents.setdefault(wire, extent) == extent, f"{wire} has extents {extents[wire]}, {extent}"
        elif isinstance(part, Spread) and part.name == "delta":
            deltas.append(part.wires)
    for _ in deltas:
        for wires in deltas:
            extents.update({wire: extents[known] for known in wires if known in extents for wire in wires})
    return extents


def _parts(node: Any) -> Iterator[Any]:
    yield node
    match node:
        case Product(parts) | Total(parts, _) | Function(_, parts):
            for part in parts:
                yield from _parts(part)
        case OverWires(_, body, _):
            yield from _parts(body)


# --- networks -------------------------------------------------------------------------------------


def evaluate(net: Network, arrays: Arrays, xp: Any = np) -> dict[str, dict[Member, Any]]:
    """The outputs of a network for one sample: output name -> member -> array.

    ``arrays`` holds the inputs and weights by name and member. ``xp`` is the array library: with
    ``jax.numpy`` the result can be differentiated.
    """
    values = Values(net.statements)
    known: dict[str, dict[Member, Any]] = {name: dict(members) for name, members in arrays.items()}
    known.update({t.name: constants(values, t) for t in net.statements if isinstance(t, Tensor) and t.role == "constant"})
    instances: dict[tuple[str, Member], tuple[Definition, Environment]] = {}
    for statement in net.statements:
        if isinstance(statement, Definition):
            for env in values.rows(statement.loops, {}):
                member = tuple(int(values.value(s, env)) for s in statement.subscripts)
                instances[statement.name, member] = statement, env
    outputs = [key for key, (definition, _) in instances.items() if definition.role == "output"]
    stack = list(outputs)
    while stack:
        name, member = stack[-1]
        writer = Writer(values, known, xp)
        result = instance(writer, *instances[name, member])
        if writer.missing:
            stack += writer.missing
        else:
            known.setdefault(name, {})[member] = result
            stack.pop()
    return {
        name: {member: known[name][member] for other, member in sorted(outputs) if other == name}
        for name in dict.fromkeys(name for name, _ in outputs)
    }


def instance(writer: Writer, definition: Definition, env: Environment) -> Any:
    """One member of a definition, its axes in the order of the free indices; ``None`` if some are missing."""
    free, known = [], {}
    for index in definition.indices:
        wires = list(writer.wires(index.index, env, {}))
        free += wires
        if index.extent is not None:
            known.update({wire: int(writer.values.value(index.extent, env)) for wire in wires})
    body = writer.write(definition.body, env, {})
    if writer.missing:
        return None
    evaluator = Evaluator(extents_of(body, known), writer.xp)
    result = evaluator.value(Product([body]), frozenset(free))
    shape = tuple(evaluator.extents[wire] for wire in free)
    return writer.xp.broadcast_to(evaluator.aligned(result, tuple(free)), shape)


def shapes(values: Values, tensor: Tensor) -> dict[Member, tuple[int, ...]]:
    """The members of a declared tensor and the shape of each."""
    found = {}
    for env, member in values.members(tensor.family):
        shape = []
        for axis in tensor.axes:
            for inner in values.rows(axis.loops, env):
                first = 1 if axis.first is None else int(values.value(axis.first, inner))
                shape.append(int(values.value(axis.extent, inner)) - first + 1)
        found[member] = tuple(shape)
    return found


def constants(values: Values, tensor: Tensor) -> dict[Member, Any]:
    """The members of a ``constant``: a list, one number for all entries, or a formula in named axes."""
    assert tensor.value is not None
    found = {}
    all_shapes = shapes(values, tensor)
    for env, member in values.members(tensor.family):
        shape = all_shapes[member]
        first = [1 if axis.first is None else int(values.value(axis.first, env)) for axis in tensor.axes]
        entries = []
        for place in np.ndindex(shape):
            named = {a.variable: p + f for a, p, f in zip(tensor.axes, place, first, strict=False) if a.variable}
            value = values.value(tensor.value, {**env, **named})
            for position in place if isinstance(value, list) else ():
                value = value[position]
            entries.append(_scalar(value))
        found[member] = np.array(entries).reshape(shape)
    return found


def random_arrays(net: Network, seed: int, scale: float = 1.0) -> dict[str, dict[Member, Any]]:
    """Normal inputs and weights; complex ones where the field is."""
    generator = np.random.default_rng(seed)
    values = Values(net.statements)
    is_complex = any(isinstance(s, Field) and s.name == "complex" for s in net.statements)

    def draw(shape: tuple[int, ...]) -> Any:
        array = generator.normal(scale=scale, size=shape)
        return array + 1j * generator.normal(scale=scale, size=shape) if is_complex else array

    return {
        tensor.name: {member: draw(shape) for member, shape in shapes(values, tensor).items()}
        for tensor in net.statements
        if isinstance(tensor, Tensor) and tensor.role != "constant"
    }
