"""Upper bounds against values from the literature and from exact computations.

Sources: Khrulkov, Novikov, Oseledets (2018); Levine, Sharir, Ziv, Shashua (2017); Cohen, Sharir, Shashua (2016);
Razin, Verbin, Cohen (2023); the generic ranks are those of exact computations modulo several primes.
"""

from __future__ import annotations

import re
from math import comb, prod

import pytest

from tests.expressivity.modular import bipartition, example, half, members_of, odd, rank_at_points
from tests.expressivity.tables import CIRCUITS
from tncompile.expressivity.polynomials.polynomial import NotPolynomial
from tncompile.expressivity.result import CutSides, Side
from tncompile.expressivity.upper.bounds import upper_bound
from tncompile.language import load
from tncompile.source import TnError


def multichoose(kinds, count):
    return comb(kinds + count - 1, count)


# d n r | rank of odd against even | rank of the first half against the second
TRAINS = """
4 2 1|1|1   4 2 2|4|2   4 2 3|4|3   4 2 4|4|4   4 2 5|4|4   4 3 1|1|1   4 3 2|6|2   4 3 3|9|3   4 3 4|9|4   4 3 5|9|5
4 4 1|1|1   4 4 2|8|2   4 4 3|12|3  4 4 4|16|4  4 4 5|16|5  4 5 2|8|2   4 6 2|8|2   4 8 2|8|2   4 5 3|15|3  4 10 3|27|3
6 2 1|1|1   6 2 2|8|2   6 2 3|8|3   6 2 4|8|4   6 2 5|8|5   6 3 1|1|1   6 3 2|18|2  6 3 3|27|3  6 3 4|27|4  6 3 5|27|5
6 4 1|1|1   6 4 2|32|2  6 4 3|48|3  6 4 4|64|4  6 4 5|64|5  6 5 2|32|2  6 6 2|32|2  8 2 1|1|1   8 2 2|16|2  8 2 3|16|3
8 2 4|16|4  8 2 5|16|5  8 3 1|1|1   8 3 2|54|2  8 3 3|81|3  8 3 4|81|4  8 3 5|81|5  8 4 1|1|1   8 4 2|128|2 8 4 4|256|4
"""


@pytest.mark.parametrize("name", ["tensor_train", "recurrent_tensor_train"])
def test_of_uniform_tensor_trains_it_is_the_rank(name):
    for d, n, r, odd_even, start_end in re.findall(r"(\d+) (\d+) (\d+)\|(\d+)\|(\d+)", TRAINS):
        net = example(name, d=int(d), n=int(n), r=int(r))
        assert upper_bound(net, odd(net)).value == int(odd_even), (d, n, r)
        assert upper_bound(net, half(net)).value == int(start_end), (d, n, r)


