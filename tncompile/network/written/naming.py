"""Names: one meaning each, declared where they are used, new where they must be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tncompile.network.syntax import (
    Axis,
    Cut,
    CutItem,
    Definition,
    Field,
    Index,
    Item,
    Let,
    Loop,
    Looped,
    Name,
    Node,
    Number,
    Over,
    Size,
    Statement,
    Tensor,
    Use,
)
from tncompile.network.syntax.walk import children
from tncompile.network.written.messages import (
    column_of,
    counted,
    here_are,
    index_text,
    line_of,
    loops_text,
    member_span,
    nearest,
)
from tncompile.network.written.problems import Problems
from tncompile.source import Diagnostic, Note, Source, Span

BUILT_IN_TENSORS: Mapping[str, str] = {"delta": "1 where all its indices are equal", "one": "all ones"}
BUILT_IN: Mapping[str, str] = {**BUILT_IN_TENSORS, "pi": "the number 3.14159..."}


def check_names(statements: Sequence[Statement], source: Source | None, problems: Problems) -> None:
    """Notes every misuse of a name. What cannot be read at all because of it is marked unreadable."""
    names = _Names(source, problems)
    for statement in statements:
        names.declare(statement)
    for statement in statements:
        names.check(statement)


def what_it_is(statement: Statement) -> str:
    """What a name stands for, in the words of the language."""
    match statement:
        case Size(real=real):
            return "a number" if real else "a size"
        case Let():
            return "a let"
        case Tensor(role=role):
            return "an input" if role == "input" else f"a {role}"
        case Definition(role=role):
            return "an output" if role == "output" else "a definition"
    return "a cut"


class _Names:
    def __init__(self, source: Source | None, problems: Problems) -> None:
        self.source, self.problems = source, problems
        self.meanings: dict[str, Statement] = {}
        self.cuts: dict[str, Cut] = {}
        self.is_complex = False
        self.statement: Statement = Statement()
        self.told: set[str] = set()  # indices of the statement whose names have been refused

    # --- declarations -------------------------------------------------------------------------

    def declare(self, statement: Statement) -> None:
        """Gives a name its meaning; an error if it has another."""
        if isinstance(statement, Field):
            self.is_complex = statement.name == "complex"
        if isinstance(statement, Cut) and self.cuts.setdefault(statement.name, statement) is not statement:
            note = Note(self.cuts[statement.name].name_span, "it is also defined here")
            message = f"cut `{statement.name}` is defined twice"
            self.problems.add(Diagnostic(message, statement.name_span, notes=(note,)))
        if not isinstance(statement, Size | Let | Tensor | Definition):
            return
        name = statement.name
        other = self.meanings.setdefault(name, statement)
        if name in BUILT_IN:
            message = f"`{name}` is built in ({BUILT_IN[name]}); choose another name"
            self.problems.add(Diagnostic(message, statement.name_span), name)
        elif isinstance(statement, Definition) and isinstance(other, Definition):
            if statement.role != other.role:
                self.two_roles(statement, other)
        elif other is not statement:
            message = (
                f"`{name}` has two meanings: {what_it_is(statement)} here, {what_it_is(other)} elsewhere"
            )
            note = Note(other.name_span, f"`{name}` is {what_it_is(other)} here")
            self.problems.add(Diagnostic(message, statement.name_span, notes=(note,)), name)
            self.problems.leave_alone(statement)

    def two_roles(self, statement: Definition, other: Definition) -> None:
        words = {"plain": "neither `output` nor `inline`", "output": "`output`", "inline": "`inline`"}
        message = f"the rules of `{statement.name}` differ: {words[statement.role]} here, {words[other.role]} elsewhere"
        note = Note(other.name_span, f"here it is {words[other.role]}")
        self.problems.add(Diagnostic(message, statement.name_span, notes=(note,)))

    # --- statements ---------------------------------------------------------------------------

    def check(self, statement: Statement) -> None:
        self.statement = statement
        self.told = set()
        match statement:
            case Size(family=family, default=default):
                sight = self.enter(family, {})
                self.visit_all([default] if default else [], sight)
            case Let(family=family, value=value):
                self.visit(value, self.enter(family, {}))
            case Tensor():
                self.check_tensor(statement)
            case Definition():
                self.check_definition(statement)
            case _:
                self.visit_all(list(children(statement)), {})

    def check_tensor(self, tensor: Tensor) -> None:
        sight = self.enter(tensor.family, {})
        named = dict(sight)
        for axis in tensor.axes:
            inside = self.enter(axis.loops, sight)
            self.visit_all([part for part in (axis.extent, axis.first) if part is not None], inside)
            if axis.variable:
                self.new_variable(axis.variable, axis, named)
                named[axis.variable] = axis
        self.visit_all([part for part in (tensor.init, tensor.value) if part is not None], named)

    def check_definition(self, definition: Definition) -> None:
        sight = self.enter(definition.loops, {})
        self.visit_all(definition.subscripts, sight)
        told: set[Index] = set()
        for free in definition.indices:
            self.visit(free.index, sight)
            self.visit_all([free.extent] if free.extent is not None else [], sight)
            if free.index in told and not free.index.loops:
                self.twice_on_the_left(definition, free.index)
            told.add(free.index)
        self.visit(definition.body, sight)

    def twice_on_the_left(self, definition: Definition, index: Index) -> None:
        name = index_text(index)
        other = next(
            c for c in "jklmnpqabcuvwxyz" if c not in {free.index.name for free in definition.indices}
        )
        self.report(
            f"index `{name}` stands twice on the left",
            index.span,
            f"`{definition.name}({name}, {other}) = delta({name}, {other}) * ...`",
        )

    # --- inside -------------------------------------------------------------------------------

    def report(self, message: str, span: Span, help: str = "", unreadable: bool = True) -> None:
        name = getattr(self.statement, "name", "")
        self.problems.add(Diagnostic(message, span, help=help), name)
        if unreadable:
            self.problems.leave_alone(self.statement)

    def enter(self, loops: Sequence[Loop], sight: Mapping[str, Node]) -> dict[str, Node]:
        """What is in sight inside the loops; each variable must be a new name."""
        inside = dict(sight)
        for loop in loops:
            self.visit(loop.domain, inside)
            for variable in loop.variables:
                self.new_variable(variable, loop, inside)
                inside[variable] = loop
            if loop.condition is not None:
                self.visit(loop.condition, inside)
        return inside

    def new_variable(self, variable: str, where: Loop | Axis, sight: Mapping[str, Node]) -> None:
        if variable in self.meanings:
            other = self.meanings[variable]
            what = f"{what_it_is(other)}{line_of(self.source, other.span)}"
        elif variable in sight:
            what = "the variable of a loop around this one"
        elif variable in BUILT_IN:
            what = f"built in ({BUILT_IN[variable]})"
        else:
            return
        self.report(f"a loop variable must be a new name: `{variable}` is {what}", where.span)

    def visit_all(self, nodes: Sequence[Node], sight: Mapping[str, Node]) -> None:
        for node in nodes:
            self.visit(node, sight)

    def visit(self, node: Node, sight: Mapping[str, Node]) -> None:
        match node:
            case Looped(body=body, loops=loops):
                self.visit(body, self.enter(loops, sight))
            case Index():
                inside = self.enter(node.loops, sight)
                self.index(node, inside)
                self.visit_all(node.subscripts, inside)
            case CutItem(subscripts=subscripts, loops=loops):
                self.visit_all(subscripts, self.enter(loops, sight))
                self.cut_item(node)
            case Use():
                self.use(node)
                self.visit_all([*node.subscripts, *node.indices], sight)
            case Over():
                self.visit_all([node.body, *node.indices], sight)
            case Number(imaginary=True) if not self.is_complex:
                message = f"`{node.text}` is a complex number, and the numbers of this network are real"
                self.report(message, node.span, "write `field complex`")
            case Name(name=name) | Item(name=name):
                self.value_name(node, name, sight)
                self.visit_all(list(children(node)), sight)
            case _:
                self.visit_all(list(children(node)), sight)

    def index(self, index: Index, sight: Mapping[str, Node]) -> None:
        loop = sight.get(index.name)
        meaning = self.meanings.get(index.name)
        if index.name in self.told:
            return
        if loop is not None:
            self.told.add(index.name)
            where = column_of(self.source, loop.span)
            self.report(
                f"`{index.name}` is the variable of a loop{where}; call the index differently", index.span
            )
        elif isinstance(meaning, Size | Let):
            self.told.add(index.name)
            self.report(
                f"`{index.name}` is {what_it_is(meaning)}{line_of(self.source, meaning.span)}; "
                "an index needs a name of its own",
                index.span,
                "indices are wires, their extents follow from the axes: `A(i, i)`",
            )

    def value_name(self, node: Node, name: str, sight: Mapping[str, Node]) -> None:
        meaning = self.meanings.get(name)
        if name in sight or not isinstance(meaning, Tensor | Definition):
            return
        axes = meaning.axes if isinstance(meaning, Tensor) else meaning.indices
        letters = ", ".join("ijklmnpq"[: len(axes)]) if len(axes) <= 8 else "..."
        member = f"{name}[...]" if isinstance(node, Item) else name
        give = f"give it its {'index' if len(axes) == 1 else 'indices'}" if axes else "the parentheses stay"
        self.report(
            f"`{name}` is a tensor with {counted(len(axes), 'axis')}: {give}, `{member}({letters})`",
            node.span,
        )

    # --- uses ---------------------------------------------------------------------------------

    def use(self, use: Use) -> None:
        if use.name in BUILT_IN_TENSORS:
            if use.subscripts:
                self.report(f"`{use.name}` is one tensor, it takes no subscripts", member_span(use))
            return
        meaning = self.meanings.get(use.name)
        span = Span(use.span.start, use.span.start + len(use.name)) if use.span.start >= 0 else use.span
        if meaning is None:
            self.report(
                f"no tensor or definition is called `{use.name}`", span, self.did_you_mean(use.name), False
            )
        elif isinstance(meaning, Size | Let):
            what = f"{what_it_is(meaning)}{line_of(self.source, meaning.span)}"
            self.report(f"`{use.name}` is {what}, not a tensor: it takes no indices", span, "", False)
        elif isinstance(meaning, Tensor | Definition):
            self.subscripts(use, meaning)

    def did_you_mean(self, name: str) -> str:
        tensors = {n: s for n, s in self.meanings.items() if isinstance(s, Tensor | Definition)}
        near = nearest(name, [*tensors, *BUILT_IN_TENSORS])
        if near is None:
            return ""
        return f"did you mean `{near}`{line_of(self.source, tensors[near].span) if near in tensors else ''}?"

    def subscripts(self, use: Use, meaning: Tensor | Definition) -> None:
        width = subscript_count(meaning)
        here = len(use.subscripts)
        if here == width:
            return
        if width == 0:
            message = f"`{use.name}` is one tensor, it takes no subscripts"
        elif here == 0:
            indices = ", ".join(index_text(index) for index in use.indices)
            letters = ", ".join("klmpq"[:width]) if width <= 5 else "..."
            family = f" {loops_text(meaning.family)}" if isinstance(meaning, Tensor) else ""
            message = (
                f"`{use.name}` is a family{family}: say which member, `{use.name}[{letters}]({indices})`"
            )
        else:
            message = f"`{use.name}` takes {counted(width, 'subscript')}, {here_are(here, 'subscript')}"
        self.report(message, member_span(use), "", False)

    def cut_item(self, item: CutItem) -> None:
        meaning = self.meanings.get(item.name)
        if meaning is None:
            message = f"no tensor or definition is called `{item.name}`"
            self.report(message, item.span, self.did_you_mean(item.name))
        elif not isinstance(meaning, Definition) and not (
            isinstance(meaning, Tensor) and meaning.role == "input"
        ):
            message = f"`{item.name}` is {what_it_is(meaning)}; a cut names inputs, or definitions that count as inputs"
            self.report(message, item.span)
        elif item.subscripts and len(item.subscripts) != subscript_count(meaning):
            here = here_are(len(item.subscripts), "subscript")
            self.report(
                f"`{item.name}` takes {counted(subscript_count(meaning), 'subscript')}, {here}", item.span
            )


def subscript_count(statement: Tensor | Definition) -> int:
    """How many subscripts a member takes."""
    if isinstance(statement, Definition):
        return len(statement.subscripts)
    return sum(max(1, len(loop.variables)) for loop in statement.family)
