"""`python -m benchmarks`: our code beside everybody's."""

from __future__ import annotations

import os
from pathlib import Path

import click

from benchmarks.peers import PEERS
from benchmarks.timing import set_threads


def _writable(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    """A file that can be written, said before hours of measuring."""
    if path is None:
        return None
    if path.is_dir() or not path.parent.is_dir():
        raise click.BadParameter(
            f"{path} is a folder" if path.is_dir() else f"there is no folder {path.parent}"
        )
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise click.BadParameter(f"{path} may not be written")
    return path


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1)
@click.option("--quick", is_flag=True, help="Small networks and few turns: below a minute.")
@click.option(
    "--rival", "rivals", multiple=True, type=click.Choice(list(PEERS)), help="Only this one; repeatable."
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    show_default=True,
    help="Threads of every library.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path),
    callback=_writable,
    help="Write all figures there.",
)
@click.option("--plot", type=click.Path(path_type=Path), callback=_writable, help="Write a picture there.")
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
    from benchmarks.report.plot import FORMATS, draw
    from benchmarks.report.table import show
    from benchmarks.session import measured  # NumPy comes with it, and reads the number of threads

    if plot is not None and plot.suffix not in FORMATS:
        raise click.BadParameter(f"{plot}: a picture ends in {', '.join(FORMATS)}", param_hint="--plot")
    result = measured(names, quick, rivals, threads)
    show(result)
    if json_file is not None:
        json_file.write_text(result.to_json(), encoding="utf-8")
    if plot is not None:
        draw(result, plot)


if __name__ == "__main__":
    main()
