"""Printed nodes are read back as the same nodes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given, settings

from tests.language.trees import expressions, some, statements
from tncompile.language import parse
from tncompile.network.syntax import Let
from tncompile.network.syntax.text import expression_text, network_text, statement_text
from tncompile.source import Source


def parsed(*lines: str):
    return parse(Source("test.tn", "\n".join(["network test", *lines]))).statements


def reprinted(text: str) -> str:
    (statement,) = parsed(f"let v = {text}")
    assert isinstance(statement, Let)
    return expression_text(statement.value)


@settings(max_examples=300)
@given(expressions)
def test_an_expression_survives_printing_and_parsing(expression):
    (statement,) = parsed(f"let v = {expression_text(expression)}")
    assert statement == Let("v", (), expression)


@settings(max_examples=100)
@given(expressions)
def test_an_expression_without_blanks_is_the_same_expression(expression):
    (statement,) = parsed(f"let v = {expression_text(expression, tight=True)}")
    assert statement == Let("v", (), expression)


@settings(max_examples=300)
@given(statements)
def test_a_statement_survives_printing_and_parsing(statement):
    assert parsed(statement_text(statement)) == (statement,)


@settings(max_examples=50)
@given(some(statements, 0, 6))
def test_a_network_survives_printing_and_parsing(group):
    network = SimpleNamespace(name="net", doc="Two lines,\n\n  one indented.", statements=group)
    syntax = parse(Source("test.tn", network_text(network)))
    assert (syntax.name, syntax.doc, syntax.statements) == (network.name, network.doc, group)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("((a))+(b*c)-(d-e)", "a + b * c - (d - e)"),
        ("(a+b)+c", "(a + b) + c"),
        ("(a*b)*c/(d*e)", "(a * b) * c / (d * e)"),
        ("(a//b)*c%d", "a // b * c % d"),
        ("a*(b//c)", "a * (b // c)"),
        ("(2^a)^b", "(2^a)^b"),
        ("2^(a^b)", "2^a^b"),
        ("-(a^2)", "-a^2"),
        ("(-a)^2", "(-a)^2"),
        ("-(a*b)", "-(a * b)"),
        ("not(a==b)and(c or d)", "not a == b and (c or d)"),
        ("(a and b)or c", "a and b or c"),
        ("(a<b)<c", "(a < b) < c"),
        ("(a if b else c) if d else (e if f else g)", "(a if b else c) if d else e if f else g"),
        ("x[k - 1, 2 * (j + 1)](i)", "x[k-1, 2*(j+1)](i)"),
        (
            "prod(f[k](q) for k in (1)..(d - 1) if (k%2==1), j in s[k])",
            "prod(f[k](q) for k in 1..d-1 if k % 2 == 1, j in s[k])",
        ),
        ("sum(E(a)over a,b[k]for k in 1..2)", "sum(E(a) over a, b[k] for k in 1..2)"),
    ],
)
def test_printing_leaves_only_the_parentheses_that_are_needed(text, canonical):
    assert reprinted(text) == canonical
    assert reprinted(canonical) == canonical
