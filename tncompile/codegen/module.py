"""A whole module: documentation, sizes, weights, `init`, `score` and `score_and_gradient`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tncompile.codegen.blocks import WeightBlock, block_title, single_members, weight_blocks
from tncompile.codegen.body import scaling
from tncompile.codegen.body.program import Shared
from tncompile.codegen.entries import shapes
from tncompile.codegen.entries.entry import CALLED, CAREFUL, SEEN, SEEN_BEFORE, Scoring
from tncompile.codegen.entries.initial import Initial
from tncompile.codegen.entries.shares import weight_shares
from tncompile.codegen.entries.sliced import helpers
from tncompile.codegen.python import nodes
from tncompile.codegen.python.constants import constant_array
from tncompile.codegen.python.domain import Domain
from tncompile.codegen.python.symbols import Names, Symbols
from tncompile.codegen.python.text import Blank, Block, Comment, Item, Noted, Text, needed, render
from tncompile.network import Extent, FamilyValue, Formula, Let, Network, Size, expression_text
from tncompile.plan.schedule import Schedule
from tncompile.source import Diagnostic, TnError

LIBRARIES = {"numpy": ("numpy", "np"), "cupy": ("cupy", "cp")}
RESERVED = (
    "arguments",
    "bind",
    "DTYPE",
    "WEIGHTS",
    "WEIGHT_COUNT",
    "cotangent",
    "cotangent_scale",
    "dtype",
    "gradient",
    "gradient_scale",
    "normal",
    "orthogonal",
    "rng",
    "scorer",
    "seed",
    "unpack",
    "w",
)
IN_SLICES = ("number", "slices")
IN_TRIALS = (*CAREFUL.values(), SEEN, SEEN_BEFORE)
IN_PIECES = ("cut", "join", "part", "score_and_gradient", "start", "starts", "value", "values")


def emit(
    score: Schedule,
    gradient: Schedule | None = None,
    careful: Sequence[Schedule | None] = (None, None),
    *,
    target: str = "numpy",
    dtype: str = "float64",
    batch: str | None = "batch",
    domain: Domain | None = None,
    written: Network | None = None,
    thorough: bool = True,
    samples: Mapping[str, int] | None = None,
    reuses: bool = True,
    only_init: bool = False,
) -> str:
    """The text of a stand-alone module that computes a network, and its gradient if one is given.

    ``batch`` is the size that counts samples (the first axis of every input); None, or a name that
    is no size, for a network that is computed as it is. ``domain`` takes the place of the numbers of ``dtype``.
    ``written`` is the network before it was ordered, whose equations say how far weights begin from zero.
    Where one of the two schedules tries (`Schedule.tries`), there is a ``careful`` one to fall back on.
    Without ``thorough`` memory orders are not searched for: for a module that runs only a few times.
    ``samples`` says for functions of the module how many samples they may compute at a time. Without ``reuses`` no
    memory is kept from one call to the next. With ``only_init`` nothing is computed but random weights.
    Raises TnError for an expression of thousands of numbers or arguments, which Python could not read.
    """
    package, alias = LIBRARIES[target]
    domain = domain or Domain(dtype, alias)
    functions = zip((*CAREFUL, *CAREFUL.values()), (score, gradient, *careful), strict=True)
    module = _Module(
        {name: schedule for name, schedule in functions if schedule is not None},
        package,
        domain,
        batch,
        written or score.network,
        thorough,
        samples or {},
        reuses,
        only_init,
    )
    try:
        return render(list(module.items()))
    except RecursionError:
        message = f"an expression of `{score.network.name}` is too long to be written in Python"
        raise TnError(
            [Diagnostic(message, help="give parts of it definitions, or lets, of their own")]
        ) from None


class _Module:
    def __init__(
        self,
        schedules: Mapping[str, Schedule],
        package: str,
        domain: Domain,
        batch: str | None,
        written: Network,
        thorough: bool,
        samples: Mapping[str, int],
        reuses: bool,
        only_init: bool,
    ) -> None:
        self.score = schedules["score"]
        self.schedules, self.package, self.domain = ({} if only_init else schedules), package, domain
        self.written, self.samples = written, samples
        self.network = self.score.network
        self.networks = [one.network for one in schedules.values()]
        helpers = [statement.name for statement in domain.helpers() if isinstance(statement, ast.FunctionDef)]
        self.tries = any(one.tries for one in schedules.values())
        scaled = (*scaling.FUNCTIONS, *scaling.CONSTANTS) if self.score.exponents else ()
        sliced = any(schedule.slices is not None for schedule in schedules.values())
        reserved = (
            *RESERVED,
            *shapes.FUNCTIONS,
            *(IN_SLICES if sliced else ()),
            *(IN_PIECES if samples else ()),
            *(IN_TRIALS if self.tries else ()),
            *scaled,
        )
        names = Names([*reserved, domain.namespace, *helpers, *(["PRIME"] if helpers else [])])
        for size in self.network.sizes:
            names.constant(("batch",) if size == batch else ("size", size), size)
        reuses = reuses and domain.reuses and thorough
        self.shared = Shared(names, weight_blocks(self.network), thorough, reuses)
        self.batch = batch if batch in self.network.sizes else None
        self.symbols = Symbols(self.network, domain, self.batch, names)

    def items(self) -> Iterator[Item]:
        """The module from top to bottom."""
        modular = self.domain.helpers()
        functions = [self._unpack(), *([] if modular else self._init())]
        functions += self._helpers() if self.samples else []
        for entry, schedule in self.schedules.items():
            functions += self._entries(entry, schedule, bound=not modular)
        yield Text((*self._documentation(),))
        yield Blank()
        namespace = None if self.domain.namespace == self.package else self.domain.namespace
        yield ast.Import([ast.alias(self.package, namespace)])
        yield Blank()
        yield nodes.assign("DTYPE", self.domain.function(self.domain.dtype))
        yield from modular
        helping = self._helping(functions)
        yield from (item for item in helping if isinstance(item, Noted))
        yield Blank()
        weights = list(self._weights())
        constants = list(self._constants())
        yield from self._sizes()
        yield from weights
        yield from self._limits()
        yield from constants
        remembering = self.shared.memory.helpers()
        if remembering:
            yield Blank()
            yield Comment(
                "The memory of large arrays of the last call: fresh memory takes longer than to compute."
            )
        yield from (item for item in remembering if not isinstance(item, ast.FunctionDef))
        called: list[Item] = [item for item in [*helping, *remembering] if isinstance(item, ast.FunctionDef)]
        for function in [*called, *functions]:
            yield Blank(2)
            yield function

    def _helping(self, functions: Sequence[Item]) -> list[Item]:
        """What is not of this network alone: the constants and the functions that its functions need."""
        known = shapes.helpers(self.domain.namespace, self.symbols.batch)
        if self.score.exponents:
            known += scaling.helpers(self.domain, seen=self.tries)
        used = needed(known, functions)
        return [
            Noted(item, scaling.NOTES[ast.unparse(item.targets[0])]) if isinstance(item, ast.Assign) else item
            for item in used
        ]

    def _documentation(self) -> Iterator[str]:
        doc = self.network.doc.strip().splitlines()
        yield doc[0] if doc else f"The tensor network {self.network.name}."
        yield from doc[1:]
        yield ""
        yield f"Compiled by tncompile from the network `{self.network.name}`."

    def _entries(self, called: str, schedule: Schedule, *, bound: bool) -> Iterator[Block]:
        """The functions of a schedule."""
        shared = self.shared.hasty() if called in CAREFUL.values() else self.shared
        if called in (CALLED, CAREFUL[CALLED]):
            yield self._differentiated(schedule, called, shared)
            return
        scoring = Scoring(self.written, schedule, self.symbols, shared, self._limit(called))
        if called == CAREFUL["score"]:
            yield scoring.careful()
        else:
            yield from scoring.functions(bound=bound)

    def _differentiated(self, schedule: Schedule, called: str, shared: Shared) -> Block:
        from tncompile.codegen.entries.differentiated import Differentiated  # noqa: PLC0415  a score alone needs none of it

        symbols = Symbols(schedule.network, self.domain, self.batch, self.shared.names)
        symbols.constants = self.symbols.constants
        limit = self._limit(called)
        return Differentiated(self.written, schedule, symbols, shared, limit).function(called)

    def _limit(self, called: str) -> str | None:
        """The constant that says how many samples a function computes at a time."""
        return self._samples_word(called) if called in self.samples else None

    def _samples_word(self, called: str) -> str:
        return self.shared.names.constant(("samples", called), f"{called.upper()}_SAMPLES")

    def _helpers(self) -> Iterator[Block]:
        for head, documentation in helpers(self.domain.namespace):
            yield Block(head, [Text((documentation,)), *head.body])

    # --- sizes, weights, constants ------------------------------------------------------------------

    def _sizes(self) -> Iterator[Item]:
        """The sizes as constants, those that only the gradient has behind, and the lets that the code names."""
        used = self.symbols.constants
        sizes: dict[str, Item] = {}
        lets: dict[str, Item] = {}
        for network in self.networks:
            for statement in network.statements:
                if isinstance(statement, Size) and statement.name not in (*sizes, self.batch):
                    value = network.scope.lookup(statement.name)
                    plain = network is self.network and isinstance(value, int) and not statement.real
                    if statement.name in used or plain:
                        sizes[statement.name] = self._constant(network, statement.name)
                elif isinstance(statement, Let) and statement.name in used:
                    constant = self._constant(network, statement.name)
                    lets.setdefault(statement.name, Noted(constant, expression_text(statement.value)))
        if sizes or lets:
            yield from [*sizes.values(), *lets.values(), Blank()]

    def _constant(self, network: Network, name: str) -> ast.stmt:
        value = network.scope.lookup(name)
        word = self.shared.names.constant(("size", name), name)
        if isinstance(value, FamilyValue):
            items = [nodes.number(item) for item in value.values.tolist()]
            return nodes.assign(word, nodes.group(items))
        assert isinstance(value, int | float | complex)
        literal = self.domain.literal(value) if isinstance(value, complex) else nodes.number(value)
        return nodes.assign(word, literal)

    def _limits(self) -> Iterator[Item]:
        if self.samples:
            yield Blank()
            yield Comment(
                "As many samples as the memory, or the cache, holds at a time; more are computed one lot after the other."
            )
        for called, count in self.samples.items():
            yield nodes.assign(self._samples_word(called), nodes.number(count))

    def _weights(self) -> Iterator[Item]:
        total, value = Formula.constant(0), 0
        shapes: list[ast.expr] = []
        titles: list[ast.expr | None] = []
        singles = single_members(self.score)
        for number, block in enumerate(self.shared.blocks):
            extents = self._block_shape(number, block)
            family = extents[: len(extents) - len(block.block.shape)]
            single = singles.get(self.shared.block_buffer(self.score, number) or "")
            titles.append(nodes.number(block_title(block.table, block.block, family, single)))
            shapes.append(nodes.group([self.symbols.extent(extent) for extent in extents]))
            product = Formula.constant(1)
            for extent in extents:
                product = product * extent.formula
            total, value = (
                total + product,
                value + int(np.prod([extent.value for extent in extents], dtype=np.int64)),
            )
        yield Comment("The blocks of the flat vector of weights, in their order: members and axes.")
        yield nodes.assign("WEIGHTS", ast.Dict(titles, shapes))
        yield nodes.assign("WEIGHT_COUNT", self.symbols.formula(total, value))

    def _block_shape(self, number: int, block: WeightBlock) -> tuple[Extent, ...]:
        """The shape of a view of a block: family axes, then the axes of a member."""
        name = self.shared.block_buffer(self.score, number)
        if name is None:
            count = len(block.block.members)
            return (Extent(count, Formula.constant(count)), *block.block.shape)
        buffer = self.score.buffers[name]
        return (*buffer.family, *buffer.shape)

    def _constants(self) -> Iterator[Item]:
        for word, (buffer, symbols) in self.shared.constants.items():
            yield Blank()
            yield nodes.assign(word, constant_array(symbols.network, buffer, symbols))
        if self.shared.tables.found:
            yield Blank()
            yield Comment("Positions of members that stand in no regular order.")
        for word, table in self.shared.tables.found.values():
            yield nodes.assign(word, self.domain.call("array", _nested(table)))

    # --- functions ----------------------------------------------------------------------------------

    def _unpack(self) -> Block:
        text = """
