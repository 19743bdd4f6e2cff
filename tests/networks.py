"""Random networks as `.tn` text, valid by construction, for hypothesis.

A `Builder` writes a network definition by definition and remembers what may be used: names, whether
they are families over 1..d, and the size of each axis. Indices are joined at random, so hyperindices,
diagonals and traces come up by themselves; an index that would stand alone is merged with another
one of its size, or summed openly.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from hypothesis import strategies as st

REAL_FUNCTIONS = ("tanh", "sin", "cos", "sigmoid", "softplus")
COMPLEX_FUNCTIONS = ("conj",)
LETTERS = "abceghijopqstuvwyz"


@dataclass(frozen=True)
class Thing:
    """A tensor or definition that may be used; a family runs over 1..d."""

    name: str
    axes: tuple[str, ...]
    family: bool = False


@dataclass
class Factor:
    """A use with a wire for each axis; ``kind`` says what is written around it."""

    thing: Thing
    kind: str
    wires: list[str]


@dataclass
class Builder:
    random: Random
    is_complex: bool
    sizes: dict[str, int] = field(default_factory=dict)
    things: list[Thing] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    # Of the definition being written: the size of each wire, the free ones, those that only `one` carries.
    wires: dict[str, str] = field(default_factory=dict)
    free: list[str] = field(default_factory=list)
    bare: set[str] = field(default_factory=set)

    # --- declarations -------------------------------------------------------------------------

    def declare(self) -> None:
        """The header: sizes, lists, inputs, weights, a constant."""
        pick = self.random.choice
        self.sizes = {
            "d": pick([2, 3, 4]),
            "M": pick([1, 2, 3]),
            "N": pick([2, 3, 4]),
            "R": pick([1, 2, 3, 5]),
        }
        order = list(range(1, self.sizes["d"] + 1))
        self.random.shuffle(order)
        self.lines += ["network random_network", *(["field complex"] if self.is_complex else [])]
        self.lines += [f"size {name} = {value}" for name, value in self.sizes.items()]
        self.lines += [
            f"size order = {order}",
            f"size edges = {[[k, k + 1] for k in order if k < len(order)]}",
        ]
        self.tensor("input", "x", 1, family=True)
        self.tensor("input", "z", pick([0, 1, 2]))
        for number in range(pick([2, 3, 4])):
            self.tensor("weight", f"W{number}", pick([0, 1, 2, 2, 3]), family=pick([True, False]))
        size = pick("MNR")
        self.lines.append(f"constant K(i in 1..{size}) = (2*i - 1)/(i + 1)")
        self.things.append(Thing("K", (size,)))

    def tensor(self, role: str, name: str, axes: int, family: bool = False) -> Thing:
        thing = Thing(name, tuple(self.random.choice("MNR") for _ in range(axes)), family)
        self.lines.append(f"{role} {name}{'[1..d]' if family else ''}({', '.join(thing.axes)})")
        self.things.append(thing)
        return thing

    # --- products -----------------------------------------------------------------------------

    def wire(self, size: str) -> str:
        """A new wire of this definition."""
        number = len(self.wires)
        name = LETTERS[number % len(LETTERS)] + "'" * (number // len(LETTERS))
        self.wires[name] = size
        return name

    def member(self, variable: str) -> str:
        """A subscript that lies in 1..d, by the loop variable in sight if there is one."""
        if not variable:
            return self.random.choice(["1", "d", "order[1]", "order[d]", str(self.sizes["d"])])
        return self.random.choice([variable] * 4 + [f"order[{variable}]", f"d + 1 - {variable}", "1"])

    def use(self, thing: Thing, wires: list[str], variable: str) -> str:
        subscript = f"[{self.member(variable)}]" if thing.family else ""
        return f"{thing.name}{subscript}({', '.join(wires)})"

    def factors(self, free: list[str], variable: str, depth: int) -> list[Factor]:
        """Some uses with their axes joined at random.

        Inside a function (``depth`` > 0) an index from outside may not join two factors.
        """
        chosen = [self.random.choice(self.things) for _ in range(self.random.choice([1, 2, 2, 3]))]
        here = list(free)
        factors = []
        for thing in chosen:
            wires: list[str] = []
            for size in thing.axes:
                fitting = [wire for wire in here if self.wires[wire] == size]
                wire = self.random.choice([*fitting, *fitting, ""]) if fitting else ""
                wires.append(wire or self.wire(size))
                if wire in free and wire not in self.free and depth:
                    here.remove(wire)
                elif not wire:
                    here.append(wires[-1])
            factors.append(Factor(thing, "", wires))
        self.join(factors, free)
        for factor in factors:
            factor.kind = self.kind(factor.thing, factor.wires, variable, depth)
        return factors

    def kind(self, thing: Thing, wires: list[str], variable: str, depth: int) -> str:
        kinds = ["plain"] * 4 + ["scaled", "shifted"]
        if len(set(wires)) == len(wires):
            kinds += ["function", "squared"] + ["inner", "divided"] * (not depth)
        if thing.family:
            kinds += ["sum"] + ["prod"] * (not depth) + ["choice"] * bool(variable)
        return self.random.choice(kinds)

    def join(self, factors: list[Factor], free: list[str]) -> None:
        """Merges each wire that stands once with another one of its size, where there is one."""
        for factor in factors:
            for place, wire in enumerate(factor.wires):
                count = Counter(w for f in factors for w in f.wires)
                if wire in free or count[wire] > 1:
                    continue
                others = [w for f in factors if f is not factor for w in f.wires]
                others = [w for w in others if self.wires[w] == self.wires[wire] and w not in free]
                if others:
                    factor.wires[place] = self.random.choice(others)

    def product(self, free: list[str], variable: str, depth: int = 0) -> tuple[str, set[str]]:
        """A product with its summed indices closed; the free wires that it carries."""
        factors = self.factors(free, variable, depth)
        count = Counter(wire for factor in factors for wire in factor.wires)
        texts = [] if depth else self.deltas(factors, count)
        for factor in factors:
            alone = [w for w in factor.wires if count[w] == 1 and w not in free]
            text = self.factor(factor, variable, depth)
            for wire in alone:
                if self.sizes[self.wires[wire]] > 1 or self.random.choice([True, False]):
                    text = f"sum({text} over {wire})"
            texts.append(text)
        return " * ".join(texts), {wire for wire in free if count[wire]}

    def deltas(self, factors: list[Factor], count: Counter[str]) -> list[str]:
        """Now and then a wire that is joined with another place goes there through a ``delta``."""
        joined = [
            (factor, place)
            for factor in factors
            for place, wire in enumerate(factor.wires)
            if count[wire] > 1
        ]
        if not joined or self.random.random() > 0.15:
            return []
        factor, place = self.random.choice(joined)
        old, new = factor.wires[place], self.wire(self.wires[factor.wires[place]])
        factor.wires[place] = new
        count[new] = 2
        return [f"delta({old}, {new})"]

    def factor(self, factor: Factor, variable: str, depth: int) -> str:
        thing, wires = factor.thing, factor.wires
        use = self.use(thing, wires, variable)
        match factor.kind:
            case "scaled":
                return f"(0.5*{use})"
            case "shifted":
                return f"(1 - {use})"
            case "function":
                return f"{self.random.choice(self.functions)}({use})"
            case "squared":
                return f"{use}^2"
            case "divided":
                return f"{use} / (3 + cos({use}))" if not self.is_complex else use
            case "inner":
                inner, _ = self.product(wires, variable, depth + 1)
                return f"{self.random.choice(self.functions)}({inner} + {use})"
            case "sum" | "prod":
                inside = "m" if variable != "m" else "l"
                text = f"{thing.name}[{inside}]({', '.join(wires)})"
                return f"{factor.kind}({text} for {inside} in 1..d{self.random.choice(['', f' if {inside} != 2'])})"
            case "choice":
                return f"({use} if {variable} % 2 == 1 else {self.use(thing, wires, variable)})"
        return use

    @property
    def functions(self) -> tuple[str, ...]:
        return COMPLEX_FUNCTIONS if self.is_complex else REAL_FUNCTIONS

    def expression(self, free: list[str], variable: str) -> str:
        """A sum of products in which something carries each free wire."""
        terms, carried = [], set()
        for _ in range(self.random.choice([1, 1, 2, 3])):
            text, held = self.product(free, variable)
            terms.append(text)
            carried |= held
        rest = [wire for wire in free if wire not in carried]
        self.bare = set(rest)
        if rest:
            terms[0] += f" * one({', '.join(rest)})"
        text = terms[0]
        for term in terms[1:]:
            text += self.random.choice([" + ", " - "]) + term
        return text

    # --- definitions --------------------------------------------------------------------------

    def begin(self, axes: tuple[str, ...]) -> list[str]:
        """The free indices of a new definition."""
        self.wires = {}
        self.free = [self.wire(size) for size in axes]
        return self.free

    def left(self) -> str:
        """The free indices as they stand on the left: with their extents where nothing else says them."""
        stated = [wire in self.bare or self.random.random() < 0.2 for wire in self.free]
        return ", ".join(
            f"{wire} in 1..{self.wires[wire]}" if state else wire
            for wire, state in zip(self.free, stated, strict=True)
        )

    def carried(self, variable: str) -> str:
        """A product that carries all free wires."""
        text, held = self.product(self.free, variable)
        rest = [wire for wire in self.free if wire not in held]
        self.bare = set(rest)
        return f"{text} * one({', '.join(rest)})" if rest else text

    def axes(self) -> tuple[str, ...]:
        return tuple(self.random.choice("MNR") for _ in range(self.random.choice([0, 1, 1, 2])))

    def single(self, name: str, role: str = "") -> None:
        axes = self.axes()
        body = self.expression(self.begin(axes), "")
        self.lines.append(f"{role}{name}({self.left()}) = {body}")
        self.things.append(Thing(name, axes))

    def family(self, name: str, role: str = "") -> None:
        axes = self.axes()
        for condition in self.random.choice([("",), (" if k % 2 == 1", " if k % 2 == 0")]):
            body = self.expression(self.begin(axes), "k")
            self.lines.append(f"{role}{name}[k]({self.left()}) = {body} for k in 1..d{condition}")
        self.things.append(Thing(name, axes, family=True))

    def chain(self, name: str) -> None:
        """A state that is carried along 1..d, or from d down to 1."""
        size = self.random.choice("MNR")
        before, test = self.random.choice([("k+1", "k < d"), ("k-1", "k > 1")])
        self.begin((size,))
        state = self.wire(size)
        step = f"{self.carried('k')} * {self.core(name, size)}({self.free[0]}, {state})"
        body = f"{step} * ({name}[{before}]({state}) if {test} else one({state}))"
        self.lines.append(f"{name}[k]({self.left()}) = {body} for k in 1..d")
        self.things.append(Thing(name, (size,), family=True))

    def core(self, name: str, size: str) -> str:
        self.lines.append(f"weight {name}_core({size}, {size})")
        return f"{name}_core"

    def reused(self, name: str) -> None:
        """A state that is used twice in every step, and its first member apart."""
        size = self.random.choice("MNR")
        (out,) = self.begin((size,))
        body = self.carried("")
        self.lines.append(f"{name}[1]({self.left()}) = {body}")
        (out,) = self.begin((size,))
        state = self.wire(size)
        step = f"{self.carried('k')} * {self.core(name, size)}({out}, {state})"
        body = f"{step} * {name}[k-1]({state}) + {name}[k-1]({out})^2"
        self.lines.append(f"{name}[k]({self.left()}) = {body} for k in 2..d")
        self.things.append(Thing(name, (size,), family=True))

    def twins(self, name: str) -> None:
        """Two states that are carried together."""
        size = self.random.choice("MNR")
        for own, other in (("u", "v[k-1]"), ("v", "u[k]")):
            (out,) = self.begin((size,))
            body = self.carried("")
            self.lines.append(f"{name}{own}[0]({self.left()}) = {body}")
            (out,) = self.begin((size,))
            body = f"{name}{other}({out}) + {self.carried('k')} * {name}{own}[k-1]({out})"
            self.lines.append(f"{name}{own}[k]({self.left()}) = {body} for k in 1..d")
        self.things += [Thing(name + own, (size,), family=True) for own in "uv"]

    def table(self, name: str) -> None:
        """A family in two directions, each layer made of the one below."""
        size = self.random.choice("MNR")
        self.begin((size,))
        body = self.carried("k")
        self.lines.append(f"{name}[0, k]({self.left()}) = {body} for k in 1..d")
        (out,) = self.begin((size,))
        body = f"{name}[l-1, k]({out}) * {name}[l-1, order[k]]({out}) + {self.carried('k')}"
        self.lines.append(f"{name}[l, k]({self.left()}) = {body} for l in 1..2, k in 1..d")
        self.lines.append(f"{name}_top[k](o) = {name}[2, k](o) for k in 1..d")
        self.things.append(Thing(f"{name}_top", (size,), family=True))

    def lattice(self, name: str) -> None:
        """One product with a family of wires: along a list of edges, with a tensor that holds them all."""
        size = self.random.choice("MN")
        self.lines += [f"weight {name}_edge({size}, {size})", f"weight {name}_site[1..d]({size})"]
        body = f"prod({name}_edge(s[i], s[j]) for (i, j) in edges) * prod({name}_site[k](s[k]) for k in 1..d)"
        if self.random.choice([True, False]):
            self.lines.append(f"weight {name}_core({size} for k in 1..d)")
            body += f" * {name}_core(s[k] for k in 1..d)"
        open_wire = self.random.choice(["", "s[1]"])
        self.lines.append(f"{name}({open_wire}) = {body}")
        self.things.append(Thing(name, (size,) if open_wire else ()))

    def largest(self, name: str) -> None:
        """The largest of a family, of an index, or of two."""
        families = [thing for thing in self.things if thing.family and thing.axes]
        thing = self.random.choice(families)
        free = self.begin(thing.axes)
        wires = ", ".join(free)
        body = self.random.choice(
            [
                f"max({thing.name}[k]({wires}) for k in 1..d)",
                f"min({thing.name}[1]({wires}), {thing.name}[d]({wires}), 0.3)",
                f"relu({thing.name}[1]({wires}) - {thing.name}[d]({wires}))",
                f"abs({thing.name}[d]({wires}))",
            ]
        )
        self.lines.append(f"{name}({wires}) = {body}")
        self.things.append(Thing(name, thing.axes))

    def build(self) -> str:
        self.declare()
        makers = [self.single, self.family, self.chain, self.reused, self.twins, self.table, self.lattice]
        if not self.is_complex:
            makers.append(self.largest)
        for number in range(self.random.choice([1, 2, 3])):
            self.random.choice(makers)(f"f{number}")
        if self.random.choice([True, False]):
            self.random.choice([self.single, self.family])("g", "inline ")
        self.random.choice([self.single, self.family])("score", "output ")
        if self.random.choice([True, False]):
            self.single("second", "output ")
        return "\n".join(self.lines) + "\n"


@st.composite
def networks(draw: st.DrawFn, is_complex: bool = False) -> str:
    """The text of a random network."""
    return Builder(draw(st.randoms(use_true_random=False)), is_complex).build()
