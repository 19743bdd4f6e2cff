"""What is measured: four networks that are also written by hand, and the zoo."""

from __future__ import annotations

from benchmarks.case import Workload
from benchmarks.workloads import cp, deep_rac, hierarchical_tucker, tensor_train
from benchmarks.workloads.zoo import zoo

BY_HAND = (
    tensor_train.workload("tt-small", d=64, n=2, r=16),
    tensor_train.workload("tt", d=64, n=4, r=32),
    hierarchical_tucker.workload("ht", batch=128, d=64, n=8, r=32),
    deep_rac.workload("rac", batch=128, T=64, M=8, R=32, L=2),
    cp.workload("cp", d=64, n=4, r=256),
)
QUICK = (
    tensor_train.workload("tt-quick", batch=64, d=16, n=2, r=8),
    cp.workload("cp-quick", batch=64, d=16, n=2, r=16),
)


def all_workloads() -> dict[str, Workload]:
    """Every workload by name."""
    return {one.name: one for one in (*BY_HAND, *QUICK, *zoo())}