views = []
start = 0
for shape in WEIGHTS.values():
    size = 1
    for extent in shape:
        size *= extent
    views.append(w[start:start + size].reshape(shape))
    start += size
return views
"""
        documentation = Text(("Views of the flat vector `w`, one for each block of weights.",))
        return function("unpack", "w", [documentation, *ast.parse(text).body])

    def _init(self) -> Iterator[Block]:
        initial = Initial(self.network, self.symbols, weight_shares(self.written))
        views = {
            self.shared.view(self.score, number): block for number, block in enumerate(self.shared.blocks)
        }
        statements = list(initial.statements(views))
        body: list[Item] = [Text(("Random weights, as one flat vector.",))]
        generator = nodes.attribute(nodes.name(self.domain.namespace), "random", "default_rng")
        body.append(nodes.assign("rng", nodes.call(generator, nodes.name("seed"))))
        body.append(
            nodes.assign("w", self.domain.call("empty", nodes.name("WEIGHT_COUNT"), nodes.name("dtype")))
        )
        if views:
            targets = ast.Tuple([nodes.name(view) for view in views], ast.Load())
            body.append(nodes.assign(targets, nodes.call(nodes.name("unpack"), nodes.name("w"))))
        body += [*statements, ast.Return(nodes.name("w"))]
        yield from initial.helpers.values()
        yield function("init", "seed=0, dtype=DTYPE", body)


def function(name: str, parameters: str, body: list[Item]) -> Block:
    """A function definition; ``parameters`` as they stand between the parentheses."""
    head = ast.parse(f"def {name}({parameters}): pass").body[0]
    assert isinstance(head, ast.FunctionDef)
    return Block(head, body)


def _nested(values: np.ndarray) -> ast.expr:
    if not values.ndim:
        return nodes.number(int(values))
    return ast.List([_nested(row) for row in values], ast.Load())
