"""`tnc compare`."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT

QUICK = ("-s", "d=4", "-s", "n=2", "--batch", "0", "--jobs", "1")


def test_the_json_has_rows_ranks_and_widths(tnc):
    result = tnc("compare", "tensor_train.tn", "cp.tn", *QUICK, "--sweep", "r=2,3", "--json")
    assert result.status == 0, result.err
    report = json.loads(result.out)
    assert [(row["network"], row["point"]["r"]) for row in report["rows"]] == [
        ("tensor_train", 2), ("cp", 2), ("tensor_train", 3), ("cp", 3),
    ]  # fmt: skip
    first = report["rows"][0]
    assert {rank["cut"]: (rank["lower"], rank["verdict"]) for rank in first["ranks"]} == {
        "odd_even": (4, "exact"), "start_end": (2, "exact"),
    }  # fmt: skip
    assert first["ranks"][0]["per_weight"] == pytest.approx(4 / first["weights"])
    assert len(report["equivalent_widths"]) == 2 * 4
    assert report["origin"]["versions"]["numpy"]


def test_the_tables_say_what_is_best_and_what_theory_says(tnc):
    result = tnc("compare", "tensor_train.tn", "cp.tn", *QUICK, "-s", "r=2")
    assert result.status == 0, result.err
    lines = result.out.splitlines()
    assert max(map(len, lines)) <= 100
    (train,) = [line for line in lines if line.lstrip().startswith("tensor_train ") and "[" not in line]
    assert "4*" in train.split()
    assert "4 [≥4]" in result.out
    assert "* the best of its point" in result.out


def test_a_sweep_over_width_and_labels_of_ones_own(tnc, tmp_path):
    shutil.copy(ROOT / "examples" / "deep_rac.tn", tmp_path)
    result = tnc(
        "compare", "one=deep_rac.tn", "two=deep_rac.tn", "-s", "T=4", "-s", "M=2", "-s", "one.L=1", "-s", "two.L=2",
        "--sweep", "width=2..3", "--cut", "start_end", "--batch", "0", "--dimension", "0", "--jobs", "1", "--json",
    )  # fmt: skip
    assert result.status == 0, result.err
    rows = json.loads(result.out)["rows"]
    assert [(row["network"], row["sizes"]["L"], row["sizes"]["R"]) for row in rows] == [
        ("one", 1, 2), ("two", 2, 2), ("one", 1, 3), ("two", 2, 3),
    ]  # fmt: skip
    # Levine et al. (2017), theorem 1; RANKS 1.1 has 6 for L=2, T=4, M=2 at R=2 and R=3.
    assert [row["ranks"][0]["lower"] for row in rows] == [2, 6, 3, 6]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("tensor_train.tn", "peps.tn"), 1, "the inputs do not match: `tensor_train` has x[1]..x[8]"),
        (("tensor_train.tn", "cp.tn", "--sweep", "q=1..3"), 2, "none of the networks has a size `q`"),
        (("tensor_train.tn", "cp.tn", "--sweep", "r=3..1"), 2, "the range holds no value"),
        (
            ("tensor_train.tn", "cp.tn", "--budget", "weights=20"),
            1,
            "no width of `tensor_train` meets the budget",
        ),
        (("tensor_train.tn", "cp.tn", "--budget", "money=20"), 2, "write weights=NUMBER"),
        (("tensor_train.tn", "cp.tn", "--resume"), 2, "say which report"),
        (("tensor_train.tn", "cp.tn", "--resume", "-o", "r.html"), 1, "nothing to go on with"),
        (("tensor_train.tn", "cp.tn", "-o", "r.pdf"), 2, "pdf"),
        (("tensor_train.tn", "nowhere.tn"), 1, "cannot read nowhere.tn"),
        (("tensor_train.tn", "-s", "x.r=1"), 2, "no network is called `x`"),
        (("tensor_train.tn", "--executor", "dask:/host"), 2, "write dask://HOST:PORT"),
        (("tensor_train.tn", "deep_rac.tn", "--cut", "ends"), 1, "no cut `ends`"),
        (("tensor_train.tn", "--width", "Q"), 2, "Q"),
        ((), 2, "FILE"),
    ],
)
def test_what_cannot_be_meant_is_told(tnc, tmp_path, arguments, status, said):
    result = tnc("compare", *arguments)
    assert result.status == status
    assert said in result.err
    assert not [path for path in tmp_path.iterdir() if path.suffix != ".tn"]


def test_one_network_that_fails_at_a_point_does_not_end_the_sweep(tnc):
    result = tnc(
        "compare", "tensor_train.tn", "hierarchical_tucker.tn", "--sweep", "d=4,6", "--cut", "start_end", "--batch",
        "0", "--dimension", "0", "--jobs", "1",
    )  # fmt: skip
    assert result.status == 0
    assert "log2(6) is not an integer" in result.out


def test_an_interruption_keeps_what_is_finished_and_resume_goes_on(tmp_path):
    report = tmp_path / "report.json"
    arguments = [
        "tensor_train.tn", "cp.tn", "-s", "d=6", "--sweep", "r=1..6", "--batch", "0", "--jobs", "1", "-o", str(report),
    ]  # fmt: skip
    command = [sys.executable, "-m", "tncompile", "compare", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    # Tests started in the background of a shell ignore Ctrl-C, and the process would inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        command,
        cwd=ROOT / "examples",
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(signal.SIGINT, before)
    journal = Path(f"{report}.jobs")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (
        not journal.exists() or len(journal.read_bytes().splitlines()) < 4
    ):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume goes on" in err
    assert "not finished" in out
    assert not report.exists()
    kept = len(journal.read_bytes().splitlines()) - 1
    assert kept >= 3

    again = subprocess.run(
        [*command, "--resume"],
        cwd=ROOT / "examples",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 0, again.stderr
    assert len(json.loads(report.read_text())["rows"]) == 12
    assert not journal.exists()
