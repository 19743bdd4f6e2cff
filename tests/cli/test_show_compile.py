"""`tnc show` and `tnc compile`."""

import json
import runpy

import numpy as np
import pytest

from tncompile.cli.stages import STAGES
from tncompile.language import load


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_of_an_example_can_be_shown(tnc, stage):
    result = tnc("show", "tensor_train.tn", "--emit", stage)
    assert result.status == 0
    assert result.out.endswith("\n")
    assert result.err == ""


def test_without_a_stage_the_network_is_shown_and_reads_back(tnc):
    text = tnc("show", "tensor_train.tn", "-s", "d=5").out
    assert load(text) == load("tensor_train.tn", d=5)


def test_equations_say_every_sum_and_every_hyperindex(tnc):
    text = tnc("show", "cp.tn", "--emit", "equations").out
    assert "score(y) = Σ[q](top(q, y) * prod(f[k](q) for k in 1..d))" in text
    assert "q touches 9 tensors" in text
    assert "q: r = 16" in text


def test_the_plan_is_a_table_within_100_columns(tnc):
    text = tnc("show", "deep_rac.tn", "--emit", "plan").out
    assert "for t in 2..T" in text
    assert "all t at once" in text
    assert max(map(len, text.splitlines())) <= 100


def test_the_gradient_is_a_network_that_reads_back(tnc):
    text = tnc("show", "tensor_train.tn", "--emit", "network", "--gradient").out
    assert "G_bar" in load(text).outputs


def test_the_gradient_of_a_tree_of_syntax_is_asked_in_vain(tnc):
    assert tnc("show", "cp.tn", "--emit", "syntax", "--gradient").status == 2


def test_syntax_is_an_outline(tnc, write):
    text = tnc("show", write("t.tn", "network t\noutput y() = 3\n"), "--emit", "syntax").out
    assert text == "network t\n    Definition role='output' name='y'\n        body: Number text='3'\n"


@pytest.mark.parametrize("suffix", ["svg", "png", "dot", "SVG"])
def test_drawings_are_written(tnc, tmp_path, suffix):
    assert tnc("show", "cp.tn", "-o", f"cp.{suffix}").status == 0
    assert (tmp_path / f"cp.{suffix}").stat().st_size > 1000


def test_a_stage_is_written_into_a_file(tnc, tmp_path):
    assert tnc("show", "cp.tn", "--emit", "equations", "-o", "cp.txt").out == ""
    assert "network cp" in (tmp_path / "cp.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments", [("-o", "cp.pdf"), ("-o", "cp.svg", "--emit", "plan"), ("-o", "cp.svg", "--gradient")]
)
def test_a_drawing_that_makes_no_sense_is_a_fault_of_the_command_line(tnc, tmp_path, arguments):
    assert tnc("show", "cp.tn", *arguments).status == 2
    assert [path.name for path in tmp_path.iterdir()] == ["cp.tn"]


@pytest.mark.parametrize("command", [("show", "cp.tn", "-o"), ("compile", "cp.tn", "-o")])
def test_a_path_that_cannot_be_written_is_a_fault_of_the_input(tnc, tmp_path, command):
    for target in (tmp_path / "none" / "a.svg", tmp_path / "cp.tn" / "a.svg"):
        result = tnc(*command, str(target))
        assert result.status == 1
        assert f"cannot write {target}" in result.err


def test_a_compiled_module_stands_alone(tnc, tmp_path):
    result = tnc("compile", "tensor_train.tn", "-o", "net.py", "-s", "d=5", "--dtype", "float32")
    assert result.status == 0
    assert "float32, imports numpy" in result.err
    module = runpy.run_path(str(tmp_path / "net.py"))
    w = module["init"](0)
    assert w.dtype == np.float32
    assert module["score"](w, np.ones((2, 5, 3), np.float32)).shape == (2, 2)


