"""The gradient of a flat network: values, names, the text it is printed as."""

from __future__ import annotations

import numpy as np
import pytest

from tests.reference import evaluate
from tests.transform.flat_networks import FLAT_NETWORKS
from tests.transform.slopes import assert_slopes, central_difference, jax_gradient, loss, random_arrays
from tncompile.language.load import load
from tncompile.network import Multiply, Network, nodes_of
from tncompile.source import TnError
from tncompile.transform import gradient
from tncompile.transform.flat import flat_form


def flat(name: str, **sizes: object) -> Network:
    return load(FLAT_NETWORKS[name], **sizes)


def trained(net: Network) -> list[str]:
    return [name for name, tensor in net.tensors.items() if tensor.role != "constant"]


def rules(net: Network, name: str) -> list[str]:
    """The rules of a definition as they are printed, blanks taken together."""
    lines = [" ".join(line.split()) for line in str(net).splitlines()]
    return [line for line in lines if line.removeprefix("output ").startswith((f"{name}[", f"{name}("))]


@pytest.mark.parametrize("name", FLAT_NETWORKS)
def test_the_gradient_equals_central_differences(name):
    assert_slopes(flat(name))


@pytest.mark.parametrize("name", FLAT_NETWORKS)
def test_the_gradient_with_respect_to_inputs_equals_central_differences(name):
    net = flat(name)
    assert_slopes(net, trained(net), seed=4)


