"""`tollbook rates diff`: what changed from one version to another."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from rate_tables.versions import open_version
from schemas.faults import refuse_if_any
from schemas.rate_files import RATE_TABLES
from transforms.rate_diff import table_differences


def diff_versions(root: Path, before: str, after: str) -> pl.DataFrame:
    """Every difference (see `transforms.rate_diff`), by table. Either may be frozen or not; faults refuse both."""
    old, new = open_version(root, before), open_version(root, after)
    refuse_if_any([*old.faults, *new.faults])
    tables = ((getattr(old.tables, spec.name), getattr(new.tables, spec.name), spec) for spec in RATE_TABLES)
    return pl.concat([table_differences(*table) for table in tables])
