"""Whatever the text, it is read, or refused in the words of the language with a place."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.language.trees import some, statements
from tncompile.language import format_text, parse
from tncompile.language.grammar import grammar
from tncompile.language.tables import grammar_text
from tncompile.network.syntax.text import statement_text
from tncompile.source import Source, TnError

# Terminals are written in capitals; a text of small letters can bring none into a message. (NAME is
# how the language itself calls any name.)
TERMINALS = re.compile(
    r"\b(?:"
    + "|".join(
        t.name.strip("_")
        for t in grammar(grammar_text("tn.lark")).terminals
        if len(t.name) > 2 and t.name != "NAME"
    )
    + r"|END|ANON)\b"
)
PIECES = [
    *(
        "(",
        ")",
        "[",
        "]",
        ",",
        "..",
        "...",
        ".",
        "=",
        "==",
        "<",
        "+",
        "-",
        "*",
        "**",
        "/",
        "//",
        "%",
        "^",
        "~",
        "|",
        "||",
    ),
    *(
        "for",
        "in",
        "if",
        "else",
        "and",
        "or",
        "not",
        "over",
        "k",
        "x",
        "sum",
        "relu",
        "b'",
        "'",
        '"',
        "2",
        "2j",
        "1i",
        "0.5",
    ),
    *(
        "network",
        "size",
        "let",
        "weight",
        "output",
        "cut",
        "require",
        "\n",
        "\n  ",
        "\t",
        "\r",
        "#",
        "@",
        "×",
        "\0",
        "\u2003",
        "é",
    ),
]


def refusal(text: str) -> TnError | None:
    try:
        parse(Source("test.tn", text))
    except TnError as error:
        return error
    return None


def read_or_refuse(text: str) -> None:
    error = refusal(text)
    if error is None:
        assert format_text(format_text(text)) == format_text(text)
        return
    assert str(error)
    for problem in error.diagnostics:
        assert 0 <= problem.span.start <= len(text)
        said = re.sub(r"U\+[0-9A-F]{4,6} [A-Z0-9 -]+", "", problem.message + problem.help)
        assert not TERMINALS.search(said)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=12), st.booleans())
def test_words_in_any_order(pieces, named):
    read_or_refuse("network test\n" * named + " ".join(pieces))


@settings(max_examples=150)
@given(some(statements, 1, 2), st.data())
def test_statements_with_a_word_lost_doubled_or_put_in(group, data):
    text = "network test\n" + "\n".join(map(statement_text, group))
    words = re.findall(r"\w+'*|\.\.|\s+|.", text, re.DOTALL)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(words) - 1))
        how = data.draw(st.sampled_from(["lose", "double", "put in", "replace"]))
        piece = data.draw(st.sampled_from(PIECES))
        words[place : place + 1] = {
            "lose": [],
            "double": [words[place]] * 2,
            "put in": [piece, words[place]],
            "replace": [piece],
        }[how] or [" "]
    read_or_refuse("".join(words))


@settings(max_examples=100)
@given(st.text(st.characters(exclude_categories=["Lu"]), max_size=60))
def test_any_text_at_all(text):
    read_or_refuse(text)


@pytest.mark.parametrize(
    "text",
    [
        "let a = " + "(" * 20_000 + "1" + ")" * 20_000,
        "let a = " + "(" * 20_000,
        "let a = " + "-" * 20_000 + "1",
        "let a = " + "[" * 20_000 + "]" * 20_000,
        "let a = " + "+".join(["1"] * 20_000),
        "let a = " + "//".join(["1"] * 20_000),
        "let a = " + "1 if 1 else " * 20_000 + "1",
        "f() = " + "sum(" * 5_000 + "1" + ")" * 5_000,
        "f() = a" + "'" * 100_000,
        "f() = " + "a,\n  " * 20_000,
        "f() = " + "for k in " * 20_000,
        "f() = x for " + "(a, " * 5_000,
        "# " + "#" * 100_000 + "\n" * 20_000,
    ],
    ids=lambda text: text[:24],
)
def test_long_and_deep_texts_take_linear_time(text):
    start = time.perf_counter()
    assert len(str(refusal("network test\n" + text))) < 10_000
    assert time.perf_counter() - start < 5


def test_every_syntax_error_of_a_file_is_reported():
    bad = "".join(f"h[{i}](a) = G[{i}](a, i) * * x(i)\n" for i in range(500))
    start = time.perf_counter()
    with pytest.raises(TnError) as caught:
        parse(Source("test.tn", "network test\n" + bad))
    assert len(caught.value.diagnostics) == 500
    assert time.perf_counter() - start < 5


def test_ten_thousand_statements_are_read_in_seconds():
    lines = "".join(f"h[{i}](b) = G[{i}](a, i, b) * x[{i}](i) * h[{i}-1](a)\n" for i in range(10_000))
    start = time.perf_counter()
    assert len(parse(Source("test.tn", "network test\n" + lines)).statements) == 10_000
    assert time.perf_counter() - start < 20


def test_a_list_past_the_limit_is_refused_before_it_is_parsed():
    text = "network long\nsize edges = [" + "1, " * 1_000_001 + "1]\noutput y() = 1\n"
    with pytest.raises(TnError, match=r"2:1: error: this statement lists more than 1,000,000 items"):
        parse(Source("<text>", text))
