"""The comparison as comma-separated values: a line for each row, a column for each figure."""

from __future__ import annotations

import csv
import io

from tncompile.comparison.report.data import plain
from tncompile.comparison.result import Comparison


def render(comparison: Comparison) -> str:
    """CSV text with a line of names; what is missing is empty."""
    rows = comparison.records()
    names = list(dict.fromkeys(name for row in rows for name in row))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: plain(value) for name, value in row.items()} for row in rows)
    return stream.getvalue()
