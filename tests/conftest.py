"""Options and settings of the test suite."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# Many tests start processes. Where Python may keep bytecode, and the tables of the parser beside it, these are there at once.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The same examples on every run: a test that fails once in a while tells nobody what broke it.
# `--hypothesis-profile=explore` looks further.
settings.register_profile("suite", deadline=None, derandomize=True, database=None, max_examples=30)
settings.register_profile("explore", deadline=None, database=None, max_examples=2000)
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite",
        action="store_true",
        help="write stored expectations anew; each test that changes one fails, so that the difference is read",
    )
    parser.addoption("--slow", action="store_true", help="also run the tests that take many seconds each")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes many seconds; run with --slow only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--slow"):
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="slow; run with --slow"))


@pytest.fixture
def rewrite(request: pytest.FixtureRequest) -> bool:
    """Whether stored expectations are to be written anew."""
    return bool(request.config.getoption("--rewrite"))
