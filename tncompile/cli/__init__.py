"""The `tnc` command: a file for each subcommand, one way in (`main`), one way out (an exit status)."""

from tncompile.cli.app import main

__all__ = ["main"]
