"""Scaled schedules: every number is a mantissa times a power of two that its sample carries along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tncompile.lazy import lazily

if TYPE_CHECKING:
    from tncompile.plan.scaling.scale import scaled

__all__ = ["scaled"]

__getattr__ = lazily(__name__, {"scaled": "tncompile.plan.scaling.scale:scaled"})
