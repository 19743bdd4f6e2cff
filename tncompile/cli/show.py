"""`tnc show`: a network at any stage, or drawn."""

from __future__ import annotations

from pathlib import Path

import click

from tncompile import draw
from tncompile.cli.console import echo
from tncompile.cli.cut_drawing import cut_to_draw
from tncompile.cli.module_options import ModuleKind, module_options
from tncompile.cli.options import file_argument, load_network, parse_sizes, read_input, size_option
from tncompile.cli.search import search_options, searching
from tncompile.cli.stages import STAGES, Request, stage_text
from tncompile.network import Network
from tncompile.source import UsageError, write_whole


@click.command("show")
@file_argument
@click.option(
    "--emit", "stage", type=click.Choice(list(STAGES)), help="The stage to show; network if nothing is said."
)
@click.option(
    "--gradient", "with_gradient", is_flag=True, help="Of the network with the gradient of its weights."
)
@click.option(
    "-o", "--output", metavar="DRAWING", help="Draw the network into this file: .svg, .png or .dot."
)
@click.option("--cut", metavar="CUT", help="Mark this cut in the drawing, and what its bound counts.")
@module_options
@search_options
@size_option
def command(
    file: str,
    stage: str | None,
    with_gradient: bool,
    output: str | None,
    cut: str | None,
    target: str,
    dtype: str | None,
    scaled: bool,
    budget: float | None,
    minimize: str,
    chain: str,
    settings: tuple[str, ...],
) -> None:
    """Show the network of FILE at a stage on its way to code, or draw it.

    \b
    syntax     the tree that was read
    network    the network with its sizes bound, as .tn text
    equations  every equation with its sums and hyperindices
    einsum     each output as one einsum, where it is one, as JSON
    plan       the steps that compute it, and what each costs
    python     the module that `tnc compile` would write with the same --target, --dtype and --scaled

    With -o FILE.svg the network is drawn as one would draw it on paper; with --cut NAME (as `tnc rank`
    takes it) the two sides of a cut have two colours, and the wires and states that bound its rank are marked.
    """
    if cut is not None and (output is None or Path(output).suffix.lower() not in draw.FORMATS):
        raise UsageError(f"--cut {cut}: a cut is shown in a drawing: say where with -o FILE.svg")

    kind = ModuleKind(target, dtype, scaled)

    def text(stage: str) -> str:
        with searching(budget, minimize, chain) as objective:
            sizes = parse_sizes(settings)
            return stage_text(stage, Request(read_input(file), sizes, with_gradient, objective, kind))

    if output is None:
        click.echo(text(stage or "network"), nl=False)
    elif Path(output).suffix.lower() in draw.FORMATS:
        if stage is not None or with_gradient or kind != ModuleKind():
            raise UsageError(
                "a drawing (-o) shows the network itself: leave --emit, --gradient and the options of modules away"
            )
        _draw(load_network(file, settings), output, cut)
    elif stage is not None:
        write_whole(output, text(stage))
    else:
        raise UsageError(f"-o {output}: a drawing ends in {', '.join(draw.FORMATS)}; text needs --emit")


def _draw(net: Network, output: str, cut: str | None) -> None:
    """Draws a network into a file, with a cut where one is asked for."""
    drawing = draw.draw(net) if cut is None else draw.draw(*cut_to_draw(net, cut))
    drawing.save(output)
    echo(f"drawn in {output}", err=True)
