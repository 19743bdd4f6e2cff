"""Where jobs are done: in threads of this process that each guard a worker, or on a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from tncompile.comparison.running.guard import stop_workers
from tncompile.source import TnError, UsageError

DASK = "dask://"
CONNECT_SECONDS = 10


def core_count() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def local_executor(jobs: int) -> Iterator[Executor]:
    """So many workers on this machine; left in a hurry, they are stopped where they are."""
    executor = ThreadPoolExecutor(jobs, thread_name_prefix="compare")
    try:
        yield executor
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        stop_workers()
        executor.shutdown()  # no thread waits for a worker any more


@contextmanager
def dask_executor(address: str) -> Iterator[Executor]:
    """The workers of the Dask cluster at ``dask://HOST:PORT``; they need tncompile, and the data of a fit at the same path.

    Raises UsageError for what is no address or where `distributed` is missing, TnError where no scheduler answers.
    """
    place = address.removeprefix(DASK)
    if not address.startswith(DASK) or ":" not in place:
        raise UsageError(f"--executor {address}: write dask://HOST:PORT")
    if find_spec("distributed") is None:
        raise UsageError(
            "--executor dask://...: `distributed` is not installed; pip install 'tncompile[dask]'"
        )
    client = _connected(import_module("distributed"), place, address)
    try:
        yield client.get_executor()
    finally:
        client.close(timeout=CONNECT_SECONDS)


def _connected(distributed: Any, place: str, address: str) -> Any:
    try:
        return distributed.Client(f"tcp://{place}", timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise TnError(f"no Dask scheduler answers at {address}: {error}") from error
