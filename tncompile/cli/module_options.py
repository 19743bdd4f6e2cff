"""The options that say what a module is made for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from tncompile.codegen import DTYPES, LIBRARIES
from tncompile.source.records import record

Command = TypeVar("Command", bound=Callable[..., object])


@record
class ModuleKind:
    """An array library, the type of the numbers (None for the usual one), and whether they are scaled."""

    target: str = "numpy"
    dtype: str | None = None
    scaled: bool = False


def module_options(command: Command) -> Command:
    """``--target``, ``--dtype`` and ``--scaled``"""
    command = click.option(
        "--scaled",
        is_flag=True,
        help="Carry powers of two along: results are pairs (mantissa, scale) that neither over- nor underflow.",
    )(command)
    command = click.option(
        "--dtype",
        type=click.Choice(list(DTYPES)),
        help="Default: float64, or complex128 of a complex network.",
    )(command)
    return click.option(
        "--target",
        type=click.Choice(list(LIBRARIES)),
        default=ModuleKind.target,
        show_default=True,
        help="The array library.",
    )(command)
