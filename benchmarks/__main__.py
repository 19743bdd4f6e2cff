"""`python -m benchmarks`: our code beside everybody's."""

from __future__ import annotations

import os
from pathlib import Path

import click

from benchmarks.timing import set_threads


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1)
@click.option("--quick", is_flag=True, help="Small networks and few turns: below a minute.")
@click.option("--rival", "rivals", multiple=True, help="Only these.")
@click.option("--threads", default=os.cpu_count() or 1, show_default=True, help="Threads of every library.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all figures there.")
@click.option("--plot", type=click.Path(path_type=Path), help="Write a picture there.")
def main(
    names: tuple[str, ...],
    quick: bool,
    rivals: tuple[str, ...],
    threads: int,
    json_file: Path | None,
    plot: Path | None,
) -> None:
    """Measure speed, first results and memory beside the peers that are installed, and growth with the sizes.

    NAMES are workloads, `zoo` for every example, `growth`; all of them by default.
    """
    set_threads(threads)
    from benchmarks.session import measured  # NumPy comes with it, and reads the number of threads

    result = measured(names, quick, rivals, threads)
    from benchmarks.report.plot import draw
    from benchmarks.report.table import show

    show(result)
    if json_file is not None:
        json_file.write_text(result.to_json(), encoding="utf-8")
    if plot is not None:
        draw(result, plot)


if __name__ == "__main__":
    main()
