"""Comparisons as they are run: any number of workers, stops, crashes, time limits; nothing is lost or done twice."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from concurrent.futures import Executor, Future
from pathlib import Path

import pytest

from tests.comparison.questions import CP, DEEP, HT, SHALLOW, TT
from tests.helpers import processes
from tncompile.comparison.interface import compare
from tncompile.comparison.report import check_report
from tncompile.comparison.running import guard
from tncompile.comparison.running.jobs import Job, Outcome, perform
from tncompile.comparison.running.journal import Journal, journal_path
from tncompile.source import TnError, UsageError


class Here(Executor):
    """Does each job at once, in this process."""

    def __init__(self) -> None:
        self.requests: list[str] = []

    def submit(self, _function, /, *args, **_options):
        future: Future[str] = Future()
        self.requests.append(args[0])
        try:
            future.set_result(perform(args[0]))
        except BaseException as error:
            future.set_exception(error)
        return future


SMALL = {"sizes": {"d": 4, "n": 2}, "sweep": "r=1..3", "batch": 0}


def small(executor=None, **others):
    return compare([TT, CP], executor=executor or Here(), **{**SMALL, **others})


def rows(comparison):
    """What must be the same however it was computed."""
    certificates = [{**c.certificate, "seconds": None} for c in comparison.certificates]
    return comparison.rows, comparison.widths, comparison.entries, certificates


@pytest.fixture(scope="module")
def reference():
    return small()


def test_rows_are_complete(reference):
    assert [(row.network, row.point["r"]) for row in reference.rows] == [
        (label, r) for r in (1, 2, 3) for label in ("tensor_train", "cp")
    ]
    assert all(not row.failures and len(row.ranks) == 2 for row in reference.rows)
    row = reference.rows[2]
    assert (row.weights, row.rank("odd_even").lower, row.width) == (2 * 2 + 2 * 8 + 8, 4, 2)
    assert reference.unfinished == 0


def test_equivalent_widths_follow_from_the_ranks(reference):
    widths = {(w.point["r"], w.row, w.column): w.width for w in reference.widths}
    assert widths[2, "tensor_train", "cp"] == 4  # 2^(d/2)
    assert widths[3, "cp", "tensor_train"] == 3
    assert all(w.decided == "proved" for w in reference.widths)


@pytest.mark.parametrize("r", [2, 3, 4])
def test_table_2_of_khrulkov_et_al_comes_out_of_one_call(r):
    found = compare(
        [TT, HT, CP], sizes={"d": 8}, sweep=f"n,r={r}", cut=["x[1..3]", "x[3..4]", "odd_even"], dimension=0,
        batch=0, executor=Here(),
    )  # fmt: skip
    # Three cuts tell all: a block of three from a tree to a chain, a block of two back, odd against even to the sum.
    assert {(w.width, w.decided) for w in found.widths if w.row != w.column} == {
        (r, "proved"),
        (r**2, "proved"),
        (r**4, "proved"),
    }
    for width in found.widths:
        assert width.width == width.theory.width, width


def test_the_start_end_ranks_of_recurrent_circuits_come_out_of_one_call():
    # Levine et al. (2017): on a grid of M templates, depth 1 has min(R, M^(T/2)), depth 2 grows with T.
    found = compare(
        [SHALLOW, DEEP], sizes={"M": 3, "R": 2}, sweep="T=2..8..2", cut="start_end", grid=3, dimension=0, batch=0,
        executor=Here(),
    )  # fmt: skip
    ranks = {(row.network, row.point["T"]): row.rank("start_end").lower for row in found.rows}
    assert [ranks["shallow_rac", T] for T in (2, 4, 6, 8)] == [2, 2, 2, 2]
    assert [ranks["deep_rac", T] for T in (2, 4, 6, 8)] == [2, 6, 8, 10]


def test_a_budget_gives_each_network_its_width():
    found = compare(
        [TT, CP], sizes={"d": 4, "n": 3}, budget="weights=200", dimension=0, batch=0, executor=Here()
    )
    assert [(row.width, row.budget_spent, row.weights) for row in found.rows] == [
        (5, 195, 195),
        (14, 196, 196),
    ]
    with pytest.raises(
        TnError, match="no width of `tensor_train` meets the budget of 3 weights: width 1 takes 15"
    ):
        compare([TT, CP], sizes={"d": 4, "n": 3}, budget="weights=3", executor=Here())


# --- workers -------------------------------------------------------------------------------------------


def test_the_results_do_not_depend_on_the_number_of_workers(reference):
    assert rows(compare([TT, CP], jobs=2, **SMALL)) == rows(reference)


def test_any_executor_will_do(reference):
    with processes(2) as pool:
        assert rows(small(pool)) == rows(reference)


def test_a_job_out_of_time_is_a_row_that_says_so():
    found = compare([TT, CP], sizes={"d": 4, "n": 2}, cut="odd_even", batch=0, jobs=2, timeout=0.05)
    assert all(set(row.failures) == {"weights", "dimension", "odd_even"} for row in found.rows)
    assert found.rows[0].failures["weights"] == "stopped after 0.05 s"


def test_a_worker_that_dies_is_replaced_and_its_job_done_again(reference):
    killed = []

    def kill_one(_done, _total, _what):
        if not killed:
            killed.extend(worker.process_id for worker in guard.workers())
            for process in killed:
                os.kill(process, signal.SIGKILL)

    assert rows(compare([TT, CP], jobs=2, progress=kill_one, **SMALL)) == rows(reference)
    assert killed


def test_a_job_that_always_kills_its_worker_is_a_row_that_says_so():
    class Dying(Here):
        def submit(self, function, /, *args, **kwargs):
            if json.loads(args[0])[0] != "dimension":
                return super().submit(function, *args, **kwargs)
            future: Future[str] = Future()
            future.set_exception(RuntimeError("killed"))
            self.requests.append(args[0])
            return future

    executor = Dying()
    found = small(executor, sweep="r=2")
    assert all("the worker was lost" in row.failures["dimension"] for row in found.rows)
    assert (
        sum(json.loads(request)[0] == "dimension" for request in executor.requests) == 2 * 3
    )  # each is tried three times


def test_workers_end_with_whoever_started_them():
    guard.stop_workers()
    thread = threading.Thread(target=guard.guarded, args=(_request(), 60, 1))
    thread.start()
    thread.join()
    (worker,) = guard.workers()
    worker._process.stdin.close()  # as the system does for a process that is killed
    deadline = time.monotonic() + 20
    while worker.is_running and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not worker.is_running
    guard.stop_workers()


def _request():
    return json.dumps(["cost", Path(CP).read_text(encoding="utf-8"), {"d": 3}, {}])


# --- stops ---------------------------------------------------------------------------------------------


def stopping_after(count):
    def progress(done, _total, _what):
        if done == count:
            raise KeyboardInterrupt

    return progress


def test_what_was_finished_before_a_stop_is_not_done_again(tmp_path, reference):
    report = str(tmp_path / "report.json")
    stopped = small(progress=stopping_after(7), report=report)
    assert stopped.unfinished > 0
    assert not Path(report).exists()
    assert any(row.ranks for row in stopped.rows)

    resumed = Here()
    assert rows(small(resumed, report=report, resume=True)) == rows(reference)
    everything = Here()
    small(everything)
    assert len(resumed.requests) == len(everything.requests) - 7
    assert Path(report).exists()
    assert not journal_path(report).exists()


def test_a_line_that_was_torn_by_a_crash_is_done_again(tmp_path, reference):
    report = str(tmp_path / "report.json")
    small(progress=stopping_after(5), report=report)
    kept = journal_path(report)
    kept.write_bytes(kept.read_bytes()[:-9])
    resumed = Here()
    assert rows(small(resumed, report=report, resume=True)) == rows(reference)


def test_results_are_neither_overwritten_nor_mixed(tmp_path):
    report = str(tmp_path / "report.json")
    small(progress=stopping_after(5), report=report)
    held = journal_path(report).read_bytes()
    with pytest.raises(TnError, match="holds 5 results of an unfinished comparison: --resume goes on"):
        small(report=report)
    with pytest.raises(TnError, match="belongs to another command"):
        small(report=report, resume=True, sweep="r=1..4")
    assert journal_path(report).read_bytes() == held
    with pytest.raises(TnError, match="nothing to go on with"):
        small(report=str(tmp_path / "other.json"), resume=True)
    journal_path(report).write_text("hello\n")
    with pytest.raises(TnError, match="holds no results of a comparison"):
        small(report=report, resume=True)


@pytest.mark.parametrize(
    "line", ["1", "[1]", "null", "{}", '{"job": "a", "outcome": 3}', '{"job": "a", "outcome": {"zz": 1}}']
)
def test_a_line_that_is_no_result_is_refused(tmp_path, line):
    path = tmp_path / "report.json.jobs"
    Journal(path, "question").close()
    held = path.read_bytes() + f"{line}\n".encode()
    path.write_bytes(held)
    with pytest.raises(TnError, match="line 2 was changed"):
        Journal(path, "question", resume=True)
    assert path.read_bytes() == held


def test_a_line_too_deep_to_read_ends_what_is_known(tmp_path):
    path = tmp_path / "report.json.jobs"
    Journal(path, "question").close()
    path.write_bytes(path.read_bytes() + b"[" * 100_000)
    journal = Journal(path, "question", resume=True)
    journal.close()
    assert not journal.known


def test_a_report_that_is_a_folder_is_refused_before_the_work(tmp_path):
    (tmp_path / "report.html").mkdir()
    with pytest.raises(UsageError, match="it is a folder"):
        check_report(tmp_path / "report.html")


def test_two_processes_do_not_share_a_file_of_results(tmp_path):
    path = tmp_path / "report.json.jobs"
    first = Journal(path, "question")
    with pytest.raises(TnError, match="another process is writing"):
        Journal(path, "question", resume=True)
    first.add(Job("cost", "text", {}), Outcome(value=1))
    first.close()
    again = Journal(path, "question", resume=True)
    assert len(again.known) == 1
    again.close()


def test_a_result_that_was_edited_is_not_believed(tmp_path):
    path = tmp_path / "report.json.jobs"
    first = Journal(path, "question")
    first.add(Job("cost", "text", {}), Outcome(value=1234))
    first.close()
    path.write_text(path.read_text().replace("1234", "1235"))
    with pytest.raises(TnError, match="line 2 was changed"):
        Journal(path, "question", resume=True)


def test_a_column_is_not_hidden_by_a_size_of_its_name():
    text = "network n\nsize weights = 2, n = 2\ninput x[1..2](n)\nweight A(n, weights), B(weights, n)\noutput s() = A(i, k) * B(k, j) * x[1](i) * x[2](j)\n"
    found = compare([text], sweep="weights=1..2", batch=0, dimension=0, executor=Here())
    assert [(row["size weights"], row["weights"]) for row in found.records()] == [(1, 4), (2, 8)]


def test_an_unknown_width_says_why():
    found = compare(
        [TT, HT], sweep="d=4,6", cut="start_end", sizes={"n": 2}, batch=0, dimension=0, executor=Here()
    )
    reasons = {(w.point["d"], w.row, w.column): w.reason for w in found.widths if w.reason}
    assert "log2(6)" in reasons[6, "tensor_train", "hierarchical_tucker"]
    assert "rank of `hierarchical_tucker` is not known" in reasons[6, "hierarchical_tucker", "tensor_train"]
    assert all(d == 6 for d, _, _ in reasons)


def test_a_time_limit_that_stopped_a_job_is_tried_again_on_resume():
    journal, job = Journal(), Job("cost", "text", {})
    journal.add(job, Outcome(failure="stopped after 1 s", why="timeout"))
    assert journal.find(job) is None
    journal.add(job, Outcome(failure="no such cut", why="refused"))
    assert journal.find(job) is not None


def test_bad_questions_leave_no_file_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tncompile.comparison.running.executors.CONNECT_SECONDS", 1)
    report = str(tmp_path / "report.json")
    for wrong in ({"cut": "nothing"}, {"sweep": "q=1..2"}, {"executor": "dask://127.0.0.1:1"}, {"jobs": 0}):
        with pytest.raises((TnError, UsageError)):
            compare([TT, CP], **{**SMALL, "report": report, **wrong})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"resume": True}, "say which report"),
        ({"timeout": 0}, "longer than 0"),
        ({"jobs": 2, "executor": Here()}, "jobs or an executor"),
        ({"budget": "weights=100", "sweep": "width=1..2"}, "leave the sweep over width away"),
        ({"report": "table.xlsx"}, "xlsx"),
    ],
)
def test_arguments_that_contradict_each_other_are_refused(wrong, said):
    with pytest.raises(UsageError, match=said):
        compare([TT, CP], **{**SMALL, **wrong})


def test_no_network_is_refused():
    with pytest.raises(UsageError, match="no network"):
        compare([])
