"""Whole numbers modulo a prime, as balanced residues in float64: the number domain of exact ranks.

A prime below 2^25 leaves residues below 2^24 in size. So a product of two is exact, and so is a sum of 32
products, or of 2^28 residues. Matrix products with longer sums split one operand into two halves of 12 bits.
"""

from __future__ import annotations

import ast
from fractions import Fraction

import numpy as np

from tncompile.codegen.python import nodes
from tncompile.codegen.python.domain import Domain, Numbers
from tncompile.network import Expr, Rows, Scope
from tncompile.network.values.exact import exact_numbers
from tncompile.source.records import record

HELPERS = '''
def reduced(x):
    """Balanced residues of whole numbers below 2^53."""
    if not isinstance(x, np.ndarray) or not x.flags.c_contiguous:
        return x - PRIME * np.rint(x * (1 / PRIME))
    flat = x.reshape(-1)  # in place and in pieces that stay in the cache: the array is a temporary
    for start in range(0, flat.size, 32768):
        piece = flat[start : start + 32768]
        q = piece * (1 / PRIME)
        np.rint(q, out=q)
        q *= PRIME
        piece -= q
    return x


def times(a, b):
    """The product element by element."""
    return reduced(a * b)


def matmul(a, b):
    """The matrix product; sums of more than 32 products are computed in two halves."""
    inner = a.shape[-1]
    if inner <= 32:
        return reduced(a @ b)
    if inner > 131072:
        first, second = (slice(0, 131072), slice(131072, None))
        lower = b[first] if b.ndim == 1 else b[..., first, :]
        upper = b[second] if b.ndim == 1 else b[..., second, :]
        return reduced(matmul(a[..., first], lower) + matmul(a[..., second], upper))
    if a.size <= b.size:
        high = np.rint(a * (1 / 4096))
        low = a - 4096 * high
        high, low = high @ b, low @ b
    else:
        high = np.rint(b * (1 / 4096))
        low = b - 4096 * high
        high, low = a @ high, a @ low
    total = 4096 * reduced(high)
    total += low
    return reduced(total)


def product(x, axis=None):
    """The product along some axes."""
    axes = range(x.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    for position in sorted(axes, reverse=True):
        x = np.moveaxis(x, position, 0)
        total = np.ones(x.shape[1:])
        for part in x:
            total = times(total, part)
        x = total
    return x


def power(x, exponent):
    """A power with a whole exponent; ZeroDivisionError where zero has a negative one."""
    if exponent < 0:
        if not np.all(x):
            raise ZeroDivisionError("zero has no inverse")
        exponent = int(exponent) % (int(PRIME) - 1)
    x = np.asarray(x, DTYPE)
    result = np.ones_like(x)
    for bit in bin(int(exponent))[2:]:
        result = times(result, result)
        if bit == "1":
            result = times(result, x)
    return result
'''


@record
class Modular(Domain):
    """Residues modulo ``prime``. ``unit`` stands for the imaginary unit: a root of -1, or 0 where there is none."""

    prime: int = 0
    unit: int = 0
    plain: bool = False

    def residue(self, real: Fraction, imaginary: Fraction = Fraction(0)) -> int:
        """The balanced residue of an exact number. Raises ZeroDivisionError if the prime divides a denominator."""
        value = self._residue(real) + self.unit * self._residue(imaginary)
        return (value + self.prime // 2) % self.prime - self.prime // 2

    def _residue(self, value: Fraction) -> int:
        if value.denominator % self.prime == 0:
            raise ZeroDivisionError(f"{self.prime} divides the denominator of {value}")
        return value.numerator * pow(value.denominator, -1, self.prime)

    def literal(self, value: complex) -> ast.expr:
        """A number that a float holds exactly."""
        value = complex(value)
        return nodes.number(self.residue(Fraction(value.real), Fraction(value.imag)))

    def expression(self, expr: Expr, scope: Scope) -> ast.expr | None:
        """A number of the network, from its text."""
        return nodes.number(self.residue(*exact_numbers(scope, expr)[0]))

    def exponent(self, expr: Expr, scope: Scope) -> ast.expr | None:
        """The whole number itself: exponents are no residues."""
        return nodes.number(int(scope.integers(expr)[0]))

    def values(self, expr: Expr, scope: Scope, rows: Rows) -> Numbers:
        """The residues of the entries of a constant, one for each row."""
        return np.array([self.residue(*value) for value in exact_numbers(scope, expr, rows)], np.complex128)

    def conjugate(self, array: ast.expr) -> ast.expr:
        """Nothing: conjugates were made variables of their own."""
        return array

    def matmul(self, left: ast.expr, right: ast.expr) -> ast.expr:
        """The matrix product."""
        return nodes.call(nodes.name("matmul"), left, right)

    def multiply(self, left: ast.expr, right: ast.expr) -> ast.expr:
        """The product element by element."""
        return nodes.call(nodes.name("times"), left, right)

    def divide(self, left: ast.expr, right: ast.expr) -> ast.expr:
        """The quotient element by element."""
        return self.multiply(left, self.power(right, nodes.number(-1)))

    def power(self, base: ast.expr, exponent: ast.expr) -> ast.expr:
        """A power with a whole exponent."""
        return nodes.call(nodes.name("power"), base, exponent)

    def sum(self, array: ast.expr, **arguments: ast.expr) -> ast.expr:
        """The sum along some axes."""
        return self.finished(super().sum(array, **arguments))

    def product(self, array: ast.expr, **arguments: ast.expr) -> ast.expr:
        """The product along some axes."""
        return nodes.call(nodes.name("product"), array, **arguments)

    def finished(self, total: ast.expr) -> ast.expr:
        """A sum of terms, brought back to residues."""
        return nodes.call(nodes.name("reduced"), total)

    def helpers(self) -> list[ast.stmt]:
        """The functions that a module needs to compute modulo the prime."""
        functions: list[ast.stmt] = [*ast.parse(HELPERS).body]
        return [nodes.assign("PRIME", nodes.number(self.prime)), *functions]
