"""Einsums to networks and back; what is wrong with one is said with its place."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import opt_einsum.tests
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tncompile as tn
from tncompile.exchange import Einsum, einsum_json, einsums_of, network_text, read_json, read_string
from tncompile.language import format_text
from tncompile.source import Source, TnError, UsageError

SIZES = {letter: 2 + number % 3 for number, letter in enumerate("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLM")}


def computed(text: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """The output of a network of weights alone."""
    net = tn.load(text)
    return np.asarray(tn.compile(net).score(arrays))


def arrays_of(einsum: Einsum, seed: int = 0) -> list[np.ndarray]:
    """An array for each operand; operands of one name are one array."""
    rng = np.random.default_rng(seed)
    by_name: dict[str, np.ndarray] = {}
    for name, labels in zip(einsum.names, einsum.inputs, strict=True):
        by_name.setdefault(name, rng.normal(size=[einsum.sizes[label] for label in labels]))
    return [by_name[name] for name in einsum.names]


def by_numpy(einsum: Einsum, arrays: list[np.ndarray]) -> np.ndarray:
    numbers = {label: number for number, label in enumerate(einsum.labels)}
    parts = [
        part
        for array, labels in zip(arrays, einsum.inputs, strict=True)
        for part in (array, [numbers[label] for label in labels])
    ]
    return np.einsum(*parts, [numbers[label] for label in einsum.output], optimize="greedy")


def assert_equal_to_numpy(einsum: Einsum) -> None:
    arrays = arrays_of(einsum)
    text = network_text(einsum, "t")
    assert format_text(text) == text
    members = list(tn.compile(tn.load(text)).weights)
    assert len(members) == len(set(einsum.names))
    found = computed(text, dict(zip(members, dict(zip(einsum.names, arrays, strict=True)).values(), strict=True)))  # fmt: skip
    np.testing.assert_allclose(found, by_numpy(einsum, arrays), rtol=1e-9, atol=1e-12)


# --- the expressions of opt_einsum ------------------------------------------------------------------


def expressions() -> Iterator[str]:
    """Every text of opt_einsum's tests that is an einsum for NumPy."""
    folder = Path(opt_einsum.tests.__file__).parent
    texts = {
        node.value
        for path in sorted(folder.glob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for text in sorted(texts):
        if re.fullmatch(r"[A-Za-z.]*(,[A-Za-z.]*)*(->[A-Za-z.]*)?", text) and ("," in text or "->" in text):
            yield text


EXPRESSIONS = tuple(expressions())


def numpy_result(text: str) -> tuple[np.ndarray, list[np.ndarray]] | None:
    """What NumPy makes of it, None if it refuses; an ellipsis stands for two axes."""
    rng = np.random.default_rng(0)
    shapes = [
        [
            size
            for part in re.findall(r"\.\.\.|.", term)
            for size in ((2, 3) if part == "..." else (SIZES[part],))
        ]
        for term in text.split("->", maxsplit=1)[0].split(",")
    ]
    arrays = [rng.normal(size=shape) for shape in shapes]
    try:
        return np.einsum(text, *arrays, optimize="greedy"), arrays
    except ValueError:
        return None


def test_opt_einsum_ships_many_expressions() -> None:
    assert len(EXPRESSIONS) > 100


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_every_expression_of_opt_einsum_is_what_numpy_says(text: str) -> None:
    sizes: dict[str, object] = {letter: SIZES[letter] for letter in set(re.sub(r"[^A-Za-z]", "", text))}
    if "..." in text:
        sizes["..."] = [2, 3]
    wanted = numpy_result(text)
    if wanted is None:
        with pytest.raises(TnError):
            read_string(text, sizes)
        return
    result, arrays = wanted
    net = network_text(read_string(text, sizes), "t")
    found = computed(net, {f"T{number}": array for number, array in enumerate(arrays, 1)})
    np.testing.assert_allclose(found, result, rtol=1e-9, atol=1e-12)


# --- round trips ----------------------------------------------------------------------------------------


@st.composite
def einsums(draw: st.DrawFn) -> Einsum:
    """A random einsum with hyperindices, diagonals, private indices and repeated tensors."""
    letters = draw(st.sampled_from(["abcdef", "abcdefghijklmnopqrstuvwxyzABCDE"]))
    inputs = draw(st.lists(st.text(letters, max_size=3), min_size=1, max_size=5))
    carried = sorted(set("".join(inputs)))
    output = draw(st.lists(st.sampled_from(carried), max_size=3, unique=True)) if carried else []
    sizes = {letter: draw(st.integers(1, 3)) for letter in carried}
    names = [f"T{number}" for number in range(1, len(inputs) + 1)]
    if draw(st.booleans()):
        inputs.append(inputs[0])
        names.append(names[0])
    return Einsum(tuple(map(tuple, inputs)), tuple(output), sizes, tuple(names))


@given(einsums())
@settings(max_examples=20, deadline=None, derandomize=True)
def test_an_einsum_becomes_a_network_and_comes_back(einsum: Einsum) -> None:
    assert_equal_to_numpy(einsum)
    (back,) = einsums_of(tn.load(network_text(einsum, "t"))).values()
    arrays = arrays_of(einsum)
    again = dict(zip(einsum.names, arrays, strict=True))
    np.testing.assert_allclose(
        by_numpy(back, [again[name] for name in back.names]), by_numpy(einsum, arrays), rtol=1e-9, atol=1e-12
    )
    assert sorted(back.names) == sorted(einsum.names)


@given(einsums())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_json_is_read_as_it_was_written(einsum: Einsum) -> None:
    text = json.dumps(einsum_json(einsum, "y"))
    assert read_json(Source("e.json", text)) == einsum


def test_the_json_of_omeinsum_is_read() -> None:
    text = '{"einsum": {"ixs": [[1, 2], [2, 3]], "iy": [1, 3]}, "size": {"1": 2, "2": 3, "3": 4, "9": 5}}'
    einsum = read_json(Source("e.json", text))
    assert_equal_to_numpy(einsum)
    assert "output y(i1, i3) = T1(i1, i2) * T2(i2, i3)" in network_text(einsum, "t")


def test_many_indices_have_no_sizes_of_their_own() -> None:
    labels = [str(number) for number in range(40)]
    einsum = Einsum(tuple(zip(labels, labels[1:])), (), dict.fromkeys(labels, 2), tuple(f"T{n}" for n in range(39)))  # noqa: B905, RUF007  # fmt: skip
    assert "size" not in network_text(einsum, "t")
    assert_equal_to_numpy(einsum)


def test_what_may_not_be_a_name_gets_one() -> None:
    labels, names = ("sum", "in", "π"), ("y", "for", "G[1]")
    einsum = Einsum((labels[:2], labels[1:], labels[2:]), (labels[0],), dict.fromkeys(labels, 2), names)
    text = network_text(einsum, "in 3 parts!")
    assert "network in_3_parts" in text
    assert_equal_to_numpy(einsum)


# --- networks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tensor_train", "deep_rac", "peps", "cp", "hierarchical_tucker", "mera"])
def test_examples_are_einsums(name: str) -> None:
    sizes = {"deep_rac": {"T": 3}, "peps": {"m": 2}, "mera": {}}.get(name, {"d": 4})
    net = tn.load(f"examples/{name}.tn", **sizes)
    model = tn.compile(net)
    weights = model.init(0)
    inputs = {n: t for n, t in net.tables.tensors.items() if t.role == "input"}
    rng = np.random.default_rng(0)
    data = {n: rng.normal(size=(1, len(t.members), t.blocks[0].shape[0].value)) for n, t in inputs.items()}
    (x,) = data
    given_x = data[x].reshape(1, *_box(net, x), -1)
    score = model.score(weights, given_x)
    for output, einsum in einsums_of(net).items():
        arrays = [_member(net, name, weights, data) for name in einsum.names]
        wanted = by_numpy(einsum, arrays)
        found = np.asarray(score)[0]
        table = net.tables.tensors[output.split("[")[0]]
        if "[" in output:
            place = [f"{output.split('[')[0]}[{', '.join(map(str, m))}]" for m in table.members].index(output)
            found = found.reshape(len(table.members), *found.shape[table.members.shape[1] :])[place]
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-12)


def _box(net: tn.Network, name: str) -> tuple[int, ...]:
    members = net.tables.tensors[name].members
    return tuple(len(np.unique(column)) for column in members.T)


def _member(net: tn.Network, name: str, weights: tn.Weights, data: dict[str, np.ndarray]) -> np.ndarray:
    tensor = name.split("[", maxsplit=1)[0]
    if tensor not in data:
        return np.asarray(weights[name])
    table = net.tables.tensors[tensor]
    texts = [f"{tensor}[{', '.join(map(str, member))}]" for member in table.members]
    return data[tensor][0, texts.index(name)]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("relu(A(i, j) * x(j))", "relu"),
        ("A(i, j) * x(j) + x(i)", "+"),
        ("2 * A(i, j) * x(j)", "2"),
        ("A(i, j) * x(j) / sum(x(k) over k)", "division"),
        ("sum(A(i, j) * x(j) for t in 1..2)", "for t"),
        ("A(i, j) * one(j)", "one(j)"),
        ("A(i, j)^2 * x(j)", "^2"),
    ],
)
def test_what_is_no_einsum_is_refused_with_the_reason(body: str, reason: str) -> None:
    net = tn.load(f"network t\nweight A(3, 3)\ninput x(3)\nh(i) = {body}\noutput y() = sum(h(i) over i)\n")
    with pytest.raises(TnError, match=r"`y` is no single einsum: it holds .*\(in `h`\)") as caught:
        einsums_of(net)
    assert reason in str(caught.value)


