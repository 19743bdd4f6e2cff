"""Einsum strings, as NumPy has them: ``ab,bc->ac``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from tncompile.exchange.einsum import Einsum, Places, check_einsum, numbered_names
from tncompile.source import Diagnostic, Source, Span, TnError, UsageError

ELLIPSIS = "..."


def read_string(text: str, sizes: Mapping[str, object]) -> Einsum:
    """An einsum from its string. ``sizes`` gives the extent of each letter, and for ``...`` a list.

    Without ``->`` the output has the letters that stand once, in the order of the alphabet. Raises TnError with the
    place of what is wrong in the string, UsageError for sizes that no letter needs.
    """
    source = Source("<einsum>", text)
    axes = _ellipsis_axes(sizes)
    left, arrow, right = text.partition("->")
    inputs, spans, start = [], [], 0
    for term in left.split(","):
        inputs.append(_labels(source, term, start, axes))
        spans.append(Span(start, max(start + len(term), start + 1)))
        start += len(term) + 1
    whole = Span(0, max(1, len(text)))
    output = _labels(source, right, len(left) + 2, axes) if arrow else _implicit(inputs, axes)
    _check_ellipsis(source, left, right, bool(arrow), ELLIPSIS in sizes, len(left) + 2)
    extents = {label: _extent(label, size) for label, size in sizes.items() if label != ELLIPSIS} | axes
    einsum = Einsum(tuple(inputs), output, extents, numbered_names(len(inputs)))
    after = Span(len(left) + 2, max(len(text), len(left) + 3)) if arrow else whole
    check_einsum(einsum, Places(source, spans, after, whole, "say how large it is: -s {label}=4"))
    for label in extents:
        if label not in einsum.labels:
            raise UsageError(f"-s {label}={sizes.get(label, '')}: no index of `{text}` is called `{label}`")
    return einsum


def _labels(source: Source, term: str, start: int, axes: Mapping[str, int]) -> tuple[str, ...]:
    """The indices of one operand, with those of its ellipsis."""
    before, dots, behind = term.partition(ELLIPSIS)
    ends = len(before) + len(dots)
    for place, letter in (*enumerate(before, start), *enumerate(behind, start + ends)):
        if not letter.isalpha() and not letter.isspace():
            raise TnError([_no_letter(letter, Span(place, place + 1))], source)
    return (*"".join(before.split()), *(axes if dots else ()), *"".join(behind.split()))


def _no_letter(letter: str, span: Span) -> Diagnostic:
    if letter == ".":
        return Diagnostic("an ellipsis is three dots, once in an operand", span)
    return Diagnostic(f"`{letter}` is no index", span, help="indices are letters: ab,bc->ac")


def _implicit(inputs: Sequence[Sequence[str]], axes: Mapping[str, int]) -> tuple[str, ...]:
    counts = Counter(label for labels in inputs for label in labels)
    once = sorted(label for label, count in counts.items() if count == 1 and label not in axes)
    return (*(label for label in axes if label in counts), *once)


def _ellipsis_axes(sizes: Mapping[str, object]) -> dict[str, int]:
    """The indices that an ellipsis stands for."""
    given = sizes.get(ELLIPSIS, [])
    if not isinstance(given, list):
        raise UsageError(f"-s ...={given}: an ellipsis stands for any number of axes: -s '...=[2,3]'")
    return {f"e{number}": _extent(ELLIPSIS, size) for number, size in enumerate(given, 1)}


def _extent(label: str, size: object) -> int:
    if not isinstance(size, int):
        raise UsageError(f"-s {label}={size}: the size of an index is an integer")
    return size


def _check_ellipsis(source: Source, left: str, right: str, arrow: bool, given: bool, start: int) -> None:
    inside, outside = left.find(ELLIPSIS), right.find(ELLIPSIS)
    if outside >= 0 > inside:
        span = Span(start + outside, start + outside + 3)
        raise TnError([Diagnostic("the output has an ellipsis, and no operand has one", span)], source)
    if inside >= 0 and arrow and outside < 0:
        message = "an operand has an ellipsis, and the output has none"
        help_ = "axes of an ellipsis are not summed: write ->... , or give them letters"
        raise TnError([Diagnostic(message, Span(inside, inside + 3), help=help_)], source)
    if inside >= 0 and not given:
        message = "nothing says which axes the ellipsis stands for"
        help_ = "give their sizes: -s '...=[2,3]', or -s '...=[]' for none"
        raise TnError([Diagnostic(message, Span(inside, inside + 3), help=help_)], source)
