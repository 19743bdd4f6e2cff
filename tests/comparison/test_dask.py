"""A Dask cluster on this machine gives the same comparison, also when one of its workers is killed."""

from __future__ import annotations

import os
import signal

import pytest

from tests.comparison.questions import CP, TT
from tests.comparison.test_session import SMALL, Here, rows
from tncompile.comparison.interface import compare
from tncompile.source import TnError, UsageError

distributed = pytest.importorskip("distributed", reason="Dask is not installed (the extra `dask`)")

# What Dask leaves to the garbage collector is not ours.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1", silence_logs="CRITICAL"
    ) as cluster:
        yield cluster


def address(cluster):
    return cluster.scheduler_address.replace("tcp://", "dask://")


def test_two_workers_and_the_loss_of_one_change_nothing(cluster):
    reference = rows(compare([TT, CP], executor=Here(), **SMALL))
    assert rows(compare([TT, CP], executor=address(cluster), **SMALL)) == reference

    killed = []

    def kill_one(done, _total, _what):
        if done == 3 and not killed:
            killed.append(next(iter(cluster.workers.values())).pid)
            os.kill(killed[0], signal.SIGKILL)

    assert rows(compare([TT, CP], executor=address(cluster), progress=kill_one, **SMALL)) == reference
    assert killed


@pytest.mark.parametrize("wrong", ["dask://", "dask://host", "tcp://127.0.0.1:1", "ray://x:1"])
def test_an_address_that_is_none_is_refused(wrong):
    with pytest.raises(UsageError, match="write dask://HOST:PORT"):
        compare([TT, CP], executor=wrong, **SMALL)


def test_an_address_at_which_nobody_answers_is_told(monkeypatch):
    monkeypatch.setattr("tncompile.comparison.running.executors.CONNECT_SECONDS", 1)
    with pytest.raises(TnError, match=r"no Dask scheduler answers at dask://127\.0\.0\.1:1"):
        compare([TT, CP], executor="dask://127.0.0.1:1", **SMALL)
