"""What was measured on, and with what: it stands beside every figure."""

from __future__ import annotations

import datetime as dt
import os
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from tests.bench.compare.pandas_merge import BESIDE

PACKAGES = ("polars", "duckdb", "pyarrow", "pandas", "psycopg")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def machine() -> dict[str, Any]:
    """Processor, cores that may be used, memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory / 2**30, 1),
        "system": platform.system(),
    }


def _version(package: str) -> str:
    """Of what is imported here, or stands beside for the comparison."""
    found = metadata.distributions(name=package, path=[*sys.path, str(BESIDE)])
    return next((distribution.version for distribution in found), "not installed")


def stamp() -> dict[str, Any]:
    """Day, program and versions of one measurement."""
    from flows.code_version import code_version

    versions = {"python": platform.python_version()} | {package: _version(package) for package in PACKAGES}
    today = dt.datetime.now(dt.UTC).date().isoformat()
    return {"on": today, "program": code_version(), "versions": versions}
