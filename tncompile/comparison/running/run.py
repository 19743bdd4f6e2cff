"""Jobs on an executor: results kept as they come, lost ones tried again, progress told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from dataclasses import dataclass, field

from tncompile.comparison.running.guard import guarded
from tncompile.comparison.running.jobs import Job, Outcome, outcome_of
from tncompile.comparison.running.journal import Journal
from tncompile.source import TnError

Progress = Callable[[int, int, str], None]  # jobs done, jobs in all, what was done
TRIES = 3  # of a job whose worker was lost


@dataclass
class Runner:
    """Does jobs; ``threads`` is how many the array library of each may use, ``timeout`` the seconds of each."""

    executor: Executor
    journal: Journal
    timeout: float | None = None
    threads: int | None = None
    progress: Progress = lambda _done, _total, _what: None
    done: int = field(default=0, init=False)
    total: int = field(default=0, init=False)

    def run(self, jobs: Iterable[Job]) -> Mapping[str, Outcome]:
        """The outcomes of jobs, by digest; each job is done once, and not at all if its result is known."""
        return self._run(jobs, self.threads)

    def run_alone(self, jobs: Iterable[Job]) -> Mapping[str, Outcome]:
        """The same one after the other, with all threads there are: for measurements of time."""
        return {digest: outcome for job in jobs for digest, outcome in self._run([job], None).items()}

    def _run(self, jobs: Iterable[Job], threads: int | None) -> Mapping[str, Outcome]:
        wanted = {job.digest: job for job in jobs}
        found = {digest: outcome for digest, job in wanted.items() if (outcome := self.journal.find(job))}
        for digest in found:
            self._advance(wanted[digest])
        pending = {
            self._submit(job, threads): (job, 1) for digest, job in wanted.items() if digest not in found
        }
        try:
            while pending:
                finished, _ = wait(pending, return_when=FIRST_COMPLETED)
                for future in finished:
                    job, tries = pending.pop(future)
                    outcome = _result(future)
                    if outcome.why == "lost" and tries < TRIES:
                        pending[self._submit(job, threads)] = job, tries + 1
                        continue
                    found[job.digest] = outcome
                    self.journal.add(job, outcome)
                    self._advance(job)
        finally:
            for future in pending:
                future.cancel()
        return found

    def _submit(self, job: Job, threads: int | None) -> Future[str]:
        try:
            return self.executor.submit(guarded, job.request, self.timeout, threads)
        except (BrokenExecutor, RuntimeError, OSError) as error:
            raise TnError(f"the executor takes no more jobs: {error}") from error

    def _advance(self, job: Job) -> None:
        self.done += 1
        self.progress(self.done, max(self.total, self.done), job.measure)


def _result(future: Future[str]) -> Outcome:
    """The outcome of a job; an exception is the executor's (`guarded` lets none out): its worker is gone."""
    try:
        return outcome_of(future.result())
    except (Exception, CancelledError) as error:
        return Outcome(failure=f"the worker was lost: {type(error).__name__}: {error}", why="lost")
