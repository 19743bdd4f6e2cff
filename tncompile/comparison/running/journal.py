"""The results of jobs as they come in, a line each, in a file beside the report: a comparison goes on after a stop."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from tncompile.comparison.running.jobs import Job, Outcome
from tncompile.source import TnError

FORMAT = "tncompile comparison 1"
ENDING = ".jobs"


def journal_path(report: str) -> Path:
    """Where the results for a report are kept until it is written: ``report.html.jobs``."""
    return Path(report + ENDING)


def fingerprint(question: Any) -> str:
    """What a comparison is about, as a short text: another question has another one."""
    text = json.dumps(question, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


class Journal:
    """Results by job; those of an earlier run are read when it is opened to go on. Without a path nothing is kept in a file."""

    def __init__(
        self, path: Path | None = None, question: str = "", command: str = "", *, resume: bool = False
    ) -> None:
        self.path = path
        self.known: dict[str, Outcome] = {}
        self._file: IO[bytes] | None = None
        if path is None:
            return
        if resume and not path.exists():
            raise TnError(f"there is nothing to go on with: {path} does not exist")
        self._file = _locked(path)
        try:
            self._begin(self._file, {"format": FORMAT, "question": question, "command": command}, resume)
        except TnError:
            self.close()
            raise

    def add(self, job: Job, outcome: Outcome) -> None:
        """Keeps a result."""
        self.known[job.digest] = outcome
        if self._file is not None:
            _append(self._file, _entry(job.digest, asdict(outcome)))

    def find(self, job: Job) -> Outcome | None:
        """The result of a job, where it need not be done again."""
        found = self.known.get(job.digest)
        return found if found is not None and found.is_final else None

    def close(self) -> None:
        """Closes the file, which stays."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def remove(self) -> None:
        """Removes the file: all of it is in the report now."""
        self.close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    # --- the file --------------------------------------------------------------------------------

    def _begin(self, file: IO[bytes], head: Mapping[str, Any], resume: bool) -> None:
        """Reads what the file holds, and cuts off a last line that was not written whole."""
        file.seek(0)
        lines = file.read().splitlines(keepends=True)
        while lines and not _is_whole(lines[-1]):
            lines.pop()
        if lines:
            self._read(lines, head["question"], resume)
        elif file.tell():
            raise TnError(f"{self.path} holds no results of a comparison; remove it, or write another report")
        file.truncate(sum(map(len, lines)))
        if not lines:
            _append(file, head)

    def _read(self, lines: list[bytes], question: str, resume: bool) -> None:
        head, *results = map(_parsed, lines)
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            raise TnError(f"{self.path} holds no results of a comparison; remove it, or write another report")
        if head.get("question") != question:
            raise TnError(
                f"{self.path} belongs to another command: {head.get('command')}; remove it to begin anew"
            )
        if not resume:
            raise TnError(
                f"{self.path} holds {len(results)} results of an unfinished comparison: "
                "--resume goes on with them; remove the file to begin anew"
            )
        for number, line in enumerate(results, 2):
            if not isinstance(line, dict) or line != _entry(line.get("job"), line.get("outcome")):
                raise TnError(f"{self.path}: line {number} was changed; remove it, or the file to begin anew")
            self.known[line["job"]] = Outcome(**line["outcome"])


def _entry(digest: Any, outcome: Any) -> dict[str, Any]:
    """A result, with a sum that tells whether it is still what was written."""
    return {"job": digest, "outcome": outcome, "sum": fingerprint([digest, outcome])}


def _append(file: IO[bytes], value: Mapping[str, Any]) -> None:
    """One more line, safe on the disk."""
    file.write((json.dumps(value) + "\n").encode("utf-8"))
    file.flush()
    os.fsync(file.fileno())


def _locked(path: Path) -> IO[bytes]:
    """The file for reading and appending, made if there is none, for this process alone."""
    try:
        file = path.open("a+b")
    except OSError as error:
        raise TnError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from error
    if find_spec("fcntl") is not None:  # where the system has locks of this kind
        fcntl = import_module("fcntl")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise TnError(f"another process is writing {path}") from error
    return file


def _is_whole(line: bytes) -> bool:
    return line.endswith(b"\n") and _parsed(line) is not _TORN


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return _TORN


_TORN = object()
