"""The layout of a generated module: statements from `ast`, with comments, empty lines and short lines."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import field
from textwrap import wrap

from tncompile.source.records import record

WIDTH = 100
INDENT = "    "
TERMS = 100  # of one expression


@record
class Comment:
    """A comment on lines of its own."""

    text: str


@record
class Blank:
    """Empty lines."""

    count: int = 1


@record
class Noted:
    """A statement with a comment behind it."""

    statement: ast.stmt
    comment: str


@record
class Block:
    """A compound statement: its head, and what stands in it."""

    head: ast.For | ast.FunctionDef | ast.If
    body: list[Item] = field(default_factory=list)


@record
class Text:
    """A documentation string."""

    lines: tuple[str, ...]


Item = ast.stmt | Comment | Blank | Noted | Block | Text


def render(items: Sequence[Item]) -> str:
    """The module as text."""
    return "\n".join(_lines(items, "")) + "\n"


def _lines(items: Sequence[Item], indent: str) -> Iterator[str]:
    for item in items:
        match item:
            case Comment(text=text):
                for line in text.splitlines():
                    yield from _comment(line, indent)
            case Blank(count=count):
                yield from [""] * count
            case Noted(statement=statement, comment=comment):
                *above, last = _statement(statement, indent)
                yield from above
                yield f"{last}  # {comment}"
            case Block(head=head, body=body):
                yield from _head(head, indent)
                yield from _lines(body or [ast.Pass()], indent + INDENT)
            case Text(lines=lines):
                yield from _documentation(lines, indent)
            case ast.stmt():
                yield from _statement(item, indent)


def _comment(line: str, indent: str) -> list[str]:
    """A comment; what does not fit goes on, indented, on further lines."""
    room = max(40, WIDTH - len(indent) - 2)
    return [f"{indent}# {part}".rstrip() for part in wrapped(line, room) or [""]]


def wrapped(line: str, room: int = WIDTH - 2 * len(INDENT)) -> list[str]:
    """A line of words as several, where it is too long."""
    return wrap(line, room, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def _head(head: ast.For | ast.FunctionDef | ast.If, indent: str) -> Iterator[str]:
    head.body = [ast.Pass()]
    *above, _ = ast.unparse(ast.fix_missing_locations(head)).splitlines()
    for line in above:
        yield indent + line


def _documentation(lines: Sequence[str], indent: str) -> Iterator[str]:
    safe = [line.replace("\\", "\\\\").replace('"""', '\\"\\"\\"') for line in lines]
    if len(safe) == 1:
        yield f'{indent}"""{safe[0]}"""' if not safe[0].endswith('"') else f'{indent}"""{safe[0]} """'
        return
    yield f'{indent}"""{safe[0]}'
    for line in safe[1:]:
        yield (indent + line).rstrip()
    yield f'{indent}"""'


def _statement(statement: ast.stmt, indent: str) -> Iterator[str]:
    for part in _bounded(statement):
        text = ast.unparse(ast.fix_missing_locations(part))
        for line in text.splitlines():
            yield from _short(indent + line)


def _bounded(statement: ast.stmt) -> list[ast.stmt]:
    """A variable with very many terms gets them in several statements: Python does not read endless ones."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=word) as target], value=ast.BinOp() as value):
            pass
        case _:
            return [statement]
    spine: list[ast.BinOp] = []
    node: ast.expr = value
    while isinstance(node, ast.BinOp):
        spine.append(node)
        node = node.left
    cuts = spine[-TERMS:0:-TERMS]
    later = spine[: spine.index(cuts[0])] if cuts else []
    if any(isinstance(n, ast.Name) and n.id == word for one in later for n in ast.walk(one.right)):
        return [statement]
    parts: list[ast.stmt] = []
    for cut in cuts:
        above = spine[spine.index(cut) - 1]
        parts.append(ast.Assign([target], cut))
        above.left = ast.Name(word, ast.Load())
    return [*parts, statement]


def _short(line: str) -> list[str]:
    """The line; if it is too long, what stands in its outermost brackets is put on lines of its own."""
    if len(line) <= WIDTH:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    opening, closing = _last_brackets(line)
    if opening < 0:
        return [line]
    inner = line[opening + 1 : closing]
    parts = _split(inner)
    if (len(inner) + len(indent) + len(INDENT) <= WIDTH and len(parts) > 1) or len(parts) == 1:
        body = (
            [indent + INDENT + inner.strip()] if len(parts) > 1 else _short(indent + INDENT + inner.strip())
        )
    else:
        body = [piece for part in parts for piece in _short(indent + INDENT + part.strip() + ",")]
    if len(line[: opening + 1]) > WIDTH:
        return [line]
    return [line[: opening + 1], *body, indent + line[closing:]]


def _last_brackets(line: str) -> tuple[int, int]:
    """The outermost pair of brackets that closes last; -1 where there is none."""
    depth, opening, best = 0, -1, (-1, -1)
    for at, char in _code(line):
        if char in "([{":
            opening = at if depth == 0 else opening
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth == 0 and at - opening > 1:
                best = (opening, at)
    return best


def _split(inner: str) -> list[str]:
    """The parts between the commas that stand in no brackets."""
    depth, start, parts = 0, 0, []
    for at, char in _code(inner):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            parts.append(inner[start:at])
            start = at + 1
    rest = inner[start:]
    return [*parts, rest] if rest.strip() else parts


def _code(line: str) -> Iterator[tuple[int, str]]:
    """The characters outside of string literals, with their places."""
    quote, escaped = "", False
    for at, char in enumerate(line):
        if quote:
            if char == quote and not escaped:
                quote = ""
            escaped = char == "\\" and not escaped
        elif char in "'\"":
            quote = char
        else:
            yield at, char


def mentions(items: Sequence[Item], word: str) -> bool:
    """Does a variable of this name occur?"""
    return any(word == name for name in _names(items))


def needed(helpers: Sequence[ast.stmt], items: Sequence[Item]) -> list[ast.stmt]:
    """Those functions and constants that statements use, themselves or by way of others."""
    given = {_defined(helper): helper for helper in helpers}
    found: set[str] = set()
    new = given.keys() & set(_names(items))
    while new:
        found |= new
        new = given.keys() & set(_names([given[name] for name in new])) - found
    return [helper for name, helper in given.items() if name in found]


def _defined(helper: ast.stmt) -> str:
    match helper:
        case ast.FunctionDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]):
            return name
    raise AssertionError(f"no name: {ast.unparse(helper)}")


def _names(items: Sequence[Item]) -> Iterator[str]:
    """The variables, functions among them, that occur."""
    for item in items:
        if isinstance(item, Block):
            yield from _names([item.head, *item.body])
        elif isinstance(item, Noted):
            yield from _names([item.statement])
        elif isinstance(item, ast.AST):
            yield from (node.id for node in ast.walk(item) if isinstance(node, ast.Name))
