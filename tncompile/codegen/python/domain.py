"""What the numbers of a generated module are, and how its text computes with them."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from string import ascii_letters

import numpy as np
import numpy.typing as npt

from tncompile.codegen.python import nodes
from tncompile.network import Expr, Rows, Scope
from tncompile.source.records import record

Labels = tuple[str, ...]
Numbers = npt.NDArray[np.complex128]
DTYPES = ("float32", "float64", "complex64", "complex128")


@record
class Domain:
    """Real or complex floating-point numbers of one dtype, in the array library called `namespace`.

    Everything that depends on the number domain goes through these methods, so that another one
    (integers modulo a prime) is another object, not another emitter.
    """

    dtype: str
    namespace: str = "np"
    plain: bool = (
        True  # numbers of the library itself: its operators compute with them, and write into given places
    )

    @property
    def is_complex(self) -> bool:
        """Are there imaginary parts?"""
        return self.dtype.startswith("complex")

    @property
    def reuses(self) -> bool:
        """Should large arrays use the memory of earlier ones? CuPy keeps what was freed itself; NumPy gives it back."""
        return self.plain and self.namespace == "np"

    def function(self, called: str) -> ast.expr:
        """A function of the array library."""
        return nodes.attribute(nodes.name(self.namespace), called)

    def call(self, called: str, *arguments: ast.expr, **keywords: ast.expr) -> ast.Call:
        """A call of a function of the array library."""
        return nodes.call(self.function(called), *arguments, **keywords)

    def literal(self, value: complex) -> ast.expr:
        """A number of the network as text; whole numbers stay short."""
        value = complex(value)
        if value.imag == 0:
            return nodes.number(
                int(value.real) if value.real.is_integer() and abs(value.real) < 2**53 else value.real
            )
        if value.real == 0:
            return (
                nodes.number(complex(0, value.imag)) if value.imag > 0 else _negative(complex(0, -value.imag))
            )
        imaginary = ast.Sub() if value.imag < 0 else ast.Add()
        return nodes.binary(nodes.number(value.real), imaginary, nodes.number(complex(0, abs(value.imag))))

    def expression(self, expr: Expr, scope: Scope) -> ast.expr | None:  # noqa: ARG002  other domains need them
        """A number of the network where the domain has a text of its own for it, else None."""
        return None

    def exponent(self, expr: Expr, scope: Scope) -> ast.expr | None:  # noqa: ARG002  other domains need them
        """An exponent where the domain has a text of its own for it, else None."""
        return None

    def values(self, expr: Expr, scope: Scope, rows: Rows) -> Numbers:
        """The entries of a constant, one for each row."""
        return np.asarray(scope.numbers(expr, rows), np.complex128)

    def conjugate(self, array: ast.expr) -> ast.expr:
        """The complex conjugate; of a real array the array itself."""
        return nodes.method(array, "conj") if self.is_complex else array

    def matmul(self, left: ast.expr, right: ast.expr) -> ast.expr:
        """The matrix product."""
        return nodes.binary(left, ast.MatMult(), right)

    def multiply(self, left: ast.expr, right: ast.expr) -> ast.expr:
        """The product element by element."""
        return nodes.binary(left, ast.Mult(), right)

    def summed_product(
        self, left: tuple[ast.expr, Labels], right: tuple[ast.expr, Labels], kept: Labels
    ) -> ast.expr | None:
        """The sum of a product of two arrays over the labels that are not ``kept``, in one call; None where there is none as fast.

        NumPy then never writes the product down; with complex numbers that takes longer. CuPy makes matrices of the operands first.
        """
        labels = dict.fromkeys((*left[1], *right[1]))
        numpy = self.plain and self.namespace == "np" and not self.is_complex
        if not numpy or not left[1] or not right[1] or len(labels) > len(ascii_letters):
            return None
        letters = _letters(labels)
        one, other, result = (
            "".join(letters[label] for label in group) for group in (left[1], right[1], kept)
        )
        return self.call("einsum", ast.Constant(f"{one},{other}->{result}"), left[0], right[0])

    def divide(self, left: ast.expr, right: ast.expr) -> ast.expr:
        """The quotient element by element."""
        return nodes.binary(left, ast.Div(), right)

    def power(self, base: ast.expr, exponent: ast.expr) -> ast.expr:
        """A power element by element."""
        return nodes.binary(base, ast.Pow(), exponent)

    def sum(self, array: ast.expr, **arguments: ast.expr) -> ast.expr:
        """The sum along some axes."""
        return nodes.method(array, "sum", **arguments)

    def product(self, array: ast.expr, **arguments: ast.expr) -> ast.expr:
        """The product along some axes."""
        return nodes.method(array, "prod", **arguments)

    def finished(self, total: ast.expr) -> ast.expr:
        """A sum of terms as the domain holds it."""
        return total

    def helpers(self) -> list[ast.stmt]:
        """The functions that a module needs to compute in the domain."""
        return []


def _letters(labels: Iterable[str]) -> dict[str, str]:
    """A letter for each label: its own first one if that is free."""
    found: dict[str, str] = {}
    for label in labels:
        free = [letter for letter in ascii_letters if letter not in found.values()]
        found[label] = label[0] if label[0] in free else free[0]
    return found


def _negative(value: complex) -> ast.expr:
    return ast.UnaryOp(ast.USub(), ast.Constant(value))
