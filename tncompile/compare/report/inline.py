"""SVG that lies in a page beside others: no identifier twice, no style that reaches out of it."""

from __future__ import annotations

import re

_BEFORE = re.compile(r"^.*?(?=<svg\b)", re.DOTALL)
_LEFT_OUT = re.compile(r"<metadata>.*?</metadata>|<style\b.*?</style>|<!--.*?-->|<defs>\s*</defs>", re.DOTALL)
_SIZE = re.compile(r'(<svg\b[^>]*?) width="([\d.]+)pt"([^>]*?)', re.DOTALL)
_HEIGHT = re.compile(r'(<svg\b[^>]*?) height="[\d.]+pt"', re.DOTALL)
_NAMED = re.compile(r' id="([^"]*)"')
_REFERRED = re.compile(r'(href="#|url\(#)([^")]+)')
_TAG = re.compile(r"<[^!>][^>]*>")
_FONT = re.compile(r"font: (?:[\w ]*? )?([\d.]+px) [^;\"]*")


def inline_svg(svg: str, prefix: str, own_font: bool = False) -> str:
    """The element `svg` alone. Its identifiers begin with ``prefix``; with ``own_font`` its letters stay as they are."""
    text = _LEFT_OUT.sub("", _BEFORE.sub("", svg)).strip()
    text = _HEIGHT.sub(r"\1", _SIZE.sub(r"\1\3", text, count=1), count=1)
    names: dict[str, str] = {}
    for _, name in _REFERRED.findall(text):
        names.setdefault(name, f"{prefix}{len(names)}")
    return _TAG.sub(lambda tag: _tag(tag[0], names, own_font), text)


def _tag(tag: str, names: dict[str, str], own_font: bool) -> str:
    tag = _NAMED.sub(lambda found: f' id="{names[found[1]]}"' if found[1] in names else "", tag)
    tag = _REFERRED.sub(lambda found: found[1] + names[found[2]], tag)
    return tag if own_font else _FONT.sub(r"font-size: \1", tag)
