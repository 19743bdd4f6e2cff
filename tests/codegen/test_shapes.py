"""What a module alone says of shapes, and what it refuses."""

from __future__ import annotations

import ast

import numpy as np
import pytest

import tncompile as tn
from tests.corpus import EXAMPLES
from tncompile.codegen.body import scaling
from tncompile.runtime.loading import loaded

RING = next(path for path in EXAMPLES if path.stem == "tensor_ring")
LISTS = """network lists
size d = 3, n = 2, m = 4, C = 2
input x[k in 1..d](n if k < d else m)
input z(m)
weight A[k in 1..d](n if k < d else m, C)
output y[k](c) = A[k](i, c) * x[k](i) for k in 1..d
output u[k](i) = x[2*k-1](i) for k in 1..2
output v() = z(i) * z(i)
"""
FIXED = """network fixed
size n = 3
weight A(n, n)
output t() = A(i, i)
"""


def module_of(net, **options):
    return loaded(tn.compile(net, **options).source, "net")


def refused(message, function, *arguments, **options):
    with pytest.raises(ValueError, match=r"^`") as caught:
        function(*arguments, **options)
    assert str(caught.value) == message


def test_data_with_too_few_members_are_not_stretched():
    net = module_of(tn.load(RING, d=10, n=4))
    w = net.init()
    x = np.ones((4, 2, 4))
    for function in (net.score, net.score_and_gradient, lambda w, x: net.bind(w)(x)):
        refused("`x` has the shape (4, 2, 4), not (batch, 10, 4)", function, w, x)
        refused("`x` has the shape (10, 4), not (batch, 10, 4)", function, w, np.ones((10, 4)))
        refused("`x` has the shape (), not (batch, 10, 4)", function, w, 1.0)
    assert net.score(w, np.ones((0, 10, 4))).shape[0] == 0


def test_weights_have_as_many_entries_as_the_module_says():
    net = module_of(tn.load(RING, d=10, n=4))
    x = np.ones((4, 10, 4))
    for function in (net.score, net.score_and_gradient, lambda w, x: net.bind(w)(x)):
        for count in (net.WEIGHT_COUNT + 1, net.WEIGHT_COUNT - 1):
            wanted = f"`w` has the shape ({count},), not ({net.WEIGHT_COUNT},)"
            refused(wanted, function, np.ones(count), x)


def test_a_cotangent_has_the_shape_of_its_output_or_is_a_number():
    net = module_of(tn.load(RING, d=4, n=4))
    w, x = net.init(), np.ones((3, 4, 4))
    value, ones = net.score_and_gradient(w, x)
    for given in (1, np.ones_like(value)):
        np.testing.assert_allclose(net.score_and_gradient(w, x, given)[1], ones)
    wrong = np.ones((1, *value.shape[1:]))
    wanted = f"`cotangent` has the shape {wrong.shape}, not {value.shape}"
    refused(wanted, net.score_and_gradient, w, x, wrong)


def test_lists_and_several_outputs():
    net = module_of(tn.load(LISTS))
    w = net.init()
    x, z = [np.ones((5, 2)), np.ones((5, 2)), np.ones((5, 4))], np.ones((5, 4))
    assert net.score(w, x, z)["y"].shape == (5, 3, 2)
    refused("`x` is a list of 3 arrays, here are 2", net.score, w, x[:2], z)
    refused("`x[2]` has the shape (5, 2), not (batch, 4)", net.score, w, [x[0]] * 3, z)
    refused("`z` has the shape (4,), not (batch, 4)", net.score, w, x, z[0])
    wrong = {"y": np.ones((5, 2)), "u": [np.ones((5, 2)), np.ones((5, 4))], "v": np.ones(5)}
    refused("`cotangent['y']` has the shape (5, 2), not (5, 3, 2)", net.score_and_gradient, w, x, z, wrong)
    said = "`x` [2 x (batch, n), (batch, m)], `z` (batch, m); the value `y` (batch, d, C),"
    assert said in " ".join(net.score.__doc__.split())


