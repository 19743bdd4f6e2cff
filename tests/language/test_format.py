"""`tnc fmt`: one layout, every comment, the same meaning."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.language.trees import some, statements
from tncompile.language import format_text, parse
from tncompile.language.parser import tokens_of
from tncompile.language.spacing import joined, spaced
from tncompile.network.syntax.text import statement_text
from tncompile.source import Source, Span, TnError


def all_tokens(text: str):
    return list(tokens_of(text, Span(0, len(text))))


@settings(max_examples=200)
@given(statements)
def test_the_printer_and_the_formatter_set_the_same_blanks(statement):
    text = statement_text(statement)
    assert joined(spaced(all_tokens(text))) == text.replace("  for ", " for ")


@settings(max_examples=60)
@given(some(statements, 0, 8))
def test_formatting_again_changes_nothing(group):
    lines = ["network test", *map(statement_text, group)]
    text = format_text("\n".join(lines))
    assert format_text(text) == text
    assert parse(Source("test.tn", text)).statements == group


@settings(max_examples=60)
@given(some(statements, 1, 3), st.data())
def test_comments_are_kept_in_their_order_wherever_they_stand(group, data):
    lines = ["# the documentation", "network test"]
    count = 0
    for statement in group:
        words = [str(token) for token in all_tokens(statement_text(statement))]
        line = words[0]
        for word in words[1:]:
            gap = data.draw(
                st.sampled_from([" ", "   ", "\n  ", "  # %d\n\t", "\n# %d\n\n ", "\n   # %d\n  "])
            )
            if "%d" in gap:
                gap, count = gap % count, count + 1
            line += gap + word
        lines += [line + f"  # {count}", f"# {count + 1}"]
        count += 2
    text = format_text("\n".join(lines))
    outside = re.sub(r'"[^"\n]*"', "", text)
    assert re.findall(r"# (\d+)$", outside, re.M) == [str(i) for i in range(count)]
    assert format_text(text) == text
    assert parse(Source("test.tn", text)).statements == group


def formatted(text: str) -> str:
    return format_text(dedent(text).lstrip("\n"))


def test_declarations_cuts_loops_and_comments_are_lined_up():
    text = """
        # A chain.
        network   chain
        size d=8 # sites
        size rank = 4    #   bond dimension
        input x[ 1 .. d ](2)
        weight G[k in 1..d](rank,2,rank)  ~  normal( 1/rank )

        h[1](b)=G[1](a,i,b)*x[1](i)
        h[k](b)=G[k](a,i,b)*x[k](i)*h[k - 1](a)  for k in 2 .. d
        output score()=h[d](b)*h[d](b)

        cut first=x[1]
        cut odd_even=x[k] for k in 1..d if k%2==1
    """
    assert formatted(text) == dedent(
        """\
        # A chain.
        network chain
        size d = 8     # sites
        size rank = 4  #   bond dimension
        input  x[1..d](2)
        weight G[k in 1..d](rank, 2, rank) ~ normal(1/rank)

        h[1](b) = G[1](a, i, b) * x[1](i)
        h[k](b) = G[k](a, i, b) * x[k](i) * h[k-1](a)    for k in 2..d
        output score() = h[d](b) * h[d](b)

        cut first    = x[1]
        cut odd_even = x[k] for k in 1..d if k % 2 == 1
        """
    )


def test_long_statements_are_broken_at_their_loosest_joints():
    text = """
        network long
        size edges = [[1, 2], [2, 3], [3, 4], [4, 5], [5, 6], [6, 7], [7, 8], [8, 9], [9, 10], [10, 11], [11, 12]]
        output score() = prod(tensor[i, j](v[i-1, j], h[i, j-1], v[i, j], h[i, j], s[i, j]) * x[i, j](s[i, j]) for i in 1..m, j in 1..m)
        hidden[t](i) = first[t](i, j, k) * second_factor[t](j) * third_factor[t-1](k) + bias_of_this_layer[t](i) for t in 2..T, l in 1..L
    """
    assert formatted(text) == dedent(
        """\
        network long
        size edges = [[1, 2], [2, 3], [3, 4], [4, 5], [5, 6], [6, 7], [7, 8], [8, 9], [9, 10], [10, 11],
                      [11, 12]]
        output score() = prod(tensor[i, j](v[i-1, j], h[i, j-1], v[i, j], h[i, j], s[i, j])
                              * x[i, j](s[i, j])
                              for i in 1..m, j in 1..m)
        hidden[t](i) = first[t](i, j, k) * second_factor[t](j) * third_factor[t-1](k)
                     + bias_of_this_layer[t](i)    for t in 2..T, l in 1..L
        """
    )


def test_a_statement_with_comments_inside_keeps_its_lines():
    text = """
        network inner
        output y() = a(i)   # the state
            # of the last site
          *x(i) # its input
    """
    assert formatted(text) == dedent(
        """\
        network inner
        output y() = a(i)  # the state
                     # of the last site
                   * x(i)  # its input
        """
    )


def test_an_indented_text_moves_to_the_left_and_empty_lines_to_one():
    assert (
        format_text("\n\n   # doc\n   network a\n\n\n\n   size d = 3\n\n\n")
        == "# doc\nnetwork a\n\nsize d = 3\n"
    )


def test_carriage_returns_and_a_byte_order_mark_go():
    assert format_text("\ufeffnetwork a # x\r\nsize d=3\r\n") == "network a  # x\nsize d = 3\n"


def test_a_text_with_errors_is_not_formatted():
    with pytest.raises(TnError, match="no statement begins with `sise`"):
        format_text("network a\nsise d = 3\n")
