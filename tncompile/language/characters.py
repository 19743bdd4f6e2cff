"""Signs that mean nothing in the language, and what their author may have meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from tncompile.source import Diagnostic, Source, Span

# Signs from word processors and papers, and what to write for them.
_LOOK_ALIKES: Final[Mapping[str, str]] = {
    "×": "*",
    "·": "*",
    "⋅": "*",
    "∙": "*",
    "∗": "*",
    "÷": "/",
    "∕": "/",
    "⁄": "/",
    "−": "-",
    "–": "-",
    "—": "-",
    "‐": "-",
    "‑": "-",
    "≤": "<=",
    "⩽": "<=",
    "≥": ">=",
    "⩾": ">=",
    "≠": "!=",
    "“": '"',
    "”": '"',
    "„": '"',
    "«": '"',
    "»": '"',
    "‘": "'",
    "’": "'",
    "′": "'",
    "‵": "'",
    "`": "'",
    "´": "'",
    "″": "''",
    "…": "..",
    "‥": "..",
    "∈": "in",
    "∧": "and",
    "∨": "or",
    "¬": "not",
    "∼": "~",
    "〜": "~",
    "∑": "sum(... for k in 1..d)",
    "Σ": "sum(... for k in 1..d)",
    "∏": "prod(... for k in 1..d)",
    "Π": "prod(... for k in 1..d)",
    "√": "sqrt(...)",
    "π": "pi",
    "²": "^2",
    "³": "^3",
    "δ": "delta",
    "ψ": "psi",
    "σ": "sigma",
}

_ASCII: Final[Mapping[str, tuple[str, str]]] = {
    "@": (
        "`@` has no meaning here",
        "products are written with `*`; indices of one name are joined: `A(i, j) * B(j, k)`",
    ),
    "&": ("`&` has no meaning here", "conditions are joined by `and`"),
    "!": ("`!` has no meaning here", "a condition is negated by `not`; unequal is `!=`"),
    ":": ("`:` has no meaning here", ""),
    ";": ("`;` has no meaning here", "a statement ends with its line"),
    "{": ("`{` has no meaning here", "indices stand in `( )`, members and lists in `[ ]`"),
    "}": ("`}` has no meaning here", "indices stand in `( )`, members and lists in `[ ]`"),
    "\\": (
        "`\\` has no meaning here",
        "a line that begins further in continues the one above, without a sign",
    ),
    "$": ("`$` has no meaning here", "names are made of letters, digits and `_`"),
    "?": ("`?` has no meaning here", "a choice is written `a if c else b`"),
}


def explain_character(source: Source, place: int) -> Diagnostic:
    """Why the text cannot be read at a place."""
    text = source.text
    sign = text[place]
    if sign.isascii() and sign.isdigit():
        return _number(text, place)
    if sign == ".":
        return _point(text, place)
    if sign == '"':
        end = text.find("\n", place)
        return Diagnostic(
            "the text in quotes is never closed",
            Span(place, len(text) if end < 0 else end),
            help='close it with `"` on the same line',
        )
    if sign == "'":
        return _prime(text, place)
    if sign == ":":
        return _colon(text, place)
    if sign in _ASCII and sign not in _LOOK_ALIKES:
        message, advice = _ASCII[sign]
        width = 2 if text[place : place + 2] in ("&&", "!!") else 1
        return Diagnostic(message.replace(sign, sign * width, 1), Span(place, place + width), help=advice)
    return _foreign(sign, Span(place, place + 1))


def _number(text: str, place: int) -> Diagnostic:
    lexeme = _match(r"[0-9][0-9A-Za-z_.]*'*", text, place)
    span = Span(place, place + len(lexeme))
    factor = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([A-Za-z_][A-Za-z0-9_]*'*)", lexeme)
    advice = "names begin with a letter"
    if re.fullmatch(r"[0-9]+(_[0-9]+)+", lexeme):
        advice = f"write `{lexeme.replace('_', '')}`"
    elif factor and not lexeme.startswith("0"):
        advice = f"write `{factor[1]}*{factor[2]}`"
    return Diagnostic(f"`{lexeme}` is not a number", span, help=advice)


def _point(text: str, place: int) -> Diagnostic:
    if text[place - 2 : place] == "..":
        return Diagnostic("a range has two points", Span(place - 2, place + 1), help="write `1..d`")
    digits = _match(r"\.[0-9]+", text, place)
    before = text[place - 1 : place]
    if digits and not before.isalnum() and before not in (")", "]"):
        return Diagnostic(
            f"`{digits}` is not a number", Span(place, place + len(digits)), help=f"write `0{digits}`"
        )
    if before.isdigit():
        number = re.search(r"[0-9]+$", text[max(0, place - 40) : place])
        shown = number[0] if number else before
        advice = f"write `{shown}` or `{shown}.0`; a range has two points: `1..d`"
        return Diagnostic("a digit must follow the point", Span(place, place + 1), help=advice)
    word = _match(r"\.[A-Za-z_][A-Za-z_0-9]*", text, place)
    if word == ".T":
        advice = "the order of the indices says it: `A(j, i)` for `A(i, j)`"
        return Diagnostic("`.T` has no meaning here", Span(place, place + 2), help=advice)
    return Diagnostic(
        f"`{word or '.'}` has no meaning here",
        Span(place, place + len(word or ".")),
        help="a range is written `1..d`",
    )


def _prime(text: str, place: int) -> Diagnostic:
    before = text[place - 1 : place]
    if before in ("]", ")"):
        return Diagnostic(
            "a prime belongs to a name", Span(place, place + 1), help="write `s'[k]` for `s[k]'`"
        )
    return Diagnostic(
        "`'` has no meaning here",
        Span(place, place + 1),
        help="a prime ends the name of an index (`b'`); a message stands in double quotes",
    )


def _colon(text: str, place: int) -> Diagnostic:
    if text[place : place + 2] == ":=":
        return Diagnostic("`:=` has no meaning here", Span(place, place + 2), help="write `=`")
    return Diagnostic(
        "`:` has no meaning here",
        Span(place, place + 1),
        help="ranges are written `1..3` (both ends included)",
    )


def _foreign(sign: str, span: Span) -> Diagnostic:
    """A sign that no keyboard for programs has: its number and name, and the plain sign like it."""
    name = unicodedata.name(sign, "") or _CONTROL.get(sign, "(a sign without a name)")
    shown = f"U+{ord(sign):04X} {name}"
    plain = _LOOK_ALIKES.get(sign) or unicodedata.normalize("NFKC", sign)
    if unicodedata.category(sign) == "Zs" or sign in "\u200b\u200c\u200d\u2060\ufeff":
        advice = "write a blank, or leave it away"
    elif plain != sign and plain.isascii() and plain.isprintable():
        advice = f"write `{plain}`"
    elif sign.isalpha():
        advice = "names are made of the letters a-z and A-Z, digits and `_`"
    else:
        advice = "leave it away, or put it into a comment"
    message = f"`{sign}` is {shown}" if sign.isprintable() and not sign.isspace() else f"this sign is {shown}"
    return Diagnostic(message, span, help=advice)


_CONTROL: Final[Mapping[str, str]] = {
    "\r": "CARRIAGE RETURN without a line feed",
    "\f": "FORM FEED",
    "\v": "VERTICAL TAB",
    "\0": "NULL",
    "\x1b": "ESCAPE",
    "\x85": "NEXT LINE",
}


def _match(pattern: str, text: str, place: int) -> str:
    found = re.compile(pattern).match(text, place)
    return found[0] if found else ""