@pytest.mark.parametrize("name", ["tensor_train", "gnn", "functions", "reductions", "born_machine", "deltas"])
def test_the_gradient_equals_that_of_jax(name):
    pytest.importorskip("jax")
    net = flat(name)
    names = trained(net)
    arrays, cotangents = random_arrays(net, names), random_arrays(net, net.outputs, 1)
    bars = {f"{output}_bar": cotangents[output] for output in cotangents}
    found = evaluate(gradient(net, names), {**arrays, **bars})
    for tensor, members in jax_gradient(net, arrays, cotangents, names).items():
        for member, value in members.items():
            np.testing.assert_allclose(found[f"{tensor}_bar"][member], value, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", FLAT_NETWORKS)
def test_the_gradient_is_flat_and_reads_back_as_itself(name):
    net = gradient(flat(name))
    assert load(str(net)) == net
    for definition in net.definitions:
        flat_form(definition)


@pytest.mark.parametrize("name", ["tensor_train", "deep_rac", "cp", "hierarchical_tucker", "attention"])
def test_the_text_of_a_gradient_is_as_long_at_all_sizes(name):
    longer = {"tensor_train": {"d": 12}, "deep_rac": {"T": 9, "L": 4}, "cp": {"d": 16}, "attention": {"T": 9}}
    sizes = longer.get(name, {"d": 32, "r": [4, 5, 6, 7, 8]})
    assert len(gradient(flat(name, **sizes)).definitions) <= len(gradient(flat(name)).definitions) + 2


def test_the_checker_notices_a_wrong_gradient():
    with pytest.raises(AssertionError):
        assert_slopes(flat("tensor_train"), scale=1.0001)
    with pytest.raises(AssertionError):
        assert_slopes(flat("born_machine"), scale=1.0001)


def test_forward_rules_are_kept_and_cotangents_and_weights_are_named_after_what_they_belong_to():
    net = flat("tensor_train")
    derived = gradient(net)
    forward = [s for s in derived.statements if s in net.statements]
    assert forward == list(net.statements)
    assert derived.outputs == ("score", "G_bar")
    assert rules(derived, "h_bar") == [
        "h_bar[d](z, y) = score_bar(z, y)",
        "h_bar[k-1](z, a) = h_bar[k](z, b) * u[k](z, a, b) for k in 2..d",
    ]
    assert rules(derived, "G_bar") == [
        "output G_bar[k](a, i, b) = u_bar[k](z, a, b) * x[k](z, i) for k in 1..d"
    ]


def test_the_gradient_of_a_shared_weight_is_one_contraction_over_the_loop():
    derived = gradient(flat("deep_rac"))
    assert rules(derived, "WH_bar") == [
        "output WH_bar[l](i, j) = sum(v_bar[t, l](z, i) * h[t-1, l](z, j) for t in 2..T) for l in 1..L"
    ]
    assert rules(derived, "WO_bar") == [
        "output WO_bar(c, i) = sum(y_bar[t](z, c) * h[t, L](z, i) for t in 1..T)"
    ]


def test_a_loop_that_depends_on_a_summed_one_is_turned_around():
    derived = gradient(flat("attention"))
    assert "s_bar[u](z, g, g') = sum(c_bar[t](z, g, g') for t in u..T) for u in 1..T" in rules(
        derived, "s_bar"
    )


def test_no_adjoint_is_made_for_what_no_weight_reaches():
    derived = gradient(flat("parts"), ["B"])
    assert derived.outputs[2:] == ("B_bar",)
    assert not rules(derived, "f_bar")
    assert not rules(derived, "x_bar")


def test_members_that_nothing_reaches_have_zeros():
    net = flat("parts")
    derived = gradient(net, ["A", "unused"])
    arrays = random_arrays(derived, [n for n, t in derived.tensors.items() if t.role != "constant"])
    found = evaluate(derived, arrays)
    assert {member for member, value in found["A_bar"].items() if not value.any()} == {(1,), (3,), (5,), (6,)}
    assert [value.shape for value in found["unused_bar"].values()] == [(3, k) for k in range(1, 7)]
    assert not any(value.any() for value in found["unused_bar"].values())


def test_only_the_outputs_asked_for_have_cotangents():
    derived = gradient(flat("an_output_used_again"), outputs=["last"])
    assert "last_bar" in derived.tensors
    assert "y_bar" not in derived.tensors
    assert_slopes(flat("an_output_used_again"), outputs=["last"])


def test_an_output_that_is_used_again_has_its_cotangent_added():
    derived = gradient(flat("an_output_used_again"))
    assert rules(derived, "y_adjoint")
    assert derived.tensors["y_bar"].role == "input"


def test_new_names_stay_clear_of_those_taken():
    text = FLAT_NETWORKS["tensor_train"].replace("u[", "G_bar[")
    derived = gradient(load(text))
    assert derived.outputs == ("score", "G_bar2")
    twice = gradient(gradient(flat("cp"), ["factor"]), ["top"], ["factor_bar"])
    assert "factor_bar_bar" in twice.tensors
    assert "top_bar" in twice.outputs


def test_a_gradient_can_be_differentiated_again():
    net = gradient(flat("cp"), ["factor"])
    assert_slopes(net, ["factor", "top", "x", "score_bar"], ["factor_bar"])


def test_names_that_are_no_weights_or_outputs_are_refused():
    with pytest.raises(TnError, match="`h` is neither a weight nor an input of `tt`"):
        gradient(flat("tensor_train"), ["h"])
    with pytest.raises(TnError, match="`h` is not an output of `tt`"):
        gradient(flat("tensor_train"), outputs=["h"])


def test_conjugates_appear_in_complex_networks_only():
    assert "conj" not in str(gradient(flat("diagonals")))
    assert "conj(u[k](z, a, b))" in str(gradient(flat("born_machine")))
    text = FLAT_NETWORKS["tensor_train"].replace("G[k](a, i, b) *", "conj(G[k](a, i, b)) *")
    assert str(gradient(load(text))).count("conj") == 1


def test_products_are_not_divided():
    for name in ("cp", "gnn", "reductions"):
        net = flat(name)
        added = [d for d in gradient(net).definitions if d not in net.definitions]
        assert added
        assert not any(isinstance(n, Multiply) and any(n.inverted) for d in added for n in nodes_of(d))


def test_a_factor_of_zero_does_not_hide_its_own_derivative():
    net = flat("cp")
    arrays, bar = random_arrays(net, trained(net)), random_arrays(net, ["score"], 1)["score"]
    arrays["factor"][2,] = np.zeros((3, 5))
    found = evaluate(gradient(net), {**arrays, "score_bar": bar})["factor_bar"]
    assert [bool(found[k,].any()) for k in range(1, 9)] == [k == 2 for k in range(1, 9)]
    direction = {member: np.ones_like(value) * (member == (2,)) for member, value in arrays["factor"].items()}
    slope = central_difference(net, arrays, {"score": bar}, "factor", direction)
    assert found[2,].sum() == pytest.approx(slope)


def test_of_equal_arguments_the_first_gets_the_derivative():
    net = load(
        """
network ties
size n = 2, d = 3
weight a(n), b(n), c[1..d](n), m(n, d)
f(i) = max(a(i), b(i))
g(i) = min(a(i), b(i), 1)
h(i) = max(c[k](i) for k in 1..d)
t(i) = max(m(i, j) over j)
r(i) = relu(a(i))
s(i) = abs(a(i))
output y(i) = f(i) + 10 * g(i) + 100 * h(i) + 1000 * t(i) + 10000 * r(i) + 100000 * s(i)
""".lstrip()
    )
    zeros = {
        name: {m: 0 * v for m, v in members.items()}
        for name, members in random_arrays(net, trained(net)).items()
    }
    found = evaluate(gradient(net), {**zeros, "y_bar": {(): np.ones(2)}})
    assert found["a_bar"][()].tolist() == [11, 11]
    assert found["b_bar"][()].tolist() == [0, 0]
    assert [found["c_bar"][k,].tolist() for k in (1, 2, 3)] == [[100, 100], [0, 0], [0, 0]]
    assert found["m_bar"][()].tolist() == [[1000, 0, 0], [1000, 0, 0]]


def test_the_euler_identity_holds_for_every_core():
    net = flat("tensor_train", batch=1)
    arrays = random_arrays(net, trained(net))
    ones = {"score": {(): np.ones((1, 2))}}
    found = evaluate(gradient(net), {**arrays, "score_bar": ones["score"]})
    score = loss(net, arrays, ones)
    for member, core in arrays["G"].items():
        assert np.vdot(core, found["G_bar"][member]) == pytest.approx(score)


def test_the_euler_identity_counts_how_often_an_input_is_used():
    net = flat("deep_rac", batch=1, T=5, L=3)
    arrays = random_arrays(net, trained(net))
    last = {(t,): np.full((1, 6), float(t == 5)) for t in range(1, 6)}
    found = evaluate(gradient(net, ["x", "WO"]), {**arrays, "y_bar": last})
    score = loss(net, arrays, {"y": last})
    assert np.vdot(arrays["WO"][()], found["WO_bar"][()]) == pytest.approx(score)
    for t, degree in zip(range(1, 6), (15, 10, 6, 3, 1), strict=True):
        assert np.vdot(arrays["x"][t,], found["x_bar"][t,]) == pytest.approx(degree * score)


def test_the_complex_convention_is_twice_the_conjugate_wirtinger_derivative():
    net = load("network square\nfield complex\nweight w()\noutput y() = w() * conj(w())\n")
    found = evaluate(gradient(net), {"w": {(): np.array(3 + 4j)}, "y_bar": {(): np.array(1.0)}})
    # |w|^2 = a^2 + b^2 has the gradient 2a + 2ib.
    assert found["w_bar"][()] == pytest.approx(6 + 8j)


def test_a_long_chain_is_differentiated_in_little_more_time_than_it_takes_to_write_it_out():
    derived = gradient(flat("tensor_train", d=3000))
    assert len(derived.definitions) < 12
    assert len(derived.tables.tensors["G_bar"].members) == 3000
