"""The results of jobs as they come in, a line each, in a file beside the report: a comparison goes on after a stop."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from tncompile.comparison.jobs import Job, Outcome
from tncompile.source import TnError, read_bytes, write_whole

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
        if path is not None:
            self._read(path, question, resume)
            self._open(path, {"format": FORMAT, "question": question, "command": command})

    def add(self, job: Job, outcome: Outcome) -> None:
        """Keeps a result."""
        self.known[job.digest] = outcome
        if self._file is not None:
            self._file.write(_lines([_entry(job.digest, outcome)]))
            self._file.flush()
            os.fsync(self._file.fileno())

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

    def _read(self, path: Path, question: str, resume: bool) -> None:
        if not path.exists():
            if resume:
                raise TnError(f"there is nothing to go on with: {path} does not exist")
            return
        head, *lines = _whole_lines(read_bytes(path)) or [{}]
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            raise TnError(f"{path} holds no results of a comparison; remove it, or write another report")
        if head.get("question") != question:
            raise TnError(
                f"{path} belongs to another command: {head.get('command')}; remove it to begin anew"
            )
        if not resume:
            raise TnError(
                f"{path} holds {len(lines)} results of an unfinished comparison: "
                "--resume goes on with them; remove the file to begin anew"
            )
        try:
            self.known = {str(line["job"]): Outcome(**line["outcome"]) for line in lines}
        except (KeyError, TypeError) as error:
            raise TnError(f"{path} has a line that is no result; remove it to begin anew") from error

    def _open(self, path: Path, head: Mapping[str, Any]) -> None:
        """Opens the file for more lines; what it holds is written again, without a line that was torn."""
        write_whole(path, _lines([head, *(_entry(key, outcome) for key, outcome in self.known.items())]))
        self._file = path.open("ab")


def _entry(digest: str, outcome: Outcome) -> dict[str, Any]:
    return {"job": digest, "outcome": asdict(outcome)}


def _lines(values: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(value) + "\n" for value in values).encode("utf-8")


def _whole_lines(data: bytes) -> list[Any]:
    """The lines of a file, up to the first that was not written whole."""
    found = []
    for line in data.splitlines():
        try:
            found.append(json.loads(line))
        except (ValueError, RecursionError):
            break
    return found
