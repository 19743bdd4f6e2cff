"""The house rules that a machine can check: layers, sizes of files and functions, a light import."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tncompile

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "tncompile"
MODULES = sorted(PACKAGE.rglob("*.py"))
SOURCES = sorted(
    path for folder in ("tncompile", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")
)
TEXTS = [
    path
    for pattern in ("*.md", "*.toml", "Makefile", ".ci/run", "docs/**/*.md", "examples/*.tn", "grammars/*")
    for path in sorted(ROOT.glob(pattern))
]
THIRD_PARTIES = (
    *("numpy", "lark", "networkx", "opt_einsum", "cotengra", "click", "rich", "matplotlib", "cupy"),
    *("jinja2", "pandas"),
)


def layers() -> list[str]:
    """The folders of the package in the order of the table in docs/architecture.md."""
    lines = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").splitlines()
    rows = [line.split("|")[1].strip() for line in lines if line.startswith("| `")]
    return [row.strip("`").rstrip("/") for row in rows if row.endswith("/`")]


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield str(node.module)


def layer_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "tncompile" and len(parts) > 1 and parts[1] in layers() else None


def test_every_folder_of_the_package_is_a_layer():
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and list(path.glob("*.py"))}
    assert folders <= set(layers())


@pytest.mark.parametrize("layer", layers())
def test_a_layer_imports_only_what_stands_above_it(layer):
    below = layers()[layers().index(layer) + 1 :]
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in sorted((PACKAGE / layer).rglob("*.py"))
        for module in imported(path)
        if layer_of(module) in below
    ]
    assert not wrong


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_at_top(path: Path) -> Iterator[str]:
    """The modules of the package that a file imports when it is loaded."""
    names = {module_name(other) for other in MODULES}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == "tncompile":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in names else str(node.module)


def test_no_modules_import_each_other():
    graph = {module_name(path): set(imported_at_top(path)) for path in MODULES}
    finished: set[str] = set()
    while ready := {name for name, needs in graph.items() if needs <= finished} - finished:
        finished |= ready
    assert set(graph) == finished


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_short(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno + 1 <= 50, f"{node.name} in line {node.lineno}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_and_every_public_name_is_documented(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the module has no docstring"
    public = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    assert [node.name for node in public if not ast.get_docstring(node)] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_class_of_data_is_documented(path):
    # `dataclass` would ask `inspect` for a signature to put there, at some milliseconds for the first one.
    tree = ast.parse(path.read_text(encoding="utf-8"))
    decorated = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.decorator_list]
    assert [node.name for node in decorated if not ast.get_docstring(node)] == []


def test_a_plain_import_loads_no_third_party():
    command = (
        "import sys; before = set(sys.modules); import tncompile; print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert loaded.isdisjoint(THIRD_PARTIES)


def test_every_public_name_can_be_had():
    for name in tncompile.__all__:
        assert getattr(tncompile, name) is not None


def test_no_public_name_hides_a_folder():
    assert set(tncompile.__all__).isdisjoint(path.name for path in PACKAGE.iterdir())


@pytest.mark.parametrize("path", [*SOURCES, *TEXTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_names_a_place_on_some_machine(path):
    text = path.read_text(encoding="utf-8")
    for start in ("home", "work", "tmp", "root", "Users"):
        assert f"/{start}/" not in text


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_left_to_do(path):
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error")
    assert [word for word in words if word in path.read_text(encoding="utf-8")] == []
