"""Reading and writing of files: a file is written whole or not at all, and every failure is one message."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tncompile.source.errors import TnError
from tncompile.source.report import Diagnostic
from tncompile.source.text import Source, Span


def read_source(path: str | os.PathLike[str]) -> Source:
    """The text of a file as a `Source`; raises `TnError` where it cannot be read as UTF-8."""
    name, data = os.fspath(path), read_bytes(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # What stands before the first bad byte is shown, so that the place is known.
        start = data[: error.start].decode("utf-8-sig")
        message = f"byte 0x{data[error.start]:02x} is not UTF-8 text"
        place = Span(len(start), len(start) + 1)
        source = Source(name, start + "�")
        raise TnError([Diagnostic(message, place, help="save the file as UTF-8")], source) from error
    return Source(name, text.replace("\r\n", "\n"))


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """What a file holds; raises `TnError` where it cannot be read."""
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise TnError(f"cannot read {os.fspath(path)}: {_reason(error)}") from error


def write_whole(path: str | os.PathLike[str], data: str | bytes) -> None:
    """Write a file so that it holds all of ``data`` or what it held before.

    The data goes to a new file beside the old one, which it then replaces. A device or a pipe is
    written as it stands. Raises `TnError` where the path cannot be written.
    """
    name = os.fspath(path)
    content = data.encode("utf-8") if isinstance(data, str) else data
    try:
        target = Path(os.path.realpath(path))
        mode = target.stat().st_mode if target.exists() else None
        if mode is None or stat.S_ISREG(mode):
            _replace(target, content, mode)
        else:
            target.write_bytes(content)
    except (OSError, ValueError) as error:
        raise TnError(f"cannot write {name}: {_reason(error)}") from error


def _replace(target: Path, content: bytes, mode: int | None) -> None:
    if mode is not None and not os.access(target, os.W_OK):
        raise PermissionError(0, "it may not be written")
    beside = target.with_name(f".{target.name[:100]}.{os.getpid()}.part")
    try:
        # Opened by hand: the mode then follows the umask, as for any new file.
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            beside.chmod(stat.S_IMODE(mode))
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    if isinstance(error, FileNotFoundError):
        return "there is no such file or folder"
    if isinstance(error, NotADirectoryError):
        return "a part of the path is not a folder"
    if isinstance(error, PermissionError):
        return "permission denied"
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)).lower()
