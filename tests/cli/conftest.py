"""How the command is called in tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from tncompile.cli.app import run

ROOT = Path(__file__).parents[2]


class Result(NamedTuple):
    """What a call left behind."""

    status: int
    out: str
    err: str


@pytest.fixture
def tnc(capsys, monkeypatch, tmp_path):
    """The command, in an empty folder with the examples it is asked for; returns a `Result`."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        for argument in arguments:
            example = ROOT / "examples" / argument
            if argument.endswith(".tn") and example.is_file() and not Path(argument).exists():
                shutil.copy(example, argument)
        status = run(arguments)
        return Result(status, *capsys.readouterr())

    return call


@pytest.fixture
def write(tmp_path):
    """Writes a file in the folder of the test."""

    def write_file(name, text):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return name

    return write_file


@pytest.fixture
def data(tmp_path):
    """Writes an .npz file in the folder of the test; by default 80 samples for `tensor_train.tn`."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 8, 3))
    usual = {"x": x, "y": (x.sum((1, 2)) > 0).astype(int)}

    def write_data(name="data.npz", **arrays):
        np.savez(tmp_path / name, **{k: v for k, v in (usual | arrays).items() if v is not None})
        return name

    return write_data


@pytest.fixture
def process():
    """The command as a process of its own; returns what subprocess.run returns."""

    def call(*arguments, **options):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run([sys.executable, "-m", "tncompile", *arguments], env=environment, cwd=ROOT,
                              capture_output=True, text=True, check=False, **options)  # fmt: skip

    return call
