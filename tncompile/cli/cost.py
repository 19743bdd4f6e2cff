"""`tnc cost`: weights, operations, memory, degrees; as numbers and as formulas in the sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click
from rich import box
from rich.table import Table

from tncompile.cli.console import echo_json, table_console
from tncompile.cli.degrees import degree_text, degrees_of
from tncompile.cli.options import file_argument, json_option, load_network, size_option
from tncompile.cli.search import search_options, searching
from tncompile.network import Extent, Network
from tncompile.plan import Schedule, cost, fold, order, peak_elements
from tncompile.plan.cost import total
from tncompile.plan.peak import elements
from tncompile.transform import gradient


@dataclass(frozen=True)
class Evaluation:
    """What one evaluation costs."""

    flops: Extent
    peak: Extent

    @staticmethod
    def of(flat: Network, schedule: Schedule) -> Evaluation:
        """The cost of a flat network and of the schedule made from it."""
        return Evaluation(cost(flat).flops, Extent(*peak_elements(schedule)))

    def to_json(self) -> dict[str, object]:
        """Numbers and formulas."""
        return {
            "flops": self.flops.value,
            "peak_elements": self.peak.value,
            "formula": str(self.flops.formula),
            "peak_formula": str(self.peak.formula),
        }


@click.command("cost")
@file_argument
@size_option
@json_option
@search_options
def command(file: str, settings: tuple[str, ...], as_json: bool, budget: float | None, minimize: str) -> None:
    """Count what the network of FILE costs: its weights, the operations of one sample, the memory.

    A multiplication with an addition counts as two operations (FLOPs). The gradient is that of all
    weights, the score included. The degree of the score in an input is 1 where it is used once; of an
    output with several members it is the highest of all.
    """
    net = load_network(file, settings)
    with searching(budget, minimize) as objective:
        flat = order(net, objective)
    schedule = fold(flat)
    weights, score = count_weights(schedule), Evaluation.of(flat, schedule)
    backward = None
    if weights.value:
        with_gradient = gradient(flat)
        backward = Evaluation.of(with_gradient, fold(with_gradient))
    degrees = degrees_of(net)
    if as_json:
        echo_json(
            {
                "network": net.name,
                "sizes": {name: _plain(value) for name, value in net.sizes.items()},
                "weights": weights.value,
                "weights_formula": str(weights.formula),
                "score": score.to_json(),
                "gradient": None if backward is None else backward.to_json(),
                "degree": degrees,
            }
        )
    else:
        _print_tables(net, weights, score, backward, degrees)


def count_weights(schedule: Schedule) -> Extent:
    """How many numbers the weights of a schedule hold."""
    return total(elements(buffer) for buffer in schedule.buffers.values() if buffer.role == "weight")


def _plain(value: object) -> object:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


# --- tables --------------------------------------------------------------------------------------


def _print_tables(
    net: Network, weights: Extent, score: Evaluation, backward: Evaluation | None, degrees: dict[str, Any]
) -> None:
    console = table_console()
    sizes = ", ".join(f"{name} = {_plain(value)}" for name, value in net.sizes.items())
    console.print(f"[bold]{net.name}[/bold]  {sizes}".replace("[[", r"\[["), soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    table.add_column("number", justify="right")
    table.add_column("in the sizes", overflow="fold")
    table.add_row("weights", f"{weights.value:,}", str(weights.formula))
    for name, spent in (("score", score), ("gradient", backward)):
        if spent is not None:
            table.add_section()
            table.add_row(f"{name}: FLOPs a sample", f"{spent.flops.value:,}", str(spent.flops.formula))
            table.add_row(f"{name}: peak elements", f"{spent.peak.value:,}", str(spent.peak.formula))
    console.print(table)
    if backward is not None and score.flops.value:
        console.print(f"the gradient costs {backward.flops.value / score.flops.value:.2f} times the score")
    if degrees:
        text = ", ".join(degree_text(name, degree) for name, degree in degrees.items())
        console.print(f"degree: {text}", soft_wrap=True, markup=False)
