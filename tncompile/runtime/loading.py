"""Text of a generated module, as a module of the running interpreter."""

from __future__ import annotations

import linecache
from types import ModuleType


def loaded(source: str, name: str) -> ModuleType:
    """A module from the text that `emit` has written; tracebacks show its lines."""
    path = f"<{name}, compiled>"
    module = ModuleType(name)
    linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
    exec(compile(source, path, "exec"), module.__dict__)
    return module
