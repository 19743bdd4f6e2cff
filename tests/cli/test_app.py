"""The way in and the way out."""

import subprocess
import sys

import pytest

from tncompile.cli import app
from tncompile.cli.app import COMMANDS

HEAVY = ("numpy", "lark", "networkx", "rich", "matplotlib", "opt_einsum", "cotengra")


def test_help_lists_every_command_and_loads_nothing_heavy():
    program = (
        "import sys; from tncompile.cli.app import run; run(['--help']);"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    text = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout
    assert text.endswith("[]\n")
    assert all(f"  {name} " in text for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_within_100_columns(tnc, name):
    result = tnc(name, "--help")
    assert result.status == 0
    assert "-s, --size NAME=VALUE" in result.out
    assert max(map(len, result.out.splitlines())) <= 100


def test_the_line_of_help_is_that_of_the_command(tnc):
    assert tnc("check", "-h").out.splitlines()[0] == "Usage: tnc check [OPTIONS] FILE..."


def test_an_unknown_command_is_a_fault_of_the_command_line(tnc):
    result = tnc("frob")
    assert result.status == 2
    assert "No such command 'frob'" in result.err


@pytest.mark.parametrize(("setting", "message"), [
    ("d", "write -s NAME=VALUE"),
    ("d=", "write -s NAME=VALUE"),
    ("2=3", "`2` is not a name"),
    ("d=nan", "neither a number nor a list"),
    ("d=inf", "neither a number nor a list"),
    ("d=four", "neither a number nor a list"),
    ("d=[1,", "neither a number nor a list"),
    ("d=" + "[" * 5000, "neither a number nor a list"),
    ("d=1e999", "the number is too large"),
    ("d={}", "neither a number nor a list"),
])  # fmt: skip
def test_a_size_that_is_no_number_is_a_fault_of_the_command_line(tnc, setting, message):
    result = tnc("show", "cp.tn", "-s", setting)
    assert result.status == 2
    assert message in result.err


def test_a_size_given_twice_is_a_fault_of_the_command_line(tnc):
    assert tnc("show", "cp.tn", "-s", "d=3", "-s", "d=4").status == 2


@pytest.mark.parametrize(("setting", "message"), [
    ("rank=3", "no size is called `rank`; this network has d, n, r, C"),
    ("d=0", "a size is at least 1"),
    ("d=-3", "a size is at least 1"),
    ("d=2.5", "not an integer"),
    ("d=1e9", "100,000,000 steps"),
])  # fmt: skip
def test_a_size_that_the_network_cannot_have_is_a_fault_of_the_input(tnc, setting, message):
    result = tnc("show", "cp.tn", "-s", setting, "--emit", "equations")
    assert result.status == 1
    assert message in result.err
    assert result.out == ""


def test_lists_and_numbers_are_bound(tnc):
    result = tnc("show", "hierarchical_tucker.tn", "-s", "r=[4,6,8]")
    assert result.status == 0
    assert "[4, 6, 8]" in result.out
    assert "0.5" in tnc("show", "ising.tn", "-s", "beta=0.5").out


def test_a_missing_file_is_one_message(tnc):
    result = tnc("cost", "nowhere.tn")
    assert result == (1, "", "tnc: error: cannot read nowhere.tn: there is no such file or folder\n\n")


def test_a_folder_is_no_file(tnc, tmp_path):
    assert tnc("cost", str(tmp_path)).err == f"tnc: error: cannot read {tmp_path}: it is a folder\n\n"


def test_bytes_that_are_no_text_are_shown_with_their_place(tnc, tmp_path):
    (tmp_path / "latin.tn").write_bytes(b"network a\nsize d = 3  # L\xe4nge\n")
    result = tnc("show", "latin.tn")
    assert result.status == 1
    assert "latin.tn:2:16: error: byte 0xe4 is not UTF-8 text" in result.err


def test_standard_input_is_read(process):
    text = "network t\nsize n = 3\ninput x(n)\nweight w(n)\noutput y() = w(i) * x(i)\n"
    result = process("show", "-", "--emit", "equations", input=text)
    assert result.returncode == 0
    assert "y() = Σ[i](w(i) * x(i))" in result.stdout


def test_a_fault_of_ours_says_so_and_keeps_its_traceback(tnc, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("tncompile.cli.show.stage_text", lambda *_: {}["missing"])
    result = tnc("show", "cp.tn")
    assert result.status == 70
    assert "this is a fault of tnc, not of your file: KeyError" in result.err
    assert "Traceback (most" not in result.err
    (report,) = tmp_path.glob("tnc-fault-*.txt")
    assert str(report) in result.err
    assert "Traceback (most recent call last)" in report.read_text(encoding="utf-8")


def test_the_traceback_is_shown_on_request(tnc, monkeypatch):
    monkeypatch.setattr("tncompile.cli.show.stage_text", lambda *_: {}["missing"])
    result = tnc("show", "cp.tn", "--traceback")
    assert result.status == 70
    assert "Traceback (most recent call last)" in result.err


def test_an_interrupt_is_one_word(tnc, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("tncompile.cli.show.stage_text", interrupted)
    result = tnc("show", "cp.tn")
    assert result.status == 130
    assert result.err.strip() == "tnc: interrupted"


def test_no_memory_is_no_traceback(tnc, monkeypatch):
    def exhausted(*_):
        raise MemoryError

    monkeypatch.setattr("tncompile.cli.show.stage_text", exhausted)
    result = tnc("show", "cp.tn")
    assert result.status == 1
    assert "not enough memory" in result.err


def test_a_reader_that_leaves_is_no_error():
    program = f"{sys.executable} -m tncompile show examples/cp.tn --emit python | head -n 1"
    result = subprocess.run(["bash", "-c", program], capture_output=True, check=False, text=True)
    assert result.stderr == ""
    assert result.stdout.count("\n") == 1


def test_the_version_is_told(tnc, monkeypatch):
    monkeypatch.setattr("importlib.metadata.version", lambda _: "9.9")
    assert tnc("--version").out == "tnc 9.9\n"
    assert app.tnc.name == "tnc"
