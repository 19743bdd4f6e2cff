"""`tnc dimension`."""

import json


def dimensions(tnc, *arguments):
    result = tnc("dimension", *arguments, "--json")
    assert result.status == 0, result.err
    return json.loads(result.out)


def test_a_tensor_train_has_the_expected_dimension(tnc):
    found = dimensions(tnc, "tensor_train.tn", "-s", "d=4", "-s", "n=3", "-s", "r=2", "-s", "C=1")
    assert (found["weights"], found["dimension"], found["expected"], found["gauge"]) == (36, 24, 24, 12)
    assert found["verdict"] == "exact"


def test_the_table_explains_each_number(tnc):
    result = tnc("dimension", "cp.tn", "-s", "d=3", "-s", "n=3", "-s", "r=4", "-s", "C=1")
    assert result.status == 0
    for text in ("weights", "dimension", "26", "27", "falls short by 1", "gauge", "probability"):
        assert text in result.out
    assert max(map(len, result.out.splitlines())) <= 100


def test_a_network_that_is_no_polynomial_has_a_numerical_dimension(tnc):
    found = dimensions(tnc, "second_order_rnn.tn")
    assert found["verdict"] == "numerical"


def test_a_network_without_weights_has_no_dimension(tnc, write):
    result = tnc("dimension", write("t.tn", "network t\nsize n = 3\ninput x(n)\noutput y() = x(i) * x(i)\n"))
    assert result.status == 1
    assert "no weights" in result.err
