"""Certificate files: written by `tnc rank -o`, checked by `tnc rank --verify`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from tncompile.cli.console import echo, echo_json
from tncompile.expressivity.certificates.check_certificate import verify_certificate
from tncompile.source import Source, TnError, read_source, write_whole


def write_certificates(file: str, claims: Sequence[Mapping[str, object]]) -> None:
    """One file with a certificate for each cut."""
    write_whole(file, json.dumps(list(claims), indent=1, ensure_ascii=False) + "\n")


def verify_file(source: Source, file: str, as_json: bool) -> None:
    """Check every certificate of a file against the text of a network. Raises TnError where one fails."""
    checked = []
    for claim in _read(file):
        name = _cut_name(claim)
        try:
            said = verify_certificate(claim, source.text)
        except TnError as error:
            reason = error.diagnostics[0].message if error.diagnostics else str(error)
            raise TnError(f"{file}: the certificate of `{name}` does not hold: {reason}") from error
        checked.append({"cut": name, "verified": list(said)})
        if not as_json:
            _print_checked(name, said)
    if as_json:
        echo_json({"certificate": file, "cuts": checked})
    else:
        echo(f"{len(checked)} of {len(checked)} certificates hold", err=True)


def _print_checked(name: str, said: Sequence[str]) -> None:
    echo(click.style(name, bold=True))
    for sentence in said:
        echo(f"  {sentence}")


def _read(file: str) -> list[dict[str, Any]]:
    """The certificates of a file. Raises TnError for anything else."""
    try:
        found = json.loads(read_source(file).text)
    except (ValueError, RecursionError) as error:
        raise TnError(f"{file} is not a certificate: it is not JSON") from error
    claims = found if isinstance(found, list) else [found]
    if not claims or not all(isinstance(claim, dict) for claim in claims):
        raise TnError(f"{file} is not a certificate of `tnc rank`")
    return claims


def _cut_name(claim: Mapping[str, Any]) -> str:
    cut = claim.get("cut")
    return str(cut.get("name", "?")) if isinstance(cut, dict) else "?"
