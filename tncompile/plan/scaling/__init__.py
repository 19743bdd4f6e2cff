"""Scaled schedules: every number is a mantissa times a power of two that its sample carries along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tncompile.lazy import lazily

if TYPE_CHECKING:
    from tncompile.plan.scaling.balance import balanced_gradient
    from tncompile.plan.scaling.scale import scaled

__all__ = ["balanced_gradient", "scaled"]

__getattr__ = lazily(
    __name__,
    {
        "balanced_gradient": "tncompile.plan.scaling.balance:balanced_gradient",
        "scaled": "tncompile.plan.scaling.scale:scaled",
    },
)
