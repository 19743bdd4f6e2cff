"""Nodes of the graph from the trees of equations."""

from __future__ import annotations

from collections.abc import Sequence

from tncompile.expressivity.members import MemberTable
from tncompile.expressivity.polynomial import (
    COEFFICIENT,
    COLUMNS,
    ROWS,
    Factor,
    Leaf,
    Node,
    NotPolynomial,
    Product,
    Sum,
    Wire,
)
from tncompile.expressivity.reading import (
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
from tncompile.network import Extent, Formula, Index, RuleClass

MemberKey = tuple[str, int, bool]  # name, position, under a conjugate


class Factory:
    """The nodes made so far. Members that depend on no input of the cut are coefficients."""

    def __init__(self, table: MemberTable) -> None:
        self.table = table
        self.is_complex = table.net.field == "complex"
        self.nodes: list[Node] = []
        self.found: dict[MemberKey, int | None] = {}
        self.parts: dict[str, int] = {}

    def is_known(self, name: str, position: int, conjugate: bool) -> bool:
        """Whether a member has a node, or needs none; an input gets its leaf here."""
        key = name, position, conjugate
        if key in self.found:
            return True
        side = self.table.leaves.get((name, position))
        if side:
            # Inputs are real vectors: an input is its own conjugate.
            other = self.found.get((name, position, not conjugate))
            inputs = self.table.inputs(name, position)
            leaf = Leaf(self.table.text(name, position), side, self.table.shape(name, position), inputs)
            self.found[key] = self.add_node(leaf) if other is None else other
        elif not self.table.side(name, position):
            self.found[key] = None if self.table.is_zero(name, position) else COEFFICIENT
        return key in self.found

    def node_of(self, name: str, position: int, conjugate: bool) -> int | None:
        """The node of a member that is known: `COEFFICIENT` without inputs, None for zero."""
        return self.found[name, position, conjugate]

    def add_node(self, node: Node) -> int:
        """The number of a new node."""
        self.nodes.append(node)
        return len(self.nodes) - 1

    def add(self, key: MemberKey, tree: Tree, free: Sequence[Key], rule: RuleClass) -> None:
        """Makes the node of a member from its tree, once all members in it are known."""
        name = self.table.text(*key[:2]) + ("*" if key[2] else "")
        extents = [rule.extents[index] for index in rule.free]
        self.found[key] = Assembly(self, name, key[2], rule).whole(tree, free, extents)

    def part_name(self, name: str) -> str:
        """A name for a node inside a member."""
        self.parts[name] = self.parts.get(name, 0) + 1
        return f"part {self.parts[name]} of {name}"


class Scope:
    """Wires by their keys; a wire that only the scope around knows is opened here under a new number."""

    def __init__(self, outer: Scope | None = None) -> None:
        self.outer = outer
        self.known: dict[Key, int] = {}

    def find(self, key: Key) -> int | None:
        """The number of a wire, by the scope that knows it."""
        scope: Scope | None = self
        while scope is not None:
            if key in scope.known:
                return scope.known[key]
            scope = scope.outer
        return None


class Assembly:
    """One product under way: its factors, wires and which wires are one."""

    def __init__(
        self, factory: Factory, name: str, conjugate: bool, rule: RuleClass, around: Scope | None = None
    ) -> None:
        self.factory, self.name, self.rule = factory, name, rule
        self.conjugate = conjugate and factory.is_complex
        self.around = around  # the scope of the product that this one is a part of
        self.top = Scope()
        self.factors: list[Factor] = []
        self.names: list[str] = []
        self.extents: list[Extent | None] = []
        self.same: list[int] = []
        self.opened: list[int] = []
        self.outer: list[Key] = []  # the keys of `opened`, for a part
        self.zero = False

    # --- results ------------------------------------------------------------------------------

    def whole(self, tree: Tree, free: Sequence[Key], extents: Sequence[Extent]) -> int | None:
        """The node of a member."""
        for key, extent in zip(free, extents, strict=True):
            self.top.known[key] = self.new_wire(key, extent)
            self.opened.append(self.top.known[key])
        if isinstance(tree, Plus):
            terms = self.terms(tree, self.top, self.conjugate)
            if terms is None:
                return None
            numbers, constant, _ = terms
            return self.factory.add_node(Sum(self.name, numbers, constant, tuple(extents)))
        self.gather(tree, self.top, self.conjugate)
        return self.node()

    def node(self) -> int | None:
        """The node of the product; None for zero, the node itself where the product only repeats one."""
        if self.zero:
            return None
        opened = tuple(self.opened)
        product = self.product(opened)
        if len(product.factors) == 1 and not self.around:
            only = product.factors[0]
            if only.node != COEFFICIENT and only.power == 1 and only.wires == product.open == tuple(range(len(opened))):
                return only.node
        return self.factory.add_node(product)

    def product(self, opened: Sequence[int]) -> Product:
        """The product as a node, wires that are one joined and numbered anew."""
        roots = list(dict.fromkeys([self.root(wire) for wire in opened]))
        roots += [root for root in dict.fromkeys(map(self.root, range(len(self.same)))) if root not in set(roots)]
        number = {root: place for place, root in enumerate(roots)}
        known: dict[int, Extent] = {}
        for wire, extent in enumerate(self.extents):
            if extent is not None:
                known.setdefault(self.root(wire), extent)
        wires = tuple(Wire(self.names[root], known.get(root, ONE)) for root in roots)
        factors = [
            Factor(f.node, tuple(number[self.root(w)] for w in f.wires), f.power, f.name, f.generic)
            for f in self.factors
        ]
        return Product(self.name, merged(factors), tuple(number[self.root(w)] for w in opened), wires)

    # --- wires --------------------------------------------------------------------------------

    def new_wire(self, key: Key, extent: Extent | None = None) -> int:
        """A new wire."""
        name, subscripts = key
        text = f"{name}[{', '.join(map(str, subscripts))}]" if subscripts else name
        self.names.append(f"{text} of {self.name}")
        if extent is None and not subscripts:
            extent = self.rule.extents.get(Index(name))
        self.extents.append(extent)
        self.same.append(len(self.same))
        return len(self.same) - 1

    def wire(self, key: Key, scope: Scope, extent: Extent | None = None) -> int:
        """The wire of a key; one that comes from around is opened."""
        found = scope.find(key)
        if found is None:
            found = self.top.known[key] = self.new_wire(key)
            if self.around is not None and self.around.find(key) is not None:
                self.opened.append(found)
                self.outer.append(key)
        if self.extents[found] is None:
            self.extents[found] = extent
        return found

    def root(self, wire: int) -> int:
        """The wire that stands for all that are one with this one."""
        while self.same[wire] != wire:
            wire = self.same[wire]
        return wire

    # --- factors ------------------------------------------------------------------------------

    def gather(self, tree: Tree, scope: Scope, conjugate: bool) -> None:
        """Adds the factors of a tree."""
        match tree:
            case UseAt():
                self.add_use(tree, scope, conjugate)
            case Tie(wires=keys):
                wires = [self.root(self.wire(key, scope)) for key in keys]
                for wire in wires[1:]:
                    self.same[max(self.root(wire), self.root(wires[0]))] = min(self.root(wire), self.root(wires[0]))
            case Zero():
                self.zero = True
            case Times(factors=factors):
                for factor in factors:
                    self.gather(factor, scope, conjugate)
            case Summed(body=body, wires=keys):
                inner = Scope(scope)
                inner.known = {key: self.new_wire(key) for key in keys}
                self.gather(body, inner, conjugate)
            case Conjugate(body=body):
                self.gather(body, scope, self.factory.is_complex and not conjugate)
            case Plus():
                self.add_sum(tree, scope, conjugate)
            case Power(base=base, exponent=exponent):
                self.add_part(base, scope, conjugate, exponent)
            case Applied():
                self.add_function(tree, scope)

    def add_use(self, use: UseAt, scope: Scope, conjugate: bool) -> None:
        """A use of a member as a factor."""
        table = self.factory.table
        shape = table.shape(use.name, use.position)
        wires = tuple(self.wire(key, scope, extent) for key, extent in zip(use.wires, shape, strict=True))
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
        """A sum inside the product: a node of its own, unless only one term is not zero."""
        if not self.side_of(tree):
            self.add_coefficient(tree, scope, "a sum")
            return
        found = self.terms(tree, scope, conjugate)
        if found is None:
            self.zero = True
            return
        numbers, constant, keys = found
        wires = tuple(self.wire(key, scope) for key in keys)
        extents = tuple(self.extents[wire] or ONE for wire in wires)
        name = self.factory.part_name(self.name)
        self.factors.append(Factor(self.factory.add_node(Sum(name, numbers, constant, extents)), wires))

    def terms(
        self, tree: Plus, scope: Scope, conjugate: bool
    ) -> tuple[tuple[int, ...], bool, list[Key]] | None:
        """The nodes of the terms, whether there is a constant, and the wires from around; None if all are zero."""
        numbers: list[int] = []
        constant = False
        keys: dict[Key, None] = {}
        for term in tree.terms:
            part = self.part(term, scope, conjugate)
            if part.zero:
                continue
            keys |= dict.fromkeys(part.outer)
            for key, wire in zip(part.outer, part.opened, strict=True):
                self.wire(key, scope, part.extents[wire])
            node = part.term_node() if self.side_of(term) else None
            if node is None:
                constant = True
            else:
                numbers.append(node)
        return (tuple(numbers), constant, list(keys)) if numbers or constant else None

    def term_node(self) -> int:
        """The node of a term: of a bare use that node itself."""
        product = self.product(self.opened)
        if len(product.factors) == 1:
            only = product.factors[0]
            if only.node != COEFFICIENT and only.power == 1 and sorted(only.wires) == sorted(set(product.open)):
                return only.node
        return self.factory.add_node(product)

    def part(self, tree: Tree, scope: Scope, conjugate: bool) -> Assembly:
        """A product of its own for a part of this one."""
        name = self.factory.part_name(self.name)
        assembly = Assembly(self.factory, name, conjugate, self.rule, scope)
        assembly.gather(tree, assembly.top, conjugate)
        return assembly

    def add_part(self, tree: Tree, scope: Scope, conjugate: bool, power: int) -> None:
        """A power of a part."""
        if not self.side_of(tree):
            self.add_coefficient(tree, scope, "a power")
            return
        part = self.part(tree, scope, conjugate)
        if part.zero:
            self.zero = True
            return
        node = part.term_node()
        wires = tuple(
            self.wire(key, scope, part.extents[wire]) for key, wire in zip(part.outer, part.opened, strict=True)
        )
        self.factors.append(Factor(node, wires, power))

    def add_coefficient(self, tree: Tree, scope: Scope, what: str) -> None:
        """Anything without inputs, as one coefficient."""
        wires, _ = self.touched(tree, scope)
        self.factors.append(Factor(COEFFICIENT, wires, 1, f"{what} in {self.factory.part_name(self.name)}"))

    def add_function(self, tree: Applied, scope: Scope) -> None:
        """A function of one side alone is a vector of variables of that side. Raises NotPolynomial."""
        side = self.side_of(tree)
        if not side:
            self.add_coefficient(tree, scope, tree.text)
            return
        if side not in (ROWS, COLUMNS):
            said = "a division" if tree.text == "/" else f"`{tree.text}`"
            raise NotPolynomial(f"the score is not a polynomial: {said} in `{self.name}` joins both sides of the cut")
        wires, extents = self.touched(tree, scope)
        inputs = 0
        for use, _ in uses_in(tree):
            inputs |= self.factory.table.inputs(use.name, use.position)
        leaf = Leaf(f"{tree.text} in {self.name}", side, extents, inputs)
        self.factors.append(Factor(self.factory.add_node(leaf), wires))

    def touched(self, tree: Tree, scope: Scope) -> tuple[tuple[int, ...], tuple[Extent, ...]]:
        """The wires of the product that a tree touches."""
        part = Assembly(self.factory, self.name, False, self.rule, scope)
        part.touch(tree, part.top)
        wires = tuple(
            self.wire(key, scope, part.extents[wire]) for key, wire in zip(part.outer, part.opened, strict=True)
        )
        return wires, tuple(self.extents[wire] or ONE for wire in wires)

    def touch(self, tree: Tree, scope: Scope) -> None:
        """Notes the wires of a tree without making factors."""
        match tree:
            case UseAt(name=name, position=position, wires=keys):
                for key, extent in zip(keys, self.factory.table.shape(name, position), strict=True):
                    self.wire(key, scope, extent)
            case Tie(wires=keys):
                for key in keys:
                    self.wire(key, scope)
            case Times(factors=parts) | Plus(terms=parts):
                for part in parts:
                    self.touch(part, scope)
            case Summed(body=body, wires=keys):
                self.touch_inside((body,), keys, scope)
            case Applied(arguments=parts, bound=keys):
                self.touch_inside(parts, keys, scope)
            case Power(base=body) | Conjugate(body=body):
                self.touch(body, scope)

    def touch_inside(self, parts: Sequence[Tree], keys: Sequence[Key], scope: Scope) -> None:
        """Notes the wires of trees inside which some wires are bound."""
        inner = Scope(scope)
        inner.known = {key: self.new_wire(key) for key in keys}
        for part in parts:
            self.touch(part, inner)

    def side_of(self, tree: Tree) -> int:
        """The sides that a tree depends on."""
        side = 0
        for use, _ in uses_in(tree):
            side |= self.factory.table.side(use.name, use.position)
        return side


ONE = Extent(1, Formula.constant(1))


def merged(factors: Sequence[Factor]) -> tuple[Factor, ...]:
    """Equal uses of a node on equal wires become a power."""
    powers: dict[tuple[int, tuple[int, ...], str, int], int] = {}
    kept: dict[tuple[int, tuple[int, ...], str, int], Factor] = {}
    for place, factor in enumerate(factors):
        key = (factor.node, factor.wires, factor.name, place if factor.node == COEFFICIENT else -1)
        powers[key] = powers.get(key, 0) + factor.power
        kept.setdefault(key, factor)
    return tuple(Factor(f.node, f.wires, powers[key], f.name, f.generic) for key, f in kept.items())
