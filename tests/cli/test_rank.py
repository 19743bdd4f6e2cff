"""`tnc rank`."""

import json
import os
import signal
from dataclasses import replace

import pytest

from tncompile.cli import rank as rank_command


def ranks(tnc, *arguments):
    result = tnc("rank", *arguments, "--json")
    assert result.status == 0, result.err
    return json.loads(result.out)


def by_cut(report):
    return {cut["cut"]: cut for cut in report["cuts"]}


def test_the_json_has_what_design_says(tnc):
    report = ranks(tnc, "tensor_train.tn", "-s", "d=6", "-s", "r=2")
    assert set(report) >= {"network", "sizes", "cuts"}
    cuts = by_cut(report)
    assert (cuts["odd_even"]["lower"], cuts["odd_even"]["upper"], cuts["odd_even"]["exact"]) == (18, 18, True)
    assert (cuts["start_end"]["lower"], cuts["start_end"]["of"]) == (2, "function")
    wanted = {
        "cut",
        "rows",
        "columns",
        "of",
        "lower",
        "upper",
        "exact",
        "method",
        "primes",
        "seeds",
        "seconds",
    }
    assert set(cuts["odd_even"]) >= wanted
    assert cuts["start_end"]["rows"] == ["x[1]", "x[2]", "x[3]"]


def test_the_table_says_rank_bound_verdict_and_consequence(tnc):
    result = tnc("rank", "tensor_train.tn", "--cut", "odd_even")
    assert result.status == 0
    assert "exact" in result.out
    assert "a shallow network needs width ≥ 81" in result.out
    assert "x[1], x[3], x[5], x[7]" in result.out
    assert "█" in result.out


def test_a_rank_below_its_bound_is_probable_and_says_how_sure(tnc):
    result = tnc("rank", "deep_rac.tn", "-s", "T=6", "-s", "M=3", "-s", "R=4", "--cut", "start_end")
    assert "probable" in result.out
    assert "larger only with probability ≤" in result.out
    assert "h[3, 1] (extent 4, degree 3)" in result.out


def test_a_degree_too_high_for_the_primes_is_said(tnc, write):
    file = write(
        "power.tn",
        "network power\ninput x(2), y(2)\nweight a(2), b(2)\nu() = a(i) * x(i)\nv() = b(j) * y(j)\n"
        "output s() = (u()^20000000 - u()^10000000 * u()^10000000) * v()\n",
    )
    result = tnc("rank", file, "--cut", "x")
    assert "the degree is too high for the primes to say more" in " ".join(result.out.split())


def test_a_grid_is_labelled_as_what_it_is(tnc):
    size = ("-s", "T=4", "-s", "M=4", "-s", "R=3", "--cut", "start_end")
    assert by_cut(ranks(tnc, "deep_rac.tn", *size))["start_end"]["lower"] == 18
    grid = by_cut(ranks(tnc, "deep_rac.tn", *size, "--grid", "4"))["start_end"]
    assert (grid["lower"], grid["of"]) == (12, "grid 4")


def test_cuts_are_named_spelled_or_many(tnc):
    assert list(by_cut(ranks(tnc, "tensor_train.tn", "-s", "d=4", "--cut", "x[1], x[4]"))) == ["x[1], x[4]"]
    assert len(ranks(tnc, "tensor_train.tn", "-s", "d=5", "--cut", "contiguous")["cuts"]) == 4
    assert len(ranks(tnc, "tensor_train.tn", "-s", "d=5", "-s", "n=2", "--cut", "all")["cuts"]) == 15


def test_many_cuts_are_summed_up(tnc):
    result = tnc("rank", "tensor_train.tn", "-s", "d=7", "-s", "n=2", "-s", "r=2", "--cut", "all")
    assert "63 cuts; exact: 63" in result.out
    assert "rows x[1]" in result.out


def test_numerical_ranks_come_as_a_distribution(tnc):
    arguments = ("generalized_rnn.tn", "-s", "T=4", "--grid", "3", "--samples", "12", "--cut", "odd_even")
    result = tnc("rank", *arguments)
    assert "numerical" in result.out
    assert "12 samples of random weights: smallest" in result.out
    assert "shallow" not in result.out
    (cut,) = ranks(tnc, *arguments)["cuts"]
    assert len(cut["ranks"]) == 12
    assert cut["exact"] is False
    assert max(cut["ranks"]) == cut["lower"] <= 9


def test_samples_look_at_single_weights_also_where_there_is_a_generic_rank(tnc):
    (cut,) = ranks(tnc, "tensor_train.tn", "-s", "d=4", "--cut", "odd_even", "--samples", "3")["cuts"]
    assert (cut["verdict"], cut["ranks"], cut["upper"]) == ("numerical", [9, 9, 9], 9)


def test_an_interruption_keeps_the_finished_cuts(tnc, monkeypatch):
    original = rank_command.rank

    def interrupted(net, cut, progress, **options):
        report = original(net, cut, progress=progress, **options)
        return replace(report, results=report.results[:1], interrupted=True)

    monkeypatch.setattr(rank_command, "rank", interrupted)
    result = tnc("rank", "tensor_train.tn", "-s", "d=4", "-o", "c.json")
    assert result.status == 130
    assert "interrupted: 1 cut is finished" in result.out
    assert "odd_even" in result.out
    assert "certificate in c.json" in result.err


# --- certificates --------------------------------------------------------------------------------


