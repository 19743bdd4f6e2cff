"""The demonstration of `make demo`, with a few epochs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_demonstration_leaves_a_module_drawings_and_a_report(tmp_path):
    command = [sys.executable, "examples/demo.py", "--epochs", "2", "--widths", "2", "--out", str(tmp_path)]
    checkout = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=checkout)
    assert "tensor train" in done.stdout
    assert "held out" in done.stdout
    for name in ("digits_tensor_train.py", "digits_cp.py"):
        compile((tmp_path / name).read_text(encoding="utf-8"), name, "exec")
    for name in ("digits_tensor_train.png", "curves.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "comparison.html").read_text(encoding="utf-8").lower().startswith("<!doctype html>")
