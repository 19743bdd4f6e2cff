"""Every message in full: `errors/NAME.tn` is refused with the text of `errors/NAME.txt`.

A first line ``# sizes: d=5, r=[1, 2]`` gives sizes. Warnings count as well as errors. A new case is a
new `.tn` file; ``pytest --rewrite`` writes its text (and fails, so that the text is read).
"""

from __future__ import annotations

import re
from ast import literal_eval
from pathlib import Path

import pytest

from tncompile.language import check
from tncompile.source import Source, read_source

FOLDER = Path(__file__).parent / "errors"
CASES = sorted(path.stem for path in FOLDER.glob("*.tn"))
# Names of the parser's own that no message may hold.
INTERNAL = re.compile(
    r"\$END|__ANON|\b_?(?:LOOP_COMMA|CLOSE_SQUARE|OPEN_SQUARE|NUMERAL|DOTS|TILDE|Token|Tree)\b"
)


def sizes_of(text: str) -> dict[str, object]:
    """The sizes that the first line gives."""
    line = re.match(r"# sizes: *(.*)", text)
    pairs = re.findall(r"(\w+) *= *(\[.*?\](?=,|$)|[^,]+)", line[1]) if line else []
    return {name: literal_eval(value) for name, value in pairs}


def messages(name: str) -> str:
    source = read_source(FOLDER / f"{name}.tn")
    shown = Source(f"{name}.tn", source.text)
    problems = check(shown, sizes_of(source.text))
    return "\n\n".join(problem.render(shown) for problem in problems) + "\n"


@pytest.mark.parametrize("name", CASES)
def test_the_message_is_the_one_that_is_stored(name, rewrite):
    stored = FOLDER / f"{name}.txt"
    expected = stored.read_text(encoding="utf-8") if stored.exists() else ""
    text = messages(name)
    if text != expected and rewrite:
        stored.write_text(text, encoding="utf-8")
        pytest.fail(f"{stored.name} written anew: read it, then run again")
    assert text == expected
    assert text.strip(), "nothing is refused here"
    assert not INTERNAL.search(text)


def test_every_stored_message_has_its_case():
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == CASES