def test_networks_without_data():
    net = module_of(tn.load(FIXED))
    assert "`w` (WEIGHT_COUNT,); the value `t` ()" in net.score.__doc__
    refused("`w` has the shape (3, 3), not (9,)", net.score, np.ones((3, 3)))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_shapes_that_are_said_are_those_there_are(path):
    model = tn.compile(tn.load(path))
    net = loaded(model.source, "net")
    for function in (net.score, net.score_and_gradient):
        said = " ".join(function.__doc__.split()).partition("Shapes: ")[2]
        assert said.startswith("`w` (WEIGHT_COUNT,)")
        data, _, values = said.partition("; the value ")
        x = {name: np.ones(shape) for name, shape in shapes(data, net).items() if name != "w"}
        found = function(net.init(), *x.values())
        found = found if function is net.score else found[0]
        wanted = shapes(values, net)
        found = found if isinstance(found, dict) else dict.fromkeys(wanted, found)
        assert {name: value.shape for name, value in found.items()} == wanted


def shapes(text, net):
    """The shapes in a sentence about one-array tensors, for 2 samples."""
    words = text.partition(". ")[0].rstrip(".").split("`")[1:]
    return {
        name: eval(shape.strip().rstrip(","), {**vars(net), "batch": 2})
        for name, shape in zip(words[::2], words[1::2], strict=True)
    }


def test_a_module_that_only_scores_has_no_helpers_for_cotangents():
    source = tn.compile(tn.load(RING))._scoring_source
    defined = {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    assert defined == {"checked", "unpack", "init", "bind", "score"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_scaled_modules_hold_what_they_use(path):
    tree = ast.parse(tn.compile(tn.load(path), scaled=True).source)
    read = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert set(functions) - read <= {"init", "score", "score_and_gradient"}
    assert {*scaling.FUNCTIONS, *scaling.CONSTANTS} & {*functions, *assigned(tree)} <= read
    copies = [node for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    assert not [
        ast.unparse(node) for node in copies if ast.unparse(node.targets[0]) == ast.unparse(node.value)
    ]


def assigned(tree):
    return [
        ast.unparse(target) for node in tree.body if isinstance(node, ast.Assign) for target in node.targets
    ]


@pytest.mark.parametrize("several", [False, True])
def test_exponents_of_a_cotangent_are_whole_numbers_in_the_shape_of_a_scale(several):
    text = RING.read_text(encoding="utf-8")
    net = module_of(tn.load(text + "output more(y) = 2 * score(y)\n" if several else text, d=4), scaled=True)
    w, x = net.init(), np.ones((3, 4, net.n))

    def by_name(value):
        return {"score": value, "more": np.zeros((3, 1), int)} if several else value

    title = "`cotangent_scale['score']`" if several else "`cotangent_scale`"
    for given in (5, np.full((3, 1), 5)):
        _, (gradient, exponents) = net.score_and_gradient(w, x, None, by_name(given))
        _, (plain, before) = net.score_and_gradient(w, x)
        if not several:
            np.testing.assert_allclose(np.ldexp(gradient, exponents), 32 * np.ldexp(plain, before))
    for shape in ((net.C,), (3, net.C), (3,)):
        wanted = f"{title} has the shape {shape}, not (3, 1)"
        refused(wanted, net.score_and_gradient, w, x, None, by_name(np.ones(shape, int)))
    for given in (0.7, np.ones((3, 1))):
        refused(
            f"{title} holds float64, not whole numbers", net.score_and_gradient, w, x, None, by_name(given)
        )


def test_comments_and_slices_read_well():
    text = """network readable
size d = 6, n = 3
input x(n)
weight G[1..d](n, n)
weight W[i in 1..3, j in 1..3 if i + j != 3](n)
h[1](b) = G[1](a, b) * x(a)
h[k](b) = G[k](a, b) * h[k-1](a) for k in 2..d
output y() = h[d](b) * W[1, 1](b) * W[3, 3](b) * W[2, 2](b)
"""
    source = tn.compile(tn.load(text)).source
    assert "'W[(1, 1), ..., (3, 3)]'" in source
    assert "reshape(-1, n, n)[" not in source
    assert not [line for line in source.splitlines() if "#" in line and "^(" in line.partition("  with ")[2]]


def test_scaled_functions_say_shapes_in_the_sizes():
    """What is measured of an input is no second array of it. Scores and gradients have careful versions of themselves."""
    (train,) = [path for path in EXAMPLES if path.stem == "tensor_train"]
    source = tn.compile(tn.load(train), scaled=True).source
    assert source.count("checked('x', np.asarray(x, DTYPE), 'batch', d, n)") == 4
