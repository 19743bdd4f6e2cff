"""`tnc fmt`: a text in the one layout of the language. Comments stay, and so does what the text says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tncompile.language.layout import Entry, run_lines, statement_entry
from tncompile.language.parse import parse
from tncompile.language.parser import tokens_of
from tncompile.language.tokens import Token
from tncompile.source import InternalError, Source, Span

_COMMENT_COLUMN = 80  # comments are lined up where this suffices


def format_text(source: Source | str) -> str:
    """The text in its one layout; formatting it again changes nothing. Raises `TnError`."""
    if isinstance(source, str):
        source = Source("<text>", source)
    plain = Source(source.path, source.text.removeprefix("\ufeff").replace("\r\n", "\n"))
    syntax = parse(plain)
    text = "\n".join(_lines(_entries(plain, syntax.spans))) + "\n"
    again = parse(Source(source.path, text))
    if (again.name, again.doc, again.statements) != (syntax.name, syntax.doc, syntax.statements):
        raise InternalError(f"formatting {source.path} would change what it says")
    return text


def _entries(source: Source, spans: Sequence[Span]) -> list[Entry]:
    """Statements and comments in their order."""
    entries: list[Entry] = []
    last_row = 0
    for tokens in _groups(source, spans):
        row_of = [source.position(token.start_pos)[0] for token in tokens]
        after_gap = bool(entries) and row_of[0] > last_row + 1
        if tokens[0].type == "COMMENT":
            entries.append(Entry([], str(tokens[0]).rstrip(), after_gap, []))
        else:
            entries.append(statement_entry(tokens, row_of, after_gap))
        last_row = row_of[-1]
    return entries


def _groups(source: Source, spans: Sequence[Span]) -> Iterator[list[Token]]:
    """The tokens of each statement, and each comment between statements."""
    whole = Span(0, len(source.text))
    tokens = [one for one in tokens_of(source.text, whole, ignored=True) if one.type != "SPACE"]
    place = 0
    for span in [*spans, Span(len(source.text), len(source.text))]:
        while place < len(tokens) and tokens[place].start_pos < span.start:
            yield [tokens[place]]
            place += 1
        first = place
        while place < len(tokens) and tokens[place].start_pos < span.end:
            place += 1
        if place > first:
            yield tokens[first:place]


def _lines(entries: Sequence[Entry]) -> Iterator[str]:
    """All lines of the text."""
    for paragraph in _split(
        entries, lambda before, entry: entry.after_gap or not before.words or not entry.words
    ):
        if paragraph[0].after_gap:
            yield ""
        if not paragraph[0].words:
            yield paragraph[0].comment
            continue
        laid_out: list[tuple[list[str], str]] = []
        for run in _split(paragraph, lambda before, entry: before.group != entry.group):
            laid_out += zip(run_lines(run), (entry.comment for entry in run), strict=True)
        yield from _with_comments(laid_out)


def _with_comments(laid_out: Sequence[tuple[list[str], str]]) -> Iterator[str]:
    """The lines of neighbours, the comments behind them in one column where that is not too far."""
    widths = [len(lines[-1]) for lines, comment in laid_out if comment]
    column = max((width + 2 for width in widths if width + 2 <= _COMMENT_COLUMN), default=0)
    for lines, comment in laid_out:
        yield from lines[:-1]
        yield f"{lines[-1].ljust(column - 2)}  {comment}" if comment else lines[-1]


def _split(entries: Sequence[Entry], between: Callable[[Entry, Entry], bool]) -> Iterator[Sequence[Entry]]:
    """Stretches of entries, cut where ``between`` says so of two neighbours."""
    start = 0
    for i in range(1, len(entries) + 1):
        if i == len(entries) or between(entries[i - 1], entries[i]):
            yield entries[start:i]
            start = i
