"""Every multilinear example has exact ranks for both built-in cuts, and so have recurrent circuits with M >= R."""

from __future__ import annotations

import pytest

from tests.corpus import EXAMPLES
from tncompile import TnError, load
from tncompile.expressivity.certificates.check_certificate import verify_certificate
from tncompile.expressivity.cuts import BUILT_IN, studies
from tncompile.expressivity.evaluation.lower import has_weight_tensor
from tncompile.expressivity.rank import rank

# A score of degree 1 in each input, or in each feature that the cuts of the file name.
MULTILINEAR = set(
    """
circuit conv_arithmetic_circuit copying_memory cp digits_cp digits_tensor_train exponential_machine
hidden_markov hierarchical_tucker mera mps_classifier peps recurrent_tensor_train shallow_rac tensor_ring tensor_train
tt_language_model tucker
""".split()
)


def multilinear_examples():
    """The examples that have both cuts, and a score of degree 1 in all that they name."""
    for path in EXAMPLES:
        net = load(path)
        try:
            found = list(studies(net, BUILT_IN))
        except TnError:
            continue  # not one family of inputs: the cuts mean nothing
        if all(has_weight_tensor(study.net, study.sides) for study in found):
            yield path


def test_the_multilinear_examples_are_found():
    assert {path.stem for path in multilinear_examples()} == MULTILINEAR


@pytest.mark.parametrize("cut", BUILT_IN)
@pytest.mark.parametrize("path", [p for p in EXAMPLES if p.stem in MULTILINEAR], ids=lambda path: path.stem)
def test_ranks_of_multilinear_examples_are_exact(path, cut):
    report = rank(load(path), cut)
    assert report.exact
    said = verify_certificate(report.certificate, path.read_text(encoding="utf-8"))
    assert said[-1] == f"so the rank is exactly {report.lower}"


@pytest.mark.parametrize("cut", BUILT_IN)
@pytest.mark.parametrize(("T", "M", "R"), [(4, 2, 2), (4, 3, 2), (6, 3, 3), (6, 4, 2), (8, 2, 2)])
def test_ranks_of_shallow_recurrent_circuits_are_exact(T, M, R, cut):
    assert rank(load("examples/shallow_rac.tn", T=T, M=M, R=R), cut).exact


@pytest.mark.parametrize(
    ("T", "M", "R"),
    [
        (4, 2, 2),
        (4, 3, 2),
        (4, 3, 3),
        (4, 5, 5),
        (6, 3, 3),
        (6, 4, 4),
        (6, 4, 2),
        (8, 3, 3),
        (10, 4, 4),
        (12, 3, 2),
    ],
)
def test_ranks_of_deep_recurrent_circuits_are_exact_where_the_state_is_no_wider_than_the_input(T, M, R):
    assert rank(load("examples/deep_rac.tn", T=T, M=M, R=R, L=2), "start_end").exact
