"""`tnc cost`."""

import json

import pytest

from tncompile.language import load
from tncompile.plan import cost, order


def costs(tnc, *arguments):
    return json.loads(tnc("cost", *arguments, "--json").out)


def test_the_json_has_the_numbers_and_the_formulas(tnc):
    report = costs(tnc, "tensor_train.tn")
    assert report["network"] == "tensor_train"
    assert report["sizes"] == {"d": 8, "n": 3, "r": 4, "C": 2}
    assert report["weights"] == 3 * 4 + 6 * 4 * 3 * 4 + 4 * 3 * 2
    assert set(report["score"]) >= {"flops", "peak_elements", "formula"}
    assert report["score"]["flops"] == cost(order(load("tensor_train.tn"))).flops.value
    assert report["gradient"]["flops"] <= 3 * report["score"]["flops"]


def test_the_formulas_give_the_numbers(tnc):
    report = costs(tnc, "tensor_train.tn", "-s", "d=11", "-s", "r=5")
    for part in (report["score"], report["gradient"]):
        formula = part["formula"].replace("^", "**")
        assert eval(formula, dict(report["sizes"])) == part["flops"]
    assert eval(report["weights_formula"].replace("^", "**"), dict(report["sizes"])) == report["weights"]


def test_lists_of_sizes_are_lists(tnc):
    assert costs(tnc, "hierarchical_tucker.tn", "-s", "r=[4,6,8]")["sizes"]["r"] == [4, 6, 8]


@pytest.mark.parametrize(("example", "degree"), [
    ("tensor_train.tn", {"x": 1}),
    ("exponential_machine.tn", {"x": 1}),
    ("second_order_rnn.tn", {"x": None}),
    ("ising.tn", {}),
])  # fmt: skip
def test_the_degree_in_each_input(tnc, example, degree):
    assert costs(tnc, example)["degree"] == degree


def test_a_deep_recurrent_circuit_has_a_degree_for_each_step(tnc):
    degree = costs(tnc, "deep_rac.tn", "-s", "T=3")["degree"]["x"]
    assert degree == {"x[1]": 3, "x[2]": 2, "x[3]": 1}


def test_the_degree_of_a_sum_is_the_highest_of_its_terms(tnc, write):
    text = "network t\nsize n = 3\ninput x(n)\nweight w(n), v(n)\noutput y() = w(i) * x(i) + (v(i) * x(i)) ^ 3 + 1\n"
    assert costs(tnc, write("t.tn", text))["degree"] == {"x": 3}


def test_the_tables_fit_100_columns(tnc):
    result = tnc("cost", "lstm.tn")
    assert result.status == 0
    assert "weights" in result.out
    assert "degree: not a polynomial in x" in result.out


def test_a_network_without_weights_has_no_gradient(tnc, write):
    report = costs(tnc, write("t.tn", "network t\nsize n = 3\ninput x(n)\noutput y() = x(i) * x(i)\n"))
    assert report["weights"] == 0
    assert report["gradient"] is None
    assert report["degree"] == {"x": 2}


PAIRS = "network pairs\nsize n = 12\nweight A(n, n), B(n, n), C(n, n), D(n, n), E(n, n), F(n, n)\n"


def test_with_a_limit_the_slices_and_their_operations_are_counted(tnc, write):
    product = "A(i, j) * B(j, k) * C(k, i) * D(l, i) * E(l, j) * F(l, k)"
    path = write("t.tn", f"{PAIRS}output y() = {product}\n")
    free = costs(tnc, path)["score"]
    tight = costs(tnc, path, "--memory", f"{8 * free['peak_elements'] * 2 // 3}")["score"]
    assert free["slices"] == 1
    assert tight["slices"] > 1
    assert tight["peak_elements"] <= free["peak_elements"] * 2 // 3
    assert tight["flops"] >= free["flops"]


def test_where_slices_do_not_help_it_says_so(tnc):
    assert costs(tnc, "tensor_train.tn", "--memory", "1k")["score"]["slices"] is None
    assert "do not help" in tnc("cost", "tensor_train.tn", "--memory", "1k").out
