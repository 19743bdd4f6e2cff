"""What declared tensors hold: the values of constants, the initialisers of weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tncompile.network.syntax import Expr, Initialiser, ListExpr, Loop, Number, Range, Tensor
from tncompile.network.values.arithmetic import Column
from tncompile.network.values.scope import Scope
from tncompile.network.written.families import Declared
from tncompile.network.written.messages import counted, here_are, listed, nearest
from tncompile.network.written.problems import Problems
from tncompile.source import Diagnostic, Fault, Span

# The initialisers, each with the fewest and the most arguments it takes.
INITIALISERS: Mapping[str, tuple[int, int]] = {
    "normal": (1, 1),
    "uniform": (2, 2),
    "zeros": (0, 0),
    "ones": (0, 0),
    "orthogonal": (0, 1),
    "identity": (0, 1),
}


def check_contents(scope: Scope, tensors: Iterable[Declared], problems: Problems) -> None:
    """Notes constants that do not fit their axes or have no value, and initialisers that do not exist."""
    for declared in tensors:
        with problems.catching():
            if declared.tensor.init is not None:
                _check_initialiser(scope, declared, declared.tensor.init)
            if declared.tensor.value is not None:
                _check_constant(scope, declared, declared.tensor.value)


def _check_initialiser(scope: Scope, declared: Declared, init: Initialiser) -> None:
    if init.name not in INITIALISERS:
        near = nearest(init.name, INITIALISERS)
        raise Fault(
            Diagnostic(
                f"no initialiser is called `{init.name}`; there are {listed(list(INITIALISERS))}",
                init.span,
                help=f"did you mean `{near}`?" if near else "",
            )
        )
    fewest, most = INITIALISERS[init.name]
    if not fewest <= len(init.arguments) <= most:
        wanted = "no argument" if not most else counted(most, "argument")
        here = here_are(len(init.arguments), "argument")
        raise Fault(Diagnostic(f"`{init.name}` takes {wanted}, {here}", init.span))
    _check_distribution(declared, init, [scope.numbers(one, declared.rows) for one in init.arguments])
    if init.name == "identity":
        _check_pair(declared, init)
    if init.name == "orthogonal" and init.arguments:
        _check_rows(scope, declared, init.arguments[0])


def _check_distribution(declared: Declared, init: Initialiser, values: Sequence[Column]) -> None:
    """Arguments are finite, a deviation is real and not negative, and an interval does not end before it begins."""
    for argument, value in zip(init.arguments, values, strict=True):
        said = [f"here is {number}" for number in value.tolist()]
        _refuse(~np.isfinite(value), "an argument is a finite number, ", said, argument.span, declared)
        if init.name in ("normal", "identity"):
            wrong = (np.imag(value) != 0) | (np.real(value) < 0)
            _refuse(wrong, "a standard deviation is real and at least 0, ", said, argument.span, declared)
    if init.name == "uniform" and not any(np.iscomplexobj(value) for value in values):
        low, high = values
        said = [f"from {a} to {b}" for a, b in zip(low.tolist(), high.tolist(), strict=True)]
        _refuse(high < low, "this interval ends before it begins: ", said, init.span, declared)


def _refuse(
    wrong: npt.NDArray[np.bool_], rule: str, said: Sequence[str], span: Span, declared: Declared
) -> None:
    """Raises Fault with the first row where arguments break a rule, and what is ``said`` of them there."""
    if wrong.any():
        row = int(np.argmax(wrong))
        raise Fault(Diagnostic(rule + said[row], span, values=declared.rows.values(row)))


def _check_pair(declared: Declared, init: Initialiser) -> None:
    """``identity`` is a delta of the first and the last axis: there are two."""
    few = declared.shapes.counts < 2
    if few.any():
        row = int(np.argmax(few))
        axes = counted(int(declared.shapes.counts[row]), "axis")
        message = f"`identity` is a delta of the first and the last axis; `{declared.tensor.name}` has {axes}"
        raise Fault(Diagnostic(message, init.span, values=declared.rows.values(row)))


def _check_rows(scope: Scope, declared: Declared, argument: Expr) -> None:
    """The argument of ``orthogonal`` says how many axes are rows: at least one, and not all."""
    rows = scope.integers(argument, declared.rows)
    wrong = (rows < 1) | (rows >= declared.shapes.counts)
    if wrong.any():
        row = int(np.argmax(wrong))
        axes = counted(int(declared.shapes.counts[row]), "axis")
        message = f"`orthogonal({rows[row]})`: of {axes} at least one is a row, and at least one is not"
        raise Fault(Diagnostic(message, argument.span, values=declared.rows.values(row)))


def _check_constant(scope: Scope, declared: Declared, value: Expr) -> None:
    if isinstance(value, ListExpr):
        _check_list(scope, declared, value)
    elif not isinstance(value, Number):
        owners = declared.rows
        if any(axis.loops for axis in declared.tensor.axes):
            scope.numbers(value, owners)
            return
        rows, _ = scope.expand(list(_axis_loops(declared.tensor)), owners)
        scope.numbers(value, rows)


def _axis_loops(tensor: Tensor) -> Iterator[Loop]:
    """Loops over the positions of the axes."""
    for axis in tensor.axes:
        variables = (axis.variable,) if axis.variable else ()
        yield Loop(variables, Range(axis.first or Number("1"), axis.extent), span=axis.span)


def _check_list(scope: Scope, declared: Declared, value: ListExpr) -> None:
    entries = list(_entries(value))
    for entry in entries:
        scope.numbers(entry)
    sizes = np.array([int(np.prod(part)) for part in _shapes(declared)], np.int64)
    if len(entries) != sizes.sum() and (sizes != len(entries)).any():
        shape = " × ".join(map(str, _shapes(declared)[0])) or "1"
        raise Fault(
            Diagnostic(
                f"this list has {counted(len(entries), 'entry')}, `{declared.tensor.name}` has {sizes[0]} ({shape})",
                value.span,
            )
        )


def _shapes(declared: Declared) -> list[list[int]]:
    offsets = declared.shapes.offsets.tolist()
    values = declared.shapes.values.tolist()
    return [values[start:end] for start, end in pairwise(offsets)]


def _entries(value: ListExpr) -> Iterator[Expr]:
    for item in value.items:
        if isinstance(item, ListExpr):
            yield from _entries(item)
        else:
            yield item
