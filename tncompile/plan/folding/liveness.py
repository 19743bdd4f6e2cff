"""When buffers are needed: what is dead after each step at the top of a schedule."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from tncompile.plan.schedule import Access, Buffer, Loop, Step


def steps_of(nodes: Sequence[Step | Loop]) -> Iterator[Step]:
    """All steps, in the order in which they are written."""
    for node in nodes:
        if isinstance(node, Step):
            yield node
        else:
            yield from steps_of(node.body)


def executed(nodes: Sequence[Step | Loop], rounds: int = 1) -> Iterator[tuple[Step, int]]:
    """All steps in the same order, each with how often it runs if the nodes run ``rounds`` times."""
    for node in nodes:
        if isinstance(node, Step):
            yield node, rounds
        else:
            yield from executed(node.body, rounds * turns_of(node))


def turns_of(loop: Loop) -> int:
    """How often a loop goes round; where its ends depend on loops around, as if their variables were 0, and once at least."""
    return max(1, (loop.last.constant - loop.first.constant) // loop.step + 1)


def touched(node: Step | Loop) -> dict[str, None]:
    """The buffers that a node reads or writes, in order."""
    return {access.buffer: None for step in steps_of((node,)) for access in (*step.operands, step.result)}


def changed_by(step: Step) -> tuple[Access, ...]:
    """What a step writes, or changes in its place."""
    changed: tuple[Access, ...] = ()
    if step.op in ("rescale", "balance", "follow"):
        changed = step.operands[:1]
    if step.op == "balance" or (step.op == "reduce" and len(step.operands) > 1):
        changed += step.operands[1:2]  # the exponents
    return (step.result, *changed)


def dead_after(
    body: Sequence[Step | Loop], buffers: Mapping[str, Buffer], kept: Collection[str]
) -> tuple[tuple[str, ...], ...]:
    """For each node the value buffers that it touches last, but for those that are kept."""
    last: dict[str, int] = {}
    for place, node in enumerate(body):
        last.update(dict.fromkeys(touched(node), place))
    dead: list[list[str]] = [[] for _ in body]
    for name, place in last.items():
        if buffers[name].role == "value" and name not in kept:
            dead[place].append(name)
    return tuple(tuple(names) for names in dead)


def dependent(body: Sequence[Step | Loop], seeds: Collection[str]) -> set[str]:
    """The seeds and all buffers that hang on them; a buffer counts as a whole, though only a part of it may."""
    found, before = set(seeds), -1
    touches = [
        (frozenset(touched(node)), [step.result.buffer for step in steps_of((node,))]) for node in body
    ]
    while len(found) > before:
        before = len(found)
        for names, results in touches:
            if not found.isdisjoint(names):
                found.update(results)
    return found
