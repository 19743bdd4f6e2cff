"""Exponents that are only handed on, read where they were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tncompile.plan.folding.liveness import changed_by, steps_of
from tncompile.plan.schedule import Access, Affine, Buffer, Loop, Node, Span, Step
from tncompile.source.records import record

Subscript = Affine | Span


@record
class _Copy:
    """A part of a buffer that holds what another one does; zeros where ``source`` is None."""

    result: Access
    source: Access | None


def forwarded(body: Sequence[Node], buffers: Mapping[str, Buffer]) -> list[Node]:
    """The nodes, where sums of exponents read what these are copies of, and none that are 0.

    For schedules whose buffers have all their axes: positions say what is the same.
    """
    return _Forwarder(buffers).nodes(body, [])


class _Forwarder:
    def __init__(self, buffers: Mapping[str, Buffer]) -> None:
        self.buffers = buffers

    def nodes(self, body: Sequence[Node], known: list[_Copy]) -> list[Node]:
        """The nodes, where ``known`` copies are there when they begin. It is kept up to date."""
        found: list[Node] = []
        for node in body:
            if isinstance(node, Loop):
                self._forget(known, node)
                found.append(replace(node, body=tuple(self.nodes(node.body, [*known]))))
                self._forget(known, node)
                continue
            step = self._read(node, known)
            if _repeats(step):
                continue
            self._forget(known, step)
            if self._is_copy(step):
                known.append(_Copy(step.result, step.operands[0] if step.operands else None))
            found.append(step)
        return found

    def _is_copy(self, step: Step) -> bool:
        """Does a step only hand on exponents, or say that they are 0?"""
        plain = step.op == "combine" and len(step.operands) < 2 and step.constant is None
        if not plain or any(step.coefficients) or not self.buffers[step.result.buffer].exponents:
            return False
        return all(_is_within(access, step.result) for access in step.operands)

    def _forget(self, known: list[_Copy], node: Node) -> None:
        """Leaves out what a node writes over."""
        for step in steps_of((node,)):
            for access in changed_by(step):
                known[:] = [
                    copy
                    for copy in known
                    if not _meet(copy.result, access)
                    and (copy.source is None or not _meet(copy.source, access))
                ]

    def _read(self, step: Step, known: Sequence[_Copy]) -> Step:
        if step.op != "combine" or not self.buffers[step.result.buffer].exponents:
            return step
        operands: list[Access] = []
        coefficients = list(step.coefficients or [None] * len(step.operands))
        kept = []
        for access, coefficient in zip(step.operands, coefficients, strict=True):
            copy = next((one for one in known if _covers(one.result, access, self.buffers)), None)
            source = access if copy is None else _part(copy, access)
            if source is not None:
                operands.append(source)
                kept.append(coefficient)
        return replace(step, operands=tuple(operands), coefficients=tuple(kept))


def without_repeats(body: Sequence[Node]) -> list[Node]:
    """The nodes without copies of parts of buffers to where they are."""
    found: list[Node] = []
    for node in body:
        if isinstance(node, Loop):
            found.append(replace(node, body=tuple(without_repeats(node.body))))
        elif not _repeats(node):
            found.append(node)
    return found


def _repeats(step: Step) -> bool:
    """Does a step copy a part of a buffer to where it is?"""
    return step.op == "combine" and step.operands == (step.result,) and not any(step.coefficients)


def _is_within(source: Access, result: Access) -> bool:
    """Do the axes of what is copied stand in the result, none read through a table of positions?"""
    spans = {subscript.label for subscript in result.subscripts if isinstance(subscript, Span)}
    inside = all(
        isinstance(subscript, Affine) or (isinstance(subscript, Span) and subscript.label in spans)
        for subscript in source.subscripts
    )
    return inside and {*source.indices} <= {*result.indices}


def _meet(one: Access, other: Access) -> bool:
    """May two accesses touch the same members?"""
    if one.buffer != other.buffer:
        return False
    for mine, theirs in zip(one.subscripts, other.subscripts, strict=True):
        if isinstance(mine, Affine) and isinstance(theirs, Affine) and _difference(mine, theirs):
            return False
    return True


def _covers(result: Access, read: Access, buffers: Mapping[str, Buffer]) -> bool:
    """Is all that is read within a copy, at positions that can be told?"""
    if result.buffer != read.buffer:
        return False
    for axis, (mine, theirs) in enumerate(zip(result.subscripts, read.subscripts, strict=True)):
        if isinstance(mine, Affine):
            if not (isinstance(theirs, Affine) and _difference(theirs, mine) == 0):
                return False
        elif isinstance(mine, Span):
            whole = mine.step == 1 and mine.count.value == buffers[read.buffer].family[axis].value
            start = theirs.start if isinstance(theirs, Span) else theirs
            if not (whole and not mine.start.terms and isinstance(start, Affine)):
                return False
        else:
            return False
    return True


def _difference(one: Affine, other: Affine) -> int | None:
    """How much larger one position is, if that is the same in all rounds."""
    return one.constant - other.constant if one.terms == other.terms else None


def _part(copy: _Copy, read: Access) -> Access | None:
    """The source of what is read."""
    if copy.source is None:
        return None
    places = {
        mine.label: theirs
        for mine, theirs in zip(copy.result.subscripts, read.subscripts, strict=True)
        if isinstance(mine, Span)
    }
    names = dict(zip(copy.result.indices, read.indices, strict=True))
    subscripts: list[Subscript] = []
    for subscript in copy.source.subscripts:
        if isinstance(subscript, Affine):
            subscripts.append(subscript)
        elif isinstance(subscript, Span):
            subscripts.append(_moved(subscript, places[subscript.label]))
    return Access(copy.source.buffer, tuple(subscripts), tuple(names[i] for i in copy.source.indices))


def _moved(span: Span, read: object) -> Subscript:
    """The positions of a span of a source, where the copy of it is read at ``read``, counted from its beginning."""
    start = read.start if isinstance(read, Span) else read
    assert isinstance(start, Affine)
    terms = [(name, span.step * coefficient) for name, coefficient in start.terms]
    at = Affine(span.start.constant + span.step * start.constant, (*span.start.terms, *terms))
    if isinstance(read, Span):
        return replace(read, start=at, step=span.step * read.step)
    return at
