"""A plan as a table."""

from __future__ import annotations

import io
import textwrap

from rich import box
from rich.console import Console
from rich.table import Table

from tncompile.network import Extent
from tncompile.plan import PlanRow, Schedule, peak_elements, plan_table

WIDTH = 100


def plan_text(schedule: Schedule) -> str:
    """Every step: what it reads, writes and costs, and the loop or batch it runs in."""
    rows = plan_table(schedule)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=True)
    table.add_column("", justify="right", style="dim")
    table.add_column("step")
    table.add_column("loop or batch", overflow="fold")
    table.add_column("operands", overflow="fold")
    table.add_column("result", overflow="fold")
    table.add_column("shape", overflow="fold")
    table.add_column("FLOPs", justify="right", footer=f"{sum(row.flops.value for row in rows):,}")
    table.add_column("elements", justify="right", footer=f"{sum(row.elements.value for row in rows):,}")
    for row in rows:
        table.add_row(*_cells(row))
    stream = io.StringIO()
    Console(file=stream, width=WIDTH, highlight=False).print(table)
    peak, formula = peak_elements(schedule)
    sizes = ", ".join(f"{name} = {value}" for name, value in schedule.network.sizes.items())
    head = textwrap.fill(f"{schedule.network.name}: {sizes}", WIDTH, subsequent_indent="    ")
    foot = textwrap.fill(f"at its peak {peak:,} elements: {formula}", WIDTH, subsequent_indent="    ")
    return f"{head}\n\n{_trimmed(stream.getvalue())}\n{foot}\n"


def _cells(row: PlanRow) -> tuple[str, ...]:
    places = ["  " * depth + f"for {loop}" for depth, loop in enumerate(row.loops)]
    if row.batch:
        places.append(f"all {', '.join(row.batch)} at once")
    return (
        str(row.number),
        row.operation,
        "\n".join(places),
        "\n".join(row.operands),
        row.result,
        "(" + ", ".join(map(_extent, row.shape)) + ")",
        f"{row.flops.value:,}",
        f"{row.elements.value:,}",
    )


def _extent(extent: Extent) -> str:
    return str(extent.formula)


def _trimmed(text: str) -> str:
    lines = [line.rstrip() for line in text.splitlines()]
    return "\n".join(line for line in lines if line) + "\n"
