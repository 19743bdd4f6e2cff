"""The tables of the parser of `grammars/tn.lark`, kept from one process to the next."""

from __future__ import annotations

import marshal
import sys
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import cache_from_source, source_hash
from pathlib import Path
from typing import Final, TypedDict, cast

from tncompile.source import TnError, write_whole

KEEP, SPREAD, DROP = 0, 1, 2
"""What becomes of a part of a rule: it is a part of the result, its own parts are, or nothing is."""

RuleTable = tuple[str, str, list[int], bool]
"""A rule: what it defines, the method that builds it, what becomes of its parts, whether a part alone is the result."""


class Tables(TypedDict):
    """What a parser must know, as plain data. An action is the next state, or -1 less the number of a complete rule."""

    pattern: str  # of all terminals, a group for each
    words: dict[str, str]  # names that are terminals of their own
    ignored: list[str]
    states: dict[int, dict[str, int]]  # for each state the action on a terminal or on what a rule made
    rules: list[RuleTable]
    start: int
    end: int


_MAKER: Final = Path(__file__).with_name("grammar.py")


def grammar_text(name: str) -> str:
    """The text of a grammar: a wheel carries them inside the package, a checkout keeps them beside it."""
    package = Path(__file__).parents[1]
    shipped, checkout = package / "grammars" / name, package.parent / "grammars" / name
    return (shipped if shipped.is_file() else checkout).read_text(encoding="utf-8")


def tables_file() -> Path:
    """Where the tables are kept: to make them takes longer than all that is done with them.

    They lie beside the compiled modules and are treated alike: made anew for another grammar or another version of
    what makes them, and not missed where nothing can be written.
    """
    return Path(cache_from_source(__file__)).with_name("tn.tables")


@cache
def parser_tables() -> Tables:
    """The tables, kept or made."""
    text, file = grammar_text("tn.lark"), tables_file()
    origin = source_hash(text.encode() + _MAKER.read_bytes())
    kept = _kept(file, origin)
    if kept is None:
        kept = cast(Tables, import_module("tncompile.language.grammar").make_tables(text))
        if file.parent.is_dir() and not sys.dont_write_bytecode:
            _keep(file, origin, kept)
    return kept


def _kept(file: Path, origin: bytes) -> Tables | None:
    """The tables in a file; None where it is missing, of another origin or damaged."""
    try:
        first, check, data = file.read_bytes().split(b"\n", 2)
    except (OSError, ValueError):
        return None
    fits = (first, check) == (_hex(origin), _hex(source_hash(data)))
    return cast(Tables, marshal.loads(data)) if fits else None


def _keep(file: Path, origin: bytes, tables: Tables) -> None:
    data = marshal.dumps(dict(tables), 4)
    with suppress(TnError):
        write_whole(file, b"\n".join([_hex(origin), _hex(source_hash(data)), data]))


def _hex(number: bytes) -> bytes:
    return number.hex().encode()
