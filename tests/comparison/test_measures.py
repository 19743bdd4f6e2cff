"""What is measured of one network, against what the parts of the package say."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.comparison.questions import CP, DEEP, EXAMPLES, HT, TT
from tncompile.comparison.budget import SPENT, check_budget, parse_budget, solved_width
from tncompile.comparison.measures import MEASURES, vc_bound
from tncompile.comparison.running.jobs import Job, outcome_of, perform
from tncompile.language import load
from tncompile.plan import account, weight_count
from tncompile.source import TnError, UsageError


def test_costs_are_those_of_the_plan():
    net = load(TT, d=5, n=2, r=3)
    spent, found = account(net), MEASURES["cost"](net, {})
    assert found["weights"] == weight_count(net) == spent.weights.value == 2 * 3 + 3 * 3 * 2 * 3 + 3 * 2 * 2
    assert (found["score_flops"], found["gradient_flops"]) == (
        spent.score.flops.value,
        spent.gradient.flops.value,
    )
    assert found["peak_elements"] == spent.gradient.peak.value


@pytest.mark.parametrize(
    ("path", "sizes", "degree"),
    [(TT, {"d": 6}, 6), (CP, {"d": 6}, 7), (HT, {"d": 8}, 15), (DEEP, {"T": 2, "L": 1}, 4)],
)
def test_the_bound_of_the_vc_dimension(path, sizes, degree):
    # 2 N log2(12 k): k is the number of cores of a tensor network, else how often weights stand in a term.
    net = load(path, **sizes)
    weights = weight_count(net)
    assert vc_bound(net, weights) == int(2 * weights * math.log2(12 * degree))


def test_there_is_no_bound_for_what_is_no_polynomial():
    net = load(EXAMPLES / "lstm.tn")
    assert vc_bound(net, weight_count(net)) is None


def test_the_dimension_is_left_out_past_a_number_of_weights():
    net = load(CP, d=3, n=2, r=2)
    assert MEASURES["dimension"](net, {"most_weights": 100})["dimension"] == 2 * (2 + 2 + 2 + 2 - 3)
    assert MEASURES["dimension"](net, {"most_weights": 5}) == {
        "dimension": None,
        "skipped": "more than 5 weights",
    }


def test_times_are_of_one_sample():
    found = MEASURES["time"](load(CP, d=4, n=2, r=2), {"batch": 8})
    assert 0 < found["score_seconds"] < 1
    assert 0 < found["gradient_seconds"] < 1


def test_accuracies_have_a_mean_and_a_spread(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 3, 2))
    np.savez(tmp_path / "data.npz", x=x, y=(x[:, 0, 0] * x[:, 1, 0] > 0).astype(int))
    options = {"data": str(tmp_path / "data.npz"), "target": "y", "seeds": 2, "epochs": 2, "rate": 0.01, "batch": 16, "test_split": 0.25}  # fmt: skip
    found = MEASURES["fit"](load(TT, d=3, n=2, r=2), options)
    assert set(found) == {"train_accuracy", "test_accuracy"}
    assert all(
        0 <= value["mean"] <= 1 and value["spread"] >= 0 and value["seeds"] == 2 for value in found.values()
    )


# --- budget --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["weights", "flops", "peak"])
@pytest.mark.parametrize("path", [TT, CP, HT])
def test_the_width_within_a_budget_is_the_largest(path, what):
    net, amount = load(path, d=4, n=3), 900
    found = solved_width(net, {"width": "r", "what": what, "amount": amount})
    at = [SPENT[what](load(path, d=4, n=3, r=found["width"] + more)) for more in (0, 1)]
    assert at[0] == found["spent"] <= amount < at[1]


def test_a_budget_that_no_width_meets():
    net = load(TT, d=4, n=3)
    check_budget(net, parse_budget("weights=15"), "r", "train")  # 3 + 3 + 3 + 2 * 3
    with pytest.raises(TnError, match="no width of `train` meets the budget of 14 weights: width 1 takes 15"):
        check_budget(net, parse_budget("weights=14"), "r", "train")


def test_a_budget_begins_at_the_least_width_that_the_file_takes():
    text = "network n\nsize n = 3, r = 2\nrequire r >= 2\ninput x[1..2](n)\nweight A(n, r), B(r, n)\noutput s() = A(i, k) * B(k, j) * x[1](i) * x[2](j)\n"
    assert solved_width(load(text), {"width": "r", "what": "weights", "amount": 31}) == {
        "width": 5,
        "spent": 30,
    }
    with pytest.raises(TnError, match="width 2 takes 12"):
        check_budget(load(text), parse_budget("weights=11"), "r", "n")


def test_a_budget_is_read():
    assert parse_budget("flops=1e6").amount == 10**6
    for text in ("weights", "time=3", "weights=0", "weights=-1", "weights=many"):
        with pytest.raises(UsageError):
            parse_budget(text)


# --- jobs ----------------------------------------------------------------------------------------------


def test_a_job_that_cannot_be_done_is_an_outcome():
    text = Path(TT).read_text(encoding="utf-8")
    refused = outcome_of(perform(Job("rank", text, {}, {"cut": "nothing"}).request))
    assert refused.why == "refused"
    assert "nothing" in refused.failure
    wrong = outcome_of(perform(Job("cost", text, {"q": 1}).request))
    assert (wrong.why, wrong.value) == ("refused", None)
    assert "no size is called `q`" in wrong.failure


def test_a_fault_of_ours_is_an_outcome_too(monkeypatch, capsys):
    monkeypatch.setitem(MEASURES, "cost", lambda *_: 1 / 0)
    outcome = outcome_of(perform(Job("cost", "network n\noutput y() = 1\n", {}).request))
    assert outcome.why == "fault"
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_equal_jobs_are_one():
    assert Job("cost", "t", {"a": 1, "b": 2}).digest == Job("cost", "t", {"b": 2, "a": 1}).digest
    assert Job("cost", "t", {"a": 1}).digest != Job("cost", "t", {"a": 2}).digest
