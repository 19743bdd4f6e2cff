"""Certificates as text, as many as a page may carry."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence

from markupsafe import Markup

from tncompile.comparison.report.series import point_text, value_text
from tncompile.comparison.result import Certificate, Comparison, Entry
from tncompile.source.records import record

MOST_BYTES = 1_000_000
AROUND = 300  # bytes of the page around a certificate


@record
class Claim:
    """A certificate as it stands in the page."""

    network: str
    point: str
    cut: str
    text: Markup


@record
class Appendix:
    """The certificates that fit, how many do not, and the command that makes one of those."""

    claims: Sequence[Claim]
    missing: int
    command: str


def appendix_of(comparison: Comparison, room: int = MOST_BYTES) -> Appendix:
    """The certificates in their order, until ``room`` (bytes) is spent."""
    claims: list[Claim] = []
    for certificate in comparison.certificates:
        text = _escaped(json.dumps(certificate.certificate, ensure_ascii=False))
        room -= len(text.encode("utf-8")) + AROUND
        if room < 0:
            break
        claims.append(Claim(certificate.network, point_text(certificate.point), certificate.cut, text))
    left = comparison.certificates[len(claims) :]
    return Appendix(claims, len(left), _command(comparison, left[0]) if left else "")


def _escaped(text: str) -> Markup:
    """Text between tags: quotes, of which JSON is full, may stand as they are there."""
    return Markup(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def _command(comparison: Comparison, certificate: Certificate) -> str:
    entry = next((e for e in comparison.entries if e.label == certificate.network), None)
    row = next((r for r in comparison.rows if (r.network, r.point) == (certificate.network, certificate.point)), None)  # fmt: skip
    sizes = row.sizes if row is not None else certificate.point
    settings = [part for name, value in sizes.items() for part in ("-s", f"{name}={value_text(value)}")]
    words = ["tnc", "rank", _file(entry), *settings, "--cut", certificate.cut, "-o", "certificate.json"]
    return shlex.join(words)


def _file(entry: Entry | None) -> str:
    return entry.file if entry is not None and entry.file else "network.tn"
