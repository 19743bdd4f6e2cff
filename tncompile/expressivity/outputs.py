"""One number as the score: a component of an output, or an output contracted with a random vector."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from tncompile.expressivity.result import Member, member_text
from tncompile.network import (
    Axis,
    Choice,
    Compare,
    Cut,
    Definition,
    Expr,
    Index,
    Logic,
    Multiply,
    Name,
    Network,
    Number,
    Statement,
    Tensor,
    Use,
    verify,
)
from tncompile.network.syntax.substitute import integer
from tncompile.source import TnError
from tncompile.source.records import record
from tncompile.transform.extents import formula_expr
from tncompile.transform.names import Names


@record
class Output:
    """A member of an output, and maybe one of its components (counted from 1)."""

    member: Member
    component: tuple[int, ...] = ()

    def __str__(self) -> str:
        component = f"({', '.join(map(str, self.component))})" if self.component else ""
        return member_text(self.member) + component


def find_output(net: Network, text: str | None) -> Output:
    """The output that ``y[5](1)`` or ``y[5]`` names; the first member of the first without a text. Raises TnError."""
    if text is None:
        name = net.outputs[0]
        return Output((name, tuple(net.tables.tensors[name].members[0].tolist())))
    found = re.fullmatch(r"\s*(\w+'*)\s*(?:\[([-\d,\s]*)\])?\s*(?:\(([\d,\s]*)\))?\s*", text)
    if found is None:
        raise TnError(f"`{text}` is no output: write `y`, `y[5]` or `y[5](1)`")
    name = found[1]
    if name not in net.outputs:
        raise TnError(f"`{net.name}` has no output `{name}`; it has {', '.join(net.outputs)}")
    table = net.tables.tensors[name]
    subscripts = tuple(int(part) for part in (found[2] or "").split(",") if part.strip())
    if found[2] is None and table.members.shape[1]:
        subscripts = tuple(table.members[0].tolist())
    wrong = len(subscripts) != table.members.shape[1]
    if wrong or table.find(np.array([subscripts], np.int64))[0] < 0:
        raise TnError(f"`{text}` is no member of the output `{name}`")
    component = tuple(int(part) for part in (found[3] or "").split(",") if part.strip())
    shape = _shape(net, (name, subscripts))
    if component and (
        len(component) != len(shape) or any(not 1 <= c <= e for c, e in zip(component, shape, strict=True))
    ):
        raise TnError(
            f"`{text}`: the axes of `{member_text((name, subscripts))}` are {shape}, counted from 1"
        )
    return Output((name, subscripts), component)


def _shape(net: Network, member: Member) -> tuple[int, ...]:
    table = net.tables.tensors[member[0]]
    position = int(table.find(np.array([member[1]], np.int64))[0])
    return tuple(extent.value for extent in table.blocks[int(table.block_of[position])].shape)


def single_score(net: Network, output: Output, labelled: bool = False) -> tuple[Network, Member | None]:
    """The network whose only output is one number, without cuts.

    The legs of the output are contracted with a new weight, or (``labelled``) with a new input, which is
    returned as well: it stands for the label on a side of a cut.
    """
    statements: list[Statement] = [
        replace(s, role="plain") if isinstance(s, Definition) and s.role == "output" else s
        for s in net.statements
        if not isinstance(s, Cut)
    ]
    name, subscripts = output.member
    table = net.tables.tensors[name]
    if not subscripts and not table.blocks[0].shape:
        rules = [s for s in statements if isinstance(s, Definition) and s.name == name]
        for rule in rules:
            statements[statements.index(rule)] = replace(rule, role="output")
        return net.replace(statements), None
    names = Names(net)
    new = names.fresh("label" if labelled else "chosen")
    position = int(table.find(np.array([subscripts], np.int64))[0])
    shape = table.blocks[int(table.block_of[position])].shape
    indices = tuple(Index(names.fresh(f"i{number + 1}")) for number in range(len(shape)))
    use = Use(name, tuple(integer(s) for s in subscripts), indices)
    body: Expr = use
    if shape:
        statements.insert(
            0, _vector(new, [formula_expr(e.formula) for e in shape], output, labelled, indices)
        )
        body = Multiply((Use(new, (), indices), use), (False, False))
    statements.append(Definition("output", names.fresh("value"), (), (), body))
    return verify(net.replace(statements), after="single_score"), (new, ()) if labelled and shape else None


def _vector(
    name: str, extents: list[Expr], output: Output, labelled: bool, indices: tuple[Index, ...]
) -> Tensor:
    """What the legs of the output are contracted with: free, or one where the chosen component stands."""
    if not output.component:
        return Tensor("input" if labelled else "weight", name, (), tuple(Axis(e) for e in extents))
    axes = tuple(Axis(e, i.name, Number("1")) for e, i in zip(extents, indices, strict=True))
    tests: list[Expr] = [
        Compare((Name(i.name), integer(c)), ("==",)) for i, c in zip(indices, output.component, strict=True)
    ]
    test = tests[0] if len(tests) == 1 else Logic("and", tuple(tests))
    return Tensor("constant", name, (), axes, value=Choice(Number("1"), test, Number("0")))


__all__ = ["Output", "find_output", "single_score"]