def test_more_interruptions_do_not_lose_the_finished_cuts(tnc, monkeypatch):
    """Ctrl-C is often pressed twice: the second one comes while the table is printed."""
    real, printed = rank_command.rank, rank_command.print_report

    def interrupted(net, cut, **options):
        return replace(real(net, cut, **options), interrupted=True)

    def disturbed(console, report):
        os.kill(os.getpid(), signal.SIGINT)
        printed(console, report)

    monkeypatch.setattr(rank_command, "rank", interrupted)
    monkeypatch.setattr(rank_command, "print_report", disturbed)
    before = signal.getsignal(signal.SIGINT)
    status, out, _ = tnc("rank", "tensor_train.tn", "-s", "d=4", "--cut", "odd_even")
    assert status == 130
    assert "odd_even" in out
    assert "interrupted: 1 cut is finished" in out
    assert signal.getsignal(signal.SIGINT) is before


def test_a_certificate_is_checked_again(tnc):
    assert tnc("rank", "deep_rac.tn", "-s", "T=4", "-o", "c.json").status == 0
    result = tnc("rank", "deep_rac.tn", "--verify", "c.json")
    assert result.status == 0
    assert "so the rank is exactly" in result.out
    checked = json.loads(tnc("rank", "deep_rac.tn", "--verify", "c.json", "--json").out)
    assert [cut["cut"] for cut in checked["cuts"]] == ["start_end", "ends"]


@pytest.mark.parametrize(("old", "new"), [
    ('"lower": 6', '"lower": 7'),
    ('"upper": 6', '"upper": 5'),
    ('"rows": [', '"rows": ["x[4]", '),
    ('"format"', '"from"'),
])  # fmt: skip
def test_a_certificate_that_was_tampered_with_is_refused(tnc, tmp_path, old, new):
    tnc("rank", "deep_rac.tn", "-s", "T=4", "-s", "R=2", "--cut", "start_end", "-o", "c.json")
    text = (tmp_path / "c.json").read_text("utf-8")
    assert old in text
    (tmp_path / "c.json").write_text(text.replace(old, new), "utf-8")
    result = tnc("rank", "deep_rac.tn", "--verify", "c.json")
    assert result.status == 1
    assert "c.json: the certificate of `start_end` does not hold: " in result.err


def test_a_certificate_of_another_file_is_refused(tnc):
    tnc("rank", "tensor_train.tn", "-s", "d=4", "-o", "c.json")
    result = tnc("rank", "cp.tn", "--verify", "c.json")
    assert result.status == 1
    assert "does not hold" in result.err


@pytest.mark.parametrize("text", ["", "no json", "[]", "3", "[1]", "{}"])
def test_what_is_no_certificate_is_refused(tnc, write, text):
    result = tnc("rank", "tensor_train.tn", "--verify", write("c.json", text))
    assert result.status == 1
    assert "certificate" in result.err


# --- what may not be asked -----------------------------------------------------------------------


@pytest.mark.parametrize(("cut", "message"), [
    ("nothing", "no cut"),
    ("x[1..8]", "all inputs"),
    ("x[1], x[1]", "twice"),
    ("x[1] | x[1..2]", "twice"),
    ("x[9]", "x[9]"),
    ("G[1]", "G"),
    ("x[", "never closed"),
])  # fmt: skip
def test_a_cut_that_makes_no_sense_is_an_error(tnc, cut, message):
    result = tnc("rank", "tensor_train.tn", "--cut", cut)
    assert result.status == 1
    assert message in result.err
    assert result.out == ""


@pytest.mark.parametrize("arguments", [
    ("--points", "0"),
    ("--grid", "0"),
    ("--fail", "0"),
    ("--sweep", "d"),
    ("--sweep", "d=2..4", "-s", "d=2"),
    ("--sweep", "d=2..4", "-o", "c.json"),
    ("--verify", "c.json", "--cut", "odd_even"),
    ("--verify", "c.json", "-o", "d.json"),
])  # fmt: skip
def test_a_command_line_that_makes_no_sense_is_an_error(tnc, arguments):
    result = tnc("rank", "tensor_train.tn", *arguments)
    assert result.status == 2
    assert result.out == ""


def test_too_many_bipartitions_are_refused_with_their_number(tnc):
    result = tnc("rank", "tensor_train.tn", "-s", "d=20", "--cut", "all")
    assert result.status == 1
    assert "524,287" in result.err


def test_a_grid_that_does_not_fit_names_its_size(tnc):
    result = tnc("rank", "tensor_train.tn", "-s", "d=30", "--grid", "10", "--cut", "odd_even")
    assert result.status == 1
    assert "GiB" in result.err
    assert "probe" in result.err


# --- sweeps --------------------------------------------------------------------------------------


def test_a_sweep_prints_the_table_and_the_form(tnc):
    result = tnc("rank", "tensor_train.tn", "--cut", "start_end", "--sweep", "d=2..6..2", "--sweep", "r=1..5")
    assert result.status == 0
    assert "min(r, 3^(d/2))" in result.out
    assert "equals the proved upper bound" in result.out
    assert max(map(len, result.out.splitlines())) <= 100


def test_a_sweep_in_json(tnc):
    result = tnc(
        "rank", "deep_rac.tn", "--cut", "start_end", "--sweep", "T=4,6", "--sweep", "R=2,3", "--json"
    )
    report = json.loads(result.out)
    assert [row["lower"] for row in report["rows"]] == [6, 18, 8, 30]
    assert report["sweep"] == {"T": [4, 6], "R": [2, 3]}
    assert report["findings"][0]["cut"] == "start_end"


def test_lines_are_at_most_100_wide(tnc):
    for arguments in (
        ("deep_rac.tn", "-s", "T=6"),
        ("tensor_train.tn", "-s", "d=40"),
        ("generalized_rnn.tn", "--grid", "3"),
    ):
        result = tnc("rank", *arguments)
        assert result.status == 0
        assert max(map(len, result.out.splitlines())) <= 100
