"""`tnc check`: every problem of every file."""

from __future__ import annotations

from typing import Any

import click

from tncompile.cli.console import echo, echo_json, echo_problems
from tncompile.cli.options import json_option, parse_sizes, read_input, size_option
from tncompile.language import examine
from tncompile.runtime.probe_warnings import probe_warnings
from tncompile.source import Diagnostic, Source, TnError
from tncompile.transform.matrices.cuts import cut_warnings


@click.command("check")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@size_option
@json_option
def command(files: tuple[str, ...], settings: tuple[str, ...], as_json: bool) -> int:
    """Find every problem of each FILE, with its place.

    Errors are what keeps a network from being built. Warnings are what is seldom meant: tensors that
    are never used, extents that agree by accident, a cut that has no meaning at these sizes, a score
    that does not depend on an input. The exit status is 1 if there is an error.
    """
    sizes = parse_sizes(settings)
    reports = [_check_file(file, sizes) for file in files]
    if as_json:
        echo_json({"files": [_report(file, *report) for file, report in zip(files, reports, strict=True)]})
    else:
        for file, (source, problems) in zip(files, reports, strict=True):
            _print_report(file, source, problems)
    return int(any(problem.kind == "error" for _, problems in reports for problem in problems))


def _check_file(file: str, sizes: dict[str, Any]) -> tuple[Source | None, list[Diagnostic]]:
    """The problems of a file; without a source where it cannot be read."""
    try:
        source = read_input(file)
    except TnError as error:
        return error.source, list(error.diagnostics)
    network, problems = examine(source, sizes)
    if network is not None:
        # What is never used cannot have an effect either: once is enough.
        told = {problem.span for problem in problems}
        problems += cut_warnings(network)
        problems += [warning for warning in probe_warnings(network) if warning.span not in told]
    return source, problems


def _print_report(file: str, source: Source | None, problems: list[Diagnostic]) -> None:
    echo_problems(problems, source, err=False)
    errors = sum(problem.kind == "error" for problem in problems)
    warnings = len(problems) - errors
    counts = [_count(errors, "error")] * bool(errors) + [_count(warnings, "warning")] * bool(warnings)
    state = click.style("failed", fg="red", bold=True) if errors else click.style("ok", fg="green", bold=True)
    echo(f"{state} {file}" + (f" ({', '.join(counts)})" if counts else ""))


def _count(count: int, word: str) -> str:
    return f"{count} {word}" + "s" * (count != 1)


def _report(file: str, source: Source | None, problems: list[Diagnostic]) -> dict[str, object]:
    return {
        "file": file,
        "ok": not any(problem.kind == "error" for problem in problems),
        "problems": [_problem(problem, source) for problem in problems],
    }


def _problem(problem: Diagnostic, source: Source | None) -> dict[str, object]:
    entry: dict[str, object] = {"kind": problem.kind, "message": problem.message}
    if source is not None and problem.span.start >= 0:
        entry["line"], entry["column"] = source.position(problem.span.start)
    if problem.help:
        entry["help"] = problem.help
    if problem.values:
        entry["with"] = dict(problem.values)
    if source is not None and problem.notes:
        entry["notes"] = [
            dict(zip(("line", "column"), source.position(note.span.start), strict=True))
            | {"message": note.message}
            for note in problem.notes
        ]
    return entry
