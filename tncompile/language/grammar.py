"""The parser made from `grammars/tn.lark`."""

from __future__ import annotations

import sys
from functools import cache
from importlib.resources import files
from importlib.util import cache_from_source
from pathlib import Path

from lark import Lark

from tncompile.language.declarations import StatementBuilder


def grammar_text(name: str) -> str:
    """The text of a grammar: a wheel carries them inside the package, a checkout keeps them beside it."""
    shipped = files("tncompile") / "grammars" / name
    checkout = Path(__file__).parents[2] / "grammars" / name
    return (shipped if shipped.is_file() else checkout).read_text(encoding="utf-8")


def tables_file() -> Path:
    """Where the tables of the parser are kept: to make them takes longer than all that is done with them.

    They lie beside the compiled modules and are treated alike: made anew for another grammar, Python or lark, and not
    missed where nothing can be written.
    """
    return Path(cache_from_source(__file__)).with_name("tn.tables")


@cache
def statement_parser() -> Lark:
    """Parses one statement (a `TextSlice` of a text) and returns what `StatementBuilder` makes of it."""
    tables = tables_file()
    return Lark(
        grammar_text("tn.lark"),
        parser="lalr",
        # The basic lexer knows words by their bounds: `fork` is a name, and `in` never is.
        lexer="basic",
        start="statement",
        transformer=StatementBuilder(),
        cache=str(tables) if tables.parent.is_dir() and not sys.dont_write_bytecode else False,
    )


@cache
def word_lexer() -> Lark:
    """Cuts a text into tokens; comments and blanks are left out unless they are asked for."""
    return Lark(grammar_text("tn.lark"), parser=None, lexer="basic", start="statement")
