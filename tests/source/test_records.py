"""Records behave as frozen dataclasses do."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace

import pytest

from tncompile.source.records import record


@record
class Place:
    """What all have in common."""

    where: int = field(default=0, compare=False, repr=False, kw_only=True)


@record
class Empty(Place):
    """No field of its own."""


@record
class Pair(Place):
    """A field that must be given, one with a value, one made anew, one that is computed."""

    left: int
    right: str = "r"
    more: list[int] = field(default_factory=list, compare=False)
    both: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "both", f"{self.left}{self.right}")


@record
class Other(Place):
    """The same fields in another class."""

    left: int
    right: str = "r"


@record(eq=False)
class Thing:
    """Compared by identity."""

    left: int


@dataclass(frozen=True)
class Usual:
    """What `dataclass` makes of the fields of `Pair`."""

    where: int = field(default=0, compare=False, repr=False, kw_only=True)
    left: int
    right: str = "r"
    more: list[int] = field(default_factory=list, compare=False)
    both: str = field(init=False, compare=False, repr=False, default="")


def test_fields_are_given_by_place_or_by_name_or_have_a_value():
    assert (Pair(1).left, Pair(1).right, Pair(1).more, Pair(1).where) == (1, "r", [], 0)
    one = Pair(1, right="s", more=[3], where=4)
    assert (one.left, one.right, one.more, one.where, one.both) == (1, "s", [3], 4, "1s")


def test_what_is_made_anew_is_shared_by_nobody():
    Pair(1).more.append(2)
    assert Pair(1).more == []


@pytest.mark.parametrize(
    ("given", "named"), [((), {}), ((1, "s", [], 4), {}), ((1,), {"wrong": 2}), ((1,), {"left": 2})]
)
def test_arguments_that_do_not_fit_are_refused_as_by_a_dataclass(given, named):
    for made in (Pair, Usual):
        with pytest.raises(TypeError):
            made(*given, **named)


def test_values_of_one_class_are_equal_and_hash_alike():
    assert Pair(1, where=2) == Pair(1, more=[3])
    assert hash(Pair(1, where=2)) == hash(Pair(1))
    assert Pair(1) != Pair(2)
    assert Pair(1) != Other(1)
    assert Empty() == Empty(where=3)
    assert Empty() != Place()
    assert len({Empty(), Empty(where=1), Place(), Pair(1), Pair(1), Other(1)}) == 4


def test_without_eq_an_instance_is_equal_to_itself_alone():
    one = Thing(1)
    assert one == one
    assert one != Thing(1)
    assert len({one, Thing(1)}) == 2


def test_nothing_is_set_or_deleted():
    one = Pair(1)
    for name in ("left", "new"):
        with pytest.raises(FrozenInstanceError, match=f"cannot assign to field '{name}'"):
            setattr(one, name, 2)
        with pytest.raises(FrozenInstanceError, match=f"cannot delete field '{name}'"):
            delattr(one, name)
    assert one == Pair(1)


def test_a_record_is_shown_as_a_dataclass_is():
    assert repr(Pair(1, "s", [2])).replace("Pair", "Usual") == repr(Usual(1, "s", [2]))
    assert repr(Empty()) == "Empty()"


def test_the_functions_of_dataclasses_take_records():
    assert [one.name for one in fields(Pair)] == [one.name for one in fields(Usual)]
    assert Pair.__match_args__ == Usual.__match_args__
    assert replace(Pair(1, where=5), left=2) == Pair(2)
    assert replace(Pair(1, where=5), left=2).where == 5
    assert replace(Pair(1), left=2).both == "2r"
    assert asdict(Other(1)) == {"where": 0, "left": 1, "right": "r"}


def test_records_can_be_sent_to_another_process():
    one = Pair(1, "s", [2], where=3)
    again = pickle.loads(pickle.dumps(one))
    assert again == one
    assert vars(again) == vars(one)
