"""A copy of a generated module that clocks every statement, and every array operation inside it."""

from __future__ import annotations

import ast
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from tncompile.runtime.loading import loaded

PRODUCT, ELEMENTS, COPY, REDUCTION, GATHER, ROOM, PYTHON = KINDS = (
    "product",
    "element-wise",
    "copy",
    "reduction",
    "gather",
    "allocation",
    "python",
)
OUTERMOST = ("score", "bind", "score_and_gradient")  # the functions whose statements are clocked
CLOCK, TIMED = "_clock", "_timed"
REDUCTIONS = dict.fromkeys(("sum", "prod", "max", "min"), REDUCTION)
METHODS = {
    **REDUCTIONS,
    **dict.fromkeys(("reshape", "copy", "transpose", "astype"), COPY),
}
CALLS = {
    **dict.fromkeys(("matmul", "dot", "einsum", "tensordot"), PRODUCT),
    **REDUCTIONS,
    **dict.fromkeys(("ascontiguousarray", "asarray", "copyto", "concatenate", "stack"), COPY),
    **dict.fromkeys(("empty", "empty_like", "full", "zeros", "zeros_like", "ones"), ROOM),
}
NO_ARRAYS = {"len": PYTHON, "range": PYTHON, "unpack": PYTHON, "bind": PYTHON, "room": ROOM, "keep": ROOM}


@dataclass
class Line:
    """A statement: its text, how often it ran, and nanoseconds by kind of operation."""

    text: str
    spent: Counter[str] = field(default_factory=Counter)
    runs: int = 0

    @property
    def total(self) -> int:
        """Nanoseconds of all kinds."""
        return self.spent.total()


class Clock:
    """What the instrumented module calls; it keeps the account of all its lines."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.rest: list[str] = []  # for each line the kind of what no operation inside it accounts for
        self.kinds: list[str] = []
        self._inner: dict[str, int] = defaultdict(int)  # of the line that runs now
        self._nested = [0]  # nanoseconds of the operations inside those under way
        self._start = 0

    def reset(self) -> None:
        """Forgets what was counted so far."""
        for line in self.lines:
            line.spent.clear()
            line.runs = 0

    def clock(self, number: int | None) -> None:
        """A statement has ended; None where a function begins."""
        now = time.perf_counter_ns()
        if number is not None:
            line = self.lines[number]
            line.runs += 1
            line.spent.update(self._inner)
            line.spent[self.rest[number]] += max(0, now - self._start - sum(self._inner.values()))
        self._inner.clear()
        self._nested = [0]
        self._start = time.perf_counter_ns()

    def timed(self, operation: int, run: Callable[[], Any]) -> Any:
        """The value of an operation; what is nested in it counts for itself."""
        self._nested.append(0)
        start = time.perf_counter_ns()
        value = run()
        spent = time.perf_counter_ns() - start
        inside = self._nested.pop()
        self._nested[-1] += spent
        self._inner[self.kinds[operation]] += spent - inside
        return value


def instrumented(source: str, name: str) -> tuple[ModuleType, Clock]:
    """The module of a generated source with clocks, and the clock that they turn."""
    tree, clock = ast.parse(source), Clock()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in OUTERMOST:
            node.body = _clocked(node.body, clock, _Operations(clock))
    module = loaded(ast.unparse(ast.fix_missing_locations(tree)), f"{name}, with clocks")
    vars(module).update({CLOCK: clock.clock, TIMED: clock.timed})
    return module, clock


def _clocked(body: list[ast.stmt], clock: Clock, operations: _Operations) -> list[ast.stmt]:
    found: list[ast.stmt] = [_call(CLOCK, ast.Constant(None))]
    for statement in body:
        if isinstance(statement, ast.FunctionDef):
            statement.body = _clocked(statement.body, clock, operations)
        if isinstance(statement, (ast.For, ast.If)):
            statement.body = _clocked(statement.body, clock, operations)[1:]
        if isinstance(statement, (ast.FunctionDef, ast.For, ast.If, ast.Return)) or _is_text(statement):
            found.append(statement)
            continue
        clock.lines.append(Line(ast.unparse(statement)))
        clock.rest.append(COPY if _copies(statement) else PYTHON)
        number = len(clock.lines) - 1
        found += [operations.visit(statement), _call(CLOCK, ast.Constant(number))]
    return found


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _copies(statement: ast.stmt) -> bool:
    """Is something written into a part of an array?"""
    return isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript)


def _call(function: str, *arguments: ast.expr) -> ast.stmt:
    return ast.Expr(ast.Call(ast.Name(function, ast.Load()), list(arguments), []))


class _Operations(ast.NodeTransformer):
    """Puts each array operation of a statement behind a clock of its own; arithmetic of sizes stays as it is."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def visit_Call(self, node: ast.Call) -> ast.expr:
        kind = kind_of_call(node)
        node.func = self.visit(node.func)
        if kind != ROOM and not _is_shaping(node):
            node.args = [self.visit(argument) for argument in node.args]
            node.keywords = [self.visit(keyword) for keyword in node.keywords]
        return self._behind(node, kind)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        return self._behind(node, PRODUCT if isinstance(node.op, ast.MatMult) else ELEMENTS)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        return self._behind(node, ELEMENTS)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        if isinstance(node.operand, ast.Constant):
            return node
        self.generic_visit(node)
        return self._behind(node, ELEMENTS)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        node.value = self.visit(node.value)
        tables = {
            inner.id for inner in ast.walk(node.slice) if isinstance(inner, ast.Name) and is_table(inner)
        }
        return self._behind(node, GATHER) if tables and isinstance(node.ctx, ast.Load) else node

    def _behind(self, node: ast.expr, kind: str) -> ast.expr:
        if kind == PYTHON:
            return node
        self.clock.kinds.append(kind)
        number = ast.Constant(len(self.clock.kinds) - 1)
        nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        return ast.Call(ast.Name(TIMED, ast.Load()), [number, ast.Lambda(nothing, node)], [])


def is_table(name: ast.Name) -> bool:
    """Is it an array of positions?"""
    return name.id.startswith("PLACES")


def _is_shaping(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and node.func.attr in ("reshape", "transpose")


def kind_of_call(node: ast.Call) -> str:
    """What a call of the array library, of a method or of a function of the module does."""
    if isinstance(node.func, ast.Name):
        return NO_ARRAYS.get(node.func.id, ELEMENTS)
    assert isinstance(node.func, ast.Attribute)
    library = isinstance(node.func.value, ast.Name) and node.func.value.id == "np"
    return (CALLS if library else METHODS).get(node.func.attr, ELEMENTS if library else PYTHON)
