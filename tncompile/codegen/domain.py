"""What the numbers of a generated module are, and how its text computes with them."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from tncompile.codegen import nodes

DTYPES = ("float32", "float64", "complex64", "complex128")


@dataclass(frozen=True)
class Domain:
    """Real or complex floating-point numbers of one dtype, in the array library called `library`.

    Everything that depends on the number domain goes through these methods, so that another one
    (integers modulo a prime) is another object, not another emitter.
    """

    dtype: str
    library: str = "np"

    @property
    def is_complex(self) -> bool:
        """Are there imaginary parts?"""
        return self.dtype.startswith("complex")

    def function(self, called: str) -> ast.expr:
        """A function of the array library."""
        return nodes.attribute(nodes.name(self.library), called)

    def call(self, called: str, *arguments: ast.expr, **keywords: ast.expr) -> ast.Call:
        """A call of a function of the array library."""
        return nodes.call(self.function(called), *arguments, **keywords)

    def literal(self, value: complex) -> ast.expr:
        """A number of the network as text; whole numbers stay short."""
        value = complex(value)
        if value.imag == 0:
            return nodes.number(int(value.real) if value.real.is_integer() and abs(value.real) < 2**53 else value.real)
        if value.real == 0:
            return nodes.number(complex(0, value.imag)) if value.imag > 0 else _negative(complex(0, -value.imag))
        imaginary = ast.Sub() if value.imag < 0 else ast.Add()
        return nodes.binary(nodes.number(value.real), imaginary, nodes.number(complex(0, abs(value.imag))))

    def conjugate(self, array: ast.expr) -> ast.expr:
        """The complex conjugate; of a real array the array itself."""
        return nodes.method(array, "conj") if self.is_complex else array

    def matmul(self, left: ast.expr, right: ast.expr) -> ast.expr:
        """The matrix product."""
        return nodes.binary(left, ast.MatMult(), right)

    def multiply(self, left: ast.expr, right: ast.expr) -> ast.expr:
        """The product element by element."""
        return nodes.binary(left, ast.Mult(), right)


def _negative(value: complex) -> ast.expr:
    return ast.UnaryOp(ast.USub(), ast.Constant(value))
