"""The tables of the parser, kept from one process to the next: made once, made anew where they do not fit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from tncompile.language.tables import tables_file
from tncompile.language.parse import parse
from tncompile.source import Source
print(parse(Source("a.tn", "network a\\nsize n = 2\\nweight A(n)\\noutput y() = A(i) * A(i)\\n")).statements[-1])
print(tables_file())
"""


def run(place, **more):
    """What the program prints, where compiled modules are kept in ``place``."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    env |= {"PYTHONPYCACHEPREFIX": str(place), "PYTHONPATH": str(ROOT)} | more
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, check=True, cwd=place
    )
    assert not done.stderr
    statement, path = done.stdout.splitlines()
    return statement, Path(path)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    place = tmp_path_factory.mktemp("kept")
    return (place, *run(place))


def test_tables_lie_beside_the_compiled_modules_and_serve_again(first):
    place, statement, tables = first
    assert tables.is_file()
    assert tables.is_relative_to(place)
    made = tables.stat().st_mtime_ns
    assert run(place) == (statement, tables)
    assert tables.stat().st_mtime_ns == made


@pytest.mark.parametrize("cut", ["nothing", "all of it", "half of it", "its first line"])
def test_tables_that_do_not_fit_are_made_anew(first, cut):
    place, statement, tables = first
    whole = tables.read_bytes()
    head, rest = whole.split(b"\n", 1)
    damaged = {
        "nothing": b"",
        "all of it": b"\x00" * len(whole),
        "half of it": whole[: len(whole) // 2],
        "its first line": head[::-1] + b"\n" + rest,
    }
    tables.write_bytes(damaged[cut])
    assert run(place) == (statement, tables)
    assert tables.read_bytes().split(b"\n", 1)[0] == head


def test_nothing_is_kept_where_no_compiled_modules_are(first, tmp_path):
    _, statement, _ = first
    found, tables = run(tmp_path, PYTHONDONTWRITEBYTECODE="1")
    assert found == statement
    assert not tables.exists()
