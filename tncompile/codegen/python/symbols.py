"""The names of a generated module, and the numbers of a network written with them."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Iterable, Mapping
from math import lcm

from tncompile.codegen.python import nodes
from tncompile.codegen.python.domain import Domain
from tncompile.network import (
    UNIT_ROWS,
    Add,
    Expr,
    Extent,
    FamilyValue,
    Formula,
    Let,
    Multiply,
    Name,
    Negative,
    Network,
    Number,
    Size,
)
from tncompile.plan.schedule import Affine, Buffer

ENTRY_POINTS = ("init", "score", "score_and_gradient")


def identifier(text: str) -> str:
    """A Python identifier that reads like ``text`` (``b'`` becomes ``b_``)."""
    word = re.sub(r"\W", "_", text)
    if not word or word[0].isdigit():
        word = "_" + word
    return word + "_" if keyword.iskeyword(word) or keyword.issoftkeyword(word) else word


class Names:
    """Identifiers of one namespace, no two alike."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken) | set(dir(builtins))
        self._given: dict[object, str] = {}

    def give(self, key: object, text: str) -> str:
        """The identifier of ``key``: ``text``, or ``text`` with underscores behind if that is taken."""
        if key not in self._given:
            word = identifier(text)
            while word in self._taken:
                word += "_"
            self._taken.add(word)
            self._given[key] = word
        return self._given[key]

    def constant(self, key: object, text: str) -> str:
        """The identifier of a constant of the module, which no function of the module may hide."""
        return self.give(key, f"{text}_" if text in ENTRY_POINTS else text)


class Symbols:
    """The sizes of a network as constants of the module, and expressions in them.

    ``batch`` is the size that counts the samples, read from the data; it is a variable of the
    functions. Constants that were used are noted, with their values, in `constants`.
    """

    def __init__(self, network: Network, domain: Domain, batch: str | None, names: Names) -> None:
        self.domain = domain
        self.batch = batch
        self.network = network
        self._scope = network.scope
        self._names = names
        self._sizes = {s.name: s for s in network.statements if isinstance(s, Size)}
        self._lets = _named_atoms(network)
        self.constants: dict[str, object] = {}

    # --- integers -------------------------------------------------------------------------------

    def extent(self, extent: Extent) -> ast.expr:
        """An extent in the sizes; its value where it cannot be written."""
        return self.formula(extent.formula, extent.value)

    def formula(self, formula: Formula, value: int) -> ast.expr:
        """A formula in the sizes; ``value`` where it cannot be written."""
        atoms = {atom: self._atom(atom) for atom in formula.atoms()}
        if any(node is None for node in atoms.values()):
            return nodes.number(value)
        return _polynomial(formula, {atom: node for atom, node in atoms.items() if node is not None})

    def affine(self, affine: Affine, offset: int = 0) -> ast.expr:
        """A position: loop variables with their coefficients, and a constant."""
        terms = [(self.variable(name), coefficient) for name, coefficient in affine.terms]
        constant = affine.constant + offset
        if affine.formula is None or affine.formula.number is not None or not _is_polynomial(affine.formula):
            return _sum([*terms, (nodes.number(abs(constant)), (constant > 0) - (constant < 0))])
        shifted = affine.formula + offset
        if not terms:
            return self.formula(shifted, constant)
        return _sum([*terms, (self.formula(shifted, constant), 1)])

    def dtype(self, buffer: Buffer) -> ast.expr:
        """What the entries of a buffer are: numbers, wide ones, or whole numbers that are exponents."""
        if buffer.exponents:
            return self.domain.function("int64")
        return nodes.name("WIDE" if buffer.wide else "DTYPE")

    def batch_word(self) -> str:
        """The variable that counts the samples."""
        return self._names.give(("batch",), str(self.batch))

    def variable(self, loop_variable: str) -> ast.expr:
        """A loop variable."""
        return nodes.name(self._names.give(("loop", loop_variable), loop_variable))

    def _atom(self, atom: str) -> ast.expr | None:
        if atom == self.batch:
            return nodes.name(self.batch_word())
        if atom in self._lets:
            return self._constant(self._lets[atom], self._scope.lookup(self._lets[atom]))
        name, _, subscripts = atom.rstrip("]").partition("[")
        if name not in self._sizes:
            return None
        value = self._scope.lookup(name)
        if not isinstance(value, FamilyValue):
            return self._constant(name, value)
        if value.members.shape[1] != 1:
            return None
        first = int(value.members[0, 0])
        return nodes.indexed(self._constant(name, value), [nodes.number(int(subscripts) - first)])

    def _constant(self, name: str, value: object) -> ast.expr:
        word = self._names.constant(("size", name), name)
        self.constants[name] = tuple(value.values.tolist()) if isinstance(value, FamilyValue) else value
        return nodes.name(word)

    def plain(self, name: str) -> ast.expr | None:
        """The constant of a size or number that is one number; None for any other name."""
        if name not in self._sizes or name == self.batch:
            return None
        value = self._scope.lookup(name)
        return self._constant(name, value) if isinstance(value, int | float) else None

    # --- numbers --------------------------------------------------------------------------------

    def value(self, expr: Expr) -> complex:
        """The value of a number without loop variables."""
        return complex(self._scope.numbers(expr, UNIT_ROWS)[0])

    def number(self, expr: Expr) -> ast.expr:
        """A number of the network, in the sizes where they are read plainly."""
        said = self.domain.expression(expr, self._scope)
        if said is not None:
            return said
        match expr:
            case Negative(operand=operand):
                return ast.UnaryOp(ast.USub(), self.number(operand))
            case Name(name=name) if (found := self.plain(name)) is not None:
                return found
            case Add(terms=terms, signs=signs):
                result = self.number(terms[0])
                for term, sign in zip(terms[1:], signs[1:], strict=True):
                    result = nodes.binary(result, ast.Add() if sign > 0 else ast.Sub(), self.number(term))
                return result
            case Multiply(factors=factors, inverted=inverted):
                result = self.number(factors[0])
                for factor, below in zip(factors[1:], inverted[1:], strict=True):
                    result = nodes.binary(result, ast.Div() if below else ast.Mult(), self.number(factor))
                return result
            case Number(text=text) if not text.endswith("i") and text.isdigit():
                return nodes.number(int(text))
        return self.domain.literal(self.value(expr))

    def exponent(self, expr: Expr) -> ast.expr:
        """An exponent."""
        return self.domain.exponent(expr, self._scope) or self.number(expr)


def _named_atoms(network: Network) -> Mapping[str, str]:
    """Atoms of formulas that are the whole value of a let: ``log2(d)`` where the file says ``let L = log2(d)``."""
    found: dict[str, str] = {}
    for statement in network.statements:
        if isinstance(statement, Let) and not statement.family:
            value = network.scope.lookup(statement.name)
            if not isinstance(value, int):
                continue
            atoms = network.scope.formula(statement.value).atoms()
            if len(atoms) == 1 and network.scope.formula(statement.value) == Formula.atom(atoms[0]):
                found.setdefault(atoms[0], statement.name)
    for statement in network.statements:
        if isinstance(statement, Size):
            found.pop(statement.name, None)
    return found


def _is_polynomial(formula: Formula) -> bool:
    return all(factor.denominator == 1 for _, factor in formula.terms)


def _polynomial(formula: Formula, atoms: Mapping[str, ast.expr]) -> ast.expr:
    """The formula as an expression of integers; a common denominator becomes ``//``."""
    denominator = lcm(*(factor.denominator for _, factor in formula.terms))
    terms = []
    for monomial, factor in sorted(formula.terms, key=lambda term: (-sum(e for _, e in term[0]), term[0])):
        powers = [
            atoms[atom] if exponent == 1 else nodes.binary(atoms[atom], ast.Pow(), nodes.number(exponent))
            for atom, exponent in monomial
        ]
        whole = int(factor * denominator)
        if not powers:
            terms.append((nodes.number(abs(whole)), 1 if whole > 0 else -1))
        else:
            size = [] if abs(whole) == 1 else [nodes.number(abs(whole))]
            terms.append((nodes.chain(ast.Mult(), [*size, *powers]), 1 if whole > 0 else -1))
    total = _sum(terms)
    return total if denominator == 1 else nodes.binary(total, ast.FloorDiv(), nodes.number(denominator))


def _sum(terms: Iterable[tuple[ast.expr, int]]) -> ast.expr:
    """``sum of coefficient * node``; nothing is 0."""
    result: ast.expr | None = None
    for node, coefficient in terms:
        if coefficient == 0:
            continue
        size = abs(coefficient)
        part = node if size == 1 else nodes.binary(nodes.number(size), ast.Mult(), node)
        if result is None:
            result = part if coefficient > 0 else ast.UnaryOp(ast.USub(), part)
        else:
            result = nodes.binary(result, ast.Add() if coefficient > 0 else ast.Sub(), part)
    return nodes.number(0) if result is None else result
