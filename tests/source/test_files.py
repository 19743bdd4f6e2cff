"""Files are read whole, and written whole or not at all."""

import os

import pytest

from tncompile.source import TnError, read_source, write_whole


def test_what_is_written_is_read(tmp_path):
    write_whole(tmp_path / "a.tn", "network ä\n")
    assert read_source(tmp_path / "a.tn").text == "network ä\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.tn"]


def test_an_old_file_is_replaced_and_keeps_its_mode(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(0o640)
    write_whole(path, b"new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_whole(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_write_that_breaks_off_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_text("old")

    def broken(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(TnError, match="no space left on device"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("place", ["none/a", "file/a", ""])
def test_places_that_cannot_be_written_are_told(tmp_path, place):
    (tmp_path / "file").write_text("")
    with pytest.raises(TnError, match="cannot write"):
        write_whole(tmp_path / place, "text")


def test_a_pipe_is_written_as_it_stands():
    write_whole(os.devnull, "text")
    assert not os.path.isfile(os.devnull)


def test_a_path_with_a_null_is_no_traceback():
    with pytest.raises(TnError, match="cannot write"):
        write_whole("a\0b", "text")
    with pytest.raises(TnError, match="cannot read"):
        read_source("a\0b")


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path):
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfnetwork a\r\nsize d\r\n")
    assert read_source(tmp_path / "a").text == "network a\nsize d\n"
