"""What a view is, and the words its columns are described by."""

from __future__ import annotations

from typing import NamedTuple

from schemas.fields import FIELDS, Field

BIGINT = "BIGINT"
EXACT_6 = "DECIMAL(24,6)"


class WarehouseView(NamedTuple):
    """A view of `tollbook.duckdb`: its grain, and its columns in order with type and meaning."""

    name: str
    grain: str
    columns: dict[str, Field]


def same(*names: str) -> dict[str, Field]:
    """Columns that mean what the field dictionary says of their name."""
    return {name: FIELDS[name] for name in names}
