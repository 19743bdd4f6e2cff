"""`tnc fmt`: files in the one layout."""

from __future__ import annotations

import click

from tncompile.cli.console import echo, echo_problems
from tncompile.cli.options import STANDARD_INPUT, read_input, size_option
from tncompile.language import format_text
from tncompile.source import Source, TnError, write_whole


@click.command("fmt")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; exit status 1 if a file would change."
)
@size_option
def command(files: tuple[str, ...], only_check: bool, settings: tuple[str, ...]) -> int:  # noqa: ARG001
    """Write each FILE in the one layout of the language; comments are kept.

    `-` formats standard input onto standard output. A file that cannot be read as a network is left as
    it is. (Sizes are accepted, as by every command, and change nothing here.)
    """
    status = 0
    for file in files:
        try:
            changed = _format_file(file, only_check)
        except TnError as error:
            echo_problems(error.diagnostics, error.source, err=True)
            status = error.exit_status
        else:
            status = max(status, int(changed and only_check))
    return status


def _format_file(file: str, only_check: bool) -> bool:
    """Format one file, unless this is only a check; returns whether its text is another then."""
    source: Source = read_input(file)
    text = format_text(source)
    changed = text != source.text
    if only_check:
        if changed:
            echo(f"would change {file}")
    elif file == STANDARD_INPUT:
        click.echo(text, nl=False)
    elif changed:
        write_whole(file, text)
        echo(f"formatted {file}")
    return changed
