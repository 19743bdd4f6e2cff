"""How deep an expression nests: later stages walk one expression by recursion."""

from __future__ import annotations

from collections.abc import Iterable

from tncompile.network.syntax import Expr, Node, Statement
from tncompile.network.syntax.walk import children
from tncompile.network.values.limits import NESTING
from tncompile.source import Diagnostic, Fault, Source, Span

# What may begin one more level: brackets, and the signs and words that take the rest as operand.
_SIGNS = "([-^/%"
_WORDS = ("not", "else")


def check_nesting(source: Source, span: Span, statements: Iterable[Statement]) -> None:
    """Raise `Fault` where expressions stand in each other deeper than the limit."""
    text = source.text
    signs = sum(text.count(sign, span.start, span.end) for sign in (*_SIGNS, *_WORDS))
    if signs < NESTING:
        return
    stack: list[tuple[Node, int]] = [(statement, 0) for statement in statements]
    while stack:
        node, depth = stack.pop()
        depth += isinstance(node, Expr)
        if depth > NESTING:
            raise Fault(
                Diagnostic(
                    f"expressions nest more than {NESTING} deep here",
                    node.span,
                    help="give an inner part a definition of its own, or a `let`",
                )
            )
        stack.extend((child, depth) for child in children(node))
