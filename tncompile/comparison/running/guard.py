"""Jobs done in workers that can be stopped: each thread that asks has one of its own, started when it is needed."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict
from typing import Any

from tncompile.comparison.running.jobs import Outcome

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_own = threading.local()
_alive: set[Worker] = set()


class Worker:
    """A running interpreter; ``threads`` is how many its array library may use (None: as many as it likes)."""

    def __init__(self, threads: int | None) -> None:
        self.threads, self.owner = threads, os.getpid()
        environment = dict(os.environ)
        if threads is not None:
            environment.update(dict.fromkeys(_THREADS, str(threads)))
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the worker
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from tncompile.comparison.running.worker import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
            env=environment,
            start_new_session=True,  # Ctrl-C is for whoever waits, who then stops us
        )
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        _alive.add(self)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put(None)

    @property
    def process_id(self) -> int:
        """The number of its process."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it can take a job."""
        return self._process.poll() is None

    def perform(self, request: str, timeout: float | None) -> str:
        """The outcome of a job as JSON; where it takes too long or the worker dies, that is the outcome."""
        assert self._process.stdin is not None
        try:
            print(request, file=self._process.stdin, flush=True)
            answer = self._answers.get(timeout=timeout)
        except queue.Empty:
            self.close()
            return _failed(f"stopped after {timeout:g} s", "timeout")
        except (BrokenPipeError, ValueError):
            answer = None
        if answer is None:
            said = self._last_words()
            self.close()
            return _failed(f"the worker died{said}", "lost")
        return answer

    def _last_words(self) -> str:
        code = self._process.wait()
        with contextlib.suppress(ValueError):  # whoever stops all workers has closed the file
            self._errors.seek(0)
            lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
            return f": {lines[-1]}" if lines else f" with status {code}"
        return ""

    def close(self) -> None:
        """Ends the process at once, and gives back what belongs to it. Whoever waits for an answer is told that it died."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            with contextlib.suppress(OSError):
                stream.close()  # type: ignore[union-attr]  # both are pipes
        _alive.discard(self)


def guarded(request: str, timeout: float | None, threads: int | None) -> str:
    """Does a job (see `perform`) in the worker of the thread that asks, within a time in seconds."""
    worker: Worker | None = getattr(_own, "worker", None)
    if worker is not None and worker.owner != os.getpid():
        worker = None  # we are a copy of the process whose worker it is
    if worker is not None and (worker.threads != threads or not worker.is_running):
        worker.close()
        worker = None
    if worker is None:
        worker = _own.worker = Worker(threads)
    return worker.perform(request, timeout)


def workers() -> tuple[Worker, ...]:
    """The workers of this process that may be running."""
    return tuple(worker for worker in _alive if worker.owner == os.getpid())


def stop_workers() -> None:
    """Ends all workers of this process."""
    for worker in workers():
        worker.close()


atexit.register(stop_workers)


def _failed(failure: str, why: Any) -> str:
    return json.dumps(asdict(Outcome(failure=failure, why=why)))
