"""SVG that lies in a page beside others: no identifier twice, no style that reaches out of it."""

from __future__ import annotations

import re

_BEFORE = re.compile(r"^.*?(?=<svg\b)", re.DOTALL)
_LEFT_OUT = re.compile(r"<metadata>.*?</metadata>|<style\b.*?</style>|<!--.*?-->", re.DOTALL)
_SIZE = re.compile(r' (?:width|height)="[\d.]+pt"')  # of the whole, whose size the page chooses
_EMPTY = re.compile(r"<defs></defs>|<defs/>")
_NAMED = re.compile(r' id="([^"]*)"')
_REFERRED = re.compile(r'(href="#|url\(#)([^")]+)')
_TAG = re.compile(r"<[^!>][^>]*>")
_BREAK, _LINE = re.compile(r">\s*\n\s*<"), re.compile(r"\s*\n\s*")
_UNTURNED = re.compile(r' transform="rotate\(-?0 [^"]*"')
_FAMILY = re.compile(r" ?font-family: [^;\"]*;?")


def inline_svg(svg: str, prefix: str, own_font: bool = False) -> str:
    """The element `svg` alone. Its identifiers begin with ``prefix``; with ``own_font`` its letters stay as they are."""
    text = _SIZE.sub("", _LEFT_OUT.sub("", _BEFORE.sub("", svg)).strip(), count=2)
    names: dict[str, str] = {}
    for _, name in _REFERRED.findall(text):
        names.setdefault(name, f"{prefix}{len(names)}")
    text = _TAG.sub(lambda tag: _tag(tag[0], names, own_font), _BREAK.sub("><", text))
    return _EMPTY.sub("", text)


def _tag(tag: str, names: dict[str, str], own_font: bool) -> str:
    tag = _NAMED.sub(lambda found: f' id="{names[found[1]]}"' if found[1] in names else "", tag)
    tag = _REFERRED.sub(lambda found: found[1] + names[found[2]], tag)
    tag = _UNTURNED.sub("", _LINE.sub(" ", tag))
    return tag if own_font else _FAMILY.sub("", tag)
