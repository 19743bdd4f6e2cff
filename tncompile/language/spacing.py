"""Blanks between the words of a statement, as `network.text` sets them.

Arithmetic stands without blanks where it counts something (subscripts, bounds, extents, exponents,
lists), with blanks elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tncompile.language.tokens import Token
from tncompile.network.syntax.words import FUNCTIONS
from tncompile.source.records import record

COMMAS: Final = ("_COMMA", "_LOOP_COMMA")
OPENING: Final = ("OPEN", "OPEN_SQUARE")
CLOSING: Final = ("CLOSE", "CLOSE_SQUARE")
_ARITHMETIC: Final = ("PLUS", "MINUS", "TIMES", "DIVIDE")
_OPERAND_ENDS: Final = ("NAME", "NUMERAL", *CLOSING)


@record
class Word:
    """A token with what stands before it: a blank or nothing. ``operator``: it joins two operands."""

    text: str
    kind: str
    start: int
    blank: bool
    operator: bool = False


@dataclass
class _Frame:
    """One pair of brackets: are blanks left out at its beginning, and now."""

    base: bool
    tight: bool
    choices: list[bool] = field(default_factory=list)

    def meet(self, kind: str) -> None:
        """Words that change what stands next to them."""
        if kind == "IF":
            self.choices.append(self.tight)
            self.tight = False
        elif kind == "ELSE":
            self.tight = self.choices.pop()
        elif kind == "IN":
            self.tight = True
        elif kind in ("FOR", "_OVER", *COMMAS):
            self.tight = self.base
            self.choices.clear()


def spaced(tokens: Sequence[Token]) -> list[Word]:
    """The tokens of one statement as words; comments are not among them."""
    words: list[Word] = []
    frames = [_Frame(False, False)]
    kinds = ["", ""]  # of the last two tokens
    unary = False
    for token in tokens:
        kind = token.type
        frame = frames[-1]
        if kind in CLOSING:
            frames.pop()
        operator = kind in _ARITHMETIC and kinds[-1] in _OPERAND_ENDS
        blank = bool(words) and not unary and _blank(words[-1], kind, operator, frame.tight)
        words.append(Word(str(token), kind, token.start_pos, blank, operator))
        frame.meet(kind)
        if kind in OPENING:
            frames.append(_frame(words, kinds, frame.tight))
        unary = kind == "MINUS" and not operator
        # A minus in an exponent hides nothing: `2^-(a+b)`.
        if not (unary and kinds[-1] == "_POWER"):
            kinds = [kinds[-1], kind]
    return words


def _frame(words: Sequence[Word], kinds: Sequence[str], tight: bool) -> _Frame:
    """The brackets that the last word opens; ``kinds`` are those of the two words before it."""
    before = words[-2] if len(words) > 1 else None
    if words[-1].kind == "OPEN_SQUARE" or kinds[-1] == "_POWER" or kinds[-1] == "CLOSE_SQUARE":
        return _Frame(True, True)
    if before is not None and before.kind == "NAME":
        tight = tight or before.text not in FUNCTIONS or kinds[-2] == "_POWER"
    return _Frame(tight, tight)


def _blank(before: Word, kind: str, operator: bool, tight: bool) -> bool:
    if before.kind in OPENING or kind in (*CLOSING, *COMMAS) or before.kind in COMMAS:
        return before.kind in COMMAS
    if kind in OPENING and before.kind in ("NAME", "CLOSE_SQUARE"):
        return False
    if {kind, before.kind} & {"_DOTS", "_POWER"}:
        return False
    if operator or before.operator:
        return not tight
    return True


def joined(words: Sequence[Word]) -> str:
    """Words on one line, without a blank in front."""
    text = "".join(" " + word.text if word.blank else word.text for word in words)
    return text[1:] if words and words[0].blank else text
