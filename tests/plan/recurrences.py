"""Random flat networks whose definitions depend on each other in many ways, for hypothesis.

Every family is defined over a box by one rule, or by two for even and odd positions; outside of the
box it is a copy of the input, or (`choices`) a rule reads the input there. A rule reads its own family and others at shifted positions, in an order that
has no cycles: later in time, or at the same time a family above, or the same family further along.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from hypothesis import strategies as st

MARGIN = 3


@dataclass(frozen=True)
class Family:
    """A family: its name, how its two variables are called and by how much its rule is shifted."""

    name: str
    names: tuple[str, str]
    shift: int


@dataclass
class Writer:
    """Writes one network."""

    random: Random
    choices: bool

    def text(self) -> str:
        """The text of a random network."""
        pick = self.random.choice
        self.forwards, self.along = pick([1, -1]), pick([1, -1])
        names = [pick([("t", "l"), ("t", "l"), ("l", "t"), ("s", "m")]) for _ in range(3)]
        families = [Family(f"f{n}", names[n], pick([0, 0, 1])) for n in range(pick([1, 2, 3]))]
        lines = [
            f"network recurrences\nsize T = {pick([2, 5, 9])}, L = {pick([1, 1, 3, 5])}, r = 2",
            f"input x[{-MARGIN}..T+{MARGIN}, {-MARGIN}..L+{MARGIN}](r)",
            "weight W(r, r), V[1..L](r, r)",
        ]
        for number, family in enumerate(families):
            lines += self.family(family, families, number)
            lines += self.output(family)
        return "\n".join(lines) + "\n"

    def family(self, family: Family, families: list[Family], number: int) -> list[str]:
        """The rules of a family."""
        time, layer = family.names
        outside = (
            f"{family.name}[{time}, {layer}](a) = x[{time}, {layer}](a) for {time} in {-MARGIN}..T+{MARGIN}, "
            f"{layer} in {-MARGIN}..L+{MARGIN} if not (1 <= {time} <= T and 1 <= {layer} <= L)"
        )
        loops = f"for {time} in {1 - family.shift}..T-{family.shift}, {layer} in 1..L"
        target = f"{family.name}[{self.shifted(time, family.shift)}, {layer}](a)"
        conditions = self.random.choice([[""], [""], [""], [f" if {time} % 2 == 0", f" if {time} % 2 == 1"]])
        rules = [
            f"{target} = {self.body(family, families, number)} {loops}{condition}" for condition in conditions
        ]
        return rules if self.choices else [outside, *rules]

    def body(self, family: Family, families: list[Family], number: int) -> str:
        """A flat expression that reads families."""
        one, two = (self.use(family, families, number) for _ in range(2))
        return self.random.choice(
            [
                f"W(a, b) * {one('b')}",
                f"V[{family.names[1]}](a, b) * {one('b')}",
                f"{one('a')} * {two('a')}",
                f"{one('a')} - 0.5*{two('a')}",
                f"tanh({one('a')})",
                f"{one('a')}",
            ]
        )

    def use(self, family: Family, families: list[Family], number: int) -> Callable[[str], str]:
        """A member that is computed earlier, or an input, with an index to come."""
        pick = self.random.choice
        time, layer = family.names
        which = pick([*range(len(families)), *range(len(families)), -1])
        lag, slip = pick([0, 1, 1, 2]), pick([-1, 0, 0, 1])
        if lag == 0 and which >= number:
            # At the same time: the same family further along, or a family of which nothing is read back.
            which, slip = number, -self.along * pick([1, 2])
        first = self.shifted(time, family.shift - self.forwards * lag)
        second = self.shifted(layer, slip)
        if which < 0:
            return lambda index: f"x[{first}, {second}]({index})"
        name = families[which].name
        if not self.choices:
            return lambda index: f"{name}[{first}, {second}]({index})"
        return lambda index: (
            f"({name}[{first}, {second}]({index}) if 1 <= {first} <= T and 1 <= {second} <= L "
            f"else x[{first}, {second}]({index}))"
        )

    def output(self, family: Family) -> list[str]:
        """What is read of a family in the end."""
        name = family.name
        return self.random.choice(
            [
                [f"output {name}_sum(a) = sum({name}[t, l](a) for t in 1..T, l in 1..L)"],
                [f"output {name}_last(a) = {name}[{'T' if self.forwards > 0 else '1'}, L](a)"],
                [f"output {name}_all[t](a) = {name}[t, L](a) for t in 1..T"],
                [f"output {name}_prod(a) = prod({name}[t, 1](a) for t in 1..T)"],
            ]
        )

    def shifted(self, name: str, shift: int) -> str:
        return name if not shift else f"{name}+{shift}" if shift > 0 else f"{name}-{-shift}"


@st.composite
def recurrences(draw: st.DrawFn, choices: bool = False) -> str:
    """The text of a random flat network with recurrences."""
    return Writer(draw(st.randoms(use_true_random=False)), choices).text()
