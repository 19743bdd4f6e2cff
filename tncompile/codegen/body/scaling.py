"""What a scaled module computes besides: exponents of two, measured, added, and taken out of mantissas."""

from __future__ import annotations

import ast
import math

import numpy as np

from tncompile.codegen.arrays.alignment import ExtentOf, Value, aligned
from tncompile.codegen.arrays.strided import Strided
from tncompile.codegen.python import nodes
from tncompile.codegen.python.domain import Domain
from tncompile.plan.schedule import Step
from tncompile.source.records import record

QUIET = "quiet"  # the decorator of functions that look by themselves whether numbers left the range
FUNCTIONS = (
    QUIET,
    "ones",
    "sizes",
    "measure",
    "rescale",
    "lost",
    "balance",
    "follow",
    "in_range",
    "far",
    "product",
    "product_of_parts",
    "split_product",
    "share",
    "accumulate",
    "plain",
    "finished",
)
NOTES = {
    "WIDE": "the numbers of long products",
    "EMPTY": "the exponent of 0",
    "LOWEST": "the exponent of the smallest number that is not denormal",
    "FAINT": "numbers of an exponent below it count as 0",
    "HIGHEST": "the exponent of the largest power of two",
    "NEAR": "what is smaller, or larger than 1 over it, may lose some of what counts",
    "EDGE": "smaller numbers, or larger ones than 1 over it, have lost digits already",
    "SPAN": "so many factors are multiplied before their product is looked at",
    "ONES": "columns of ones by their lengths, each made once",
}
CONSTANTS = tuple(NOTES)

# The exponents of two by which one unit of depth (`plan/scaling/depths.py`) may change a mantissa.
UNIT_BITS = 6  # where nobody looks at it afterwards
SEEN_BITS = 4  # where it is looked at afterwards whether numbers stayed in range
TRIED_BITS = 0.75  # likewise, in loops, whose states are looked at again and again
CAREFUL_BITS = 42  # where numbers may be of almost any size

