"""The stand-in of a device and of CuPy on it."""

from __future__ import annotations

import pytest

from tests.device.cupy import installed
from tests.device.machine import Machine


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def cupy(monkeypatch, machine):
    with installed(monkeypatch, machine) as module:
        yield module
