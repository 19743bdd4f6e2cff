"""Options and settings of the test suite."""

from __future__ import annotations

import pytest
from hypothesis import settings

# The same examples on every run: a test that fails once in a while tells nobody what broke it.
# `--hypothesis-profile=explore` looks further.
settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.register_profile("explore", deadline=None, database=None, max_examples=2000)
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite",
        action="store_true",
        help="write stored expectations anew; each test that changes one fails, so that the difference is read",
    )


@pytest.fixture
def rewrite(request: pytest.FixtureRequest) -> bool:
    """Whether stored expectations are to be written anew."""
    return bool(request.config.getoption("--rewrite"))
