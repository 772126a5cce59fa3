"""The report's page made of its facts: HTML that stands by itself. Same facts, same bytes."""

from __future__ import annotations

import base64
import hashlib
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from flows.confidential import masked
from flows.report import figures
from flows.report.call_parts import call_parts, row_parts
from flows.report.facts import Facts
from flows.report.money_parts import by_currency, destination_parts, ranked_parts, revenue_parts
from flows.report.words import CATEGORY_NAMES, CONTROL_ORDER, WARNINGS

_HERE = Path(__file__).parent
FILES_SHOWN = 200
"""Input files that are listed one by one; manifest.json has them all."""


def report_page(facts: Facts) -> str:
    """The page, of a month's run or of a rerun."""
    template = "rerun.html" if facts["run"]["kind"] == "rerun" else "month.html"
    parts = _rerun_parts(facts) if facts["run"]["kind"] == "rerun" else _month_parts(facts)
    style = (_HERE / "style.css").read_text(encoding="utf-8")
    policy = f"default-src 'none'; style-src 'sha256-{_sha256(style)}'; base-uri 'none'; form-action 'none'"
    page = _environment().get_template(template)
    return page.render(**facts, **parts, style=Markup(style), policy=policy)


def load_templates() -> None:
    """The templates are compiled, for pages to come."""
    for name in ("month.html", "rerun.html", "base.html", "tables.html"):
        _environment().get_template(name)


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _compiled() -> FileSystemBytecodeCache | None:
    """Compiled templates are kept where Python keeps compiled modules: compiling them takes longer than a page."""
    folder = _HERE / "__pycache__"
    if sys.dont_write_bytecode:
        return None
    try:
        folder.mkdir(exist_ok=True)
    except OSError:  # installed where this user may not write
        return None
    return FileSystemBytecodeCache(str(folder), "%s.jinja") if os.access(folder, os.W_OK) else None


@cache
def _environment() -> Environment:
    made = Environment(
        bytecode_cache=_compiled(),
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    names = (
        "number",
        "number_or_text",
        "cents",
        "minutes",
        "month_name",
        "day_name",
        "share",
        "change",
        "difference",
        "count",
        "listed",
    )
    made.filters |= {name: getattr(figures, name) for name in names} | {"masked": masked}
    return made


def _month_parts(facts: Facts) -> Facts:
    rows = row_parts(facts)
    return {
        "revenue_parts": revenue_parts(facts),
        "account_parts": ranked_parts(facts, "accounts", "total"),
        "destination_parts": destination_parts(facts),
        "call_parts": call_parts(facts),
        "row_parts": rows,
        "control_parts": control_parts(facts),
        "warning_rows": [_warning(row) for row in facts["warnings"]],
        "invoices": sum(total["invoices"] for total in facts["totals"]),
        "suspended_calls": sum(row["calls"] for row in facts["suspended"]),
        "suspended_seconds": sum(row["seconds"] for row in facts["suspended"]),
        "listed_files": facts["files"][:FILES_SHOWN],
        "tiles": len(facts["totals"]) + 3,
        "found_anomalies": facts.get("anomalies"),
    }


def _rerun_parts(facts: Facts) -> Facts:
    amounts = [{**row, "name": CATEGORY_NAMES.get(row["category"], row["category"])} for row in facts["rerun_amounts"]]
    return {
        "amount_parts": by_currency(amounts),
        "control_parts": control_parts(facts),
        "compared": facts["rerun_lines"][0],
    }


def _warning(row: Facts) -> Facts:
    name, noun = WARNINGS.get(row["kind"], (row["kind"].replace("_", " "), "record"))
    about = "account" if row["accounts"] else "file"
    counted = None if row["counted"] is None else figures.count(row["counted"], noun)
    return {"name": name, "counted": counted, "about": figures.count(row["warnings"], about)}


def control_parts(facts: Facts) -> Facts:
    """The controls in the order of the month end, with the sums of their sides."""
    rows = [_control(row) for row in sorted(facts["controls"], key=_place_of_control)]
    return {
        "rows": rows,
        "controls": len({row["control"] for row in rows}),
        "checked": sum(row["checked"] for row in rows),
        "failed": sum(row["failed"] for row in rows),
    }


def _place_of_control(row: Facts) -> tuple[int, str, str]:
    """Controls that are not known stand last."""
    name = row["control"]
    place = CONTROL_ORDER.index(name) if name in CONTROL_ORDER else len(CONTROL_ORDER)
    return place, name, row["currency"] or ""


def _control(row: Facts) -> dict[str, Any]:
    is_money = row["currency"] is not None
    return {**row, **{side: figures.exact(row[f"{side}_side"], is_money=is_money) for side in ("left", "right")}}