def test_a_scaled_module_stands_alone_and_keeps_a_score_that_underflows(tnc, tmp_path):
    path = tmp_path / "net.py"
    arguments = (
        "compile",
        "tensor_train.tn",
        "-s",
        "d=784",
        "--dtype",
        "float32",
        "--scaled",
        "-o",
        str(path),
    )
    assert tnc(*arguments).status == 0
    module = runpy.run_path(str(path))
    x = np.full((2, 784, 3), 0.01, np.float32)
    mantissa, scale = module["score"](module["init"](0), x)
    assert np.all((abs(mantissa).max(axis=1) >= 1) & (abs(mantissa).max(axis=1) < 2))
    assert np.all(scale < -4000)


@pytest.mark.parametrize(
    "arguments", [("--target", "fortran"), ("--dtype", "float7"), ("--memory", "lots"), ("--memory", "0")]
)
def test_what_the_compiler_does_not_know_is_a_fault_of_the_command_line(tnc, tmp_path, arguments):
    assert tnc("compile", "cp.tn", "-o", "net.py", *arguments).status == 2
    assert not (tmp_path / "net.py").exists()


def test_a_network_beyond_the_memory_limit_is_refused(tnc, tmp_path):
    result = tnc("compile", "cp.tn", "-o", "net.py", "--memory", "1k")
    assert result.status == 1
    assert "the limit is 1,000 bytes" in result.err
    assert not (tmp_path / "net.py").exists()


def test_a_complex_network_needs_complex_numbers(tnc):
    result = tnc("compile", "born_machine.tn", "-o", "net.py", "--dtype", "float32")
    assert result.status == 1
    assert "complex64" in result.err


def test_chains_are_loops_or_trees_as_asked(tnc):
    def compiled(*options):
        assert tnc("compile", "tensor_train.tn", "-o", "t.py", "-s", "d=60", *options).status == 0
        with open("t.py", encoding="utf-8") as file:
            return file.read()

    assert "h_span4" in compiled("--chain", "tree")
    assert "h_span4" not in compiled()
    assert "h_span4" in compiled("--target", "cupy")
    assert "h_span4" not in compiled("--target", "cupy", "--chain", "loop")
    plan = tnc("show", "tensor_train.tn", "-s", "d=60", "--emit", "plan", "--chain", "tree").out
    assert "h_span16" in plan
    assert "for k in" not in plan
    assert tnc("show", "tensor_train.tn", "--chain", "ring").status == 2


def test_the_cost_of_a_tree_is_more(tnc):
    def flops(*options):
        out = tnc("cost", "tensor_train.tn", "-s", "d=60", "--json", *options).out
        return json.loads(out)["score"]["flops"]

    assert flops() == flops("--chain", "loop") < flops("--chain", "tree")


@pytest.mark.parametrize("memory", ["20K", "20k", "20 kb", "0.02m", "2e4", "20000B"])
def test_memory_is_read_with_units_in_either_case(tnc, memory):
    result = tnc("compile", "cp.tn", "-o", "net.py", "-s", "r=1000", "--memory", memory)
    assert "the limit is 20,000 bytes" in result.err


@pytest.mark.parametrize("memory", ["k", "1x", "1e", "1e999", "-1", "0.1", "9" * 99, "nan", ""])
def test_what_is_no_number_of_bytes_is_refused(tnc, memory):
    result = tnc("compile", "cp.tn", "-o", "net.py", f"--memory={memory}")
    assert result.status == 2
    assert "no number of bytes" in result.err


def test_the_module_shown_is_the_one_that_compile_writes(tnc, tmp_path):
    options = ("--dtype", "float32", "--scaled", "--target", "cupy")
    assert tnc("compile", "cp.tn", "-o", "net.py", *options).status == 0
    written = (tmp_path / "net.py").read_text(encoding="utf-8")
    assert tnc("show", "cp.tn", "--emit", "python", *options).out == written
    assert "float32" in written


def test_other_stages_take_no_options_of_modules(tnc):
    for arguments in (("--emit", "plan", "--scaled"), ("--dtype", "float32"), ("-o", "net.svg", "--scaled")):
        assert tnc("show", "cp.tn", *arguments).status == 2
