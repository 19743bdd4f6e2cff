"""Nodes as `.tn` text: the least parentheses that keep the tree, so that text and tree say the same.

Arithmetic stands without blanks where it counts something (subscripts, bounds, extents, lists:
``h[k-1]``, ``1..d//2``) and with blanks elsewhere (``1 - z(i)``, ``k % 2 == 0``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol

from tncompile.network.syntax import (
    Add,
    Axis,
    Binary,
    Call,
    Choice,
    Compare,
    Cut,
    CutItem,
    Definition,
    Expr,
    Field,
    FreeIndex,
    Index,
    Initialiser,
    Item,
    Let,
    ListExpr,
    Logic,
    Loop,
    Looped,
    Multiply,
    Name,
    Negative,
    Not,
    Number,
    Over,
    Range,
    Reduce,
    Require,
    Size,
    Statement,
    Tensor,
    Use,
)

# How tightly the parts of an expression hold together, loosest first.
_CHOICE, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGNED, _POWER, _ATOM = range(10)


class _HasStatements(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def doc(self) -> str: ...
    @property
    def statements(self) -> tuple[Statement, ...]: ...


def network_text(network: _HasStatements) -> str:
    """A whole network: its documentation, its name, its statements, an empty line where their kind changes."""
    lines = [f"# {line}".rstrip() for line in network.doc.split("\n")] if network.doc else []
    lines.append(f"network {network.name}")
    group = 0
    for statement in network.statements:
        if _GROUP[type(statement)] != group:
            group = _GROUP[type(statement)]
            lines.append("")
        lines.append(statement_text(statement))
    return "\n".join(lines) + "\n"


_GROUP: Final[Mapping[type[Statement], int]] = {
    Size: 1,
    Let: 1,
    Field: 1,
    Require: 1,
    Tensor: 2,
    Definition: 3,
    Cut: 4,
}


# --- expressions -----------------------------------------------------------------------------------


def expression_text(node: Expr | Range | Index | Loop | Looped, tight: bool = False) -> str:
    """An expression, range, index or loop; ``tight`` leaves out the blanks around arithmetic."""
    match node:
        case Expr():
            return _expression(node, _CHOICE, tight)
        case Range():
            return _range(node)
        case Index():
            return _index(node)
        case Loop():
            return _loop(node)
        case Looped():
            return _looped(node, tight)


def _expression(node: Expr, level: int, tight: bool) -> str:
    own, write = _WRITERS[type(node)]
    if isinstance(node, Binary) and node.op == "^":
        own = _POWER
    elif isinstance(node, Logic) and node.op == "and":
        own = _AND
    text = write(node, tight)
    return text if own >= level else f"({text})"


def _sum(node: Add, tight: bool) -> str:
    blank = "" if tight else " "
    parts = [_expression(node.terms[0], _PRODUCT, tight)]
    for term, sign in zip(node.terms[1:], node.signs[1:], strict=True):
        parts += [blank, "+" if sign > 0 else "-", blank, _expression(term, _PRODUCT, tight)]
    return "".join(parts)


def _product(node: Multiply, tight: bool) -> str:
    blank = "" if tight else " "
    first = node.factors[0]
    # `a // b * c` is read from the left, `a * b * c` as one product.
    level = _PRODUCT if isinstance(first, Binary) else _SIGNED
    parts = [_expression(first, level, tight)]
    for factor, inverted in zip(node.factors[1:], node.inverted[1:], strict=True):
        parts += [blank, "/" if inverted else "*", blank, _expression(factor, _SIGNED, tight)]
    return "".join(parts)


def _binary(node: Binary, tight: bool) -> str:
    if node.op == "^":
        return f"{_expression(node.left, _ATOM, tight)}^{_expression(node.right, _SIGNED, True)}"
    blank = "" if tight else " "
    left, right = _expression(node.left, _PRODUCT, tight), _expression(node.right, _SIGNED, tight)
    return f"{left}{blank}{node.op}{blank}{right}"


def _comparison(node: Compare, tight: bool) -> str:
    parts = [_expression(node.operands[0], _SUM, tight)]
    for op, operand in zip(node.ops, node.operands[1:], strict=True):
        parts += [op, _expression(operand, _SUM, tight)]
    return " ".join(parts)


def _logic(node: Logic, tight: bool) -> str:
    level = _AND if node.op == "or" else _NOT
    return f" {node.op} ".join(_expression(operand, level, tight) for operand in node.operands)


def _choice(node: Choice, tight: bool) -> str:
    then, test = _expression(node.then, _OR, tight), _expression(node.test, _OR, False)
    return f"{then} if {test} else {_expression(node.other, _CHOICE, tight)}"


def _over(node: Over, tight: bool) -> str:
    return f"{node.op}({_expression(node.body, _CHOICE, tight)} over {_join(map(_index, node.indices))})"


def _use(node: Use, _tight: bool) -> str:
    return f"{node.name}{_subscripts(node.subscripts)}({_join(map(_index, node.indices))})"


def _call(name: str, arguments: Iterable[str]) -> str:
    return f"{name}({_join(arguments)})"


# A row for each kind of expression: how tightly it holds together, and how it is written.
_WRITERS: Final[Mapping[type[Expr], tuple[int, Callable[[Any, bool], str]]]] = {
    Choice: (_CHOICE, _choice),
    Logic: (_OR, _logic),
    Not: (_NOT, lambda node, tight: f"not {_expression(node.operand, _NOT, tight)}"),
    Compare: (_COMPARE, _comparison),
    Add: (_SUM, _sum),
    Multiply: (_PRODUCT, _product),
    Binary: (_PRODUCT, _binary),
    Negative: (_SIGNED, lambda node, tight: f"-{_expression(node.operand, _SIGNED, tight)}"),
    Number: (_ATOM, lambda node, _: node.text),
    Name: (_ATOM, lambda node, _: node.name),
    Item: (_ATOM, lambda node, _: node.name + _subscripts(node.subscripts)),
    ListExpr: (_ATOM, lambda node, _: f"[{_join(_expression(item, _CHOICE, True) for item in node.items)}]"),
    Call: (
        _ATOM,
        lambda node, tight: _call(node.function, (_expression(a, _CHOICE, tight) for a in node.arguments)),
    ),
    Reduce: (
        _ATOM,
        lambda node, tight: _call(node.op, (_looped(argument, tight) for argument in node.arguments)),
    ),
    Over: (_ATOM, _over),
    Use: (_ATOM, _use),
}


# --- loops, indices, subscripts --------------------------------------------------------------------


def _looped(node: Looped, tight: bool) -> str:
    return _expression(node.body, _CHOICE, tight) + _loops(node.loops)


def _loops(loops: tuple[Loop, ...], gap: str = " ") -> str:
    return f"{gap}for {_join(map(_loop, loops))}" if loops else ""


def _loop(loop: Loop) -> str:
    text = _range(loop.domain) if isinstance(loop.domain, Range) else _expression(loop.domain, _SUM, True)
    if loop.variables:
        names = loop.variables[0] if len(loop.variables) == 1 else f"({_join(loop.variables)})"
        text = f"{names} in {text}"
    return text if loop.condition is None else f"{text} if {_expression(loop.condition, _OR, False)}"


def _range(node: Range) -> str:
    return f"{_expression(node.first, _SUM, True)}..{_expression(node.last, _SUM, True)}"


def _index(node: Index) -> str:
    return node.name + _subscripts(node.subscripts) + _loops(node.loops)


def _subscripts(subscripts: tuple[Expr | Range, ...]) -> str:
    texts = (_range(s) if isinstance(s, Range) else _expression(s, _CHOICE, True) for s in subscripts)
    return f"[{_join(texts)}]" if subscripts else ""


def _family(family: tuple[Loop, ...]) -> str:
    return f"[{_join(map(_loop, family))}]" if family else ""


def _join(parts: Iterable[str]) -> str:
    return ", ".join(parts)


# --- statements ------------------------------------------------------------------------------------


def statement_text(statement: Statement) -> str:
    """A statement on one line, without a line end."""
    match statement:
        case Size(name, family, default, real):
            value = "" if default is None else f" = {expression_text(default)}"
            return f"{'number' if real else 'size'} {name}{_family(family)}{value}"
        case Let(name, family, value):
            return f"let {name}{_family(family)} = {expression_text(value)}"
        case Field(name):
            return f"field {name}"
        case Require(condition, message):
            return f"require {expression_text(condition)}" + (f' "{message}"' if message else "")
        case Tensor():
            return _tensor(statement)
        case Definition():
            return _definition(statement)
        case Cut(name, rows, columns):
            sides = [rows] if columns is None else [rows, columns]
            return f"cut {name} = " + " | ".join(_join(map(_cut_item, side)) for side in sides)
    raise TypeError(f"not a statement: {statement!r}")


def _tensor(tensor: Tensor) -> str:
    text = f"{tensor.role} {tensor.name}{_family(tensor.family)}({_join(map(_axis, tensor.axes))})"
    if tensor.init is not None:
        text += f" ~ {_initialiser(tensor.init)}"
    return text if tensor.value is None else f"{text} = {expression_text(tensor.value)}"


def _axis(axis: Axis) -> str:
    extent = _expression(axis.extent, _SUM if axis.variable else _CHOICE, True)
    if axis.variable:
        first = "1" if axis.first is None else _expression(axis.first, _SUM, True)
        return f"{axis.variable} in {first}..{extent}"
    return extent + _loops(axis.loops)


def _initialiser(init: Initialiser) -> str:
    arguments = _join(_expression(argument, _CHOICE, True) for argument in init.arguments)
    return f"{init.name}({arguments})" if init.arguments else init.name


def _definition(rule: Definition) -> str:
    role = "" if rule.role == "plain" else f"{rule.role} "
    left = f"{rule.name}{_subscripts(rule.subscripts)}({_join(map(_free_index, rule.indices))})"
    return f"{role}{left} = {expression_text(rule.body)}{_loops(rule.loops, gap='  ')}"


def _free_index(free: FreeIndex) -> str:
    text = _index(free.index)
    return text if free.extent is None else f"{text} in 1..{_expression(free.extent, _SUM, True)}"


def _cut_item(item: CutItem) -> str:
    return item.name + _subscripts(item.subscripts) + _loops(item.loops)
