"""The ways of rating that are compared, and one of them run by itself.

    python -m tests.bench.compare.ways WAY FOLDER

Each is a module of this folder with `missing()`, which says what it lacks here (None: nothing), and `outcome(folder)`.
"""

from __future__ import annotations

import importlib
import json
import signal
import sys
from pathlib import Path
from typing import Any, NamedTuple


class Way(NamedTuple):
    """A way of rating: the module that holds it, and what people call it."""

    module: str
    title: str

    def loaded(self) -> Any:
        """The module."""
        return importlib.import_module(f"tests.bench.compare.{self.module}")


OUR_MATCHING = "our_matching"
POSTGRES_PREFIX = "postgres_prefix"
WAYS = (
    Way(OUR_MATCHING, "Tollbook, matching step alone"),
    Way("our_pricing", "Tollbook, matching and pricing"),
    Way("our_rating", "Tollbook, all of rating"),
    Way("duckdb_joins", "DuckDB, a join per prefix length"),
    Way("pandas_merge", "pandas, a merge per prefix length"),
    Way("python_dictionary", "Python, a dictionary of prefixes"),
    Way("postgres_btree", "PostgreSQL, btree and array of substrings"),
    Way(POSTGRES_PREFIX, "PostgreSQL, prefix_range (GiST)"),
)


def report(name: str, folder: Path) -> dict[str, Any]:
    """What the way came to, or what it lacks here."""
    (way,) = (way for way in WAYS if way.module == name)
    module = way.loaded()
    lacking = module.missing()
    return {"missing": lacking} if lacking else dict(module.outcome(folder)._asdict())


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # a server is stopped, its folder removed
    print(json.dumps(report(sys.argv[1], Path(sys.argv[2]))))
