"""What the documentation shows is run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tncompile as tn

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    (f"{page.name}-{number}", text)
    for page in PAGES
    for number, text in enumerate(
        re.findall(r"^```tn\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    )
]


@pytest.mark.parametrize("text", [text for _, text in BLOCKS], ids=[name for name, _ in BLOCKS])
def test_networks_in_the_documentation_compile(text):
    model = tn.compile(tn.load(text))
    assert model.init(seed=0).flat.size > 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([\w./-]+(?:/|\.(?:md|png|svg|tn)))\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_first_tour_of_the_readme_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    network = re.search(r"^    network tensor_train\n(?:    .*\n)+", text, re.M)
    assert network is not None
    shown = tn.load(re.sub("^    ", "", network[0], flags=re.M))
    example = tn.load("examples/tensor_train.tn")
    assert shown.definitions == example.definitions
    code = re.search(r"^    import numpy as np\n(?:    .*\n|\n)+", text, re.M)
    assert code is not None
    values: dict[str, object] = {}
    exec(re.sub("^    ", "", code[0], flags=re.M), values)
    assert values["y"].shape == (32, 2)
    assert values["g"]["G[3]"].shape == (8, 3, 8)
