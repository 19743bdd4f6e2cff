"""Drawings as files."""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from tncompile.draw import draw
from tncompile.language import load
from tncompile.source import TnError, UsageError

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def drawing():
    return draw(load("examples/tensor_train.tn", d=4))


def test_svg_is_xml_whose_text_is_text(drawing):
    root = ElementTree.fromstring(drawing.svg())
    texts = {"".join(element.itertext()).strip() for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"r=4", "n=3", "C=2", "tensor_train"} <= texts


def test_png_is_a_picture(drawing):
    assert drawing.png().startswith(PNG)


def test_dot_names_every_node_and_wire(drawing):
    text = drawing.dot()
    assert text.startswith('graph "tensor_train" {')
    assert text.count(" -- ") == len(drawing.sheet.layout.graph.wires)
    assert 'label="G[1]"' in text


def test_a_drawing_is_saved_as_its_name_says(drawing, tmp_path):
    for suffix, start in ((".svg", b"<?xml"), (".png", PNG), (".dot", b"graph")):
        drawing.save(tmp_path / f"net{suffix}")
        assert (tmp_path / f"net{suffix}").read_bytes().startswith(start)


def test_another_suffix_is_refused(drawing, tmp_path):
    with pytest.raises(UsageError, match=r"\.svg, \.png or \.dot, not in \.pdf"):
        drawing.save(tmp_path / "net.pdf")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_said(drawing, tmp_path):
    with pytest.raises(TnError, match="cannot write"):
        drawing.save(tmp_path / "none" / "net.svg")


def test_the_same_network_gives_the_same_bytes_under_two_hash_seeds():
    program = (
        "import sys; from tncompile.draw import draw; from tncompile.language import load;"
        "sys.stdout.write(draw(load('examples/deep_rac.tn', T=3)).svg())"
    )
    texts = [
        subprocess.run([sys.executable, "-c", program], env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
                       capture_output=True, check=True).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert texts[0] == texts[1]
    assert len(texts[0]) > 1000


def test_importing_the_package_loads_no_plotting():
    program = "import sys, tncompile.draw; print('matplotlib' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert result.stdout == "False\n"
