"""The parser by tables finds what lark finds in the same text, and stops where lark stops."""

from __future__ import annotations

import random

import pytest
from lark import Lark, TextSlice
from lark import Token as LarkToken
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from tests.corpus import EXAMPLES
from tncompile.language.declarations import StatementBuilder
from tncompile.language.parser import Stopped, UnknownSign, parse_tokens, tokens_of
from tncompile.language.statements import cut_statements
from tncompile.language.tables import grammar_text
from tncompile.language.tokens import Token
from tncompile.network.syntax.words import RESERVED
from tncompile.source import Fault, Source, Span


class Builder:
    """`StatementBuilder` for the tokens of lark."""

    def __getattr__(self, name):
        build = getattr(StatementBuilder(), name)
        return lambda parts: build(
            [Token(one.type, one, one.start_pos) if isinstance(one, LarkToken) else one for one in parts]
        )


LARK = Lark(
    grammar_text("tn.lark"),
    parser="lalr",
    lexer="basic",
    start="statement",
    transformer=Builder(),
)
LEXER = Lark(grammar_text("tn.lark"), parser=None, lexer="basic", start="statement")
PIECES = [
    *RESERVED,
    *"()[]=,+-*/^|~é'",
    "..",
    "==",
    "//",
    "#c\n",
    "\n ",
    " ",
    "2.5e3",
    "1i",
    '"a"',
    "x1",
    "range",
]


def ours(text, span):
    """What becomes of a statement, where everything in it stands."""
    try:
        return repr(parse_tokens(text, span))
    except Fault as fault:
        return fault.diagnostic
    except UnknownSign as sign:
        return sign.place
    except Stopped as stop:
        place = span.end if stop.token.type == "$END" else stop.token.start_pos
        return str(stop.token), stop.token.type, place, stop.accepts


def theirs(text, span):
    try:
        return repr(LARK.parse(TextSlice(text, span.start, span.end)))
    except Fault as fault:
        return fault.diagnostic
    except UnexpectedCharacters as error:
        return error.pos_in_stream
    except UnexpectedToken as error:
        place = span.end if error.token.type == "$END" else error.token.start_pos
        return str(error.token), error.token.type, place, error.accepts


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_parser_finds_what_lark_finds(path):
    source = Source(path.name, path.read_text(encoding="utf-8"))
    for span in cut_statements(source).statements:
        assert ours(source.text, span) == theirs(source.text, span)


def test_the_parser_stops_where_lark_stops():
    draw = random.Random(0)
    kinds = set()
    for path in EXAMPLES:
        source = Source(path.name, path.read_text(encoding="utf-8"))
        for span in cut_statements(source).statements:
            statement = source.text[span.start : span.end]
            for _ in range(8):
                place, width = draw.randrange(len(statement) + 1), draw.randrange(4)
                broken = statement[:place] + draw.choice(PIECES) + statement[place + width :]
                found = ours(broken, Span(0, len(broken)))
                assert found == theirs(broken, Span(0, len(broken)))
                kinds.add(type(found))
    assert len(kinds) == 4


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_tokens_are_those_of_lark(path):
    text = path.read_text(encoding="utf-8")
    for ignored in (False, True):
        found = [
            (one, one.type, one.start_pos, one.end_pos)
            for one in tokens_of(text, Span(0, len(text)), ignored=ignored)
        ]
        assert found == [
            (str(one), one.type, one.start_pos, one.end_pos) for one in LEXER.lex(text, dont_ignore=ignored)
        ]
