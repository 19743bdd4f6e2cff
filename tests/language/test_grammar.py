"""The grammar: no silent conflicts, no nameless terminals, and the words of the language."""

from __future__ import annotations

import json
import re

import pytest
from lark import Lark

from tncompile.language import parse
from tncompile.language.declarations import StatementBuilder
from tncompile.language.grammar import grammar
from tncompile.language.tables import grammar_text
from tncompile.network.syntax import (
    Axis,
    CutItem,
    FreeIndex,
    Index,
    Item,
    ListExpr,
    Loop,
    Looped,
    Name,
    Number,
    Over,
    Range,
    Reduce,
    Size,
    Use,
)
from tncompile.network.syntax.words import FUNCTIONS, RESERVED
from tncompile.source import Source

MADE = grammar(grammar_text("tn.lark"))


def parsed(line: str):
    return parse(Source("test.tn", f"network test\n{line}\n")).statements


def body(text: str):
    (rule,) = parsed(f"y() = {text}")
    return rule.body


def test_the_grammar_has_no_conflicts_that_are_resolved_silently():
    Lark(grammar_text("tn.lark"), parser="lalr", lexer="basic", start="statement", strict=True)


def test_every_terminal_has_a_name():
    assert not [terminal.name for terminal in MADE.terminals if terminal.name.startswith("__")]


def test_every_rule_of_the_grammar_is_built_by_a_method():
    rules = {rule.alias or rule.origin.name for rule in MADE.rules}
    kept = {name for name in rules if not name.startswith(("_", "statement"))}
    passed_on = {"expression", "atom", "signed", "negation", "domain", "subscript", "argument"}
    assert kept - passed_on <= {name for name in dir(StatementBuilder) if not name.startswith("_")}


def test_the_words_of_the_grammar_are_the_reserved_words():
    words = {terminal.pattern.value for terminal in MADE.terminals if terminal.pattern.value.isalpha()}
    assert words == set(RESERVED)


def test_the_editors_grammar_knows_the_same_words():
    rules = json.loads(grammar_text("tn.tmLanguage.json"))["repository"]
    known = " ".join(rule["match"] for rule in rules["words"]["patterns"] + rules["functions"]["patterns"])
    assert set(re.findall(r"[a-z]\w+", known.replace("\\b", " "))) >= set(RESERVED) | set(FUNCTIONS)


@pytest.mark.parametrize(
    "name", ["fork", "inner", "order", "notes", "iffy", "elsewhere", "for_", "sizes", "Input", "_"]
)
def test_a_name_may_begin_like_a_word(name):
    assert body(f"{name}({name})") == Use(name, (), (Index(name),))


def test_a_comma_belongs_to_the_loop_only_when_another_loop_follows():
    d, k = Name("d"), Loop(("k",), Range(Number("1"), Name("d")))
    y, q = Index("y"), Index("q", (Name("k"),))
    assert body("core(q[k] for k in 1..d, y)") == Use("core", (), (Index("q", q.subscripts, (k,)), y))
    j = Loop(("j",), Name("k"))
    assert body("core(q[k] for k in 1..d, j in k, y)").indices == (Index("q", q.subscripts, (k, j)), y)
    (weight,) = parsed("weight core(r for k in 1..d, C)")
    assert weight.axes == (Axis(Name("r"), loops=(k,)), Axis(Name("C")))
    (cut,) = parsed("cut c = x[k] for k in 1..d, z, u | w[1..d], v")
    assert cut.rows == (CutItem("x", (Name("k"),), (k,)), CutItem("z"), CutItem("u"))
    assert cut.columns == (CutItem("w", (Range(Number("1"), d),)), CutItem("v"))
    pair = Loop(("i", "j"), Name("edges"))
    assert body("sum(f for k in 1..d,  # another one\n  (i, # and\n j) in edges)") == Reduce(
        "sum", (Looped(Name("f"), (k, pair)),)
    )
    assert body("sum(f for k in 1..d, g)").arguments == (Looped(Name("f"), (k,)), Looped(Name("g")))


def test_the_condition_of_a_range_is_not_a_choice():
    (cut,) = parsed("cut odd = x[k] for k in 1..d if k % 2 == 1")
    (loop,) = cut.rows[0].loops
    assert loop.domain == Range(Number("1"), Name("d"))
    assert loop.condition is not None


def test_an_index_of_a_constant_or_a_free_index_may_have_a_range():
    (constant,) = parsed("constant s(o in 1..m, i in 0..n) = 1")
    assert constant.axes == (Axis(Name("m"), "o"), Axis(Name("n"), "i", Number("0")))
    (rule,) = parsed("h[0](i in 1..H, b') = 0")
    assert rule.indices == (FreeIndex(Index("i"), Name("H")), FreeIndex(Index("b'")))


def test_one_line_may_declare_several():
    assert parsed("size d = 8, r[1..d] = 2, e = [[1, 2], []]") == (
        Size("d", (), Number("8")),
        Size("r", (Loop((), Range(Number("1"), Name("d"))),), Number("2")),
        Size("e", (), ListExpr((ListExpr((Number("1"), Number("2"))), ListExpr(())))),
    )
    assert [tensor.name for tensor in parsed("weight A(n), B[1..d]() ~ zeros, C(n)")] == ["A", "B", "C"]


def test_functions_of_reduction_take_the_form_that_fits():
    assert body("sum(a, b)") == Reduce("sum", (Looped(Name("a")), Looped(Name("b"))))
    assert body("sum(a over i, s[1])") == Over("sum", Name("a"), (Index("i"), Index("s", (Number("1"),))))
    assert body("r[1] + max(a, b)").terms[0] == Item("r", (Number("1"),))


def test_the_documentation_is_the_comment_above_the_network():
    text = "#!shebang\n\n# Two\n#   lines\nnetwork a  # not this\n# nor this\nsize d\n"
    assert parse(Source("test.tn", text)).doc == "!shebang\n\nTwo\n  lines"


def test_places_are_those_of_the_text():
    text = "network a\nsize n = 3\nh[k](i) = (x[k](i) +\n  y)  # sum\n   for k in 1..n\n"
    _, rule = parse(Source("test.tn", text)).statements

    def shown(node):
        return text[node.span.start : node.span.end]

    assert shown(rule) == text[text.index("h[k]") : -1]
    assert text[rule.name_span.start : rule.name_span.end] == "h"
    assert shown(rule.body) == "(x[k](i) +\n  y)"
    assert shown(rule.body.terms[0]) == "x[k](i)"
    assert shown(rule.body.terms[0].indices[0]) == "i"
    assert shown(rule.loops[0]) == "k in 1..n"


def test_statements_begin_at_the_margin():
    text = "   network a\n   size e = [1,\n      2\n   ]\n   size n\n"
    assert [statement.name for statement in parse(Source("test.tn", text)).statements] == ["e", "n"]