# `np.errstate` is no decorator here: before NumPy 2 it forgets what was set around a call within a call.
HELPERS = '''
def quiet(function):
    """The function without warnings of numbers that leave the range, which it finds by itself."""

    def quietly(*arguments, **options):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return function(*arguments, **options)

    quietly.__doc__ = function.__doc__
    quietly.__wrapped__ = function
    return quietly


{ones}def sizes(x, axis):
    """The sizes of the entries added up along `axis`, which stays with length 1."""
    size = abs(x)
    {fast}return size.sum(axis=axis, keepdims=True)


def measure(x, axis, scale=0):
    """The exponents of `sizes` of `x * 2**scale`, `EMPTY` where all entries are 0."""
    size = sizes(x, axis).squeeze(axis)
    return np.where(size == 0, EMPTY, np.frexp(size)[1] + scale)


def rescale(x, axis, scale=0, last=False{seen}):
    """Divides `x` in place by powers of two: the average size of its entries along `axis` is between 1/2 and 2 then.

    Returns the exponents of these powers, added to `scale`. With `last` it is the largest size that is in
    [1, 2), and the exponent of 0 is `EMPTY`.{seen_note}
    """
    size = abs(x).max(axis=axis, keepdims=True) if last else sizes(x, axis)
    {append}exponent = np.frexp(size)[1] - (1 if last else (x.size // max(size.size, 1)).bit_length())
    x /= np.ldexp(size.dtype.type(1), exponent)
    scale = exponent.squeeze(axis) + scale
    return np.where(size.squeeze(axis) == 0, EMPTY, scale) if last else scale


def lost(seen):
    """Whether one of the sizes is so small, or so large, that some of what it is of may be lost."""
    size = np.concatenate(seen, axis=None)
    return not (size.min(initial=1) > NEAR and size.max(initial=1) < 1 / EDGE)


def far(x):
    """Whether an entry is so far from 1 that some of it may be lost."""
    size = abs(x)
    return not (size.min(initial=1) > NEAR and size.max(initial=1) < 1 / NEAR)


def balance(x, axis, scale):
    """Multiplies `x` in place by powers of two: the average size of its entries along `axis` is between 1/2 and 2 then.

    Returns these powers, and the exponents by which `x` is now less, added to `scale`.
    """
    size = sizes(x, axis)
    exponent = np.frexp(size)[1] - (x.size // max(size.size, 1)).bit_length()
    power = np.ldexp(np.{real}(1), -exponent)
    x *= power
    return (power.squeeze(axis), exponent.squeeze(axis) + scale)


def follow(x, axis, power=1):
    """Multiplies `x` in place by the powers of two that brought a state to size; returns its `sizes` then."""
    x *= power
    return sizes(x, axis).squeeze(axis)


def in_range(gradient, scale, cotangent, *adjoints):
    """Whether no score is 0, and no adjoint so far from 1 that some of it may be lost.

    An adjoint that is 0 was lost, unless there are cotangents that are 0.
    """
    silent = not cotangent.all()
    inside = all(not far(size) or (silent and not far(size[size != 0])) for size in adjoints)
    return inside and (scale > EMPTY // 2).all() and np.isfinite(gradient.sum())


@quiet
def product(x, axis, scale):
    """The product of the members of `x`, its entries near enough to 1 for a product of two, and its exponents, added to `scale`."""
    span = SPAN
    while span:
        try:
            return product_of_parts(x, axis, scale, span)
        except FloatingPointError:  # fewer at a time do not go so far
            span //= 4
    return split_product(x, axis, scale)


def product_of_parts(x, axis, scale, span):
    """What `product` returns, from products of `span` members each. The processor notes whatever leaves the range on the way."""
    with np.errstate(over="raise", under="raise"):
        total = x[:span].prod(axis=0)
        for start in range(0, len(x), span):
            if start:
                total *= x[start:start + span].prod(axis=0)
            try:
                np.square(total)
            except FloatingPointError:
                scale = rescale(total, axis, scale)
                np.square(total)
    return (total, scale)


def split_product(x, axis, scale):
    """What `product` returns, for entries of any size: each of them is a mantissa and an exponent meanwhile."""
    total, exponent = np.ones(x.shape[1:], DTYPE), np.zeros(x.shape[1:], np.int64)
    for start in range(0, len(x), SPAN):
        part = x[start:start + SPAN]
        own = np.frexp(abs(part))[1]
        total = total * (part / np.ldexp(np.{real}(1), own - 1)).prod(axis=0)
        more = np.frexp(abs(total))[1]
        total = total / np.ldexp(np.{real}(1), more - 1)
        exponent = exponent + (own - 1).sum(axis=0) + more - 1
    exponent = np.where(total == 0, EMPTY, exponent)
    top = exponent.max(axis=axis, keepdims=True)
    total *= np.ldexp(np.{real}(1), np.maximum(exponent - top, 2 * LOWEST))
    top = top.squeeze(axis)
    return (total, np.where(top == EMPTY, EMPTY, top + scale))


def share(exponent, size):
    """`2**exponent`; 0 for a number of the exponent `size` that is too small to count (and slow), or 0 itself."""
    power = np.ldexp(np.{real}(1), np.minimum(exponent, HIGHEST))
    return np.where((size < FAINT) | (exponent > HIGHEST), np.{real}(0), power)


def accumulate(total, axis, scale, x, exponent):
    """Adds `x * 2**exponent` to `total * 2**scale`, in place; returns the exponents of the sum.

    The largest size along `axis` is in [1, 2), before and after, and the exponent of 0 is `EMPTY`.
    """
    top = np.maximum(scale, exponent)
    total *= np.expand_dims(share(scale - top, scale - top), axis)
    total += x * np.expand_dims(share(exponent - top, exponent - top), axis)
    return rescale(total, axis, top, last=True)


def plain(x, exponent):
    """`x * 2**exponent`, infinite or 0 where that is out of range."""
    exponent = np.clip(exponent, 4 * LOWEST, 4 * HIGHEST)
    return {plain}


def finished(exponent):
    """The exponents as they are returned: 0 for what is 0."""
    return np.where(exponent < EMPTY // 2, 0, exponent)
'''

