"""The words and signs of a text."""

from __future__ import annotations


class Token(str):
    """A word or sign: its text, the terminal of the grammar that it is, and where it stands."""

    __slots__ = ("start_pos", "type")
    type: str
    start_pos: int

    def __new__(cls, kind: str, text: str, start: int) -> Token:
        token = super().__new__(cls, text)
        token.type, token.start_pos = kind, start
        return token

    @property
    def end_pos(self) -> int:
        """Where what follows begins."""
        return self.start_pos + len(self)
