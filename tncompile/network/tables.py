"""What a network says when it is written out: members, instances, extents, as arrays of integers.

Rules are the truth and these tables are derived from them (`Network.tables`), by evaluating every
subscript over all rows of a loop at once, so a chain of 10,000 sites costs a few array operations.
"""

from __future__ import annotations

from collections.abc import Mapping

from tncompile.network.syntax import Definition, Expr, Index, Use
from tncompile.network.values.formula import Formula
from tncompile.network.values.lookup import find_members
from tncompile.network.values.rows import Ints, Rows
from tncompile.source.records import record

__all__ = ["Block", "Extent", "Ints", "Rows", "RuleClass", "Tables", "TensorTable", "UseTable"]


@record
class Extent:
    """The extent of an index: its value at the bound sizes, and what it is in the sizes.

    Two extents are alike only if both agree, so nothing that is built on extents depends on sizes
    that happen to be equal.
    """

    value: int
    formula: Formula


@record(eq=False)
class Block:
    """Members of one tensor that have the same shape (values and formulas); what can be stacked."""

    tensor: str
    members: Ints  # positions in TensorTable.members, increasing
    shape: tuple[Extent, ...]


@record(eq=False)
class TensorTable:
    """One declared tensor or definition with all its members, in lexicographic order."""

    name: str
    role: str  # "input", "weight", "constant", "definition"
    members: Ints  # (count, number of subscripts)
    blocks: tuple[Block, ...]
    block_of: Ints  # (count,)

    def find(self, subscripts: Ints) -> Ints:
        """Positions of members; ``subscripts`` is (rows, number of subscripts); -1 where there is none."""
        return find_members(self.members, subscripts)


@record(eq=False)
class UseTable:
    """Where one `Use` of an equation leads, for every row it stands for.

    ``rows`` holds the loop variables in scope (the rule's, then those of the loops around the use);
    ``parent`` is the row of the class each belongs to. All positions lie in the tensor ``use.name``.
    """

    use: Use
    rows: Rows
    parent: Ints
    positions: Ints


@record(eq=False)
class RuleClass:
    """Instances of one rule that differ in nothing but which members they touch.

    ``equation`` is the body with every choice made, index loops written out, and every sum opened:
    a product sums nothing by itself, all summation stands in ``Over("sum", ...)`` nodes, and no
    index without subscripts is summed at two places of one equation.
    ``free`` are the indices of the left side in the order of the axes, loops written out.
    ``extents`` gives the extent of each free index and of each index that does not
    depend on a loop inside the equation (those inside may vary from row to row: see the blocks
    that ``uses`` lead to). ``uses`` lists the uses of the equation in reading order, without
    ``delta`` and ``one``.
    """

    definition: Definition
    number: int  # the position of the rule in Network.definitions
    rows: Rows
    target: Ints  # positions of the members defined
    equation: Expr
    free: tuple[Index, ...]
    extents: Mapping[Index, Extent]
    uses: tuple[UseTable, ...]


@record(eq=False)
class Tables:
    """Everything derived from a network."""

    tensors: Mapping[str, TensorTable]
    classes: tuple[RuleClass, ...]
