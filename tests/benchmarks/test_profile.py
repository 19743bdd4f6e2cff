"""The profile of generated code accounts for its lines, and knows what kind of operation each is."""

import numpy as np

import tncompile as tn
from benchmarks.instrumented import instrumented
from benchmarks.profile_zoo import profile
from benchmarks.timing import Machine
from tests.corpus import EXAMPLES


def test_lines_are_counted_and_their_kinds_known():
    found = profile("zoo:hidden_markov", "score", Machine(1e11, 1e10), seconds=0.01)
    lines = {line.text: line for line in found.lines}
    (step,) = (line for text, line in lines.items() if text.startswith("alpha_A = "))
    assert step.runs > 1  # in the loop
    assert max(step.spent, key=step.spent.get) == "product"
    (exp,) = (line for text, line in lines.items() if text.startswith("exp_transition = "))
    assert exp.runs == 1
    assert "product" not in exp.spent
    assert found.plain > found.floor > 0


def test_clocks_change_no_value():
    model = tn.compile(tn.load(EXAMPLES[0].parent / "tensor_train.tn"))
    module, clock = instrumented(model.source, "tensor_train")
    sizes = model.network.sizes
    w, x = model.init(0).flat, np.random.default_rng(0).normal(size=(5, sizes["d"], sizes["n"]))
    np.testing.assert_array_equal(module.score(w, x), model.score(w, x))
    assert any(line.runs for line in clock.lines)
