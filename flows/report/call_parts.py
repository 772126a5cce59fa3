"""The parts of the page about calls and rows: by fate and time, by source, and what was set aside."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from flows.report.charts import Series, stacked_bars
from flows.report.facts import Facts
from flows.report.words import CALL_GROUPS, FATES, ROW_OUTCOMES

_EVERY_SIX_HOURS = tuple(str(hour) if hour % 6 == 0 else "" for hour in range(24))


def call_parts(facts: Facts) -> Facts:
    """Calls by what became of them, and when they were: groups with their fates, and two charts."""
    groups = [_call_group(group.name, group.style, group.members, facts["calls"]) for group in CALL_GROUPS]
    found = [group for group in groups if group["calls"]]
    days = len(facts["calls"][0]["by_day"]) if facts["calls"] else 0
    every_five = [str(day) if day == 1 or day % 5 == 0 else "" for day in range(1, days + 1)]
    return {
        "groups": found,
        "calls": sum(group["calls"] for group in found),
        "seconds": sum(group["seconds"] for group in found),
        "hour_chart": _time_chart(found, "by_hour", _EVERY_SIX_HOURS, "hour of the day, UTC"),
        "day_chart": _time_chart(found, "by_day", every_five, "day of the month, UTC"),
        "days": range(days),
    }


def _call_group(name: str, style: str, members: tuple[str, ...], calls: list[Facts]) -> Facts:
    of_fate = {entry["fate"]: entry for entry in calls}
    rows = [{**of_fate[fate], "name": FATES[fate]} for fate in members if fate in of_fate]
    group = {"name": name, "style": style, "rows": rows}
    for total in ("calls", "seconds"):
        group[total] = sum(row[total] for row in rows)
    for times in ("by_hour", "by_day"):
        group[times] = [sum(counts) for counts in zip(*(row[times] for row in rows), strict=True)]
    return group


def _time_chart(groups: list[Facts], times: str, labels: Sequence[str], said_by: str) -> Markup:
    if not groups:
        return Markup()
    series = [Series(str(group["style"]), group[times]) for group in groups]
    said = f"Bar chart: calls by {said_by}, by what became of them. Figures: the table below."
    return stacked_bars(series, labels, said)


def row_parts(facts: Facts) -> Facts:
    """Rows of the files by outcome and source. Every row is in one outcome."""
    sources: dict[str, Facts] = {}
    for file in facts["files"]:
        sums = sources.setdefault(file["source"], {"name": file["source"], "files": 0, "bytes": 0, "rows_read": 0})
        sums["files"] += 1
        for name in ("bytes", "rows_read", *ROW_OUTCOMES):
            sums[name] = sums.get(name, 0) + file[name]
    columns = [sources[name] for name in sorted(sources)]
    outcomes = [
        {"code": code, "name": name, "counts": [column[code] for column in columns]}
        for code, name in ROW_OUTCOMES.items()
    ]
    return {
        "sources": columns,
        "outcomes": [outcome for outcome in outcomes if any(outcome["counts"])],
        "files": len(facts["files"]),
        "rows_read": sum(column["rows_read"] for column in columns),
    }
