"""Single steps, written as text and run, against a plain reading of what a `Step` means."""

import ast
from dataclasses import replace
from unittest.mock import patch

import numpy as np
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from tncompile.codegen.arrays import products
from tncompile.codegen.arrays.reading import Storage
from tncompile.codegen.body import memory
from tncompile.codegen.body.access import Accessor, Tables
from tncompile.codegen.body.steps import StepWriter
from tncompile.codegen.python.domain import Domain
from tncompile.codegen.python.symbols import Names, Symbols
from tncompile.network import Extent, Formula, Network, Number, Size
from tncompile.plan.schedule import Access, Affine, Buffer, Gather, Span, Step

LETTERS = "abcdef"
EXTENTS = {
    label: Extent(value, Formula.atom(label))
    for label, value in zip(LETTERS, (3, 2, 4, 1, 5, 2), strict=True)
}
NETWORK = Network("test", tuple(Size(a, default=Number(str(e.value))) for a, e in EXTENTS.items()))
LOOP = {"k": 2}


def length(value):
    return Extent(value, Formula.constant(value))


def buffer(name, family, shape):
    members = np.arange(int(np.prod([e.value for e in family], dtype=int)))
    return Buffer(name, name, "value", members, tuple(family), tuple(shape))


def run(step, buffers, orders, arrays, bound, dtype, reuses=False):
    """The text of a step, its result in the order of the network's axes (nan where nothing is written), and all arrays.

    With ``reuses`` every result counts as large.
    """
    storages = {b.name: Storage(b, b.name, tuple(orders[b.name])) for b in buffers}
    symbols = Symbols(NETWORK, Domain(dtype), None, Names({"np"}))
    tables = Tables()
    with patch.object(memory, "LARGE", 0):
        writer = StepWriter(symbols, Accessor(symbols, tables), storages, reuses=reuses)
        statements = writer.write(step, bound)
    text = "\n".join(ast.unparse(ast.fix_missing_locations(s)) for s in statements)
    space = {"np": np, "DTYPE": np.dtype(dtype), **{a: e.value for a, e in EXTENTS.items()}, **LOOP}
    space |= dict(tables.found.values())
    for b in buffers:
        space[b.name] = arrays[b.name].transpose(orders[b.name]).copy() if b.name in arrays else None
    result = step.result.buffer
    target = next(b for b in buffers if b.name == result)
    if not bound:
        shape = [e.value for e in (*target.family, *target.shape)]
        space[result] = np.full(np.zeros(shape).transpose(orders[result]).shape, np.nan, dtype)
    exec(text, space)
    back = np.argsort(orders[result]) if len(orders[result]) else []
    return text, np.asarray(space[result]).transpose(back), space


# --- what a step means ---------------------------------------------------------------------------


def grid(step):
    """The value of each label over all labels of the step."""
    labels = sorted(step.labels)
    axes = np.meshgrid(*(np.arange(step.labels[a].value) for a in labels), indexing="ij") if labels else []
    return dict(zip(labels, axes, strict=True))


def places(access, values):
    """The subscript of each axis of a buffer for each assignment of the labels."""
    found = []
    for subscript in access.subscripts:
        if isinstance(subscript, Affine):
            found.append(position(subscript))
        elif isinstance(subscript, Span):
            found.append(position(subscript.start) + subscript.step * values[subscript.label])
        else:
            row = tuple(position(p) for p in subscript.at)
            found.append(subscript.table[(*row, *(values[a] for a in subscript.labels))])
    return (*found, *(values[a] for a in access.indices))


def position(affine):
    return affine.constant + sum(coefficient * LOOP[name] for name, coefficient in affine.terms)


