"""`tnc import`, `tnc show --emit einsum`, and the options of the search."""

import json
import sys

import pytest

from tncompile.cli import search
from tncompile.language import load

RING = {
    "inputs": [[f"v{i}", f"v{(i + 1) % 12}", f"u{i}"] for i in range(12)] + [[f"u{i}"] for i in range(12)],
    "output": [],
    "size_dict": {f"v{i}": 2 + i % 3 for i in range(12)} | {f"u{i}": 2 for i in range(12)},
}


def test_a_string_becomes_a_file_that_compiles(tnc, tmp_path):
    result = tnc("import", "ab,bc->ac", "-s", "a=4", "-s", "b=5", "-s", "c=6", "-o", "product.tn")
    assert (result.status, result.out) == (0, "")
    assert result.err == "product.tn: 2 operands, 3 indices\n"
    text = (tmp_path / "product.tn").read_text(encoding="utf-8")
    assert "network product" in text
    assert "output y(a, c) = T1(a, b) * T2(b, c)" in text
    assert tnc("fmt", "--check", "product.tn").status == 0
    assert tnc("compile", "product.tn", "-o", "product.py", "-s", "n_a=7").status == 0


def test_operands_may_be_inputs(tnc):
    settings = ("-s", "a=4", "-s", "b=5")
    assert "input  T2(n_b)\n" in tnc("import", "ab,b->a", *settings, "--inputs", "2").out
    assert "weight" not in tnc("import", "ab,b->a", *settings, "--inputs", "all").out
    for wrong in ("3", "0", "x", "1,", ""):
        assert tnc("import", "ab,b->a", *settings, "--inputs", wrong).status == 2


def test_json_comes_back(tnc, write):
    write("ring.json", json.dumps(RING))
    assert tnc("import", "ring.json", "-o", "ring.tn").status == 0
    back = json.loads(tnc("show", "ring.tn", "--emit", "einsum").out)
    assert len(back["inputs"]) == 24
    assert sorted(back["size_dict"].values()) == sorted(RING["size_dict"].values())
    write("back.json", json.dumps(back))
    assert load(tnc("import", "back.json").out).definitions


def test_operands_whose_names_are_taken_are_numbered_and_a_comment_says_so(tnc, write):
    names = ["y", "n_a", "for", "a\nnetwork b", "x" * 50]
    einsum = {"inputs": [["a"]] * 5, "output": [], "size_dict": {"a": 2}, "operands": names}
    write("taken.json", json.dumps(einsum))
    text = tnc("import", "taken.json").out
    assert text.startswith(
        '# Operands are numbered, since not all of their names can stand here: T1 is "y", T2 is'
    )
    assert 'T3 is "for", T4 is "a\\nnetwork b", T5 is "xxx' in text
    assert "y() = T1(a) * T2(a) * T3(a) * T4(a) * T5(a)" in text
    write("free.json", json.dumps(einsum | {"operands": ["A", "B[1]", "C", "D", "E"]}))
    free = tnc("import", "free.json").out
    assert "#" not in free
    assert "B_1(a)" in free
    write("many.json", json.dumps(einsum | {"inputs": [["a"]] * 20, "operands": [f"{k}" for k in range(20)]}))
    assert 'T8 is "7", and 12 more.' in tnc("import", "many.json").out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "this JSON is nested too deep"),
        (
            '{"inputs": [["a"]], "output": [], "size_dict": {"a": 1' + "0" * 5000 + "}}",
            "1:54: error: an integer has at most",
        ),
    ],
)
@pytest.mark.parametrize("limit", [0, 4300])
def test_json_that_cannot_be_read_says_why(tnc, write, text, message, limit):
    write("strange.json", text)
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(limit)  # other commands of the same process may have lifted it
    try:
        result = tnc("import", "strange.json")
    finally:
        sys.set_int_max_str_digits(before)
    assert result.status == 1
    assert message in result.err


def test_several_outputs_are_a_list(tnc, write):
    write(
        "two.tn", "network two\nweight A(2, 3)\noutput p(i) = sum(A(i, j) over j)\noutput q(i, j) = A(i, j)\n"
    )
    assert [one["einsum"] for one in json.loads(tnc("show", "two.tn", "--emit", "einsum").out)] == [
        "ab->a",
        "ab->ab",
    ]


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("import", "ab,bc->ac", "-s", "a=4", "-s", "b=5"), 1, "<einsum>:1:4: error: index `c` has no size"),
        (("import", "none.json"), 1, "cannot read none.json"),
        (("import", "broken.json"), 1, "broken.json:1:2: error: this is no JSON"),
        (("import", "broken.json", "-s", "a=3"), 2, "sizes are for einsum strings"),
        (("import", "a->", "-s", "a=3", "-s", "z=3"), 2, "no index of `a->` is called `z`"),
        (("import", "a->", "-s", "a=99999999999999999999"), 1, "2^63"),
        (("show", "tensor_train.tn", "--emit", "einsum", "--gradient"), 2, "--gradient"),
        (("show", "hidden_markov.tn", "--emit", "einsum"), 1, "is no single einsum: it holds"),
        (("cost", "cp.tn", "--budget", "soon"), 2, "is no time"),
    ],
)
def test_what_is_wrong_is_told(tnc, write, arguments, status, message):
    write("broken.json", "{")
    result = tnc(*arguments)
    assert result.status == status
    assert message in result.err


def test_axes_of_an_ellipsis_are_given_as_a_list(tnc):
    text = tnc("import", "...a->...", "-s", "...=[2,3]", "-s", "a=4").out
    assert "size n_e1 = 2, n_e2 = 3, n_a = 4" in text


def flops(tnc, *options):
    return json.loads(tnc("cost", "ring.tn", "--json", *options).out)["score"]["flops"]


def test_what_is_made_small_can_be_chosen(tnc, write):
    write("ring.json", json.dumps(RING))
    tnc("import", "ring.json", "-o", "ring.tn")
    assert flops(tnc, "--minimize", "flops") <= flops(tnc)
    assert flops(tnc, "--budget", "0.05s") == flops(tnc, "--budget", ".05")
    assert tnc("compile", "ring.tn", "-o", "ring.py", "--budget", "0.05s", "--minimize", "writes").status == 0
    assert tnc("show", "ring.tn", "--emit", "plan", "--budget", "0.05s").status == 0


def test_long_searches_are_shown(tnc, write, monkeypatch):
    monkeypatch.setattr(search, "IN_LOG", 0.0)
    write("ring.json", json.dumps({**RING, "output": ["v0"]}))
    tnc("import", "ring.json", "-o", "ring.tn")
    told = tnc("cost", "ring.tn", "--budget", "0.05s").err
    assert "order of 24 factors: " in told
    assert "% searched, cost 10^" in told
