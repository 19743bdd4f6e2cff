"""What flows back through `prod`, `max` and `min` over loops or indices. Products are never divided."""

from __future__ import annotations

from tncompile.network import Axis, Call, Compare, Expr, FreeIndex, Index, Logic, Name, Number, Tensor
from tncompile.network.syntax import Choice
from tncompile.network.syntax.substitute import shifted
from tncompile.network.values.sets import unique
from tncompile.transform.adjoint.backward import Backward, result_of
from tncompile.transform.adjoint.derivatives import MINUS, difference, remainder
from tncompile.transform.adjoint.instances import RuleRows
from tncompile.transform.adjoint.stretches import Line, Part, Stretch
from tncompile.transform.build import ONE, combination, contraction, product, rule, use
from tncompile.transform.extents import formula_expr
from tncompile.transform.flat import Factor, Reduction, Term


def reduce_adjoint(back: Backward, part: RuleRows, form: Reduction) -> None:
    """The adjoint through one reduction."""
    if not back.wants(part.uses[0]):
        return
    if form.over:
        _over_adjoint(back, part, form)
    elif form.op == "prod":
        _product_adjoint(back, part, form)
    else:
        _extremum_adjoint(back, part, form)


class _Chain:
    """A helper with one member for each factor: the subscripts of the rule, and the place."""

    def __init__(self, back: Backward, part: RuleRows, suffix: str, indices: list[Index]) -> None:
        self.back, self.part, self.indices = back, part, indices
        self.name = back.helper_name(part, suffix)
        extents = {free.index: free for free in part.definition.indices}
        self.free = [extents.get(index, FreeIndex(index)) for index in indices]

    def at(self, stretch: Stretch, step: int = 0) -> Factor:
        """The member at the place of a stretch, or ``step`` after it."""
        return Factor(use(self.name, (*stretch.owner.subscripts, shifted(stretch.place, step)), self.indices))

    def define(self, stretch: Stretch, step: int, body: Expr) -> None:
        """A rule for the member ``step`` after the place of a stretch."""
        subscripts = self.at(stretch, step).use.subscripts
        self.back.add_helper(self.part, rule(self.name, subscripts, self.free, body, stretch.loops))


def _product_adjoint(back: Backward, part: RuleRows, form: Reduction) -> None:
    """``before``: the factors up to a place; ``after``: the adjoint times the factors behind it."""
    line = Line(back.context, part, form)
    carried = set(form.factor.use.indices)
    free = [index for index in line.owner.indices if index in carried]
    before = _Chain(back, part, "before", free)
    after = _Chain(back, part, "after", list(line.owner.indices))
    for stretch in line.stretches("first", least=2):
        before.define(stretch, 1, product(None, (stretch.factor,)))
    for stretch in line.stretches("middle"):
        before.define(stretch, 1, product(None, (before.at(stretch), stretch.factor)))
    for stretch in line.stretches("last"):
        after.define(stretch, 0, product(None, (_bar(back, stretch),)))
    for stretch in line.stretches("rest"):
        after.define(stretch, -1, product(None, (after.at(stretch), back.conjugate(stretch.factor))))
    for stretch in line.stretches("first"):
        back.add(part, stretch.used, stretch.factor, None, [after.at(stretch)], stretch.loops)
    for stretch in line.stretches("rest"):
        factors = [after.at(stretch), back.conjugate(before.at(stretch))]
        back.add(part, stretch.used, stretch.factor, None, factors, stretch.loops)


def _bar(back: Backward, stretch: Stretch) -> Factor:
    return Factor(use(back.bars[stretch.owner.name], stretch.owner.subscripts, stretch.owner.indices))


