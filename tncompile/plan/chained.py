"""Chains as loops or as trees: which takes less time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from tncompile.network import Network
from tncompile.plan.clock import NUMPY, Clock, Numbers, Time, time_of
from tncompile.plan.flatten.order import order
from tncompile.plan.folding.fold import fold
from tncompile.plan.peak import most_elements
from tncompile.plan.schedule import Schedule
from tncompile.plan.search.objective import DEFAULT, Objective
from tncompile.source.records import record
from tncompile.transform import inline_definitions
from tncompile.transform.chain.chains import ONE_AFTER_ANOTHER, Chain, chains_of

if TYPE_CHECKING:
    from tncompile.transform.chain.tree import Tree

WORTH = 1.25  # how much faster a tree must seem: the clocks are rough, and a tree takes more memory
CLEAR = 3.0  # how many times as long scores must take for gradients not to be asked: they take three to five times a score
PASSES = 4  # how often score and gradient together multiply: the score once for each of them, and twice on the way back


@record
class Device:
    """What a network is planned for: a clock, the numbers, and how many of them may be alive at once (None: any)."""

    clock: Clock
    numbers: Numbers
    limit: int | None = None


def order_for(net: Network, objective: Objective = DEFAULT, device: Device | None = None) -> Network:
    """`order`, with the chains of the network (see `chains_of`) as loops or as trees, as the objective says.

    With ``"auto"`` they are loops where no device is named. For a device, chain by chain, a tree is taken where the score
    and the gradient of all weights together then take less time by its clock (the score alone where it is `CLEAR`), for as many samples as ``net`` says, and
    the score needs no more memory than there is. Chains of the text come first, then those that its order has made of
    a product.
    """
    flat = order(net, objective)
    if objective.chain == "loop" or (objective.chain == "auto" and device is None):
        return flat
    loops = _Planned(inline_definitions(net), (), flat)
    return _Chooser(loops, objective, device or Device(NUMPY, Numbers())).chosen()


@record(eq=False)
class _Planned:
    """A network, those of its definitions that are parts of trees, and the same in order."""

    network: Network
    apart: tuple[str, ...]
    flat: Network

    @cached_property
    def schedule(self) -> Schedule:
        """How the outputs are computed."""
        return fold(self.flat)


class _Chooser:
    """Replaces chains one after the other, as long as it is worth it."""

    def __init__(self, loops: _Planned, objective: Objective, device: Device) -> None:
        self.best, self.objective, self.device = loops, objective, device
        self.seen: set[tuple[str, int, int]] = set()

    def chosen(self) -> Network:
        """The network in order that is taken in the end."""
        for chain in self.chains(flat=False):
            tree = _with_tree(self.best.network, chain)
            apart = (*self.best.apart, *tree.added)
            self.take(_Planned(tree.network, apart, order(tree.network, self.objective, apart)), chain)
        for chain in self.chains(flat=True):
            tree = _with_tree(self.best.flat, chain)
            self.take(_Planned(self.best.network, (*self.best.apart, *tree.added), tree.network), chain)
        return self.best.flat

    def chains(self, flat: bool) -> Iterator[Chain]:
        """The chains that may be worth a tree, each of the network that is best by then."""
        while True:
            chains = chains_of(self.best.flat if flat else self.best.network)
            new = [one for one in chains if one.key not in self.seen]
            if not new:
                return
            self.seen.add(new[0].key)
            if self.objective.chain == "tree" or self.may_pay(new[0], sum(one.count for one in new)):
                yield new[0]

    def take(self, tree: _Planned, chain: Chain) -> None:
        """Takes a network with one more tree, if it shall be so or is faster."""
        if self.objective.chain == "tree" or (self.pays(tree, chain) and self.fits(tree)):
            self.best = tree

    # --- time and memory ----------------------------------------------------------------------

    def may_pay(self, chain: Chain, steps: int) -> bool:
        """Whether the transfer matrices and their products take less time than loops do now, or the chain's share of
        them by its part of all the steps of chains."""
        looping = self.score(self.best).looping * chain.count / steps
        return WORTH * products_of(chain, self.device) < looping

    def pays(self, tree: _Planned, chain: Chain) -> bool:
        """Whether a tree saves time, and not just a little of what it takes. Where the scores are far apart, they settle it."""
        loop, other = self.score(self.best).whole, self.score(tree).whole
        if max(loop, other) > CLEAR * min(loop, other):
            return other < loop
        doubt = (WORTH - 1) * PASSES * products_of(chain, self.device)
        return loop + self.gradient(self.best) - other - self.gradient(tree) > doubt

    def score(self, planned: _Planned) -> Time:
        """The time for the outputs."""
        return time_of(planned.schedule, self.device.clock, self.device.numbers)

    def gradient(self, planned: _Planned) -> float:
        """Seconds for the outputs with the gradient of all weights; none where there are no weights."""
        if not any(tensor.role == "weight" for tensor in planned.flat.tensors.values()):
            return 0.0
        from tncompile.transform import gradient  # noqa: PLC0415  most chains are settled without

        return time_of(fold(gradient(planned.flat)), self.device.clock, self.device.numbers).whole

    def fits(self, planned: _Planned) -> bool:
        """Whether the memory is enough."""
        limit = self.device.limit
        return limit is None or most_elements(planned.schedule) <= limit


def _with_tree(net: Network, chain: Chain) -> Tree:
    from tncompile.transform.chain.tree import chain_tree  # noqa: PLC0415  most chains stay loops

    return chain_tree(net, chain)


def products_of(chain: Chain, device: Device) -> float:
    """Seconds at the least for the transfer matrices of a chain and their products in its tree, for the score."""
    clock, count, size = device.clock, chain.count, chain.matrices * chain.width**2
    total = clock.moves(count * size, device.numbers)
    while count > ONE_AFTER_ANOTHER:
        count //= 2
        made = count * chain.matrices
        total += clock.products(made, 2 * made * chain.width**3, 3 * count * size, device.numbers)
    return total
