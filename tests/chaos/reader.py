"""Queries a published file until a line comes in: each state of it that was seen, and every error, as JSON.

A state is read over several queries of one connection: what does not belong together would show as a state of its own.
"""

from __future__ import annotations

import json
import sys
import threading

import duckdb

QUERIES = (
    "select list(run_id order by run_id)::varchar from runs",
    "select (count(*), sum(total))::varchar from invoices",
    "select (count(*), sum(amount))::varchar from invoice_line_items",
    "select (count(*), sum(cost))::varchar from billed_calls",
    "select (count(*), sum(duration_seconds))::varchar from unbilled_calls",
    "select (count(*), sum(difference))::varchar from run_controls",
)


def state(database: str) -> str:
    with duckdb.connect(database, read_only=True) as connection:
        return json.dumps([connection.sql(query).fetchall()[0][0] for query in QUERIES])


def main() -> None:
    database = sys.argv[1]
    asked_to_end = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), asked_to_end.set()), daemon=True).start()
    states = {state(database)}
    print("ready", flush=True)
    errors, reads = [], 1
    while not asked_to_end.wait(0.02):
        try:
            states.add(state(database))
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
        reads += 1
    print(json.dumps({"states": sorted(states), "errors": errors, "reads": reads}))


if __name__ == "__main__":
    main()
