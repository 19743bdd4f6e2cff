"""A text as tokens, and tokens as what a builder makes of them, by the tables of `grammars/tn.lark`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from tncompile.language.declarations import StatementBuilder
from tncompile.language.tables import DROP, SPREAD, RuleTable, Tables, parser_tables
from tncompile.language.tokens import Token
from tncompile.source import Span

END: Final = "$END"


class UnknownSign(Exception):
    """No token begins at ``place``."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


class Stopped(Exception):
    """The parser cannot take ``token``; it would have taken one of those that it ``accepts``."""

    def __init__(self, token: Token, accepts: frozenset[str]) -> None:
        super().__init__(token)
        self.token, self.accepts = token, accepts


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(parser_tables()["pattern"])


def tokens_of(text: str, span: Span, *, ignored: bool = False) -> Iterator[Token]:
    """The tokens of a part of a text; with ``ignored`` comments and blanks too. Raises `UnknownSign`."""
    tables, match, place = parser_tables(), _pattern().match, span.start
    words, left_out = tables["words"], () if ignored else tables["ignored"]
    while place < span.end:
        found = match(text, place, span.end)
        if found is None:
            raise UnknownSign(place)
        kind, value = str(found.lastgroup), found[0]
        if kind not in left_out:
            yield Token(words.get(value, kind), value, place)
        place = found.end()


def parse_tokens(text: str, span: Span) -> Any:
    """What `StatementBuilder` makes of a part of a text. Raises `UnknownSign`, `Stopped`, and what the builder raises."""
    run = _Run(parser_tables(), StatementBuilder())
    for token in tokens_of(text, span):
        run.take(token)
    return run.take(Token(END, "", span.end))


class _Run:
    """One run of the parser: the states it is in, and what it found on the way to each."""

    def __init__(self, tables: Tables, builder: object) -> None:
        self.rows, self.rules, self.end = tables["states"], tables["rules"], tables["end"]
        self.builder = builder
        self.states, self.values = [tables["start"]], list[Any]()

    def take(self, token: Token) -> Any:
        """One more token; behind the last one the result."""
        while True:
            action = self.rows[self.states[-1]].get(token.type)
            if action is None:
                raise Stopped(token, self._accepted())
            if action >= 0:
                self.states.append(action)
                self.values.append(token)
                return None
            rule = self.rules[-1 - action]
            first = len(self.values) - len(rule[2])
            value = _built(self.builder, rule, self.values[first:])
            del self.values[first:], self.states[first + 1 :]
            self.values.append(value)
            self.states.append(self.rows[self.states[-1]][rule[0]])
            if self.states[-1] == self.end:
                return value

    def _accepted(self) -> frozenset[str]:
        """The terminals that could stand here."""
        return frozenset(sign for sign in self.rows[self.states[-1]] if sign.isupper() and self._takes(sign))

    def _takes(self, sign: str) -> bool:
        states = self.states.copy()
        while (action := self.rows[states[-1]].get(sign)) is not None:
            if action >= 0:
                return True
            name, _, parts, _ = self.rules[-1 - action]
            del states[len(states) - len(parts) :]
            states.append(self.rows[states[-1]][name])
            if states[-1] == self.end:
                return True
        return False


def _built(builder: object, rule: RuleTable, values: list[Any]) -> Any:
    """What a complete rule becomes: a list where the builder has no method for it."""
    _, method, uses, alone = rule
    parts: list[Any] = []
    for use, value in zip(uses, values, strict=True):
        if use == SPREAD:
            parts += value
        elif use != DROP:
            parts.append(value)
    if alone and len(parts) == 1:
        return parts[0]
    build = getattr(builder, method, None)
    return parts if build is None else build(parts)
