"""The way in and the way out: the group of subcommands, and the exit status of whatever happens."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from keyword import iskeyword
from typing import NoReturn, TextIO

import click

from tncompile.cli.console import echo, echo_problems
from tncompile.cli.faults import report_fault
from tncompile.source import TnError, UsageError

# The line of help stands here, not in the modules: `tnc --help` imports none of them.
COMMANDS = {
    "check": "Find every problem of networks, each with its place.",
    "fmt": "Write files in the one layout; comments are kept.",
    "import": "Write an einsum of another program as a network.",
    "show": "Show a network at any stage on its way to code, or draw it.",
    "cost": "Count weights, operations and memory, as numbers and as formulas.",
    "compile": "Write a stand-alone Python module.",
    "rank": "Find exact ranks of cuts, with bounds and certificates.",
    "dimension": "Find the dimension of the set of functions that a network can represent.",
    "compare": "Compare networks by what they can express and what they cost, with a report.",
    "fit": "Train a network on data.",
}
INTERRUPTED, PIPE_CLOSED, INPUT_AT_FAULT = 130, 141, 1


class Commands(click.Group):
    """A group that imports a subcommand when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """The names, in the order in which one meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of the module of this name."""
        if cmd_name not in COMMANDS:
            return None
        # The module of a command that is a word of Python ends in an underscore.
        module = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command: click.Command = import_module(f"tncompile.cli.{module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _show_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        metadata = import_module("importlib.metadata")
        try:
            version = metadata.version("tncompile")
        except metadata.PackageNotFoundError:
            version = "of a checkout that is not installed"
        click.echo(f"tnc {version}")
        context.exit()


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 done, 1 the input is at fault, 2 the command line is at fault, 70 a fault of tnc.",
)
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version,
              help="Show the version.")  # fmt: skip
def tnc() -> None:
    """Compile tensor networks, written as equations in `.tn` files, into stand-alone Python modules.

    `tnc COMMAND --help` tells more about each command.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run `tnc` and leave the process with its exit status."""
    status = run(sys.argv[1:] if arguments is None else arguments)
    try:
        if sys.stdout is not None:  # it is None where the shell has closed it
            sys.stdout.flush()
    except BrokenPipeError:
        status = _close_pipe()
    except OSError as error:
        status = _lose_output(error)
    sys.exit(status)


def run(arguments: Sequence[str]) -> int:
    """Run `tnc` with these arguments; returns the exit status and lets no exception out."""
    warnings.showwarning = _show_warning
    try:
        status = tnc.main(args=list(arguments), prog_name="tnc", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except UsageError as error:
        echo(f"tnc: error: {error}", err=True)
        return error.exit_status
    except TnError as error:
        echo_problems(error.diagnostics, error.source, err=True)
        return error.exit_status
    except (KeyboardInterrupt, click.Abort):
        echo("tnc: interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        return _close_pipe()
    except OSError as error:
        return _lose_output(error)
    except MemoryError:
        echo("tnc: error: there is not enough memory for this network at these sizes", err=True)
        return INPUT_AT_FAULT
    except Exception as error:  # whatever is left is ours
        return report_fault(error, arguments)


def _close_pipe() -> int:
    """Whoever read our output is gone: be quiet about it, also when the interpreter flushes at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PIPE_CLOSED


def _lose_output(error: OSError) -> int:
    """Files are read and written elsewhere: what is left is that standard output takes nothing more."""
    echo(f"tnc: error: cannot write to standard output: {(error.strerror or str(error)).lower()}", err=True)
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return INPUT_AT_FAULT


def _show_warning(
    message: Warning | str,
    category: type[Warning],  # noqa: ARG001  the signature is that of warnings.showwarning
    filename: str,  # noqa: ARG001
    lineno: int,  # noqa: ARG001
    file: TextIO | None = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    echo(f"tnc: warning: {message}", err=True)