def meaning(step, arrays, shape):
    """The result of a step, entry by entry."""
    values = grid(step)
    labels = sorted(step.labels)
    whole = tuple(step.labels[a].value for a in labels)
    operands = []
    for access in step.operands:
        value = np.broadcast_to(arrays[access.buffer][places(access, values)], whole)
        operands.append(value.conj() if access.conjugate else value)
    gone = tuple(labels.index(a) for a in step.summed)
    factors = [float(c.text) if c else 1.0 for c in step.coefficients or [None] * len(operands)]
    if step.op == "contract":
        value = np.prod([*operands, np.full(whole, factors[0])], axis=0).sum(axis=gone)
    elif step.op == "combine":
        value = sum((f * o for f, o in zip(factors, operands, strict=True)), np.zeros(whole))
        value = value + (float(step.constant.text) if step.constant else 0)
    elif step.op == "reduce":
        value = getattr(np, step.function)(operands[0], axis=gone)
    else:
        value = {"relu": lambda x: np.maximum(x, 0), "/": np.divide, "tanh": np.tanh}[step.function](
            *(operands[a] if isinstance(a, int) else float(a.text) for a in step.arguments)
        )
    result = np.full(shape, np.nan, np.result_type(value, float))
    keep = tuple(slice(None) if a not in step.summed else 0 for a in labels)
    where = tuple(np.broadcast_to(p, whole)[keep] for p in places(step.result, values))
    result[where] = value
    return result


# --- random steps ----------------------------------------------------------------------------------


@st.composite
def accesses(draw, name, labels, written=False, diagonals=True):
    """A buffer and an access to it that carries exactly ``labels`` (twice, here and there)."""
    subscripts, family, indices, shape = [], [], [], []
    gathered = (
        draw(st.lists(st.sampled_from(sorted(labels)), max_size=2, unique=True))
        if labels and draw(st.integers(0, 3)) == 0
        else []
    )
    plain = [a for a in labels if a not in gathered]
    if plain and diagonals and not written and draw(st.integers(0, 3)) == 0:
        plain.append(draw(st.sampled_from(plain)))
    for label in plain:
        extent = EXTENTS[label].value
        kind = draw(st.sampled_from(["axis", "whole", "part", "back"]))
        if kind == "axis":
            indices.append(label)
            shape.append(EXTENTS[label])
            continue
        step = {"whole": 1, "part": draw(st.integers(1, 3)), "back": -1}[kind]
        before = 0 if kind == "whole" else draw(st.integers(0, 2))
        after = 0 if kind == "whole" else draw(st.integers(0, 2))
        reach = (extent - 1) * abs(step)
        start = before if step > 0 else before + reach
        affine = (
            Affine(start - LOOP["k"], (("k", 1),))
            if draw(st.booleans()) and kind != "whole"
            else Affine(start)
        )
        subscripts.append(Span(label, affine, step, EXTENTS[label]))
        family.append(length(before + reach + 1 + after))
    if gathered:
        rng = np.random.default_rng(draw(st.integers(0, 100)))
        total = int(np.prod([EXTENTS[a].value for a in gathered]))
        own = [EXTENTS[a].value for a in gathered]
        table = rng.permutation(total + 2)[:total].reshape(own)
        if draw(st.booleans()):
            stacked = np.stack([np.zeros_like(table), table, np.zeros_like(table)])
            subscripts.append(Gather(tuple(gathered), stacked, (Affine(-1, (("k", 1),)),)))
        else:
            subscripts.append(Gather(tuple(gathered), table))
        family.append(length(total + 2))
    if draw(st.booleans()):
        subscripts.append(Affine(-1, (("k", 1),)) if draw(st.booleans()) else Affine(2))
        family.append(length(4))
    order = draw(st.permutations(range(len(subscripts))))
    made = buffer(name, [family[i] for i in order], shape)
    return made, Access(name, tuple(subscripts[i] for i in order), tuple(indices))


