"""Builders of Python syntax: every expression of a generated module is made from `ast` nodes here."""

from __future__ import annotations

import ast
from collections.abc import Sequence

FULL = ast.Slice()


def name(identifier: str) -> ast.Name:
    """A variable."""
    return ast.Name(identifier, ast.Load())


def number(value: int | float | complex | str | bool | None) -> ast.expr:
    """A literal; a negative number is a minus sign and a literal."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def attribute(value: ast.expr, *path: str) -> ast.expr:
    """``value.a.b``"""
    for part in path:
        value = ast.Attribute(value, part, ast.Load())
    return value


def call(function: ast.expr, *arguments: ast.expr, **keywords: ast.expr) -> ast.Call:
    """``function(arguments, keyword=...)``"""
    return ast.Call(function, list(arguments), [ast.keyword(key, value) for key, value in keywords.items()])


def method(value: ast.expr, called: str, *arguments: ast.expr, **keywords: ast.expr) -> ast.Call:
    """``value.called(arguments, keyword=...)``"""
    return call(attribute(value, called), *arguments, **keywords)


def group(items: Sequence[ast.expr]) -> ast.Tuple:
    """A tuple."""
    return ast.Tuple(list(items), ast.Load())


def integers(values: Sequence[int]) -> ast.expr:
    """One integer, or a tuple of none or several."""
    return number(values[0]) if len(values) == 1 else group([number(value) for value in values])


def binary(left: ast.expr, operator: ast.operator, right: ast.expr) -> ast.expr:
    """``left operator right``"""
    return ast.BinOp(left, operator, right)


def chain(operator: ast.operator, operands: Sequence[ast.expr]) -> ast.expr:
    """``a + b + c``, from the left."""
    result = operands[0]
    for operand in operands[1:]:
        result = ast.BinOp(result, operator, operand)
    return result


def indexed(value: ast.expr, items: Sequence[ast.expr], *, merge: bool = True) -> ast.expr:
    """``value[items]`` without needless full slices behind.

    Slices and new axes merge with a subscript that is there already; ``merge=False`` where that one
    holds arrays of positions.
    """
    items = list(items)
    if (
        merge
        and isinstance(value, ast.Subscript)
        and all(_is_full(item) or is_new_axis(item) for item in items)
    ):
        items = _merged(_items(value), items)
        value = value.value
    while items and _is_full(items[-1]):
        items.pop()
    if not items:
        return value
    return ast.Subscript(value, items[0] if len(items) == 1 else group(items), ast.Load())


def is_new_axis(item: ast.expr) -> bool:
    """Is it the ``None`` of ``a[:, None]``?"""
    return isinstance(item, ast.Constant) and item.value is None


def assign(target: ast.expr | str, value: ast.expr) -> ast.stmt:
    """``target = value``"""
    if isinstance(target, str):
        target = name(target)
    return ast.Assign([target], value, lineno=0)


def is_idle(statement: object) -> bool:
    """Does a statement give a variable the value that it has?"""
    match statement:
        case ast.Assign(targets=[ast.Name(id=word)], value=ast.Name(id=same)):
            return word == same
    return False


def _is_full(item: ast.expr) -> bool:
    return isinstance(item, ast.Slice) and item.lower is item.upper is item.step is None


def _items(value: ast.Subscript) -> list[ast.expr]:
    return list(value.slice.elts) if isinstance(value.slice, ast.Tuple) else [value.slice]


def _merged(outer: list[ast.expr], inner: list[ast.expr]) -> list[ast.expr]:
    """The subscript that does what ``[outer][inner]`` does; ``inner`` holds full slices and new axes."""
    result: list[ast.expr] = []
    rest = iter(inner)
    for item in outer:
        if isinstance(item, ast.Slice) or is_new_axis(item):
            for added in rest:
                if not is_new_axis(added):
                    break
                result.append(added)
        result.append(item)
    return result + list(rest)
