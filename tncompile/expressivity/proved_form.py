"""Whether a closed form is the upper bound that the graph proves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from random import Random

from tncompile.expressivity.closed_form import Form
from tncompile.expressivity.cuts import studies
from tncompile.expressivity.upper.bound_formula import bound_terms
from tncompile.network import Network
from tncompile.source import TnError

VECTORS = 60  # of sizes, at which form and bound are compared
HUGE = 10**6


class _Sizes(dict[str, int]):
    """Sizes by name; a member of a family of sizes has the value of the family."""

    def __missing__(self, atom: str) -> int:
        return self[atom[: atom.index("[")]]


def find_bound(
    forms: Iterable[Form], cut: str, networks: Sequence[Network], bases: Sequence[str]
) -> Form | None:
    """The first form that equals the bound of a cut at every one of the networks, whatever the sizes ``bases`` are.

    Form and bound are minima of products, so they are compared at random sizes, 1 and huge ones among them.
    """
    bounds: list[tuple[_Sizes, int]] = []
    for net in networks:
        values = _bound_values(cut, net, bases)
        if not values:
            return None
        bounds += values
    return next((form for form in forms if all(form.value(sizes) == value for sizes, value in bounds)), None)


def _bound_values(cut: str, net: Network, bases: Sequence[str]) -> list[tuple[_Sizes, int]]:
    """The bound at random sizes; nothing where it is not known or not one in these sizes."""
    try:
        (study,) = studies(net, [cut])
    except TnError:
        return []  # one of many cuts, that no text names
    terms = bound_terms(study.net, study.sides)
    known = {name: value for name, value in net.sizes.items() if isinstance(value, int)}
    vectors = [_Sizes({**known, **drawn}) for drawn in _vectors(bases)] if terms else []
    try:
        return [(sizes, min(sum(part.value(sizes) for part in term) for term in terms)) for sizes in vectors]
    except (KeyError, ValueError):
        return []


def _vectors(bases: Sequence[str]) -> Iterator[dict[str, int]]:
    random = Random(0)
    for _ in range(VECTORS):
        yield {
            name: random.choice([1, HUGE, int(HUGE ** random.random()), int(32 ** random.random())])
            for name in bases
        }
