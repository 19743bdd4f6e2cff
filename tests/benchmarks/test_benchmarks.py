"""The benchmark measures what it says: one small workload, against the rivals that need nothing else."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.case import Case
from benchmarks.peers import OURS
from benchmarks.rivals import RIVALS
from benchmarks.timing import Machine, exponent, race
from benchmarks.workloads import all_workloads

ROOT = Path(__file__).parent.parent.parent


def test_a_quick_run_writes_a_table_json_and_a_picture(tmp_path):
    data, picture = tmp_path / "found.json", tmp_path / "found.png"
    command = [
        sys.executable,
        "-m",
        "benchmarks",
        "cp-quick",
        "--quick",
        "--rival",
        "numpy",
        "--threads",
        "1",
    ]
    done = subprocess.run(
        [*command, "--json", data, "--plot", picture], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "ratio" in done.stdout
    assert "x floor: time" in " ".join(done.stdout.split())
    found = json.loads(data.read_text(encoding="utf-8"))
    assert {(row["kind"], row["attempt"]["rival"]) for row in found["rows"]} == {
        (kind, rival) for kind in ("score", "gradient") for rival in (OURS, "numpy")
    }
    assert all(row["floor"] > 0 for row in found["rows"])
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--threads", "0"], "0 is not in the range x>=1"),
        (["--json", "nowhere/a.json"], "there is no folder nowhere"),
        (["--json", "."], "is a folder"),
        (["--plot", "nowhere/a.png"], "there is no folder nowhere"),
        (["--plot", "p.xyz"], "a picture ends in"),
        (["--rival", "numpi"], "'numpy'"),
    ],
)
def test_options_are_checked_before_anything_is_measured(options, said, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("benchmarks.session.measured", lambda *_: pytest.fail("measured"))
    for name in ("OMP_WAIT_POLICY", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "1")  # restored afterwards
    done = CliRunner().invoke(main, options)
    assert done.exit_code == 2
    assert said in done.output
    assert isinstance(done.exception, SystemExit)


def test_the_help_names_the_rivals():
    shown = CliRunner().invoke(main, ["--help"]).output
    assert all(name in shown for name in RIVALS)


def test_a_wrong_result_is_refused():
    case = Case(all_workloads()["cp-quick"])
    scores, gradient = case.right
    case.check("gradient", (scores, [gradient]))
    with pytest.raises(AssertionError, match="differs by"):
        case.check("score", scores * 1.01)
    with pytest.raises(AssertionError, match="differs by"):
        case.check("gradient", (scores, [gradient[::-1]]))


@pytest.mark.parametrize("name", ["tt", "ht", "rac", "cp"])
@pytest.mark.parametrize("kind", ["score", "gradient"])
def test_what_is_written_by_hand_agrees_with_the_generated_code(name, kind):
    case = Case(all_workloads()[name])
    ways = RIVALS["numpy"].ways(case, kind)
    assert ways
    for build in ways.values():
        case.check(kind, build()())


def test_the_exponent_is_the_slope_for_large_sizes():
    sizes = np.array([1, 10, 100, 1000])
    assert exponent(sizes, 7.0 * sizes**1.5) == pytest.approx(1.5)


def test_the_floor_is_the_slower_of_arithmetic_and_memory():
    machine = Machine(flops=1e9, bandwidth=1e10)
    assert machine.floor(2e9, 1e9) == 2.0
    assert machine.floor(1e9, 3e10) == 3.0


def test_a_race_is_a_ratio_of_turns():
    work = np.ones(20_000)
    found = race(work.sum, lambda: [work.sum() for _ in range(8)], rounds=3, patience=1.0)
    assert 3 < found.ratio < 24
    assert found.low <= found.ratio <= found.high
