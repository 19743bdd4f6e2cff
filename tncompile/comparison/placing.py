"""The sizes of every network at every point: given, swept, bound together, and implied by common inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tncompile.comparison.axes import SweepAxis, Target, is_pseudo_width, points_of
from tncompile.comparison.contender import (
    Contender,
    Sizes,
    first_message,
    width_candidates,
    width_value,
)
from tncompile.comparison.inputs import Inputs, implied_sizes, inputs_of
from tncompile.network import ListExpr, Network, Size, Tensor
from tncompile.source import TnError, UsageError
from tncompile.source.records import record


@record
class Place:
    """A network at a point: the sizes given to its file, and all it has; or why it has none there."""

    contender: Contender
    point: Mapping[str, int]
    given: Sizes
    sizes: Sizes
    width: int | None = None
    failure: str | None = None


@record
class Common:
    """What all networks of a comparison are given."""

    contenders: Sequence[Contender]
    axes: Sequence[SweepAxis]
    settings: Mapping[Target, object]
    widths: Mapping[str, str]  # the size that is the width, by label


def places(common: Common) -> list[Place]:
    """Every network at every point, point by point.

    Raises TnError where inputs do not match, or a network exists at no point; a point at which one file refuses its
    sizes is a place with a failure.
    """
    found = [place for point in points_of(common.axes) for place in _places_at(common, point)]
    for contender in common.contenders:
        own = [place for place in found if place.contender is contender]
        if all(place.failure is not None for place in own):
            contender.load(own[0].given)  # raises, with the place in the text
    return found


def _places_at(common: Common, point: Mapping[str, int]) -> list[Place]:
    found: list[Place] = []
    reference: tuple[Contender, Inputs] | None = None
    known: dict[str, int] = {}
    for contender in common.contenders:
        explicit = explicit_sizes(common, contender, point)
        given = dict(explicit) if contender.bound else {**_shared(contender, known), **explicit}
        if reference is not None and not contender.bound:
            implied = implied_sizes(_tensors(contender), reference[1])
            given.update((n, v) for n, v in implied.items() if n in contender.declared and n not in explicit)
        try:
            net = contender.load(given)
        except TnError as error:
            found.append(Place(contender, point, given, given, failure=first_message(error)))
            continue
        inputs = inputs_of(net)
        if reference is None:
            reference = contender, inputs
        elif not inputs.matches(reference[1]):
            raise _mismatch(reference, contender, inputs)
        for name in contender.declared:
            value = width_value(net, name)
            if value is not None:
                known.setdefault(name, value)
        found.append(_placed(common, contender, point, given, net))
    return found


def _placed(
    common: Common, contender: Contender, point: Mapping[str, int], given: Sizes, net: Network
) -> Place:
    width = common.widths.get(contender.label)
    return Place(contender, point, given, dict(net.sizes), None if width is None else width_value(net, width))


def explicit_sizes(common: Common, contender: Contender, point: Mapping[str, int]) -> dict[str, object]:
    """The sizes that the user gives a network at a point; what is said of it alone counts more."""
    swept = {target: point[axis.name] for axis in common.axes for target in axis.targets}
    width, named = common.widths.get(contender.label), {**common.settings, **swept}
    found: dict[str, object] = {}
    for target, value in sorted(named.items(), key=lambda item: bool(item[0].label)):
        if is_pseudo_width(common.contenders, target) and target.label in ("", contender.label):
            assert width is not None
            if Target(target.label, width) in named:
                raise UsageError(
                    f"`{width}` of `{contender.label}` is given twice: by its name, and as {target}"
                )
            found[width] = value
        elif target.of(contender):
            found[target.name] = value
    return found


def _shared(contender: Contender, known: Mapping[str, int]) -> dict[str, object]:
    """The values that earlier networks have for sizes of the same name."""
    return {
        name: known[name] for name, size in contender.declared.items() if name in known and _is_number(size)
    }


def _is_number(size: Size) -> bool:
    return not size.real and not isinstance(size.default, ListExpr)


def _tensors(contender: Contender) -> list[Tensor]:
    return [s for s in contender.syntax.statements if isinstance(s, Tensor)]


def _mismatch(reference: tuple[Contender, Inputs], contender: Contender, inputs: Inputs) -> TnError:
    first, wanted = reference
    return TnError(
        f"the inputs do not match: `{first.label}` has {wanted}, `{contender.label}` has {inputs}; "
        f"give sizes of one network alone as -s {contender.label}.NAME=VALUE"
    )


# --- width ---------------------------------------------------------------------------------------


def find_widths(common: Common, wanted: Sequence[Target], *, needed: str | None) -> dict[str, str]:
    """The size of each network that is its width: what the user says, or the only one that can be.

    Raises UsageError where a network has none and ``needed`` says what needs one.
    """
    common = _without_width(common)
    point = {axis.name: axis.values[0] for axis in common.axes}
    placed = {place.contender.label: place for place in _places_at(common, point)}
    found: dict[str, str] = {}
    for contender in common.contenders:
        said = [t for t in wanted if t.label == contender.label] or [
            t for t in wanted if t.of(contender) and not t.label
        ]
        place = placed[contender.label]
        candidates = width_candidates(contender.load(place.given)) if place.failure is None else []
        if said:
            found[contender.label] = said[-1].name
            if place.failure is None and said[-1].name not in candidates:
                raise UsageError(_not_a_width(said[-1], contender.label, candidates))
        elif len(candidates) == 1:
            found[contender.label] = candidates[0]
        elif needed is not None:
            raise UsageError(_no_width(contender.label, candidates, needed))
    return found


def _without_width(common: Common) -> Common:
    """The same without what is said of `width`: which size that is, is only to be found."""

    def is_size(target: Target) -> bool:
        return not is_pseudo_width(common.contenders, target)

    axes = [replace(axis, targets=tuple(filter(is_size, axis.targets))) for axis in common.axes]
    settings = {target: value for target, value in common.settings.items() if is_size(target)}
    return replace(common, axes=axes, settings=settings)


def _no_width(label: str, candidates: Sequence[str], needed: str) -> str:
    which = f"{' and '.join(candidates)} may be" if candidates else "no size is clearly"
    example = candidates[0] if candidates else "NAME"
    return f"{needed} needs the width of `{label}`, and {which} its width: say --width {label}.{example}"


def _not_a_width(said: Target, label: str, candidates: Sequence[str]) -> str:
    may = f"{' and '.join(candidates)} may be" if candidates else "it has no such size"
    return (
        f"--width {said}: the width of `{label}` is a size that is an extent of its weights, and no part of its shape, "
        f"inputs or outputs: {may}"
    )
