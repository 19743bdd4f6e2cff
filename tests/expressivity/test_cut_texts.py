"""Cuts said on the command line are at no place of the file, and their errors show none."""

from __future__ import annotations

import pytest

from tncompile import TnError, load
from tncompile.expressivity.rank import rank


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        ("", "the cut is empty: name members, such as `x[1], x[3]`"),
        ("x[9]", "`x[9]` is outside the family of `x`"),
        ("G[1]", "`G` is no input and no definition"),
        ("x[1], x[1]", "the cut names `x[1]` twice"),
        ("x[7/2]", "7/2 is not an integer"),
    ],
)
def test_errors_of_a_spelled_cut_show_no_line_of_the_file(cut, message):
    with pytest.raises(TnError) as error:
        rank(load("examples/tensor_train.tn"), cut)
    assert message in str(error.value)
    assert "^" not in str(error.value)
