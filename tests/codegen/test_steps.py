"""Single steps, written as text and run, against `np.einsum`."""

import ast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tncompile.codegen.access import Accessor, Tables
from tncompile.codegen.domain import Domain
from tncompile.codegen.reading import Storage
from tncompile.codegen.steps import StepWriter
from tncompile.codegen.symbols import Names, Symbols
from tncompile.network import Extent, Formula, Network, Number, Size
from tncompile.plan.schedule import Access, Affine, Buffer, Gather, Span, Step

LETTERS = "abcdef"
EXTENTS = {label: Extent(value, Formula.atom(label)) for label, value in zip(LETTERS, (3, 2, 4, 1, 5, 2), strict=True)}
NETWORK = Network("test", tuple(Size(a, default=Number(str(e.value))) for a, e in EXTENTS.items()))


def buffer(name, family, shape):
    members = np.arange(int(np.prod([e.value for e in family], dtype=int)))
    return Buffer(name, name, "value", members, tuple(family), tuple(shape))


def run(step, buffers, orders, arrays, bound, dtype="float64"):
    """The text of a step, and its result in the order of the network's axes."""
    storages = {b.name: Storage(b, b.name, tuple(orders[b.name])) for b in buffers}
    symbols = Symbols(NETWORK, Domain(dtype), None, Names({"np"}))
    tables = Tables()
    statements = StepWriter(symbols, Accessor(symbols, tables), storages).write(step, bound)
    text = "\n".join(ast.unparse(ast.fix_missing_locations(s)) for s in statements)
    space = {"np": np, "DTYPE": np.dtype(dtype), **{a: e.value for a, e in EXTENTS.items()}}
    space |= {name: table for name, table in tables.found.values()}
    for b in buffers:
        space[b.name] = arrays[b.name].transpose(orders[b.name]).copy() if b.name in arrays else None
    result = step.result.buffer
    target = next(b for b in buffers if b.name == result)
    if not bound:
        shape = [e.value for e in (*target.family, *target.shape)]
        space[result] = np.full(np.zeros(shape).transpose(orders[result]).shape, np.nan, dtype)
    exec(text, space)
    back = np.argsort(orders[result]) if len(orders[result]) else []
    return text, np.asarray(space[result]).transpose(back)


def entries(rng, extents, dtype="float64"):
    shape = [e.value for e in extents]
    values = rng.standard_normal(shape)
    return values + 1j * rng.standard_normal(shape) if dtype.startswith("complex") else values


@st.composite
def patterns(draw):
    """Labels of two operands and of a result, the order of each in memory, and how many are family axes."""
    first = draw(st.lists(st.sampled_from(LETTERS), max_size=5, unique=True))
    second = draw(st.lists(st.sampled_from(LETTERS), max_size=5, unique=True))
    union = list(dict.fromkeys(first + second))
    result = draw(st.permutations(union))
    result = result[: draw(st.integers(0, len(result)))]
    labels = {"A": first, "B": second, "T": list(result)}
    orders = {name: draw(st.permutations(range(len(own)))) for name, own in labels.items()}
    families = {name: draw(st.integers(0, len(own))) for name, own in labels.items()}
    return labels, orders, families, draw(st.booleans())


def access(name, labels, family):
    spans = tuple(Span(a, Affine(0), 1, EXTENTS[a]) for a in labels[:family])
    return Access(name, spans, tuple(labels[family:]))


@settings(max_examples=400, deadline=None)
@given(patterns(), st.sampled_from([None, "2", "0.5"]))
def test_a_product_of_two_operands_equals_einsum(pattern, coefficient):
    labels, orders, families, bound = pattern
    rng = np.random.default_rng(0)
    buffers = []
    for name, own in labels.items():
        extents = [EXTENTS[a] for a in own]
        buffers.append(buffer(name, extents[: families[name]], extents[families[name] :]))
    arrays = {name: entries(rng, [EXTENTS[a] for a in labels[name]]) for name in "AB"}
    summed = tuple(a for a in dict.fromkeys(labels["A"] + labels["B"]) if a not in labels["T"])
    accesses = {name: access(name, own, families[name]) for name, own in labels.items()}
    step = Step(
        "contract",
        accesses["T"],
        (accesses["A"], accesses["B"]),
        EXTENTS,
        summed,
        (Number(coefficient),) if coefficient else (),
    )
    text, value = run(step, buffers, orders, arrays, bound)
    equation = "".join(labels["A"]) + "," + "".join(labels["B"]) + "->" + "".join(labels["T"])
    expected = np.einsum(equation, arrays["A"], arrays["B"]) * float(coefficient or 1)
    np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-12, err_msg=text)
    assert "einsum" not in text
