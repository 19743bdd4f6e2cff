"""What flows back through functions: their derivatives, in the functions of the language."""

from __future__ import annotations

from collections.abc import Mapping

from tncompile.network import Binary, Call, Expr, Multiply, Number
from tncompile.network.syntax.substitute import integer, shifted
from tncompile.network.values.sets import unique
from tncompile.transform.adjoint.backward import Backward, result_of
from tncompile.transform.adjoint.instances import RuleRows
from tncompile.transform.build import ONE, combination, product, signed_one, times
from tncompile.transform.context import loop_variables, variables_in
from tncompile.transform.flat import Apply, Factor, Term

MINUS = signed_one(-1)
# Functions whose derivative is another function of the language (that of cos is -sin).
SLOPES: Mapping[str, str] = {"relu": "step", "softplus": "sigmoid", "abs": "sign", "cos": "sin", "sin": "cos"}


def apply_adjoint(back: Backward, part: RuleRows, form: Apply) -> None:
    """The adjoint through one function of the language."""
    match form.function:
        case "/":
            _quotient_adjoint(back, part, form)
        case "^":
            _power_adjoint(back, part, form)
        case "max" | "min":
            _extremum_adjoint(back, part, form)
        case "log" | "sqrt":
            _divided_adjoint(back, part, form)
        case "step" | "sign":
            pass
        case _:
            _sloped_adjoint(back, part, form)


def _sloped_adjoint(back: Backward, part: RuleRows, form: Apply) -> None:
    (argument,) = form.arguments
    assert isinstance(argument, Factor)
    if back.complex and form.function == "abs":
        # |a| is not holomorphic: only the real part of the adjoint counts.
        bar, half = back.bar(part), Number("0.5")
        real = back.helper(part, "bar_real", combination([Term(half, bar), Term(half, bar.conjugated())]))
        unit = back.helper(part, "slope", Call("sign", (argument.expr,)))
        back.add(part, part.uses[0], argument, None, [real, unit], part.definition.loops)
        return
    coefficient, slope = _slope(back, part, form.function, argument)
    back.add(
        part,
        part.uses[0],
        argument,
        coefficient,
        [back.bar(part), back.conjugate(slope)],
        part.definition.loops,
    )


def _slope(back: Backward, part: RuleRows, function: str, argument: Factor) -> tuple[Expr | None, Factor]:
    """The derivative of a function as a factor, and a number before it."""
    result = result_of(part.definition)
    match function:
        case "exp":
            return None, result
        case "tanh":
            square = back.helper(part, "square", product(None, (result, result)))
            return None, back.helper(part, "slope", combination([Term(ONE, None), Term(MINUS, square)]))
        case "sigmoid":
            rest = back.helper(part, "rest", combination([Term(ONE, None), Term(MINUS, result)]))
            return None, back.helper(part, "slope", product(None, (result, rest)))
        case "relu":
            # The result is positive where the argument is; so the argument need not be kept.
            argument = result
    slope = back.helper(part, "slope", Call(SLOPES[function], (argument.expr,)))
    return (MINUS if function == "cos" else None), slope


def _divided_adjoint(back: Backward, part: RuleRows, form: Apply) -> None:
    """``log' = 1 / A`` and ``sqrt' = 0.5 / T``."""
    (argument,) = form.arguments
    assert isinstance(argument, Factor)
    below = argument if form.function == "log" else result_of(part.definition)
    share = back.helper(part, "share", quotient(back.bar(part), back.conjugate(below)))
    half = None if form.function == "log" else Number("0.5")
    back.add(part, part.uses[0], argument, half, [share], part.definition.loops)


def _quotient_adjoint(back: Backward, part: RuleRows, form: Apply) -> None:
    above, below = form.arguments
    assert isinstance(below, Factor)
    share = back.helper(part, "share", quotient(back.bar(part), back.conjugate(below)))
    uses = iter(part.uses)
    if isinstance(above, Factor):
        back.add(part, next(uses), above, None, [share], part.definition.loops)
    used = next(uses)
    if back.wants(used):
        back.add(
            part,
            used,
            below,
            MINUS,
            [share, back.conjugate(result_of(part.definition))],
            part.definition.loops,
        )


def quotient(above: Factor, below: Factor) -> Expr:
    """``above / below``"""
    return Multiply((above.expr, below.expr), (False, True))


def _power_adjoint(back: Backward, part: RuleRows, form: Apply) -> None:
    argument, exponent = form.arguments
    assert isinstance(argument, Factor)
    assert isinstance(exponent, Expr)
    values = back.context.scope.integers(exponent, part.rows)
    if not variables_in([exponent]) & set(loop_variables(part.definition.loops)):
        _one_power_adjoint(back, part, argument, exponent, int(values[0]))
        return
    for value in unique(values).tolist():
        for piece in part.only(back.context, values == value):
            assert isinstance(piece.form, Apply)
            base = piece.form.arguments[0]
            assert isinstance(base, Factor)
            _one_power_adjoint(back, piece, base, integer(value), value)


def _one_power_adjoint(back: Backward, part: RuleRows, argument: Factor, exponent: Expr, value: int) -> None:
    """``n * A^(n-1)`` for one n."""
    factors = [back.bar(part)]
    if value == 2:
        factors.append(back.conjugate(argument))
    elif value not in (0, 1):
        power = back.helper(part, "power", Binary("^", argument.expr, shifted(exponent, -1)))
        factors.append(back.conjugate(power))
    if value != 0:
        back.add(
            part, part.uses[0], argument, None if value == 1 else exponent, factors, part.definition.loops
        )


def _extremum_adjoint(back: Backward, part: RuleRows, form: Apply) -> None:
    """To the first argument that attains the extremum; ``missed`` is 1 where none did so far."""
    result = result_of(part.definition)
    wanted = [back.wants(used) for used in part.uses]
    uses = iter(zip(part.uses, wanted, strict=True))
    open_uses = sum(wanted)
    missed: Factor | None = None
    for number, argument in enumerate(form.arguments, start=1):
        if not open_uses:
            return
        used, want = next(uses) if isinstance(argument, Factor) else (None, False)
        open_uses -= want
        before = missed
        if number < len(form.arguments):
            gap = back.helper(part, f"gap_{number}", difference(form.function, result, argument))
            missed = back.helper(part, f"missed_{number}", Call("step", (gap.expr,)))
            if before is not None:
                missed = back.helper(part, f"missed_up_to_{number}", product(None, (before, missed)))
        if not want or used is None or not isinstance(argument, Factor):
            continue
        taken = before
        if number < len(form.arguments):
            assert missed is not None
            taken = back.helper(part, f"taken_{number}", remainder(before, missed))
        assert taken is not None
        back.add(part, used, argument, None, [back.bar(part), taken], part.definition.loops)


def difference(function: str, result: Factor, argument: Factor | Expr) -> Expr:
    """What is positive where an argument of ``max`` or ``min`` is not the result."""
    one = Term(None, argument) if isinstance(argument, Factor) else Term(argument, None)
    other = Term(MINUS, argument) if isinstance(argument, Factor) else Term(times(MINUS, argument), None)
    if function == "max":
        return combination([Term(None, result), other])
    return combination([one, Term(MINUS, result)])


def remainder(before: Factor | None, missed: Factor) -> Expr:
    """1 where none attained it before and this one does: ``before - missed``, ``before`` None standing for 1."""
    first = Term(ONE, None) if before is None else Term(None, before)
    return combination([first, Term(MINUS, missed)])
