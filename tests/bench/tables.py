"""The tables of a bench: made once, shown on the screen and in the docs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.bench.compare.measure import is_equal as is_compared_equal
from tests.bench.compare.ways import OUR_MATCHING
from tests.bench.months import size_text
from tests.bench.rerating import is_equal as is_rerated_equal
from tests.bench.results import Results

GOAL_RATIO = 2.5


class Table(NamedTuple):
    """A title, a sentence about what the figures are, headers (the first is text, the rest figures), and rows."""

    title: str
    about: str
    headers: tuple[str, ...]
    rows: list[tuple[str, ...]]


def _gib(mib: float) -> str:
    return f"{mib / 1024:.2f} GiB"


def _amounts(check: dict[str, Any]) -> str:
    if not check:
        return "not checked"
    if not is_rerated_equal(check) or not check["is_same_in_every_round"]:
        return "DIFFERENT"
    return f"equal: {check['calls']:,} calls"


def _per_million(entry: dict[str, Any]) -> str:
    return f"{entry['seconds'] * 1_000_000 / entry['calls']:.2f}"


def month_end_table(sizes: dict[str, Any]) -> Table:
    """The whole month end beside the floor."""
    rows = [
        (
            size_text(entry["calls"]),
            str(len(entry["rounds"])),
            f"{entry['csv_bytes'] / 1e6:,.0f} MB",
            f"{entry['floor_seconds']:.2f}",
            f"{entry['seconds']:.2f}",
            f"{entry['ratio']:.2f}",
            f"{entry['calls'] / entry['seconds']:,.0f}",
            _per_million(entry),
            _gib(entry["peak_mib"]),
            _amounts(entry["check"]),
        )
        for entry in sizes.values()
    ]
    headers = (
        *("calls", "rounds", "CSV", "floor F, s", "month end, s", "ratio to F", "calls a second"),
        *("s a million calls", "peak memory", "amounts by DuckDB"),
    )
    about = f"The whole `tollbook bill`, start to end of the process. Goal: at most {GOAL_RATIO} × F."
    return Table("Month end", about, headers, rows)


def stages_table(sizes: dict[str, Any]) -> Table:
    """Where the seconds of the month end go."""
    names = list(dict.fromkeys(name for entry in sizes.values() for name in entry["stages"]))
    rows = [
        (
            name,
            *(
                f"{entry['stages'].get(name, 0):.2f} ({entry['stages'].get(name, 0) / entry['seconds']:.0%})"
                for entry in sizes.values()
            ),
        )
        for name in names
    ]
    headers = ("stage", *(f"{size_text(entry['calls'])} calls, s" for entry in sizes.values()))
    about = "Seconds of each stage in the same runs, and their share: medians, so they add up nearly."
    return Table("Stages", about, headers, rows)


def ingest_table(sizes: dict[str, Any]) -> Table:
    """Reading alone beside Polars' plain reading."""
    rows = [
        (
            size_text(entry["calls"]),
            str(len(entry["rounds"])),
            f"{entry['floor_seconds']:.2f}",
            f"{entry['seconds']:.2f}",
            f"{entry['ratio']:.2f}",
            f"{entry['calls'] / entry['seconds']:,.0f}",
            _gib(entry["peak_mib"]),
        )
        for entry in sizes.values()
    ]
    headers = (
        *("calls", "rounds", "Polars CSV → Parquet, s", "`tollbook ingest`, s", "ratio", "calls a second"),
        "peak memory",
    )
    about = "Reading, checking and storing the calls, beside Polars' plain reading of the same files as text."
    return Table("Reading", about, headers, rows)


def prefixes_table(found: dict[str, Any]) -> Table:
    """The prefix index: to build it, and to look numbers up."""
    row = (
        f"{found['prefixes']:,} prefixes, {found['entries']:,} dated rows",
        f"{found['build_seconds']:.2f}",
        size_text(found["calls"]),
        f"{found['read_seconds']:.2f}",
        f"{found['seconds']:.2f}",
        f"{found['ratio']:.2f}",
    )
    headers = ("deck", "flattened in, s", "look-ups", "read of two columns, s", "look-ups, s", "ratio")
    about = "Look-ups of the longest prefix in force beside a plain read of the two columns that they need."
    return Table("Longest prefix", about, headers, [row])


def compare_table(found: dict[str, Any]) -> Table:
    """Every way of rating beside ours."""
    ours = next((way["seconds"] for way in found["ways"] if way["way"] == OUR_MATCHING), None)
    rows = [
        (
            way["title"],
            f"{way['load_seconds']:.2f}",
            f"{way['seconds']:.3f}",
            f"{found['calls'] / way['seconds']:,.0f}",
            f"{way['seconds'] / ours:,.1f}" if ours else "",
            _gib(way["peak_mib"]),
            money(way["amount_micros"]),
            f"{way['priced']:,} / {way['unpriced']:,}",
        )
        for way in found["ways"]
    ]
    headers = (
        *("way", "loading, s", "matching and pricing, s", "calls a second", "times our matching"),
        *("peak memory", "total amount", "calls with / without price"),
    )
    verdict = "All total amounts are equal." if is_compared_equal(found) else "THE AMOUNTS DIFFER."
    about = f"{size_text(found['calls'])} calls against {found['prefixes']:,} nested, dated prefixes. {verdict}"
    return Table("What people use instead", about, headers, rows)


def money(micros: Any) -> str:
    """`292,004.825776`, by integers alone; a list where rounds differ."""
    if isinstance(micros, list):
        return ", ".join(money(one) for one in micros)
    return f"{micros // 1_000_000:,}.{micros % 1_000_000:06d}"


def tables(results: Results) -> Iterator[Table]:
    """Every table that there are figures for."""
    if results["month_end"]:
        yield month_end_table(results["month_end"])
        yield stages_table(results["month_end"])
    if results["ingest"]:
        yield ingest_table(results["ingest"])
    if results["prefixes"]:
        yield prefixes_table(results["prefixes"])
    if results["compare"]:
        yield compare_table(results["compare"])


def notes(results: Results) -> list[str]:
    """What each way's seconds hold, and what was skipped and why."""
    compared = results["compare"]
    if not compared:
        return []
    told = [f"{way['title']}: {way['counted']}." for way in compared["ways"]]
    return told + [f"{title}: skipped, {why}." for title, why in compared["skipped"].items()]


def faults(results: Results) -> list[str]:
    """Every amount that differs between two ways of computing it."""
    found = [
        f"{size_text(entry['calls'])} calls: amounts differ from DuckDB's own, or between rounds"
        for entry in results["month_end"].values()
        if _amounts(entry["check"]) == "DIFFERENT"
    ]
    if results["compare"] and not is_compared_equal(results["compare"]):
        sums = "; ".join(f"{way['title']} {money(way['amount_micros'])}" for way in results["compare"]["ways"])
        found.append(f"the ways of rating come to different amounts: {sums}")
    return found
