"""Parsing: a `.tn` text as statements."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import cast

from tncompile.language.declarations import Header
from tncompile.language.nesting import check_nesting
from tncompile.language.parser import Stopped, UnknownSign, parse_tokens
from tncompile.language.statements import cut_statements, lines_of
from tncompile.language.syntax import Syntax
from tncompile.network.syntax import Statement
from tncompile.network.values.limits import LIST_ITEMS
from tncompile.source import Diagnostic, Fault, Note, Source, Span, TnError


def parse(source: Source) -> Syntax:
    """The statements of a text; raises `TnError` with every syntax error there is."""
    cutting = cut_statements(source)
    problems = list(cutting.problems)
    parsed: list[tuple[Statement, ...]] = []
    for span in cutting.statements:
        try:
            parsed.append(parse_statement(source, span))
        except Fault as fault:
            parsed.append(())
            problems.append(fault.diagnostic)
    problems += _header_problems(source, cutting.statements, parsed)
    if problems:
        raise TnError(sorted(problems, key=lambda problem: problem.span.start), source)
    header = cast(Header, parsed[0][0])
    statements = tuple(statement for group in parsed[1:] for statement in group)
    return Syntax(header.name, documentation(source), statements, source, cutting.statements)


def parse_statement(source: Source, span: Span) -> tuple[Statement, ...]:
    """One statement of a text; raises `Fault`."""
    if source.text.count(",", span.start, span.end) > LIST_ITEMS:
        # Counted before it is parsed: a list this long would take half a minute to be refused.
        raise Fault(
            Diagnostic(f"this statement lists more than {LIST_ITEMS:,} items", _first_word(source, span))
        )
    try:
        # What `StatementBuilder` returns for a whole statement.
        statements = cast("tuple[Statement, ...]", parse_tokens(source.text, span))
    except (Stopped, UnknownSign) as error:
        from tncompile.language.explain import explain  # noqa: PLC0415  most texts need no explanation

        raise Fault(explain(source, span, error)) from None
    check_nesting(source, span, statements)
    return statements


def _header_problems(
    source: Source, spans: Sequence[Span], parsed: Sequence[tuple[Statement, ...]]
) -> list[Diagnostic]:
    """`network NAME` stands once, and first."""
    advice = "the first statement is `network NAME`"
    if not spans:
        return [Diagnostic("there is no network in this text", Span(0, 0), help=advice)]
    headers = [group[0] for group in parsed if group and isinstance(group[0], Header)]
    if not headers:
        word = _first_word(source, spans[0])
        if not parsed[0] and get_close_matches(source.text[word.start : word.end], ["network"]):
            return []
        return [Diagnostic("a text begins with the name of its network", word, help=advice)]
    if headers[0].span.start != spans[0].start:
        return [Diagnostic("`network` comes first", headers[0].span, help="move this line to the top")]
    first = Note(headers[0].span, "the first one")
    return [
        Diagnostic("`network` stands twice", header.span, help="one file, one network", notes=(first,))
        for header in headers[1:]
    ]


def _first_word(source: Source, span: Span) -> Span:
    words = source.text[span.start : span.end].split(None, 1)
    return Span(span.start, span.start + (len(words[0]) if words else 1))


def documentation(source: Source) -> str:
    """The comment above `network`, without its signs; empty lines inside it are kept."""
    comments: list[str] = []
    previous = 0
    for line in lines_of(source):
        if not line.is_comment:
            break
        row, _ = source.position(line.span.start)
        if comments and row > previous + 1:
            comments.append("")
        comments.append(source.text[line.span.start + 1 : line.span.end].removeprefix(" "))
        previous = row
    return "\n".join(comments).strip("\n")
