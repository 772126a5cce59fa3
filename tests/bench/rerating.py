"""A published month rated again by DuckDB's SQL alone: every call's cost, every usage line, the total.

    python -m tests.bench.rerating WAREHOUSE

Shares nothing with the program but what it published: calls and their kind, the rate tables in the database, and the
run's copy of the contracts. Integers (HUGEINT) throughout, so equal is equal. What a call is billed as is taken as
published; `tests/oracle` judges that. Bucket by bucket, for accounts are whole in one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

HERE = Path(__file__).parent
USAGE_MONTH = "2020-01-01"
CONTRACTS = ("accounts", "account_plans", "account_items")
_LAST_DAY_OF_SERVICE = """
create temp macro last_day_of_service(day) as
    case when last_day(day) - day >= (select value::integer from policy where setting = 'cancellation_notice_days')
         then last_day(day) else last_day(day + interval 1 month) end
"""


def _statements(name: str) -> str:
    return (HERE / f"{name}.sql").read_text(encoding="utf-8")


def _run(connection: duckdb.DuckDBPyConnection, name: str, values: dict[str, str]) -> None:
    """Every statement of the file; its values are ours: a date, and the path of a file of the warehouse."""
    text = _statements(name)
    for key, value in values.items():
        text = text.replace(f"${key}", value)
    connection.execute(text)


def _text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _open(warehouse: Path) -> tuple[duckdb.DuckDBPyConnection, Path]:
    """A session on the published database, with the run's contracts beside it; the run's folder."""
    import duckdb  # the bench's own process, which asks `is_equal` alone, is kept small

    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "memory_limit": "6GB"})
    connection.execute(f"attach {_text(warehouse / 'tollbook.duckdb')} as book (read_only); use book")
    connection.execute("set timezone = 'UTC'; set preserve_insertion_order = false")
    connection.execute(f"set temp_directory = {_text(warehouse.parent / 'duckdb-spill')}")
    ((run_id,),) = connection.sql("select run_id from runs where kind = 'bill'").fetchall()
    folder = warehouse / "runs" / run_id / "contracts"
    for name in CONTRACTS:
        path = _text(folder / f"{name}.csv")
        connection.execute(f"create temp view {name}_csv as from read_csv({path}, header = true, all_varchar = true)")
    connection.execute(_LAST_DAY_OF_SERVICE)
    return connection, warehouse / "billed_calls" / f"month={USAGE_MONTH[:7]}" / f"run_id={run_id}"


def rerated(warehouse: Path) -> dict[str, Any]:
    """How many calls and usage lines differ, and the sums of both sides by currency, as text."""
    connection, calls = _open(warehouse)
    _run(connection, "rerating_terms", {"usage_month": f"date '{USAGE_MONTH}'"})
    for bucket in sorted(calls.glob("bucket=*.parquet")):
        _run(connection, "rerating_bucket", {"bucket": _text(bucket)})
    count, differing = connection.sql("select sum(calls)::bigint, sum(differing)::bigint from judged").fetchall()[0]
    ((published,),) = connection.sql("select count(*) from billed_calls").fetchall()
    lines = connection.sql(_statements("rerating_lines")).fetchall()
    names = ("currency", "lines", "differing", "published_cents", "rerated_cents")
    return {
        "calls": count,
        "published_calls": published,
        "calls_differing": differing,
        "lines": [dict(zip(names, line, strict=True)) for line in lines],
    }


def is_equal(found: dict[str, Any]) -> bool:
    """Whether nothing differs, in calls and in money, and something was compared."""
    lines = found["lines"]
    return (
        found["calls"] == found["published_calls"] > 0
        and found["calls_differing"] == 0
        and all(not line["differing"] and line["published_cents"] == line["rerated_cents"] for line in lines)
    )


if __name__ == "__main__":
    print(json.dumps(rerated(Path(sys.argv[1]))))
