"""Arguments and options that several commands share."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

import click

from tncompile.cli.faults import TRACEBACK_OPTION
from tncompile.language import load_source
from tncompile.network import Network
from tncompile.source import Source, TnError, UsageError, read_source
from tncompile.source.numbers import bytes_of

Value = int | float | list["Value"]
Command = TypeVar("Command", bound=Callable[..., object])

STANDARD_INPUT = "-"
_NAME = re.compile(r"[^\W\d]\w*")
_LABELLED_NAME = re.compile(r"(?:[^\W\d]\w*\.)?[^\W\d]\w*")
_POWER_OF_TEN = re.compile(r"[-+]?\d{1,9}[eE]\+?\d{1,2}")
_NUMBER_TEXT = re.compile(r"[-+.\deE,\[\]\s]+")


def parse_sizes(settings: tuple[str, ...], *, labels: bool = False) -> dict[str, Value]:
    """``NAME=VALUE`` of each ``-s``; raises `UsageError` where one is not a number or a list of them.

    With ``labels`` a name may say of which network it is a size: ``cp.r``.
    """
    sizes: dict[str, Value] = {}
    for setting in settings:
        name, equals, text = (part.strip() for part in setting.partition("="))
        if not equals or not text:
            raise UsageError(f"-s {setting}: write -s NAME=VALUE, such as -s d=16")
        if not (_LABELLED_NAME if labels else _NAME).fullmatch(name):
            raise UsageError(f"-s {setting}: `{name}` is not a name")
        if name in sizes:
            raise UsageError(f"-s {setting}: `{name}` is given twice")
        sizes[name] = _parse_value(setting, text)
    return sizes


def _parse_value(setting: str, text: str) -> Value:
    """An integer, a number, or a list; the spelling of lists and numbers is that of JSON."""
    if _POWER_OF_TEN.fullmatch(text):
        return int(Decimal(text))
    try:
        value = json.loads(text) if _NUMBER_TEXT.fullmatch(text) else None
    except (ValueError, RecursionError):
        value = None
    if value is None:
        raise UsageError(
            f"-s {setting}: `{_short(text)}` is neither a number nor a list; "
            "write an integer (-s d=16), a number (-s a=0.5) or a list (-s 'r=[4,6,8]')"
        )
    if not _finite(value):
        raise UsageError(f"-s {setting}: the number is too large")
    return value  # type: ignore[no-any-return]  # only numbers and lists pass the test of the spelling


def _finite(value: Value) -> bool:
    """Whether every number is finite (``1e999`` is not)."""
    if isinstance(value, list):
        return all(_finite(item) for item in value)
    return isinstance(value, int) or math.isfinite(value)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def read_input(file: str) -> Source:
    """The text of a file, or of standard input where the file is ``-``."""
    if file != STANDARD_INPUT:
        return read_source(file)
    try:
        return Source("<standard input>", sys.stdin.buffer.read().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise TnError("standard input is not UTF-8 text") from error


def load_network(file: str, settings: tuple[str, ...]) -> Network:
    """The network of a file at the sizes of the command line."""
    return load_source(read_input(file), parse_sizes(settings))


def file_argument(command: Command) -> Command:
    """One `.tn` file."""
    return click.argument("file", metavar="FILE")(command)


def size_option(command: Command) -> Command:
    """``-s NAME=VALUE``, and the traceback of a fault of ours."""
    command = click.option(
        TRACEBACK_OPTION,
        is_flag=True,
        hidden=True,
        expose_value=False,
        help="Show the traceback of a fault of tnc.",
    )(command)
    return click.option(
        "-s",
        "--size",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        help="Bind a size or a number of the file; repeatable. Lists as -s 'r=[4,6,8]'.",
    )(command)


def json_option(command: Command) -> Command:
    """``--json``"""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")(
        command
    )


def _read_bytes(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    """A number of bytes, maybe with a unit: ``8G``."""
    if text is None:
        return None
    try:
        return bytes_of(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def memory_option(without: str) -> Callable[[Command], Command]:
    """``--memory BYTES``; ``without`` says what holds if it is not given."""
    return click.option(
        "--memory",
        metavar="BYTES",
        callback=_read_bytes,
        help=f"The most memory to use at a time; what needs more is sliced. {without}",
    )
