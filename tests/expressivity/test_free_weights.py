"""Functions of weights that are as free as the weights are, and those that are not."""

from __future__ import annotations

import pytest

from tncompile import TnError, load
from tncompile.expressivity.certificates.check_certificate import verify_certificate
from tncompile.expressivity.dimension import dimension
from tncompile.expressivity.free_weights import free_weights
from tncompile.expressivity.rank import rank

FREE = [
    "exp(A[k](a, i))",
    "tanh(A[k](a, i))",
    "sigmoid(A[k](a, i)) * sigmoid(A[k](a, i))",
    "softplus(A[k](a, i)) + 1",
    "log(A[k](a, i))",
    "sqrt(A[k](a, i))",
    "abs(A[k](a, i))",
    "exp(-A[k](a, i) / tau)",
    "log(exp(A[k](a, i)))",
    "exp(A[k](a, i)) / sum(exp(A[k](a, u)) over u)",
    "exp(A[k](a, i)) / (1 + exp(A[k](a, i)))",
]
BOUND = [
    "exp(A[k](a, i)) * A[k](a, i)",  # the weight stands there as it is as well
    "exp(A[k](a, i)) + exp(2 * A[k](a, i))",  # under two functions
    "exp(A[k](a, i)) + tanh(A[k](a, i))",
    "exp(k * A[k](a, i))",  # the function is another one for each k
    "exp(0 * A[k](a, i))",  # a constant
    "exp(A[k](a, i) + B(a, i))",  # no function of one weight
    "exp(A[k](a, i) * A[k](a, i))",
    "relu(A[k](a, i))",  # 0 for half of all weights
    "step(A[k](a, i))",
    "sign(A[k](a, i))",
    "exp(sum(A[k](a, u) over u)) * A[k](a, i)",
]


def network(entry: str, field: str = "real"):
    """Products over d positions, summed over r channels; an entry of a factor is as said."""
    return load(f"""
network f
field {field}
size d = 4, n = 3, r = 4
number tau = 1.5
input x[1..d](n)
weight A[1..d](r, n), B(r, n)
W[k](a, i) = {entry} for k in 1..d
f[k](a) = W[k](a, i) * x[k](i) for k in 1..d
output y() = sum(prod(f[k](a) for k in 1..d) over a)
""")


@pytest.mark.parametrize("entry", FREE)
def test_a_weight_under_one_function_everywhere_is_free(entry):
    (result,) = rank(network(entry), "start_end").results
    assert (result.lower, result.upper, result.verdict) == (4, 4, "exact")
    assert len(verify_certificate(rank(network(entry), "start_end").certificate, str(network(entry)))) == 3


@pytest.mark.parametrize("entry", BOUND)
def test_a_weight_that_is_bound_in_any_way_is_not_free(entry):
    net = network(entry)
    assert free_weights(net) is net
    (result,) = rank(net, "start_end").results
    assert result.verdict == "numerical"


def test_a_logarithm_of_negative_numbers_alone_is_not_free():
    """Where nothing has a value nothing is claimed."""
    assert "log(-A[k](a, i))" in str(free_weights(network("log(-exp(A[k](a, i)))")))
    assert free_weights(network("log(-A[k](a, i))")) == network("log(-A[k](a, i))")


@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_score_without_finite_values_is_refused():
    with pytest.raises(TnError, match="no finite value at random weights"):
        rank(network("log(-exp(A[k](a, i)))"), "start_end")


def test_what_no_output_reads_does_not_bind_a_weight():
    text = str(network("exp(A[k](a, i))"))
    assert rank(load(text + "other(a, i) = A[1](a, i)\n"), "start_end").exact


def test_in_complex_networks_the_modulus_is_no_free_number_but_exp_is():
    modulus, free = network("abs(A[k](a, i))", "complex"), network("exp(A[k](a, i))", "complex")
    assert free_weights(modulus) is modulus
    assert "exp" not in str(free_weights(free))


def test_free_weights_keep_the_dimension():
    plain = dimension(network("A[k](a, i)"))
    other = dimension(network("exp(A[k](a, i))"))
    assert (other.dimension, other.expected, other.verdict) == (
        plain.dimension,
        plain.expected,
        plain.verdict,
    )


def test_samples_of_random_weights_are_those_of_the_network_as_it_is_written():
    # With values of exp far apart the small ones are lost in float64; a free weight would have them near 1.
    (result,) = rank(network("exp(60 * A[k](a, i))"), "start_end", samples=3).results
    assert min(result.ranks) < 4
    assert rank(network("exp(60 * A[k](a, i))"), "start_end").exact