def test_conjugates_are_refused_of_complex_networks_only() -> None:
    text = "network t\n{}weight A(3)\noutput y() = A(i) * conj(A(i))\n"
    assert einsums_of(tn.load(text.format("")))["y"].names == ("A", "A")
    with pytest.raises(TnError, match="conj"):
        einsums_of(tn.load(text.format("field complex\n")))


def test_what_would_have_too_many_operands_is_refused() -> None:
    net = tn.load(
        "network t\nweight A(2)\nh[0](i) = A(i)\nh[k](i) = h[k-1](i) * h[k-1](i) for k in 1..20\noutput y(i) = h[20](i)\n"
    )
    with pytest.raises(TnError, match="more than 100,000 operands"):
        einsums_of(net)


# --- errors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sizes", "message", "place"),
    [
        ("b,a->a", {"a": 2**63, "b": 2}, "the size of index `a` reaches 2^63", (1, 1)),
        ("ab,bc->ac", {"a": 2, "b": 3}, "index `c` has no size", (1, 4)),
        ("ab,b3->a", {"a": 2, "b": 3}, "`3` is no index", (1, 5)),
        ("ab->az", {"a": 2, "b": 3}, "index `z` of the output stands in no operand", (1, 5)),
        ("ab->aa", {"a": 2, "b": 3}, "index `a` stands 2 times in the output", (1, 5)),
        ("ab->a", {"a": 0, "b": 3}, "the size of index `a` is 0", (1, 1)),
        ("a..b->a", {"a": 1, "b": 3}, "three dots", (1, 2)),
        ("...a...->a", {"a": 1, "...": []}, "three dots", (1, 5)),
        ("a,b->...a", {"a": 1, "b": 1}, "the output has an ellipsis, and no operand has one", (1, 6)),
        ("a,...b->a", {"a": 1, "b": 1, "...": [2]}, "an operand has an ellipsis, and the output has none", (1, 3)),
        ("a,...b", {"a": 1, "b": 1}, "nothing says which axes the ellipsis stands for", (1, 3)),
        ("->,->", {}, "`-` is no index", None),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_string_is_told_with_its_place(text, sizes, message, place) -> None:
    with pytest.raises(TnError) as caught:
        read_string(text, sizes)
    assert message in str(caught.value) or place is None
    source, (first, *_) = caught.value.source, caught.value.diagnostics
    assert place is None or source.position(first.span.start) == place


@pytest.mark.parametrize("sizes", [{"q": 2}, {"a": 2.5}, {"...": 3}, {"a": [2]}, {"...": [1.5]}])
def test_sizes_that_cannot_be_meant_are_a_fault_of_the_command_line(sizes) -> None:
    with pytest.raises(UsageError):
        read_string("a->", {"a": 2, **sizes})


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ('{"inputs": [["a"],\n "output"', "this is no JSON", (2, 10)),
        ("[1, 2]", "this JSON is no einsum", (1, 1)),
        ('{"inputs": [["a"]], "output": []}', 'no "size_dict"', (1, 1)),
        ('{"inputs": 3, "output": [], "size_dict": {}}', '"inputs" must be a list', (1, 2)),
        ('{"inputs": [[1.5]], "output": [], "size_dict": {}}', "lists of indices", (1, 2)),
        ('{"inputs": [["a"]],\n"output": ["b"], "size_dict": {"a": 2}}', "index `b` of the output", (2, 1)),
        ('{"inputs": [["a"]], "output": [],\n"size_dict": {"a": 2.5}}', "is no integer: 2.5", (2, 1)),
        ('{"inputs": [["a"]], "output": [], "size_dict": {}}', "index `a` has no size", (1, 2)),
        ('{"inputs": [], "output": [], "size_dict": {}}', "no operand", (1, 30)),
        ('{"einsum": {"ixs": [[1]]}, "size": {"1": 2}}', 'no "iy"', (1, 1)),
        ('{"einsum": {"ixs": [[1]], "iy": []}, "size": 7}', '"size" must be an object', (1, 38)),
        ('{"inputs": ["a", "ab"], "output": "", "size_dict": {"a": 2, "b": 3}, "operands": ["A", "A"]}', "other axes", (1, 2)),
        ('{"inputs": ["a"], "output": "", "size_dict": {"a": 2}, "operands": ["A", "B"]}', "must name each of the 1", (1, 56)),
    ],
)  # fmt: skip
def test_what_is_wrong_with_json_is_told_with_its_place(
    text: str, message: str, place: tuple[int, int]
) -> None:
    with pytest.raises(TnError) as caught:
        read_json(Source("e.json", text))
    assert message in str(caught.value)
    assert caught.value.source.position(caught.value.diagnostics[0].span.start) == place


def test_json_nested_without_end_is_refused() -> None:
    with pytest.raises(TnError):
        read_json(Source("e.json", "[" * 200_000))
