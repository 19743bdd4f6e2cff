"""From the text of a grammar to the tables of its parser: all that lark is needed for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from lark import Lark
from lark.grammar import Rule
from lark.lexer import PatternStr, TerminalDef

from tncompile.language.tables import DROP, KEEP, SPREAD, RuleTable, Tables


def grammar(text: str) -> Lark:
    """What lark makes of a grammar."""
    return Lark(text, parser="lalr", lexer="basic", start="statement")


def make_tables(text: str) -> Tables:
    """The tables of a grammar, from the form in which lark saves a parser."""
    made = grammar(text)
    saved, rules = made.memo_serialize([Rule])
    parser = saved["parser"]["parser"]
    places = {number: place for place, number in enumerate(rules)}

    def action(kind: int, target: Any) -> int:
        return -1 - places[target["@"]] if kind else target

    pattern, words = _signs(made.terminals)
    return {
        "pattern": pattern,
        "words": words,
        "ignored": list(made.ignore_tokens),
        "states": {
            state: {parser["tokens"][sign]: action(*what) for sign, what in row.items()}
            for state, row in parser["states"].items()
        },
        "rules": [_rule(rule) for rule in rules.values()],
        "start": parser["start_states"]["statement"],
        "end": parser["end_states"]["statement"],
    }


def _signs(terminals: Iterable[TerminalDef]) -> tuple[str, dict[str, str]]:
    """The pattern of all terminals, a group for each; and the words that a name must not be, with their terminals."""
    terminals = list(terminals)
    name = next(one.pattern.to_regexp() for one in terminals if one.name == "NAME")
    words = {
        one.pattern.value: one.name
        for one in terminals
        if isinstance(one.pattern, PatternStr) and re.fullmatch(name, one.pattern.value)
    }
    others = [one for one in terminals if one.name not in words.values()]
    # The first that fits is taken: `==` stands before `=`.
    others.sort(key=lambda one: (-one.priority, -one.pattern.max_width, -len(one.pattern.value), one.name))
    return "|".join(f"(?P<{one.name}>{one.pattern.to_regexp()})" for one in others), words


def _rule(rule: Mapping[str, Any]) -> RuleTable:
    """A rule as lark shapes trees: `_TERMINAL` leaves nothing, what `_rule` found stands in the place of it, and
    `?rule` with one part is that part."""
    uses = [
        (DROP if part["filter_out"] else KEEP)
        if part["__type__"] == "Terminal"
        else SPREAD
        if part["name"].startswith("_")
        else KEEP
        for part in rule["expansion"]
    ]
    origin, alias = rule["origin"]["name"], rule["alias"]
    return origin, alias or origin, uses, bool(rule["options"]["expand1"]) and not alias