# Along the last two axes BLAS adds up sooner than NumPy.
FAST = {
    "ones": """def ones(count):
    \"\"\"A column of ones.\"\"\"
    if count not in ONES:
        ONES[count] = np.ones((count, 1), np.{real})
    return ONES[count]


""",
    "fast": """if axis == x.ndim - 1:
        return size @ ones(x.shape[axis])
    if axis == x.ndim - 2:
        return ones(x.shape[axis]).T @ size
    """,
}


@record
class Limits:
    """The depths that a mantissa may reach before it is brought back to size."""

    unseen: int  # where nobody looks at it afterwards
    seen: int  # where it is looked at afterwards
    tried: int  # likewise, in loops
    careful: int  # where numbers may be of almost any size


def limits(dtype: str) -> Limits:
    """The limits of the mantissas of a dtype."""
    bits = int(np.finfo(dtype).maxexp)
    return Limits(bits // UNIT_BITS, bits // SEEN_BITS, int(bits / TRIED_BITS), bits // CAREFUL_BITS)


# What `rescale` does besides where numbers may be brought to size too seldom.
SEEN = {
    "seen": ", seen=None",
    "seen_note": " The sizes are added to the list `seen`.",
    "append": """if seen is not None:
        seen.append(size)
    """,
}


def helpers(domain: Domain, *, seen: bool) -> list[ast.stmt]:
    """The constants and functions that a scaled module needs; ``seen`` says that it looks at sizes afterwards."""
    real = np.finfo(domain.dtype).dtype.name
    bits = np.finfo(real)
    texts = {
        "plain": "np.ldexp(x.real, exponent) + 1j * np.ldexp(x.imag, exponent)"
        if domain.is_complex
        else "np.ldexp(x, exponent)",
        **(FAST if domain.namespace == "np" else dict.fromkeys(FAST, "")),
        **(SEEN if seen else dict.fromkeys(SEEN, "")),
        "real": real,
    }
    text = HELPERS
    for word, value in texts.items():
        text = text.replace(f"{{{word}}}", value)
    found = ast.parse(text.replace("np.", f"{domain.namespace}.")).body
    lowest = int(bits.minexp)
    values = {
        "LOWEST": lowest,
        "FAINT": lowest * 3 // 4,
        "HIGHEST": int(bits.maxexp) - 1,
        "SPAN": int(bits.maxexp) // 2,
    }
    near = nodes.binary(nodes.number(2.0), ast.Pow(), nodes.number(lowest // 2))
    empty = ast.UnaryOp(ast.USub(), nodes.binary(nodes.number(2), ast.Pow(), nodes.number(48)))
    return [
        # In a product of many factors the entries of one sample drift far apart on the way.
        nodes.assign("WIDE", domain.function("complex128" if domain.is_complex else "float64")),
        nodes.assign("EMPTY", domain.call("int64", empty)),
        *(nodes.assign(word, nodes.number(value)) for word, value in values.items()),
        nodes.assign("ONES", ast.Dict([], [])),
        nodes.assign("NEAR", near),
        nodes.assign(
            "EDGE", nodes.binary(nodes.number(2.0), ast.Pow(), nodes.number(lowest + bits.nmant + 1))
        ),
        *found,
    ]


def measured(step: Step, value: Value, scale: Value | None) -> Value:
    """A step `measure`."""
    axes, kept = _axes(step, value)
    more = [] if scale is None else [aligned(scale, kept)]
    return Value(nodes.call(nodes.name("measure"), value.expr, axes, *more), Strided.dense(kept))


def rescaled(step: Step, value: Value, before: Value | None, *, seen: bool) -> Value:
    """A step `rescale`: the new exponents; ``value`` is changed in place."""
    axes, kept = _axes(step, value)
    more = [] if before is None else [aligned(before, kept)]
    named: dict[str, ast.expr] = {"last": ast.Constant(True)} if step.function == "last" else {}
    named |= {"seen": nodes.name("seen")} if seen else {}
    call = nodes.call(nodes.name("rescale"), _in_place(value), axes, *more, **named)
    return Value(call, Strided.dense(kept))


def balanced(step: Step, value: Value, before: Value) -> tuple[ast.expr, tuple[str, ...]]:
    """A step `balance`: powers and exponents, and the order of their axes; ``value`` is changed in place."""
    axes, kept = _axes(step, value)
    return nodes.call(nodes.name("balance"), _in_place(value), axes, aligned(before, kept)), kept


def followed(step: Step, value: Value, power: Value | None) -> Value:
    """A step `follow`: the sizes; ``value`` is changed in place."""
    axes, kept = _axes(step, value)
    more = [] if power is None else [aligned(power, value.labels)]
    return Value(nodes.call(nodes.name("follow"), _in_place(value), axes, *more), Strided.dense(kept))


def _in_place(value: Value) -> ast.expr:
    """A view, also where it has no axes."""
    place = value.expr
    if not value.labels and isinstance(place, ast.Subscript):  # a view without axes, not a number
        items = place.slice.elts if isinstance(place.slice, ast.Tuple) else [place.slice]
        return nodes.indexed(place.value, [*items, ast.Constant(...)])
    return place


def multiplied(
    step: Step, value: Value, before: Value, order: tuple[str, ...], domain: Domain, extent: ExtentOf
) -> ast.expr:
    """A product over labels: what `product` returns, mantissas with the labels ``order`` and exponents."""
    whole = [*step.summed, *order]
    expr = aligned(value, whole)
    if set(whole) - set(value.labels):
        expr = domain.call("broadcast_to", expr, nodes.group([extent(label) for label in whole]))
    if len(step.summed) > 1:
        expr = nodes.method(expr, "reshape", nodes.number(-1), *(extent(label) for label in order))
    axes = [axis for axis, label in enumerate(order) if label not in before.labels]
    kept = [label for label in order if label in before.labels]
    # What was lost is seen at once, unless a captured graph has to go on.
    called = "product" if domain.namespace == "np" else "split_product"
    return nodes.call(nodes.name(called), expr, nodes.integers(axes), aligned(before, kept))


def _axes(step: Step, value: Value) -> tuple[ast.expr, tuple[str, ...]]:
    """The axes that a step goes over, and the labels that remain."""
    axes = [axis for axis, label in enumerate(value.labels) if label in step.summed]
    return nodes.integers(axes), tuple(label for label in value.labels if label not in step.summed)


def scaled_function(step: Step, arguments: list[ast.expr], domain: Domain) -> ast.expr | None:
    """The functions that only scaled schedules have; None for any other one."""
    first, *rest = arguments
    match step.function:
        case "shift" | "lower":
            *own, size, to = rest
            below = nodes.binary(own[0], ast.Sub(), to) if own else ast.UnaryOp(ast.USub(), to)
            power = nodes.call(nodes.name("share"), below, nodes.binary(size, ast.Sub(), to))
            return domain.multiply(first, power)
        case "plain":
            return nodes.call(nodes.name("plain"), first, rest[0])
        case "log" if rest:
            power = nodes.call(nodes.name("DTYPE"), nodes.number(math.log(2)))
            factor = nodes.binary(power, ast.Mult(), rest[0])
            scale = nodes.method(factor, "astype", nodes.name("DTYPE"))
            return nodes.binary(domain.call("log", first), ast.Add(), scale)
    return None
