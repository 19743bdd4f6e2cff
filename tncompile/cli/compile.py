"""`tnc compile`: a stand-alone module."""

from __future__ import annotations

import click

from tncompile.cli.console import echo
from tncompile.cli.module_options import module_options
from tncompile.cli.options import file_argument, load_network, memory_option, size_option
from tncompile.cli.search import search_options, searching
from tncompile.runtime import compile_network


@click.command("compile")
@file_argument
@click.option("-o", "--output", metavar="MODULE.py", required=True, help="The module to write.")
@module_options
@memory_option("Default: half of what is free.")
@search_options
@size_option
def command(
    file: str,
    output: str,
    target: str,
    dtype: str | None,
    memory: int | None,
    scaled: bool,
    budget: float | None,
    minimize: str,
    chain: str,
    settings: tuple[str, ...],
) -> None:
    """Write the network of FILE as a Python module that needs nothing but the array library.

    The module offers `init`, `score`, `bind` and `score_and_gradient`, and says how to call them.
    """
    net = load_network(file, settings)
    with searching(budget, minimize, chain) as objective:
        model = compile_network(net, target, dtype, memory, objective, scaled=scaled)
        model.save(output)
    count = sum(_size(shape) for shape in model.weights.values())
    lines = model.source.count("\n")
    echo(f"{output}: {lines} lines, {count:,} weights, {model.dtype}, imports {model.target}", err=True)


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for extent in shape:
        size *= extent
    return size
