"""Scaled schedules: every number is a mantissa times a power of two that its sample carries along."""

from tncompile.plan.scaling.balance import balanced_gradient
from tncompile.plan.scaling.scale import scaled

__all__ = ["balanced_gradient", "scaled"]
