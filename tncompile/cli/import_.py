"""`tnc import`: an einsum from elsewhere as a `.tn` file."""

from __future__ import annotations

from pathlib import Path

import click

from tncompile.cli.console import echo
from tncompile.cli.options import STANDARD_INPUT, parse_sizes, read_input, size_option
from tncompile.exchange import Einsum, network_text, read_json, read_string
from tncompile.exchange.einsum_string import ELLIPSIS
from tncompile.language import load_source
from tncompile.source import Source, UsageError, write_whole

USUAL_NAME = "einsum"


@click.command("import")
@click.argument("file", metavar="FILE.json|EINSUM")
@click.option("-o", "--output", metavar="FILE.tn", help="The file to write. Default: standard output.")
@click.option(
    "--inputs",
    "numbers",
    metavar="1,2,...",
    help="The operands that are inputs, counted from 1, or `all`. Default: none, all are weights.",
)
@size_option
def command(file: str, output: str | None, numbers: str | None, settings: tuple[str, ...]) -> None:
    """Write an einsum as a network: `tnc import 'ab,bc->ac' -s a=4 -s b=5 -s c=6 -o product.tn`.

    A file holds JSON as cotengra has it, {"inputs", "output", "size_dict"}, or as OMEinsum has it,
    {"einsum": {"ixs", "iy"}, "size"}. Of a string each letter needs its size; the axes of an ellipsis
    are a list: -s '...=[2,3]'. Operands become weights T1, T2, ...; an input has one array for each sample.
    """
    from_file = file == STANDARD_INPUT or file.lower().endswith(".json") or Path(file).is_file()
    if from_file and settings:
        raise UsageError("-s: sizes are for einsum strings; a JSON file has its own")
    einsum = read_json(read_input(file)) if from_file else read_string(file, _sizes(settings))
    title = Path(output or (file if from_file else "")).stem or USUAL_NAME
    text = network_text(einsum, title, _inputs(numbers, einsum), "" if from_file else f"The einsum {file}.")
    load_source(Source(output or file, text))  # what is written must compile
    if output is None:
        click.echo(text, nl=False)
    else:
        write_whole(output, text)
        echo(f"{output}: {len(einsum.inputs):,} operands, {len(einsum.labels):,} indices", err=True)


def _sizes(settings: tuple[str, ...]) -> dict[str, object]:
    """The sizes of letters, and of the ellipsis."""
    dots = [setting for setting in settings if setting.startswith(ELLIPSIS)]
    found: dict[str, object] = dict(
        parse_sizes(tuple(setting for setting in settings if setting not in dots))
    )
    for setting in dots:
        found[ELLIPSIS] = parse_sizes((f"ellipsis{setting.removeprefix(ELLIPSIS)}",))["ellipsis"]
    return found


def _inputs(numbers: str | None, einsum: Einsum) -> frozenset[int]:
    """The numbers of ``--inputs``."""
    count = len(einsum.inputs)
    if numbers is None:
        return frozenset()
    if numbers == "all":
        return frozenset(range(1, count + 1))
    found = frozenset(int(part) for part in numbers.split(",") if part.strip().isdecimal())
    if len(found) != len(numbers.split(",")) or not found <= frozenset(range(1, count + 1)):
        raise UsageError(f"--inputs {numbers}: write numbers from 1 to {count} with commas, or `all`")
    return found
