"""Identity of the program: whatever can change a bill by being edited is in it."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

VERSION = "0.1.0"
_ROOT = Path(__file__).parent.parent
_SOURCES = (".py", ".sql", ".html", ".css")
_PACKAGES = ("flows", "transforms", "schemas", "rate_tables")


@cache
def code_version() -> str:
    """Release and a digest over the program's own modules, SQL and pages, like `0.1.0+3f2a9c1e07bd`."""
    sha = hashlib.sha256()
    for package in _PACKAGES:
        found = (_ROOT / package).rglob("*")
        for path in sorted(path for path in found if path.suffix in _SOURCES):
            sha.update(path.relative_to(_ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{VERSION}+{sha.hexdigest()[:12]}"
