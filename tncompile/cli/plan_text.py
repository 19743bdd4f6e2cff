"""A plan as a table."""

from __future__ import annotations

import io

from rich import box
from rich.console import Console
from rich.table import Table

from tncompile.network import Extent, Formula
from tncompile.plan import PlanRow, Schedule, peak_elements, plan_table

WIDTH = 132


def plan_text(schedule: Schedule) -> str:
    """Every step: what it reads, writes and costs, and the loop or batch it runs in."""
    rows = plan_table(schedule)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=True)
    table.add_column("step", justify="right", style="dim")
    table.add_column("loop", overflow="fold")
    table.add_column("operation")
    table.add_column("operands", overflow="fold")
    table.add_column("result", overflow="fold")
    table.add_column("shape", overflow="fold")
    table.add_column("batch", footer="in all")
    table.add_column("FLOPs", justify="right", footer=f"{sum(row.flops.value for row in rows):,}")
    table.add_column("elements", justify="right", footer=f"{sum(row.elements.value for row in rows):,}")
    for row in rows:
        table.add_row(*_cells(row))
    stream = io.StringIO()
    console = Console(file=stream, width=WIDTH, highlight=False)
    console.print(table)
    peak, formula = peak_elements(schedule)
    return _trimmed(stream.getvalue()) + f"at its peak {peak:,} elements: {_short(formula)}\n"


def _cells(row: PlanRow) -> tuple[str, ...]:
    return (
        str(row.number),
        "\n".join("  " * depth + loop for depth, loop in enumerate(row.loops)),
        row.operation,
        "\n".join(row.operands),
        row.result,
        "(" + ", ".join(map(_extent, row.shape)) + ")",
        ", ".join(row.batch),
        f"{row.flops.value:,}",
        f"{row.elements.value:,}",
    )


def _extent(extent: Extent) -> str:
    return str(extent.formula)


def _short(formula: Formula) -> str:
    text = str(formula)
    return text if len(text) <= WIDTH - 40 else text[: WIDTH - 43] + "..."


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines()) + "\n"
