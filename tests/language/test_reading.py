"""Files as sources: what cannot be read is said in one message."""

from __future__ import annotations

import pytest

from tncompile.language import parse
from tncompile.source import TnError, read_source


def refusal(path) -> str:
    with pytest.raises(TnError) as caught:
        read_source(path)
    return str(caught.value)


def test_a_byte_that_is_not_utf8_is_shown_in_its_place(tmp_path):
    path = tmp_path / "bad.tn"
    path.write_bytes(b"network a\nsize d = \xff3\n")
    message = refusal(path)
    assert message.startswith(f"{path}:2:10: error: byte 0xff is not UTF-8 text\n")


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    assert str(tmp_path / "none.tn") in refusal(tmp_path / "none.tn")
    assert "folder" in refusal(tmp_path)


def test_a_byte_order_mark_and_carriage_returns_do_no_harm(tmp_path):
    path = tmp_path / "dos.tn"
    path.write_bytes(b"\xef\xbb\xbf# doc\r\nnetwork a\r\nsize d = [1,\r\n  2]\r\n")
    syntax = parse(read_source(path))
    assert (syntax.name, syntax.doc, len(syntax.statements)) == ("a", "doc", 1)
