"""`tnc cost`: weights, operations, memory, degrees; as numbers and as formulas in the sizes."""

from __future__ import annotations

from typing import Any

import click
from rich import box
from rich.table import Table

from tncompile.cli.console import echo_json, table_console
from tncompile.cli.degrees import degree_text, degrees_of
from tncompile.cli.options import file_argument, json_option, load_network, memory_option, size_option
from tncompile.cli.search import search_options, searching
from tncompile.network import Network
from tncompile.plan import Account, Evaluation, account

NUMBER_BYTES = {"real": 8, "complex": 16}


@click.command("cost")
@file_argument
@size_option
@json_option
@memory_option("Numbers are counted as float64, or complex128 of a complex network. Default: no limit.")
@search_options
def command(
    file: str,
    settings: tuple[str, ...],
    as_json: bool,
    memory: int | None,
    budget: float | None,
    minimize: str,
    chain: str,
) -> None:
    """Count what the network of FILE costs: its weights, the operations of one sample, the memory.

    A multiplication with an addition counts as two operations (FLOPs). The gradient is that of all
    weights, the score included. The degree of the score in an input is 1 where it is used once; of an
    output with several members it is the highest of all. With --memory, what would need more is sliced, and what
    the slices compute again counts.
    """
    net = load_network(file, settings)
    limit = None if memory is None else memory // NUMBER_BYTES[net.field]
    with searching(budget, minimize, chain) as objective:
        spent = account(net, objective, limit)
    degrees = degrees_of(net)
    if as_json:
        echo_json(
            {
                "network": net.name,
                "sizes": {name: _plain(value) for name, value in net.sizes.items()},
                "weights": spent.weights.value,
                "weights_formula": str(spent.weights.formula),
                "score": _evaluation_json(spent.score),
                "gradient": None if spent.gradient is None else _evaluation_json(spent.gradient),
                "degree": degrees,
            }
        )
    else:
        _print_tables(net, spent, degrees)


def _evaluation_json(spent: Evaluation) -> dict[str, object]:
    """Numbers and formulas."""
    return {
        "flops": spent.flops.value,
        "slices": spent.slices,
        "peak_elements": spent.peak.value,
        "formula": str(spent.flops.formula),
        "peak_formula": str(spent.peak.formula),
    }


def _plain(value: object) -> object:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


# --- tables --------------------------------------------------------------------------------------


def _print_tables(net: Network, spent: Account, degrees: dict[str, Any]) -> None:
    console = table_console()
    sizes = ", ".join(f"{name} = {_plain(value)}" for name, value in net.sizes.items())
    console.print(f"[bold]{net.name}[/bold]  {sizes}".replace("[[", r"\[["), soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    table.add_column("number", justify="right")
    table.add_column("in the sizes", overflow="fold")
    table.add_row("weights", f"{spent.weights.value:,}", str(spent.weights.formula))
    for name, one in (("score", spent.score), ("gradient", spent.gradient)):
        if one is not None:
            table.add_section()
            table.add_row(f"{name}: FLOPs a sample", f"{one.flops.value:,}", str(one.flops.formula))
            table.add_row(f"{name}: peak elements", f"{one.peak.value:,}", str(one.peak.formula))
            if one.slices != 1:
                table.add_row(f"{name}: slices", f"{one.slices:,}" if one.slices else "do not help", "")
    console.print(table)
    if spent.gradient is not None and spent.score.flops.value:
        ratio = spent.gradient.flops.value / spent.score.flops.value
        console.print(f"the gradient costs {ratio:.2f} times the score")
    if degrees:
        text = ", ".join(degree_text(name, degree) for name, degree in degrees.items())
        console.print(f"degree: {text}", soft_wrap=True, markup=False)
