"""One einsum: operands with an index for each axis, an output, and the extent of each index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tncompile.source import Diagnostic, Source, Span, TnError
from tncompile.source.records import record

MOST_OPERANDS = 100_000


@record
class Einsum:
    """The sum over all indices but those of ``output`` of the product of all operands.

    ``names`` says which tensor each operand is; a tensor may be several of them.
    """

    inputs: tuple[tuple[str, ...], ...]
    output: tuple[str, ...]
    sizes: Mapping[str, int]
    names: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """All indices, in the order in which one meets them."""
        return tuple(dict.fromkeys(label for labels in self.inputs for label in labels))

    @property
    def carried(self) -> Counter[str]:
        """How many operands, the output among them, carry each index."""
        return Counter(label for labels in (*self.inputs, self.output) for label in set(labels))


def numbered_names(count: int) -> tuple[str, ...]:
    """``T1``, ``T2``, ...: what operands are called that have no names."""
    return tuple(f"T{number}" for number in range(1, count + 1))


@record
class Places:
    """Where the parts of an einsum stand in a text; ``sizes_help`` says how an extent is given."""

    source: Source
    inputs: Sequence[Span]
    output: Span
    sizes: Span
    sizes_help: str


def check_einsum(einsum: Einsum, places: Places) -> None:
    """Raises TnError with everything that is wrong with an einsum."""
    problems = [*_wrong_counts(einsum, places), *_wrong_output(einsum, places), *_wrong_sizes(einsum, places)]
    if problems:
        raise TnError(problems, places.source)


def _wrong_counts(einsum: Einsum, places: Places) -> Iterator[Diagnostic]:
    if not einsum.inputs:
        yield Diagnostic("here is no operand", places.sizes)
    if len(einsum.inputs) > MOST_OPERANDS:
        yield Diagnostic(
            f"{len(einsum.inputs):,} operands are too many; the limit is {MOST_OPERANDS:,}", places.sizes
        )
    shapes: dict[str, list[int | None]] = {}
    for name, labels, span in zip(einsum.names, einsum.inputs, places.inputs, strict=True):
        shape = [einsum.sizes.get(label) for label in labels]
        if shapes.setdefault(name, shape) != shape:
            yield Diagnostic(f"`{name}` has other axes here than elsewhere", span)


def _wrong_output(einsum: Einsum, places: Places) -> Iterator[Diagnostic]:
    known = set(einsum.labels)
    for label, count in Counter(einsum.output).items():
        if label not in known:
            yield Diagnostic(f"index `{label}` of the output stands in no operand", places.output)
        if count > 1:
            yield Diagnostic(
                f"index `{label}` stands {count} times in the output",
                places.output,
                help="an output has each index once",
            )


def _wrong_sizes(einsum: Einsum, places: Places) -> Iterator[Diagnostic]:
    first = {
        label: span
        for labels, span in reversed(tuple(zip(einsum.inputs, places.inputs, strict=True)))
        for label in labels
    }
    for label in einsum.labels:
        size = einsum.sizes.get(label)
        if size is None:
            yield Diagnostic(
                f"index `{label}` has no size", first[label], help=places.sizes_help.format(label=label)
            )
        elif size < 1:
            yield Diagnostic(f"the size of index `{label}` is {size}; it must be at least 1", places.sizes)
        elif size >= 2**63:
            help = "every integer must stay below 2^63"
            yield Diagnostic(f"the size of index `{label}` reaches 2^63", places.sizes, help=help)
