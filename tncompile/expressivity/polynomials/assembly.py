"""Nodes of the graph from the trees of equations."""

from __future__ import annotations

from collections.abc import Sequence

from tncompile.expressivity.polynomials.factory import Factory
from tncompile.expressivity.polynomials.polynomial import (
    COEFFICIENT,
    COLUMNS,
    ROWS,
    Factor,
    Leaf,
    NotPolynomial,
    Product,
    Sum,
)
from tncompile.expressivity.polynomials.reading import (
    Applied,
    Conjugate,
    Key,
    Plus,
    Power,
    Summed,
    Tie,
    Times,
    Tree,
    UseAt,
    Zero,
    uses_in,
)
from tncompile.expressivity.polynomials.wiring import Scope, Wiring
from tncompile.network import Extent, RuleClass

Terms = tuple[tuple[int, ...], bool, tuple[Key, ...]]  # nodes, whether there is a constant, wires from around


class Assembly:
    """One product under way: a member, or a part of one with wires of the scope ``around``."""

    def __init__(
        self, factory: Factory, name: str, conjugate: bool, rule: RuleClass, around: Scope | None = None
    ) -> None:
        self.factory, self.name, self.rule = factory, name, rule
        self.conjugate = conjugate and factory.is_complex
        self.wiring = Wiring(name, rule, around)
        self.factors: list[Factor] = []
        self.zero = False

    # --- results ------------------------------------------------------------------------------

    def whole(self, tree: Tree, free: Sequence[Key], extents: Sequence[Extent]) -> int | None:
        """The node of a member, with the wires of its left side; None for zero."""
        self.wiring.add_free(free, extents)
        scope = self.wiring.top
        if isinstance(tree, Plus):
            terms = self.terms(tree, scope, self.conjugate)
            if terms is None:
                return None
            numbers, constant, _ = terms
            return self.factory.add_node(Sum(self.name, numbers, constant, tuple(extents)))
        self.gather(tree, scope, self.conjugate)
        if self.zero:
            return None
        product = self.wiring.product(self.factors)
        only = _only_use(product)
        if only is not None and only.wires == product.open == tuple(range(len(free))):
            return only.node
        return self.factory.add_node(product)

    def as_term(self) -> int:
        """The node of a part; of a bare use that node itself, whatever the order of its axes."""
        product = self.wiring.product(self.factors)
        only = _only_use(product)
        if only is not None and sorted(only.wires) == sorted(set(product.open)):
            return only.node
        return self.factory.add_node(product)

    # --- factors ------------------------------------------------------------------------------

    def gather(self, tree: Tree, scope: Scope, conjugate: bool) -> None:
        """Adds the factors of a tree."""
        match tree:
            case UseAt():
                self.add_use(tree, scope, conjugate)
            case Tie(wires=keys):
                self.wiring.tie([self.wiring.wire(key, scope) for key in keys])
            case Zero():
                self.zero = True
            case Times(factors=factors):
                for factor in factors:
                    self.gather(factor, scope, conjugate)
            case Summed(body=body, wires=keys):
                self.gather(body, self.wiring.inside(scope, keys), conjugate)
            case Conjugate(body=body):
                self.gather(body, scope, self.factory.is_complex and not conjugate)
            case Plus():
                self.add_sum(tree, scope, conjugate)
            case Power(base=base, exponent=exponent):
                self.add_power(base, scope, conjugate, exponent)
            case Applied():
                self.add_function(tree, scope)

    def add_use(self, use: UseAt, scope: Scope, conjugate: bool) -> None:
        """A use of a member as a factor."""
        table = self.factory.table
        shape = table.shape(use.name, use.position)
        wires = tuple(self.wiring.wire(key, scope, e) for key, e in zip(use.wires, shape, strict=True))
        node = self.factory.node_of(use.name, use.position, conjugate)
        if node is None:
            self.zero = True
        elif node == COEFFICIENT:
            name = table.text(use.name, use.position) + ("*" if conjugate else "")
            generic = table.tables[use.name].role == "weight"
            self.factors.append(Factor(COEFFICIENT, wires, 1, name, generic))
        else:
            self.factors.append(Factor(node, wires))

    def add_sum(self, tree: Plus, scope: Scope, conjugate: bool) -> None:
        """A sum inside the product: a node of its own."""
        if not self.side_of(tree):
            self.add_coefficient(tree, scope, "a sum")
            return
        terms = self.terms(tree, scope, conjugate)
        if terms is None:
            self.zero = True
            return
        numbers, constant, keys = terms
        wires = tuple(self.wiring.wire(key, scope) for key in keys)
        extents = tuple(map(self.wiring.extent, wires))
        node = Sum(self.factory.part_name(self.name), numbers, constant, extents)
        self.factors.append(Factor(self.factory.add_node(node), wires))

    def terms(self, tree: Plus, scope: Scope, conjugate: bool) -> Terms | None:
        """The terms of a sum that are not zero; None if all are."""
        numbers: list[int] = []
        constant = False
        keys: dict[Key, None] = {}
        for term in tree.terms:
            part = self.part(term, scope, conjugate)
            if part.zero:
                continue
            self.outer_wires(part.wiring, scope)
            keys |= dict.fromkeys(part.wiring.outer)
            if self.side_of(term):
                numbers.append(part.as_term())
            else:
                constant = True
        return (tuple(numbers), constant, tuple(keys)) if numbers or constant else None

    def part(self, tree: Tree, scope: Scope, conjugate: bool) -> Assembly:
        """A product of its own for a part of this one."""
        part = Assembly(self.factory, self.factory.part_name(self.name), conjugate, self.rule, scope)
        part.gather(tree, part.wiring.top, part.conjugate)
        return part

    def outer_wires(self, part: Wiring, scope: Scope) -> tuple[int, ...]:
        """The wires of this product that a part opened."""
        pairs = zip(part.outer, part.opened, strict=True)
        return tuple(self.wiring.wire(key, scope, part.extents[wire]) for key, wire in pairs)

    def add_power(self, tree: Tree, scope: Scope, conjugate: bool, power: int) -> None:
        """A power of a part, entry by entry."""
        if not self.side_of(tree):
            self.add_coefficient(tree, scope, "a power")
            return
        part = self.part(tree, scope, conjugate)
        if part.zero:
            self.zero = True
            return
        self.factors.append(Factor(part.power_node(), self.outer_wires(part.wiring, scope), power))

    def power_node(self) -> int:
        """The node of a part, its axes in the order of the wires it opened."""
        product = self.wiring.product(self.factors)
        only = _only_use(product)
        if only is not None and only.wires == product.open == tuple(range(len(self.wiring.opened))):
            return only.node
        return self.factory.add_node(product)

    def add_coefficient(self, tree: Tree, scope: Scope, what: str) -> None:
        """Anything without inputs, as one coefficient."""
        wires, _ = self.touched(tree, scope)
        name = f"{what} in {self.factory.part_name(self.name)}"
        self.factors.append(Factor(COEFFICIENT, wires, 1, name))

    def add_function(self, tree: Applied, scope: Scope) -> None:
        """A function of one side alone is a vector of variables of that side. Raises NotPolynomial."""
        side = self.side_of(tree)
        if not side:
            self.add_coefficient(tree, scope, tree.text)
            return
        if side not in (ROWS, COLUMNS):
            what = "a division" if tree.text == "/" else f"`{tree.text}`"
            raise NotPolynomial(
                f"the score is not a polynomial: {what} in `{self.name}` joins both sides of the cut"
            )
        wires, extents = self.touched(tree, scope)
        inputs = 0
        for use, _ in uses_in(tree):
            inputs |= self.factory.table.inputs(use.name, use.position)
        leaf = Leaf(f"{tree.text} in {self.name}", side, extents, inputs)
        self.factors.append(Factor(self.factory.add_node(leaf), wires))

    def touched(self, tree: Tree, scope: Scope) -> tuple[tuple[int, ...], tuple[Extent, ...]]:
        """The wires of the product that a tree touches, and their extents."""
        part = Wiring(self.name, self.rule, scope)
        part.touch(tree, part.top, self.factory.table.shape)
        wires = self.outer_wires(part, scope)
        return wires, tuple(map(self.wiring.extent, wires))

    def side_of(self, tree: Tree) -> int:
        """The sides that a tree depends on, as bits."""
        side = 0
        for use, _ in uses_in(tree):
            side |= self.factory.table.side(use.name, use.position)
        return side


def _only_use(product: Product) -> Factor | None:
    """The factor of a product that has no other and is a node."""
    if len(product.factors) != 1 or product.factors[0].is_coefficient or product.factors[0].power > 1:
        return None
    return product.factors[0]