@st.composite
def steps(draw, op):
    """A step with its buffers, the order of their axes in memory, and whether the result is a new array."""
    count = {
        "contract": draw(st.integers(1, 2)),
        "combine": draw(st.integers(0, 3)),
        "reduce": 1,
        "apply": 1,
    }[op]
    carried = [draw(st.lists(st.sampled_from(LETTERS), max_size=4, unique=True)) for _ in range(count)]
    union = list(dict.fromkeys(a for own in carried for a in own))
    result = list(draw(st.permutations(union)))
    summed = []
    if op in ("contract", "reduce"):
        cut = draw(st.integers(0, len(result)))
        result, summed = result[:cut], result[cut:]
    extra = [a for a in LETTERS if a not in union]
    if extra and draw(st.integers(0, 4)) == 0:
        result.append(draw(st.sampled_from(extra)))
    complex_numbers = op == "contract" and draw(st.booleans())
    made = [draw(accesses(name, own)) for name, own in zip("ABC", carried, strict=False)]
    target, written = draw(accesses("T", result, written=True))
    bound = draw(st.booleans()) and not written.subscripts
    operands = tuple(
        Access(a.buffer, a.subscripts, a.indices, complex_numbers and draw(st.booleans())) for _, a in made
    )
    labels = {a: EXTENTS[a] for a in dict.fromkeys([*union, *result])}
    number = st.sampled_from([None, Number("2"), Number("0.5")])
    coefficients = (
        tuple(draw(number) for _ in range(1 if op == "contract" else count))
        if op in ("contract", "combine")
        else ()
    )
    function = {
        "reduce": draw(st.sampled_from(["prod", "max", "min"])),
        "apply": draw(st.sampled_from(["relu", "tanh", "/"])),
    }.get(op, "")
    arguments = ((Number("3"), 0) if function == "/" else (0,)) if op == "apply" else ()
    constant = draw(number) if op == "combine" else None
    step = Step(op, written, operands, labels, tuple(summed), coefficients, constant, function, arguments)
    buffers = [*(b for b, _ in made), target]
    orders = {b.name: draw(st.permutations(range(len(b.family) + len(b.shape)))) for b in buffers}
    return step, buffers, orders, bound, "complex128" if complex_numbers else "float64"


def calls(text, called):
    """The calls of functions or methods of this name."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == called:
            yield node


def check(drawn):
    step, buffers, orders, bound, dtype = drawn
    rng = np.random.default_rng(0)
    arrays = {}
    for b in buffers[:-1]:
        shape = [e.value for e in (*b.family, *b.shape)]
        arrays[b.name] = rng.standard_normal(shape) + (
            1j * rng.standard_normal(shape) if dtype == "complex128" else 0
        )
    target = buffers[-1]
    expected = meaning(step, arrays, [e.value for e in (*target.family, *target.shape)])
    for reuses in (False, True):
        text, value, _ = run(step, buffers, orders, arrays, bound, dtype, reuses)
        np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-12, err_msg=text)
        assert not ("einsum" in text and dtype == "complex128")
        if dtype == "float64":  # no product entry by entry is written down to be summed
            summed = (call.func.value for call in calls(text, "sum"))
            assert not [
                one for one in summed if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Mult)
            ], text


@settings(max_examples=500, deadline=None)
@given(steps("contract"))
def test_a_contraction_is_the_sum_of_products(drawn):
    check(drawn)


@settings(max_examples=300, deadline=None)
@given(steps("contract"))
def test_a_stack_along_which_one_operand_is_the_same(drawn):
    with patch.object(products, "SPREAD_PRODUCT", -(10.0**6)):
        check(drawn)


@settings(max_examples=150, deadline=None)
@given(steps("combine"))
def test_a_combination_is_the_sum_of_its_terms(drawn):
    check(drawn)


@settings(max_examples=150, deadline=None)
@given(steps("reduce"))
def test_a_reduction_goes_over_its_labels(drawn):
    check(drawn)


@settings(max_examples=150, deadline=None)
@given(steps("apply"))
def test_a_function_acts_element_by_element(drawn):
    check(drawn)


@settings(max_examples=300, deadline=None)
@given(steps("contract") | steps("combine"), st.booleans())
def test_a_copy_of_what_is_written_over_is_an_array_of_its_own(drawn, rolls):
    step, buffers, orders, _, _ = drawn
    assume(len(step.operands) == 1)
    step = replace(step, coefficients=(None,), constant=None)
    kept = tuple(label for label in step.labels if label not in step.summed)
    target = buffer("T", [], [EXTENTS[a] for a in kept])
    step = replace(step, result=Access("T", (), kept))
    source = replace(buffers[0], rolling=("t",) if rolls else ())
    rng = np.random.default_rng(0)
    arrays = {source.name: rng.standard_normal([e.value for e in (*source.family, *source.shape)])}
    orders = {source.name: orders[source.name], "T": range(len(target.shape))}
    text, value, space = run(step, [source, target], orders, arrays, True, "float64")
    np.testing.assert_allclose(value, meaning(step, arrays, [e.value for e in target.shape]), err_msg=text)
    if rolls and kept:
        assert not np.shares_memory(space["T"], space[source.name]), text
    else:
        event(f"shared: {np.shares_memory(space['T'], space[source.name])}")
