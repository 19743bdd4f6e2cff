"""Several searches for one order: each starts from what the others found, and the cheapest order met wins."""

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

STEPS = 500_000  # rotations tried in a second of a usual core
FIRST_ROUNDS = 100  # of the first annealing; each further one has twice as many
WARM, COLD = 1.0, 40.0  # ends of an annealing: how strongly rotations that cost more are refused
GREEDY_SHARE = 0.1  # of the budget
GREEDY_STEPS = 50
NEGLIGIBLE = 1e-9  # orders whose costs differ by less are alike: the first stays


class Portfolio:
    def __init__(self, problem: Contraction) -> None:
        self.problem = problem
        self.reduced = reduced(problem)
        self.chance = random.Random(problem.objective.seed)

    def run(self, written: Path) -> Path:
        self.best, self.cost = written, self.problem.path_cost(written)
        small = self.reduced.problem
        self.offer(improved(self.problem, written))
        for path in self.quick(small):
            self.offer(self.reduced.expanded(path))
        steps = small.objective.budget * STEPS
        print('quick', self.cost)
        rounds = FIRST_ROUNDS
        per_round = len(small.operands) - 1
        while steps > per_round * rounds:
            left = int(steps // per_round)
            if left < 3 * rounds: rounds = left
            tree = Tree(small, self.reduced.restricted(self.best))
            cost, path = annealed(tree, [WARM * (COLD / WARM) ** (k / rounds) for k in range(rounds)], self.chance)
            steps -= per_round * rounds
            before = self.cost
            self.offer(improved(self.problem, self.reduced.expanded(path)))
            import math
            print('   ', rounds, math.log10(self.problem.path_cost(self.reduced.expanded(path))), math.log10(self.cost))
            rounds *= 2
        return self.best

    def offer(self, path: Path) -> None:
        cost = self.problem.path_cost(path)
        if cost < self.cost * (1 - NEGLIGIBLE):
            self.best, self.cost = path, cost

    def quick(self, small: Contraction) -> Iterator[Path]:
        if len(small.operands) <= FEW:
            yield exact_path(small)
            return
        exact = connected_path(small)
        if exact is not None:
            yield exact
        yield eliminated(small)
        yield greedy(small)
        for _ in range(int(small.objective.budget*STEPS*GREEDY_SHARE/(GREEDY_STEPS*len(small.operands)))):
            yield random_greedy(small, self.chance)
