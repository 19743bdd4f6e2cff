"""Buffers of which a loop needs only the newest position: variables instead of arrays."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from tncompile.plan.schedule import Buffer, Loop, Step


def rolled(
    body: tuple[Step | Loop, ...], buffers: Mapping[str, Buffer], kept: Collection[str]
) -> tuple[tuple[Step | Loop, ...], dict[str, Buffer]]:
    return body, dict(buffers)