@pytest.mark.parametrize("d", [4, 8])
@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("r", [1, 2, 3, 4])
def test_of_trees_it_is_the_closed_form(d, n, r):
    tree = example("hierarchical_tucker", d=d, n=n, r=r)
    assert upper_bound(tree, odd(tree)).value == min(n, r) ** (d // 2)
    assert upper_bound(tree, half(tree)).value == min(r, n ** (d // 2))


@pytest.mark.parametrize(
    ("d", "n", "r", "odd_even", "start_end"),
    CIRCUITS,
)
def test_of_convolutional_arithmetic_circuits_it_is_the_rank(d, n, r, odd_even, start_end):
    net = example("conv_arithmetic_circuit", d=d, n=n, r=r)
    assert upper_bound(net, odd(net)).value == odd_even
    assert upper_bound(net, half(net)).value == start_end


@pytest.mark.parametrize(
    ("d", "n", "r", "rank"), [(4, 2, 3, 3), (4, 2, 5, 4), (4, 3, 10, 9), (6, 2, 9, 8), (6, 3, 30, 27)]
)
def test_a_hyperindex_is_cut_once(d, n, r, rank):
    net = example("cp", d=d, n=n, r=r)
    assert upper_bound(net, odd(net)).value == rank
    assert upper_bound(net, half(net)).value == rank


@pytest.mark.parametrize(("d", "n", "r"), [(4, 2, 2), (4, 3, 2), (4, 3, 3), (6, 3, 2), (6, 2, 2)])
def test_of_tucker_networks_it_is_the_rank(d, n, r):
    net = example("tucker", d=d, n=n, r=r)
    assert upper_bound(net, odd(net)).value == upper_bound(net, half(net)).value == min(r, n) ** (d // 2)


# (M,R) and the rank of the start against the end, then the bound where that is larger.
CIRCUITS = {
    (2, 4): "(2,2)6 (2,3)6 (3,3)18 (2,4)6 (3,4)18 (4,4)40 (5,5)75",
    (2, 6): "(2,2)8 (2,3)24 (3,3)30 (2,4)24 (3,4)76[80] (4,4)80 (3,5)155[175] (5,5)175",
    (2, 8): "(2,2)10 (2,3)42[45] (3,3)45 (2,4)120 (3,4)136[140] (4,4)140 (3,5)325[350] (5,5)350",
    (
        2,
        10,
    ): "(2,2)12 (2,3)60[63] (3,3)63 (2,4)200[224] (3,4)220[224] (4,4)224 (2,5)525[630] (3,5)600[630] (5,5)630",
    (
        2,
        12,
    ): "(2,2)14 (2,3)81[84] (3,3)84 (2,4)308[336] (3,4)332[336] (4,4)336 (2,5)910[1050] (3,5)1015[1050] (5,5)1050",
    (3, 4): "(2,2)8 (2,3)8 (2,4)8 (2,5)8 (3,3)30 (3,4)30 (4,4)80 (5,5)175",
    (3, 6): "(2,2)52[56] (2,3)56 (2,4)56 (3,3)759[840] (3,4)840",
    (3, 8): "(2,2)106[110] (2,3)616 (2,4)616",
    (3, 10): "(2,2)188[192]",
    (3, 12): "(2,2)304[308]",
    (4, 4): "(2,2)10 (2,3)10 (2,4)10 (3,3)45 (4,4)140 (5,5)350",
    (4, 6): "(2,2)106[110] (2,3)110",
    (5, 4): "(2,2)12 (2,3)12 (2,4)12 (3,3)63 (4,4)224 (5,5)630",
    (5, 6): "(2,2)188[192] (2,3)192",
}


@pytest.mark.parametrize(("depth", "steps"), CIRCUITS)
def test_of_deep_recurrent_circuits_it_is_the_known_bound(depth, steps):
    for inputs, width, rank, larger in re.findall(
        r"\((\d),(\d)\)(\d+)(?:\[(\d+)\])?", CIRCUITS[depth, steps]
    ):
        net = example("deep_rac", T=steps, L=depth, M=int(inputs), R=int(width))
        assert upper_bound(net, half(net)).value == int(larger or rank), (inputs, width)


def grid_bound(steps, depth, inputs, width, templates):
    """The bound from states, from the end and from the start."""
    k, both = steps // 2, min(inputs, width)
    state = prod(multichoose(width, multichoose(k, j)) for j in range(depth))
    end = prod(min(templates, multichoose(both, multichoose(j + 1, depth - 1))) for j in range(k))
    start = prod(
        min(templates, multichoose(both, multichoose(steps - t + 1, depth - 1))) for t in range(1, k + 1)
    )
    return min(state, end, start)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_on_a_grid_states_and_inputs_count_their_values_only(depth):
    for steps in (2, 4, 6):
        for inputs in (1, 2, 3, 5):
            for width in (1, 2, 3):
                net = example("deep_rac", T=steps, L=depth, M=inputs, R=width)
                wanted = grid_bound(steps, depth, inputs, width, inputs)
                assert upper_bound(net, half(net), grid=inputs).value == wanted, (steps, inputs, width)


def test_the_bound_of_the_largest_known_grid_gap():
    net = example("deep_rac", T=8, L=3, M=4, R=2)
    assert upper_bound(net, half(net), grid=4).value == 110


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_two_layers_on_a_grid_pass_one_of_three_places(k):
    for inputs in range(1, 6):
        for width in range(1, 6):
            net = example("deep_rac", T=2 * k, L=2, M=inputs, R=width)
            wanted = min(inputs**k, width * inputs ** (k - 1), width * multichoose(width, k))
            assert upper_bound(net, half(net), grid=inputs).value == wanted, (inputs, width)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_odd_against_even_steps_each_input_counts_with_its_multiplicity(depth):
    for steps, inputs, width in [(4, 2, 3), (4, 3, 2), (6, 2, 2)]:
        net = example("deep_rac", T=steps, L=depth, M=inputs, R=width)
        both = min(inputs, width)
        even = prod(multichoose(both, multichoose(steps - t + 1, depth - 1)) for t in range(2, steps + 1, 2))
        assert upper_bound(net, odd(net)).value == even


PATH, CYCLE = [[1, 2], [1, 2, 3], [2, 3, 4], [3, 4]], [[1, 2, 4], [1, 2, 3], [2, 3, 4], [1, 3, 4]]
STAR = [[1, 2, 3, 4], [1, 2], [1, 3], [1, 4]]


@pytest.mark.parametrize(
    ("neighbours", "rows", "bounds"),
    [
        (PATH, (1, 2), (2, 24, 126)),  # the ranks
        (PATH, (1, 3), (2, 54, 308)),  # of ranks 2, 36, 236
        (CYCLE, (1, 2), (2, 98, 784)),  # of ranks 2, 34, 235
        (STAR, (1, 2), (2, 45, 289)),  # of ranks 2, 18, 98
    ],
)
def test_graph_networks_share_equal_products(neighbours, rows, bounds):
    for layers, wanted in enumerate(bounds, 1):
        net = example("gnn", D=2, H=2, L=layers, neighbours=neighbours)
        assert upper_bound(net, bipartition(net, rows)).value <= wanted


@pytest.mark.parametrize(("rows", "ranks"), [((1, 2), (1, 2, 6)), ((1, 3), (2, 3, 10))])
def test_the_prediction_for_one_vertex_is_exact(rows, ranks):
    text = open_example("gnn").replace("prod(h[L, i](g) for i in 1..V)", "h[L, 1](g)")
    for layers, rank in enumerate(ranks, 1):
        net = load(text, D=2, H=2, L=layers, neighbours=PATH)
        assert upper_bound(net, bipartition(net, rows)).value == rank


def open_example(name):
    return str(example(name).source.text)


def test_the_bound_can_be_above_the_rank_where_extents_nearly_agree():
    net = load(
        """network unequal_train
input x(3), y(5), z(5), w(3)
weight A(3, 3), B(3, 5, 2), C(2, 5, 3), D(3, 3)
output score() = A(i, a) * x(i) * B(a, j, b) * y(j) * C(b, k, c) * z(k) * D(c, l) * w(l)
"""
    )
    cut = CutSides("odd_even", Side((("x", ()), ("z", ()))), Side((("y", ()), ("w", ()))))
    assert upper_bound(net, cut).value == 15
    assert rank_at_points(net, cut, 17) == 14


def test_the_bound_can_be_above_the_rank_of_a_ring():
    net = example("tensor_ring", d=4, n=3, r=2)
    assert upper_bound(net, odd(net)).value == 9
    assert rank_at_points(net, odd(net), 12) == 8


def test_the_bound_can_be_above_the_rank_of_a_lattice():
    net = example("peps", m=2, n=3, r=2)
    diagonal = bipartition(net, (1, 4))
    assert upper_bound(net, diagonal).value == 9
    assert rank_at_points(net, diagonal, 12) == 8


@pytest.mark.parametrize("r", [2, 3])
def test_a_square_counts_symmetric_states_and_a_modulus_counts_pairs(r):
    text = open_example("born_machine").replace(" / Z()", "")
    cut = half(net := load(text, d=6, r=r))
    assert upper_bound(net, cut).value == r * r
    real = load(text.replace("field complex", "field real"), d=6, r=r)
    assert upper_bound(real, cut).value == multichoose(r, 2)


def test_a_denominator_without_inputs_changes_nothing():
    net = example("born_machine", d=4, r=2)
    assert upper_bound(net, half(net)).value == 4


@pytest.mark.parametrize(("d", "n", "r", "rank"), [(4, 3, 2, 24), (6, 3, 2, 144)])
def test_inputs_are_real_in_a_complex_network(d, n, r, rank):
    net = load(open_example("born_machine").replace(" / Z()", ""), d=d, n=n, r=r)
    assert upper_bound(net, odd(net)).value >= rank
    assert upper_bound(net, odd(net)).value <= multichoose(n, 2) ** (d // 2)


def test_features_of_one_side_count_as_its_inputs():
    net = example("digits_tensor_train", d=4, p=3, n=2, r=3)
    assert upper_bound(net, half(net)).value == 3
    assert upper_bound(net, odd(net)).value == 4  # two features at each of two positions
    features = bipartition(net, [1, 2], "f")
    assert upper_bound(net, features).value == 3


def test_a_function_of_both_sides_has_no_bound():
    net = example("lstm")
    with pytest.raises(NotPolynomial, match=r"`sigmoid` in `h\[6\]` joins both sides of the cut"):
        upper_bound(net, half(net))


def test_a_division_by_both_sides_has_no_bound():
    net = load(
        "network n\ninput x(2), y(2)\nweight W(2, 2)\nA() = W(i, j) * x(i) * y(j)\noutput s() = 1 / A()\n"
    )
    cut = CutSides("c", Side((("x", ()),)), Side((("y", ()),)))
    with pytest.raises(NotPolynomial, match="a division in `s` joins both sides of the cut"):
        upper_bound(net, cut)


def test_sums_count_terms_of_lower_degree_too():
    net = load(
        """network affine
input x(3), y(3)
weight A(3), B(3)
f() = A(i) * x(i) + 1
output s() = f() * B(j) * y(j) + f()
"""
    )
    cut = CutSides("c", Side((("x", ()),)), Side((("y", ()),)))
    assert upper_bound(net, cut).value == rank_at_points(net, cut, 5) == 1
    two = load("network two\ninput x(1), y(1)\nweight A(1), B(1)\noutput s() = A(i) * x(i) + B(i) * y(i)\n")
    assert upper_bound(two, cut).value == rank_at_points(two, cut, 5) == 2


def test_the_exponential_machine_has_two_features_at_each_position():
    net = example("exponential_machine", d=6, r=3)
    assert upper_bound(net, half(net)).value == 3
    assert upper_bound(net, odd(net)).value == 8


def test_the_bound_of_zero_is_zero_and_that_of_a_constant_is_one():
    zero = load(
        "network zero\ninput x[1..2](3)\nweight A(3)\noutput s() = 0 * A(i) * x[1](i) * A(j) * x[2](j)\n"
    )
    assert upper_bound(zero, half(zero)).value == 0
    constant = load("network constant_score\ninput x[1..2](3)\nweight A(3)\noutput s() = sum(A(i) over i)\n")
    assert upper_bound(constant, half(constant)).value == 1


def test_inputs_held_fixed_are_coefficients():
    net = example("deep_rac", T=4, L=2, M=2, R=3)
    members = members_of(net)
    fixed = CutSides("ends", Side(tuple(members[:1])), Side(tuple(members[3:])), Side(tuple(members[1:3])))
    assert upper_bound(net, fixed).value == 2


def test_a_cut_without_one_of_the_inputs_is_an_error():
    net = example("tensor_train", d=3)
    members = members_of(net)
    with pytest.raises(TnError, match="`score` depends on an input that the cut does not name"):
        upper_bound(net, CutSides("c", Side(tuple(members[:1])), Side(tuple(members[1:2]))))


def test_a_cut_that_names_an_input_twice_is_an_error():
    net = example("tensor_train", d=2)
    members = tuple(members_of(net))
    with pytest.raises(TnError, match=r"the cut names `x\[1\]` twice"):
        upper_bound(net, CutSides("c", Side(members), Side(members[:1])))


def test_a_member_that_is_not_there_is_an_error():
    net = example("tensor_train", d=2)
    for member in (("x", (3,)), ("x", ()), ("z", (1,))):
        with pytest.raises(TnError, match="there is no"):
            upper_bound(net, CutSides("c", Side((member,)), Side()))


def test_any_member_of_an_output_can_be_chosen():
    net = load(open_example("copying_memory"), R=3, n=2)
    cut = half(net)
    values = [upper_bound(net, cut, ("y", (t,))).value for t in (1, 6, 11)]
    assert values[0] == 1
    assert values[1] > 1
    assert values[2] > values[1]


def test_it_says_which_wires_it_cuts_and_which_states_it_crosses():
    train = example("tensor_train", d=6, n=3, r=2)
    assert upper_bound(train, half(train)).wires == ("a of h[4] (2)",)
    circuit = example("deep_rac", T=8, L=2, M=4, R=4)
    bound = upper_bound(circuit, half(circuit))
    assert bound.wires == ("j of h[5, 2] (4)",)
    assert bound.states == (("h[4, 1]", 4, 4),)


def test_long_chains_need_no_recursion():
    net = example("tensor_train", d=3000, n=2, r=3)
    assert upper_bound(net, half(net)).value == 3


def test_long_deep_circuits_have_the_bound_of_their_states():
    net = example("deep_rac", T=100, L=3, M=4, R=4)
    wanted = 4 * multichoose(4, 50) * multichoose(4, multichoose(50, 2))
    assert upper_bound(net, half(net)).value == wanted == 32_522_154_254_304


@pytest.mark.parametrize("d", [4, 98, 300])
def test_the_square_of_a_wide_product_is_divided_side_by_side(d):
    net = load(
        """network square_of_a_shallow_network
size d = 8, n = 3, r = 5
input x[1..d](n)
weight factor[1..d](n, r), top(r)
f[k](q) = factor[k](i, q) * x[k](i) for k in 1..d
psi() = top(q) * prod(f[k](q) for k in 1..d)
output score() = psi() ^ 2
""",
        d=d,
    )
    assert upper_bound(net, half(net)).value == upper_bound(net, odd(net)).value == multichoose(5, 2)