def _extremum_adjoint(back: Backward, part: RuleRows, form: Reduction) -> None:
    """To the first factor that attains the extremum; ``missed`` is 1 where none up to a place does."""
    line = Line(back.context, part, form)
    free = list(line.owner.indices)
    gap, miss, missed, taken = (_Chain(back, part, name, free) for name in ("gap", "miss", "missed", "taken"))
    parts: tuple[Part, ...] = ("first", "rest")
    for name in parts:
        for stretch in line.stretches(name):
            gap.define(stretch, 0, difference(form.op, Factor(stretch.owner), stretch.factor))
            miss.define(stretch, 0, Call("step", (gap.at(stretch).expr,)))
            first = name == "first"
            so_far = (miss.at(stretch),) if first else (missed.at(stretch, -1), miss.at(stretch))
            missed.define(stretch, 0, product(None, so_far))
            taken.define(stretch, 0, remainder(None if first else missed.at(stretch, -1), missed.at(stretch)))
            back.add(
                part,
                stretch.used,
                stretch.factor,
                None,
                [_bar(back, stretch), taken.at(stretch)],
                stretch.loops,
            )


def _over_adjoint(back: Backward, part: RuleRows, form: Reduction) -> None:
    """To the first entry along the indices that attains the extremum."""
    table = back.context.network.tables.tensors[form.factor.use.name]
    blocks = table.block_of[part.uses[0].positions]
    for block in unique(blocks).tolist():
        for piece in part.only(back.context, blocks == block):
            assert isinstance(piece.form, Reduction)
            shape = dict(zip(piece.form.factor.use.indices, table.blocks[block].shape, strict=True))
            extents = [formula_expr(shape[index].formula) for index in piece.form.over]
            _one_over_adjoint(back, piece, piece.form, extents)


def _one_over_adjoint(back: Backward, part: RuleRows, form: Reduction, extents: list[Expr]) -> None:
    definition = part.definition
    result = result_of(definition)
    free = [*(f.index for f in definition.indices), *form.over]

    def helper(suffix: str, body: Expr) -> Factor:
        name = back.helper_name(part, suffix)
        back.add_helper(part, rule(name, definition.subscripts, free, body, definition.loops))
        return Factor(use(name, definition.subscripts, free))

    gap = helper("gap", difference(form.op, result, form.factor))
    miss = helper("miss", Call("step", (gap.expr,)))
    hit = helper("hit", combination([Term(ONE, None), Term(MINUS, miss)]))
    others = [Index(back.context.names.near(index.name + "'")) for index in form.over]
    renamed = dict(zip(form.over, others, strict=True))
    earlier = Factor(use(_earlier(back, extents), (), (*others, *form.over)))
    hit_there = Factor(use(hit.use.name, hit.use.subscripts, [renamed.get(index, index) for index in free]))
    hits_before = helper("hits_before", contraction(None, (hit_there, earlier), free))
    late = helper("late", Call("step", (hits_before.expr,)))
    prompt = helper("prompt", combination([Term(ONE, None), Term(MINUS, late)]))
    taken = helper("taken", product(None, (hit, prompt)))
    back.add(part, part.uses[0], form.factor, None, [back.bar(part), taken], definition.loops)


def _earlier(back: Backward, extents: list[Expr]) -> str:
    """A constant that is 1 where the first indices stand before the others, lexicographically."""
    for constant in back.context.constants:
        if [axis.extent for axis in constant.axes[: len(extents)]] == extents and len(
            constant.axes
        ) == 2 * len(extents):
            return constant.name
    names = back.context.names
    name = names.fresh("earlier")
    left = [names.near(f"a{i + 1}") for i in range(len(extents))]
    right = [names.near(f"b{i + 1}") for i in range(len(extents))]
    cases: list[Expr] = []
    for at in range(len(extents)):
        parts: list[Expr] = [Compare((Name(left[i]), Name(right[i])), ("==",)) for i in range(at)]
        parts.append(Compare((Name(left[at]), Name(right[at])), ("<",)))
        cases.append(parts[0] if len(parts) == 1 else Logic("and", tuple(parts)))
    test = cases[0] if len(cases) == 1 else Logic("or", tuple(cases))
    axes = [
        Axis(extent, variable)
        for variables in (left, right)
        for variable, extent in zip(variables, extents, strict=True)
    ]
    back.context.constants.append(
        Tensor("constant", name, (), tuple(axes), value=Choice(ONE, test, Number("0")))
    )
    return name
