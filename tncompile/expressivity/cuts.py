"""Cuts: by name, built in, ad hoc, or all of a kind; and the networks on which they are studied."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import NamedTuple

from tncompile.expressivity.evaluation.evaluate import input_members
from tncompile.expressivity.free_weights import free_weights
from tncompile.expressivity.outputs import Output, find_output, single_score
from tncompile.expressivity.result import CutSides, Member, Side, member_text
from tncompile.language import parse
from tncompile.network import Cut, CutItem, Network, Node, map_children
from tncompile.source import NOWHERE, Source, TnError
from tncompile.source.records import record
from tncompile.transform.conjugates import separate_conjugates
from tncompile.transform.matrices.cuts import cut_members
from tncompile.transform.matrices.features import as_inputs

BUILT_IN = ("odd_even", "start_end")
MOST_CUTS = 2**16


@record(eq=False)
class Study:
    """A cut, and the network on which it is studied: one number as score, features as inputs, no conjugates.

    ``net`` has free weights for functions of weights (`free_weights`), ``written`` has the functions.
    """

    net: Network
    written: Network
    sides: CutSides
    output: Output
    label: Member | None = None  # the input that stands for the legs of the output, if they are on a side

    def texts(self, side: Side) -> list[str]:
        """The members of a side as a cut names them."""
        return [member_text(self.output.member if m == self.label else m) for m in side]


def studies(
    net: Network, cut: str | Sequence[str] | None = None, output: str | None = None
) -> Iterator[Study]:
    """The cuts asked for, each with its network.

    ``cut`` is the name of a cut, `odd_even`, `start_end`, `contiguous`, `dyadic`, `all`, the items of a cut as text,
    or several of these; without it all cuts of the network, or the built-in ones if it has none.
    Raises TnError for a cut that names nothing, all inputs, or a member twice.
    """
    chosen = find_output(net, output)
    wanted = [cut] if isinstance(cut, str) else list(cut) if cut else _default(net)
    prepared = _Prepared(net, chosen, output is not None)
    for text in wanted:
        if text in MANY_CUTS and text not in net.cuts:
            yield from _many(prepared, text)
        else:
            yield prepared.study(_found(net, text))


def _default(net: Network) -> list[str]:
    if net.cuts:
        return list(net.cuts)
    found = [name for name in BUILT_IN if _family(net) is not None]
    if not found:
        raise TnError(f"`{net.name}` has no cuts: say one, such as `x[1], x[3]`", net.source)
    return found


def _family(net: Network) -> str | None:
    """The input whose members are all inputs, at least two."""
    inputs = [name for name, tensor in net.tensors.items() if tensor.role == "input"]
    single = len(inputs) == 1 and len(net.tables.tensors[inputs[0]].members) > 1
    return inputs[0] if single else None


def _found(net: Network, text: str) -> Cut:
    """The cut that a text names or spells."""
    if text in net.cuts:
        return net.cuts[text]
    if text in BUILT_IN:
        name = _family(net)
        if name is None:
            raise TnError(
                f"`{text}` is built in for networks whose inputs are one family; say the members", net.source
            )
        return _built_in(net, text, name)
    if text.strip().isidentifier() and text.strip() not in net.tables.tensors:
        names = list(dict.fromkeys([*net.cuts, *BUILT_IN, *MANY_CUTS]))
        near = get_close_matches(text.strip(), names, 1)
        help = f"; did you mean `{near[0]}`?" if near else f"; there are {', '.join(names)}"
        raise TnError(f"`{net.name}` has no cut `{text.strip()}`{help}")
    return _parsed(text)


def _built_in(net: Network, text: str, name: str) -> Cut:
    members = net.tables.tensors[name].members.tolist()
    first = members[::2] if text == "odd_even" else members[: len(members) // 2]
    return _parsed(", ".join(member_text((name, tuple(member))) for member in first), text)


def _parsed(text: str, name: str = "") -> Cut:
    """The cut that a text spells, without places: it does not stand in the file."""
    if not text.strip():
        raise TnError("the cut is empty: name members, such as `x[1], x[3]`")
    (statement,) = parse(Source("<cut>", f"network cuts\ncut c = {text}\n")).statements
    placeless = _without_places(statement)
    assert isinstance(placeless, Cut)
    return Cut(name or " ".join(text.split()), placeless.rows, placeless.columns)


def _without_places(node: Node) -> Node:
    return replace(map_children(node, _without_places), span=NOWHERE)


class _Made(NamedTuple):
    """Networks of a study, and the input that stands for the legs of the output."""

    net: Network
    written: Network
    label: Member | None


class _Prepared:
    """Networks made ready for cuts, each made once."""

    def __init__(self, net: Network, output: Output, chosen: bool) -> None:
        self.net, self.output, self.chosen = net, output, chosen
        self._made: dict[tuple[tuple[str, ...], Output, bool], _Made] = {}

    def network(self, features: Sequence[str], output: Output, labelled: bool) -> _Made:
        """The networks with features as inputs and one number as score; and the label, if it is an input."""
        key = (tuple(features), output, labelled)
        if key not in self._made:
            net = as_inputs(self.net, features)
            made, label = single_score(net, output, labelled)
            written = separate_conjugates(made)
            self._made[key] = _Made(free_weights(written), written, label)
        return self._made[key]

    def study(self, cut: Cut) -> Study:
        """The network for one cut, and the cut written out."""
        rows, columns = self._items(cut.rows), self._items(cut.columns or ())
        labels = [name for name in (*rows, *columns) if name in self.net.outputs]
        output = self.output
        if labels and not (self.chosen and output.member[0] == labels[0]):
            output = find_output(self.net, labels[0])
        features = [n for n in (*rows, *columns) if n not in self.net.tensors and n not in self.net.outputs]
        net, written, label = self.network(list(dict.fromkeys(features)), output, bool(labels))
        _check_once(self.net, [*cut.rows, *(cut.columns or ())])
        sides = [self._members(net, items, label) for items in (rows, columns)]
        everything = input_members(net)
        if cut.columns is None:
            named = set(sides[0])
            sides[1] = [member for member in everything if member not in named]
        _check_sides(cut.name, sides, everything)
        taken = {*sides[0], *sides[1]}
        fixed = tuple(member for member in everything if member not in taken)
        found = CutSides(cut.name, Side(tuple(sides[0])), Side(tuple(sides[1])), Side(fixed))
        return Study(net, written, found, output, label)

    def _items(self, items: Sequence[CutItem]) -> dict[str, list[Member]]:
        tables = self.net.tables.tensors
        return {
            name: [(name, tuple(tables[name].members[p].tolist())) for p in positions]
            for name, positions in cut_members(self.net, items).items()
        }

    def _members(self, net: Network, items: dict[str, list[Member]], label: Member | None) -> list[Member]:
        """The members of one side, in the order of the inputs of ``net``."""
        named = {member for members in items.values() for member in members}
        if label is not None and any(name in self.net.outputs for name in items):
            named.add(label)
        return [member for member in input_members(net) if member in named]


def _check_once(net: Network, items: Sequence[CutItem]) -> None:
    seen: set[Member] = set()
    for item in items:
        for name, positions in cut_members(net, [item]).items():
            for position in positions:
                member = (name, tuple(net.tables.tensors[name].members[position].tolist()))
                if member in seen:
                    source = net.source if item.span != NOWHERE else None
                    raise TnError(f"the cut names `{member_text(member)}` twice", source)
                seen.add(member)


def _check_sides(name: str, sides: Sequence[Sequence[Member]], everything: Sequence[Member]) -> None:
    for side, other, called in ((sides[0], sides[1], "rows"), (sides[1], sides[0], "columns")):
        if not side and len(other) < len(everything):
            raise TnError(f"the cut `{name}` has no input in its {called}")
        if not side:
            opposite = "columns" if called == "rows" else "rows"
            raise TnError(
                f"the cut `{name}` has no input in its {called}, it has all inputs in its {opposite}"
            )


def _many(prepared: _Prepared, kind: str) -> Iterator[Study]:
    """Every prefix of the inputs, every dyadic block of them, or every bipartition up to complement."""
    net, written, _ = prepared.network([], prepared.output, False)
    members = input_members(net)
    if len(members) < 2:
        raise TnError(f"`{net.name}` has {len(members)} inputs: there is nothing to cut")
    for name, rows in MANY_CUTS[kind](members):
        chosen = set(rows)
        columns = tuple(member for member in members if member not in chosen)
        yield Study(net, written, CutSides(name, Side(tuple(rows)), Side(columns)), prepared.output)


NamedRows = Iterator[tuple[str, Sequence[Member]]]


def _prefixes(members: Sequence[Member]) -> NamedRows:
    return ((f"contiguous {count}", members[:count]) for count in range(1, len(members)))


def _blocks(members: Sequence[Member]) -> NamedRows:
    """Blocks of 1, 2, 4, ... neighbours that begin at a multiple of their length: of two halves one."""
    length = 1
    while length < len(members):
        for start in range(0, len(members), length):
            rows = members[start : start + length]
            if not (start and 2 * length >= len(members)):  # the complement of the first block
                yield _block_name(rows), rows
        length *= 2


def _block_name(rows: Sequence[Member]) -> str:
    """``x[3..4]`` where the members are neighbours in a family of one subscript."""
    (name, first), (_, last) = rows[0], rows[-1]
    alike = len(rows) > 1 and all(n == name and len(s) == 1 for n, s in rows)
    return f"{name}[{first[0]}..{last[0]}]" if alike else ", ".join(map(member_text, rows))


def _bipartitions(members: Sequence[Member]) -> NamedRows:
    count = 2 ** (len(members) - 1) - 1
    if count > MOST_CUTS:
        raise TnError(
            f"{len(members)} inputs have {count:,} bipartitions, more than {MOST_CUTS:,}: try `contiguous`, or name the cuts"
        )
    subsets = (_subset(members, number) for number in range(1, count + 1))
    return ((", ".join(map(member_text, rows)), rows) for rows in subsets)


def _subset(members: Sequence[Member], number: int) -> list[Member]:
    """The side without the last member in the bipartition of this number."""
    return [member for place, member in enumerate(members) if number >> place & 1]


MANY_CUTS: Mapping[str, Callable[[Sequence[Member]], NamedRows]] = {
    "contiguous": _prefixes,
    "dyadic": _blocks,
    "all": _bipartitions,
}
