"""Random syntax trees in the normal form that parsing yields."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tncompile.network.syntax import (
    Add,
    Axis,
    Binary,
    Call,
    Choice,
    Compare,
    Cut,
    CutItem,
    Definition,
    Expr,
    Field,
    FreeIndex,
    Index,
    Initialiser,
    Item,
    Let,
    ListExpr,
    Logic,
    Loop,
    Looped,
    Multiply,
    Name,
    Negative,
    Not,
    Number,
    Over,
    Range,
    Reduce,
    Require,
    Size,
    Statement,
    Tensor,
    Use,
)

names = st.sampled_from(["a", "k", "fork", "order", "x1", "_y", "in_", "G", "delta"])
index_names = st.sampled_from(["a", "b'", "i''", "notes"])
numbers = st.sampled_from(["0", "1", "12", "2.5e-3", "1i", "0.5", "1e10"]).map(Number)
UNARY = ["relu", "exp", "conj", "len", "log2", "abs"]
BINARY = ["gcd", "binomial", "min", "max"]


def some(strategy: SearchStrategy, least: int = 0, most: int = 3) -> SearchStrategy:
    return st.lists(strategy, min_size=least, max_size=most).map(tuple)


def _add(terms: list[Expr], signs: list[int]) -> Add:
    return Add(tuple(terms), (1, *signs[: len(terms) - 1]))


def _multiply(factors: list[Expr], inverted: list[bool]) -> Multiply:
    return Multiply(tuple(factors), (False, *inverted[: len(factors) - 1]))


def _compare(operands: list[Expr], ops: list[str]) -> Compare:
    return Compare(tuple(operands), tuple(ops[: len(operands) - 1]))


def ranges(inner: SearchStrategy) -> SearchStrategy:
    return st.builds(Range, inner, inner)


def loops_of(inner: SearchStrategy) -> SearchStrategy:
    variables = st.one_of(names.map(lambda name: (name,)), st.tuples(names, names))
    domain = st.one_of(ranges(inner), inner)
    return st.builds(Loop, variables, domain, st.none() | inner)


def indices_of(inner: SearchStrategy) -> SearchStrategy:
    loops = st.just(()) | some(loops_of(inner), 1, 2)
    return st.builds(Index, index_names, some(inner, 0, 2), loops)


def _larger(inner: SearchStrategy) -> SearchStrategy:
    several = st.lists(inner, min_size=2, max_size=4)
    signs = st.lists(st.sampled_from([1, -1]), min_size=4, max_size=4)
    inverted = st.lists(st.booleans(), min_size=4, max_size=4)
    ops = st.lists(st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), min_size=4, max_size=4)
    index = indices_of(inner)
    looped = st.builds(Looped, inner, st.just(()) | some(loops_of(inner), 1, 2))
    really_looped = st.builds(Looped, inner, some(loops_of(inner), 1, 2))
    return st.one_of(
        st.builds(_add, several, signs),
        st.builds(_multiply, several, inverted),
        st.builds(_compare, several, ops),
        st.builds(Negative, inner),
        st.builds(Not, inner),
        st.builds(Binary, st.sampled_from(["//", "%", "^"]), inner, inner),
        st.builds(Logic, st.sampled_from(["and", "or"]), several.map(tuple)),
        st.builds(Choice, inner, inner, inner),
        st.builds(ListExpr, some(inner)),
        st.builds(Item, names, some(inner, 1)),
        st.builds(Call, st.sampled_from(UNARY), some(inner, 1, 1)),
        st.builds(Call, st.sampled_from(BINARY), some(inner, 2, 2)),
        st.builds(Reduce, st.sampled_from(["prod", "sum"]), some(looped, 1)),
        st.builds(
            lambda op, one, more: Reduce(op, (*more, one)),
            st.sampled_from(["max", "min"]),
            really_looped,
            some(looped),
        ),
        st.builds(Over, st.sampled_from(["sum", "max", "min"]), inner, some(index, 1)),
        st.builds(Use, names, some(inner, 0, 2), some(index)),
    )


expressions = st.recursive(st.one_of(numbers, names.map(Name)), _larger, max_leaves=12)
small = st.recursive(st.one_of(numbers, names.map(Name)), _larger, max_leaves=4)

loops = loops_of(small)
_family = some(st.one_of(loops, st.builds(Loop, st.just(()), ranges(small), st.none() | small)))
_axes = some(st.one_of(st.builds(Axis, small), st.builds(Axis, small, loops=some(loops, 1, 2))))
# A named axis behind a loop would be read as one more loop, so the named ones come first.
_named_axis = st.builds(
    lambda name, first, last: Axis(last, name, None if first == Number("1") else first),
    index_names,
    small,
    small,
)
_named_axes = st.builds(lambda named, plain: named + plain, some(_named_axis), _axes)
_free = st.builds(
    lambda named, plain: named + plain,
    some(st.builds(FreeIndex, index_names.map(Index), small)),
    some(st.builds(FreeIndex, indices_of(small))),
)
_cut_items = some(
    st.builds(CutItem, names, some(st.one_of(small, ranges(small)), 0, 2), st.just(()) | some(loops, 1, 2)), 1
)
_messages = st.sampled_from(["", "d is a power of two", "a # b"])

statements: SearchStrategy[Statement] = st.one_of(
    st.builds(Size, names, _family, st.none() | expressions, st.booleans()),
    st.builds(Let, names, _family, expressions),
    st.builds(Field, st.sampled_from(["real", "complex"])),
    st.builds(Require, expressions, _messages),
    st.builds(Tensor, st.just("input"), names, _family, _axes),
    st.builds(
        Tensor,
        st.just("weight"),
        names,
        _family,
        _axes,
        st.none() | st.builds(Initialiser, st.sampled_from(["normal", "ones"]), some(small, 0, 2)),
    ),
    st.builds(Tensor, st.just("constant"), names, _family, _named_axes, st.none(), expressions),
    st.builds(
        Definition,
        st.sampled_from(["plain", "inline", "output"]),
        names,
        some(small),
        _free,
        expressions,
        some(loops, 0, 2),
    ),
    st.builds(Cut, names, _cut_items, st.none() | _cut_items),
)
