"""What a process loads for its first result: a module takes part of a millisecond, and some take tens."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "tensor_train.tn"
SCORE = f"""
import sys, numpy as np, tncompile as tn
model = tn.compile(tn.load({str(EXAMPLE)!r}))
model.score(model.init(), np.ones((2, 8, 3)))
print(*sys.modules)
"""
GRADIENT = SCORE.replace("model.score(", "model.score_and_gradient(")
CHECK = f"""
import sys
from tncompile.cli.app import run
assert run(["check", {str(EXAMPLE)!r}]) == 0
print(*sys.modules)
"""
NEEDED = ("tncompile.language.parser", "tncompile.plan.folding.fold", "tncompile.codegen.module")
NEVER_NEEDED = (
    *("lark", "networkx", "matplotlib", "rich", "logging", "concurrent.futures", "numpy.ma"),
    *("tncompile.language.explain", "tncompile.language.format", "tncompile.language.grammar"),
    *("tncompile.transform.slice", "tncompile.transform.matrices.legs", "tncompile.transform.chain.tree"),
    *("tncompile.plan.search.portfolio", "tncompile.plan.scaling.scale", "tncompile.plan.accounting"),
    *("tncompile.codegen.python.modular", "tncompile.runtime.capture"),
    *("tncompile.expressivity", "tncompile.exchange", "tncompile.train", "tncompile.comparison"),
)
GRADIENTS = ("tncompile.transform.adjoint.gradient", "tncompile.codegen.entries.differentiated")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """The modules that a program loads where the bytecode and the tables of the parser are kept."""
    place = tmp_path_factory.mktemp("kept")

    def run(program):
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        env |= {"PYTHONPYCACHEPREFIX": str(place), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True, cwd=place)
        return set(done.stdout.splitlines()[-1].split())

    run(SCORE)
    return run


@pytest.mark.parametrize("program", [SCORE, GRADIENT, CHECK], ids=["score", "gradient", "check"])
def test_a_first_result_loads_what_it_needs(loaded, program):
    modules = loaded(program)
    assert modules >= set(NEEDED)
    assert modules.isdisjoint(NEVER_NEEDED)
    assert (modules >= set(GRADIENTS)) == (program is GRADIENT)
    assert modules.isdisjoint(GRADIENTS) == (program is not GRADIENT)
