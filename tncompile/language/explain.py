"""Why the parser stopped, in the words of the language.

The parser says only at which token it stopped and which it would have taken. Each function below
knows one slip; they are asked in turn, and the first that recognises it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from difflib import get_close_matches
from typing import Final

from tncompile.language.brackets import bracket_problem
from tncompile.language.characters import explain_character
from tncompile.language.parser import END, Stopped, UnknownSign, tokens_of
from tncompile.language.tokens import Token
from tncompile.network.syntax.words import RESERVED
from tncompile.source import Diagnostic, Source, Span
from tncompile.source.records import record

_BEGINNINGS: Final = RESERVED[: RESERVED.index("for")]
_OPERAND_ENDS: Final = ("NAME", "NUMERAL", "CLOSE", "CLOSE_SQUARE")
_OPERAND_BEGINS: Final = ("NAME", "NUMERAL", "OPEN", "OPEN_SQUARE", "NOT", "STRING")
_COMMAS: Final = ("_COMMA", "_LOOP_COMMA")
_JOINING: Final = ("for", "over", "in", "if", "else", "and", "or")


@record
class Stop:
    """Where the parser stopped: the tokens before, the one it did not take, those it would have taken.

    At the end of the statement ``token`` has the type ``$END`` and no text.
    """

    before: tuple[Token, ...]
    token: Token
    accepts: Set[str]
    span: Span
    following: str  # the sign right behind the token
    starts_line: bool

    def last(self, count: int = 1) -> Token | None:
        """The token so many before the stop."""
        return self.before[-count] if len(self.before) >= count else None

    @property
    def previous(self) -> str:
        """The type of the token before the stop."""
        return self.before[-1].type if self.before else ""

    @property
    def at_end(self) -> bool:
        return self.token.type == END

    @property
    def shown(self) -> str:
        """The token as a message names it."""
        return "the end of the statement" if self.at_end else f"`{self.token}`"

    def problem(self, message: str, advice: str = "", width: int = 1) -> Diagnostic:
        """A problem here; ``width`` counts the tokens that are marked."""
        start = self.span.start if width == 1 else self.before[1 - width].start_pos
        return Diagnostic(message, Span(start, self.span.end), help=advice)


def explain(source: Source, statement: Span, error: Stopped | UnknownSign) -> Diagnostic:
    """What is wrong with a statement that the parser could not read."""
    if isinstance(error, UnknownSign):
        return explain_character(source, error.place)
    token = error.token
    at_end = token.type == END
    start = token.start_pos
    pairing = bracket_problem(source, statement)
    if pairing is not None and (pairing.span.start <= start or at_end):
        return pairing
    before = tuple(tokens_of(source.text, Span(statement.start, start)))
    if at_end:
        # The end is marked right behind the last word: a comment may follow it.
        start = before[-1].end_pos
    stop = Stop(
        before,
        token,
        error.accepts,
        Span(start, start + max(1, len(token))),
        source.text[start + len(token) : start + len(token) + 1],
        not source.text[source.text.rfind("\n", 0, start) + 1 : start].strip(),
    )
    return next(problem for slip in _SLIPS if (problem := slip(stop)) is not None)


# --- how a statement begins ------------------------------------------------------------------------


def _unknown_beginning(stop: Stop) -> Diagnostic | None:
    if not stop.before:
        advice = "to continue the statement above, indent this line"
        return stop.problem(f"no statement begins with {stop.shown}", advice)
    first = stop.before[0]
    if len(stop.before) > 1 or first.type != "NAME" or stop.token.type == "_EQUAL":
        return None
    near = get_close_matches(first.lower(), _BEGINNINGS, 1, 0.6)
    advice = f"did you mean `{near[0]}`?" if near else "a definition is written `NAME[...](...) = ...`"
    place = Span(first.start_pos, first.end_pos)
    return Diagnostic(f"no statement begins with `{first}`", place, help=advice)


def _name_missing(stop: Stop) -> Diagnostic | None:
    first = stop.last()
    if first is None or len(stop.before) > 1 or "NAME" not in stop.accepts or stop.token in RESERVED:
        return None
    if first.type not in (
        "NETWORK",
        "SIZE",
        "NUMBER",
        "LET",
        "INPUT",
        "WEIGHT",
        "CONSTANT",
        "CUT",
        "INLINE",
        "OUTPUT",
        "FIELD",
    ):
        return None
    return stop.problem(f"a name must follow `{first}`, here is {stop.shown}")


def _reserved_name(stop: Stop) -> Diagnostic | None:
    word = stop.token
    if word not in RESERVED or "NAME" not in stop.accepts:
        return None
    declares = stop.previous in ("FOR", "INLINE", "OUTPUT") or len(stop.before) == 1
    if word in _JOINING and not declares and not (stop.previous in (*_COMMAS, "OPEN") and word != "for"):
        return None
    return stop.problem(f"`{word}` is a reserved word; choose another name")


def _indented_statement(stop: Stop) -> Diagnostic | None:
    if not stop.starts_line or stop.token not in _BEGINNINGS:
        return None
    advice = "a statement begins in the column of `network`; a line further in continues the one above"
    return stop.problem(f"{stop.shown} begins a statement, but this line is indented", advice)


# --- signs of other languages ----------------------------------------------------------------------


def _doubled_sign(stop: Stop) -> Diagnostic | None:
    last = stop.last()
    if last is None or last.end_pos != stop.span.start:
        return None
    pair = f"{last}{stop.token}"
    known = {
        "**": ("powers are written `2^2`", ""),
        "<>": ("`<>` has no meaning here", "write `!=`"),
        "->": ("`->` has no meaning here", "a definition is written `NAME(i, j) = ...`"),
        "++": ("`++` has no meaning here", "write `+`"),
    }
    if pair in known:
        message, advice = known[pair]
        return stop.problem(message, advice, width=2)
    return None


def _sign_and_follower(stop: Stop) -> Diagnostic | None:
    pair = f"{stop.token}{stop.following}"
    advice = _FOREIGN_PAIRS.get(pair)
    if advice is None:
        return None
    return Diagnostic(
        f"`{pair}` has no meaning here", Span(stop.span.start, stop.span.start + 2), help=advice
    )


_FOREIGN_PAIRS: Final = {
    "||": "conditions are joined by `or`",
    "=<": "write `<=`",
    "=>": "write `>=`",
    **dict.fromkeys(("+=", "-=", "*=", "/="), "each member is defined once; write all of it in one rule"),
}


def _wrong_equals(stop: Stop) -> Diagnostic | None:
    types = [token.type for token in stop.before]
    if stop.token == "==" and "_EQUAL" in stop.accepts:
        return stop.problem("`==` compares; here stands `=`")
    if stop.token.type != "_EQUAL":
        return None
    if "IF" in types or types[0] == "REQUIRE":
        return stop.problem("a condition compares with `==`")
    if "_EQUAL" in types and stop.previous != "_EQUAL" and not set(_COMMAS) & set(types):
        return stop.problem(
            "`=` stands twice in this statement",
            "a condition compares with `==`; each statement needs a line of its own",
        )
    return None


def _bar(stop: Stop) -> Diagnostic | None:
    if stop.token.type != "_BAR":
        return None
    advice = "" if stop.before[0].type == "CUT" else "conditions are joined by `or`"
    return stop.problem("`|` stands in a cut only, once, between rows and columns", advice)


# --- loops and ranges ------------------------------------------------------------------------------


def _loop_variables(stop: Stop) -> Diagnostic | None:
    if (
        stop.token.type in _COMMAS
        and stop.previous == "NAME"
        and (before := stop.last(2))
        and before.type == "FOR"
    ):
        return stop.problem("several variables of one loop stand in parentheses", "`for (i, j) in edges`")
    if stop.previous == "_LOOP_COMMA" or (stop.previous == "FOR" and "NAME" in stop.accepts):
        return stop.problem(f"a loop is written `NAME in 1..d`, here is {stop.shown}")
    if stop.previous == "NAME" and stop.accepts == {"IN"}:
        return stop.problem(f"`in` is missing before {stop.shown}", "a loop is written `for k in 1..d`")
    return None


def _misplaced_for(stop: Stop) -> Diagnostic | None:
    if stop.token.type != "FOR":
        return None
    types = [token.type for token in stop.before]
    if stop.previous in ("_OVER", "OPEN", *_COMMAS, "_EQUAL"):
        return stop.problem(
            "nothing stands before this `for`",
            "the loop stands behind what it repeats: `sum(f[k](i) for k in 1..d)`",
        )
    if types[0] in ("SIZE", "NUMBER", "LET", "INPUT", "WEIGHT", "CONSTANT"):
        return stop.problem(
            f"no loop can stand behind `{stop.before[0]}`",
            "the family stands in the brackets: `NAME[k in 1..d]`",
        )
    if "FOR" in types and stop.previous in _OPERAND_ENDS:
        return stop.problem("several loops share one `for`", "`for i in 1..3, j in 1..i`")
    return None


def _misplaced_range(stop: Stop) -> Diagnostic | None:
    if stop.token.type != "_DOTS":
        return None
    if stop.previous not in _OPERAND_ENDS:
        return stop.problem("a range needs a first and a last value", "`1..d`")
    return stop.problem(
        "a range cannot stand here", "ranges stand in `[...]` or behind `in`: `x[1..d]`, `for k in 1..d`"
    )


def _misplaced_over(stop: Stop) -> Diagnostic | None:
    if stop.token != "over":
        return None
    return stop.problem(
        "`over` stands in `sum`, `max` or `min`, behind the only argument", "`sum(f(i) over i)`"
    )


def _misplaced_axes(stop: Stop) -> Diagnostic | None:
    if (
        stop.token.type != "OPEN"
        or stop.before[0].type not in ("SIZE", "NUMBER", "LET", "CUT")
        or len(stop.before) != 2
    ):
        return None
    return stop.problem(
        f"`{stop.before[0]}` declares no tensor: no indices stand behind its name",
        "members stand in square brackets: `NAME[k in 1..d]`",
    )


def _misplaced_text(stop: Stop) -> Diagnostic | None:
    if stop.token.type != "STRING":
        return None
    return stop.problem("a text in quotes stands behind the condition of `require` only")


# --- what is missing -------------------------------------------------------------------------------


def _equals_missing(stop: Stop) -> Diagnostic | None:
    first = stop.before[0].type
    if "_EQUAL" not in stop.accepts or "PLUS" in stop.accepts or first in ("INPUT", "WEIGHT"):
        return None
    if first in ("SIZE", "NUMBER") and stop.token.type not in _OPERAND_BEGINS:
        return None
    if stop.at_end:
        return stop.problem(
            "the right side is missing", "`= ...` follows; if it stands in the next line, indent that line"
        )
    return stop.problem(f"`=` is missing before {stop.shown}")


def _operator_missing(stop: Stop) -> Diagnostic | None:
    if (
        stop.previous not in _OPERAND_ENDS
        or stop.token.type not in _OPERAND_BEGINS
        or "TIMES" not in stop.accepts
    ):
        return None
    advice = "a product is written with `*`"
    if stop.starts_line:
        advice += "; a new statement begins in the column of `network`"
    return stop.problem(f"an operator is missing between `{stop.before[-1]}` and {stop.shown}", advice)


def _else_missing(stop: Stop) -> Diagnostic | None:
    if "ELSE" not in stop.accepts:
        return None
    return stop.problem(f"`if` has no `else` before {stop.shown}", "a choice is written `a if c else b`")


def _operand_missing(stop: Stop) -> Diagnostic | None:
    if "NUMERAL" not in stop.accepts and "NAME" not in stop.accepts:
        return None
    after = f" after `{stop.before[-1]}`"
    if stop.at_end:
        return stop.problem(
            f"something is missing{after}: the statement ends here",
            "if it goes on in the next line, indent that line",
        )
    return stop.problem(f"something is missing between `{stop.before[-1]}` and {stop.shown}")


def _unexpected(stop: Stop) -> Diagnostic | None:
    if stop.token.type in _COMMAS and stop.before[0].type in ("NAME", "INLINE", "OUTPUT", "LET"):
        return stop.problem(
            "`,` cannot stand here",
            "each definition needs a line of its own; behind a loop's comma stands `NAME in ...`",
        )
    if stop.at_end:
        return stop.problem("the statement ends too early", _expected(stop))
    return stop.problem(f"{stop.shown} cannot stand here", _expected(stop))


_SPELLED: Final = {
    "CLOSE": "`)`",
    "CLOSE_SQUARE": "`]`",
    "_COMMA": "`,`",
    "_EQUAL": "`=`",
    "IN": "`in`",
    "ELSE": "`else`",
    "_DOTS": "`..`",
    "OPEN": "`(`",
    "FOR": "`for`",
    "_TILDE": "`~`",
    "PLUS": "an operator",
}


def _expected(stop: Stop) -> str:
    words = [word for terminal, word in _SPELLED.items() if terminal in stop.accepts]
    return "here may stand " + ", ".join(words) if words else ""


_SLIPS: Final[tuple[Callable[[Stop], Diagnostic | None], ...]] = (
    _unknown_beginning,
    _indented_statement,
    _doubled_sign,
    _sign_and_follower,
    _reserved_name,
    _name_missing,
    _wrong_equals,
    _bar,
    _loop_variables,
    _misplaced_for,
    _misplaced_range,
    _misplaced_over,
    _misplaced_axes,
    _misplaced_text,
    _equals_missing,
    _operator_missing,
    _else_missing,
    _operand_missing,
    _unexpected,
)
