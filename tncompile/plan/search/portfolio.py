"""Several searches for one order: each starts from what the others found, and the cheapest order met wins.

All are deterministic: effort is counted in rotations of a tree, never in seconds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from tncompile.plan.search.anneal import annealed
from tncompile.plan.search.connected import connected_path
from tncompile.plan.search.contraction import FEW, Contraction, Path
from tncompile.plan.search.elimination import eliminated
from tncompile.plan.search.exact import exact_path
from tncompile.plan.search.greedy import greedy, random_greedy
from tncompile.plan.search.improve import improved
from tncompile.plan.search.reduce import reduced
from tncompile.plan.search.tree import Tree

STEPS = 500_000  # rotations that a usual core tries in a second
USUAL_ROUNDS = 2000  # over the whole tree, where no budget is given, but no more than
USUAL_STEPS = 600_000
GREEDY_SHARE, GREEDY_STEPS = 0.1, 50  # of the budget; what a step of a greedy search counts
FIRST_ROUNDS = 150  # of the first two annealings; each further two have twice as many
WARM, COLD = 1.0, 10.0  # ends of an annealing: how strongly rotations that cost more are refused
MOST_LARGE = 1000  # pairs of an order whose larger parts are put in order at the end
POLISHING_ROUNDS, FROZEN = 50, 40.0
PART, PART_ROUNDS = 5, 60  # arrays reordered at once on the way, and what that counts
NEGLIGIBLE = 1e-9  # orders whose costs differ by less are alike: the first stays, whatever is rounded


def quick_path(problem: Contraction, written: Path) -> Path:
    """The best of the orders that are found at once."""
    return min((written, eliminated(problem), greedy(problem)), key=problem.path_cost)


class Portfolio:
    """The search for one order, started from the one that the file suggests.

    What is searched is the reduced product, unless there is an exact order of the whole.
    """

    def __init__(self, problem: Contraction, written: Path) -> None:
        self.problem, self.objective = problem, problem.objective
        self.reduced = reduced(problem)
        self.small = self.reduced.problem
        self.chance = random.Random(problem.objective.seed)
        self.best, self.cost = written, problem.path_cost(written)
        self.round = max(1, len(self.small.operands) - 1)  # steps of one round over the tree
        self.steps = self._budget()
        self.spent = 0

    def _budget(self) -> int:
        if self.objective.budget is None:
            return min(USUAL_ROUNDS * self.round, USUAL_STEPS)
        return int(self.objective.budget * STEPS)

    def run(self) -> Path:
        """The cheapest order that was found."""
        self.offer(improved(self.problem, self.best, PART))
        exact = connected_path(self.problem)
        if exact is not None:
            self.offer(improved(self.problem, exact))
            return self.best
        exact = exact_path(self.small) if len(self.small.operands) <= FEW else connected_path(self.small)
        if exact is None:
            for path in self.quick():
                self.offer_small(path)
            self.anneal()
        else:
            self.offer_small(exact)
        self.polish()
        return self.best

    def quick(self) -> Iterator[Path]:
        """Orders that are found at once."""
        yield eliminated(self.small)
        yield greedy(self.small)
        for _ in range(int(self.steps * GREEDY_SHARE) // (GREEDY_STEPS * self.round)):
            self.spend(GREEDY_STEPS)
            yield random_greedy(self.small, self.chance)

    def anneal(self) -> None:
        """Annealings, each longer than the last; from the best order so far, and from a new one, in turn.

        The last takes what is left of the budget.
        """
        rounds, fresh = FIRST_ROUNDS, False
        while (left := (self.steps - self.spent) // self.round) > 0:
            last = left < 3 * rounds
            start = random_greedy(self.small, self.chance) if fresh and not last else self.restricted()
            found = annealed(Tree(self.small, start), self.cooling(left if last else rounds), self.chance)
            self.offer_small(found)
            rounds, fresh = rounds * (2 if fresh else 1), not fresh

    def polish(self) -> None:
        """The end: a cold annealing of the whole, as what was reduced at first may stand better elsewhere in the best order; larger parts are put in order."""
        if self.reduced.pairs:
            found = annealed(Tree(self.problem, self.best), [FROZEN] * POLISHING_ROUNDS, self.chance)
            self.offer(found)
        if len(self.best) <= MOST_LARGE:
            self.offer(improved(self.problem, self.best))

    def cooling(self, rounds: int) -> Iterator[float]:
        """From warm to cold; each round is counted."""
        for number in range(rounds):
            self.spend(1)
            yield WARM * (COLD / WARM) ** (number / rounds)

    def spend(self, rounds: int) -> None:
        """Counts some rounds over the tree."""
        self.spent += rounds * self.round
        if self.objective.progress is not None:
            share = min(1.0, self.spent / self.steps)
            self.objective.progress(len(self.problem.operands), share, self.cost)

    def restricted(self) -> Path:
        """The best order so far, among the operands that are left."""
        return self.reduced.restricted(self.best)

    def offer_small(self, path: Path) -> None:
        """An order of the reduced product."""
        self.spend(PART_ROUNDS)
        self.offer(improved(self.problem, self.reduced.expanded(path), PART))

    def offer(self, path: Path) -> None:
        """Keeps an order that is cheaper than the best so far."""
        cost = self.problem.path_cost(path)
        if cost < self.cost * (1 - NEGLIGIBLE):
            self.best, self.cost = path, cost
