"""Where and how a comparison is done: workers, time limits, progress, and results that outlast a stop."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from tncompile.comparison.answer import answer, prepared
from tncompile.comparison.question import Question
from tncompile.comparison.report import check_report, write_report
from tncompile.comparison.result import Comparison
from tncompile.comparison.running.executors import core_count, dask_executor, local_executor
from tncompile.comparison.running.journal import Journal, fingerprint, journal_path
from tncompile.comparison.running.run import Progress, Runner
from tncompile.source import UsageError
from tncompile.source.records import record


@record
class Session:
    """``jobs`` processes of this machine, or an executor (one of `concurrent.futures`, or ``dask://HOST:PORT``).

    ``timeout`` is the seconds of each job; ``reports`` are the files to write; beside the first of them
    results are kept until then.
    """

    jobs: int | None = None
    executor: Executor | str | None = None
    timeout: float | None = None
    progress: Progress | None = None
    reports: tuple[str, ...] = ()
    resume: bool = False

    def __post_init__(self) -> None:
        if self.jobs is not None and self.jobs < 1:
            raise UsageError("there is at least 1 job at a time")
        if self.jobs is not None and self.executor is not None:
            raise UsageError("the executor says how many jobs run at a time: give jobs or an executor")
        if self.timeout is not None and not self.timeout > 0:
            raise UsageError("a timeout is longer than 0 seconds")
        if self.resume and not self.reports:
            raise UsageError("to resume is to go on with the results beside a report: say which report")
        for report in self.reports:
            check_report(report)

    def ask(self, question: Question, command: str) -> Comparison:
        """The comparison, with its reports written; unfinished, it leaves its results for another time instead."""
        work = prepared(question)
        path = journal_path(self.reports[0]) if self.reports else None
        with self._executor() as executor:
            journal = Journal(path, fingerprint(question.to_json()), command, resume=self.resume)
            runner = Runner(executor, journal, self.timeout, self._threads(), self.progress or _silent)
            try:
                comparison = answer(work, runner, command)
            finally:
                journal.close()
        if not comparison.unfinished:
            for report in self.reports:
                write_report(comparison, report)
            journal.remove()
        return comparison

    def _threads(self) -> int:
        """How many threads the array library of each job may use: a cluster or a pool has a job for each core."""
        return max(1, core_count() // (self.jobs or core_count())) if self.executor is None else 1

    @contextmanager
    def _executor(self) -> Iterator[Executor]:
        if isinstance(self.executor, Executor):
            yield self.executor
        elif self.executor is not None:
            with dask_executor(self.executor) as executor:
                yield executor
        else:
            with local_executor(self.jobs or core_count()) as executor:
                yield executor


def _silent(_done: int, _total: int, _what: str) -> None:
    pass
