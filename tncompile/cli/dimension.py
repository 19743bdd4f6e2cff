"""`tnc dimension`: how large the set of functions is that a network can represent."""

from __future__ import annotations

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tncompile.cli.console import echo_json, table_console
from tncompile.cli.options import file_argument, json_option, load_network, size_option
from tncompile.cli.rank_tables import COLOURS, WORDS, print_title
from tncompile.expressivity.dimension import Dimension, dimension


@click.command("dimension")
@file_argument
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@size_option
@json_option
def command(file: str, seed: int, settings: tuple[str, ...], as_json: bool) -> None:
    """Find the dimension of the set of functions that the network of FILE can represent.

    The rank of the derivatives of the scores by the weights, at random weights, in exact arithmetic. What
    the weights are more than that is gauge freedom: directions that change no function.
    """
    found = dimension(load_network(file, settings), seed=seed)
    if as_json:
        echo_json(found.to_dict())
    else:
        print_dimension(table_console(), found)


def print_dimension(console: Console, found: Dimension) -> None:
    """The numbers, what each means, and how sure they are."""
    print_title(console, found.network, found.sizes)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=False)
    table.add_column("")
    table.add_column("", justify="right")
    table.add_column("", overflow="fold")
    table.add_row("weights", f"{found.weights:,}", "numbers that are trained")
    table.add_row("dimension", Text(f"{found.dimension:,}", "bold"), "of the set of functions")
    expected = "–" if found.expected is None else f"{found.expected:,}"
    table.add_row("expected", expected, _expected_text(found))
    table.add_row("gauge", f"{found.gauge:,}", "directions of the weights that change no function")
    console.print(table)
    colour = COLOURS[found.verdict]
    console.print(Text.assemble((WORDS.get(found.verdict, found.verdict), colour), ": ", _certainty(found)))


def _expected_text(found: Dimension) -> str:
    if found.expected is None:
        return "no count is known for this kind of network"
    if found.defect:
        return f"from counting weights and bonds; the dimension falls short by {found.defect:,}"
    return "from counting weights and bonds"


def _certainty(found: Dimension) -> str:
    match found.verdict:
        case "exact":
            return "the rank found meets the bound"
        case "probable" if found.failure is not None:
            return f"larger only with probability ≤ {float(found.failure):.1e}"
        case "numerical":
            return "a rank in floating-point numbers, for random weights"
    return "a lower bound that is certain"
