"""What `tollbook explain` found, as text of 100 columns: sentences that can be read out to a customer."""

from __future__ import annotations

import re
import textwrap
from typing import Any

Json = dict[str, Any]
WIDTH = 100
_CALL_TYPES = {
    "toll_free": "toll-free inbound",
    "international": "international",
    "domestic_premium": "domestic premium",
    "overage": "overage",
    "included": "included in the plan",
}
_PLACES = {
    "billed": "is billed",
    "unbilled": "is not billed",
    "suspended": "is suspended",
    "duplicate": "is a duplicate and not billed again",
    "conflict": "is in conflict with an earlier record and not billed",
    "rejected": "was rejected",
    "outside_month": "starts outside the month it came with",
}
_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ROW_KEYS = ("rate_version", "file", "line")
_NOT_SHOWN = (*_ROW_KEYS, "label_fr")


def plain(lines: list[str]) -> str:
    """The lines as text; characters that steer a terminal, which records may hold, are shown and not sent."""
    return "".join(_STEERING.sub(lambda found: f"\\x{ord(found.group()):02x}", line) + "\n" for line in lines)


def counted(count: int, noun: str) -> str:
    """`1 call`, `2 calls`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def wrapped(text: str, indent: str = "  ") -> list[str]:
    """The text in lines of WIDTH; those behind the first stand two places further in."""
    lines = textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False)
    return lines or [indent.rstrip()]


def section(title: str, texts: list[str]) -> list[str]:
    """A title, and the texts under it."""
    return ["", title, *(line for text in texts for line in wrapped(text))]


def _folded(text: str) -> list[str]:
    """A raw record as it stands, cut at the width and nowhere else."""
    step = WIDTH - 4
    shown = text.expandtabs(1)
    return ["    " + shown[begin : begin + step] for begin in range(0, len(shown), step)] or ["    (empty)"]


def cells(row: Json) -> str:
    """The cells of a file's row that are filled, as `name value`."""
    filled = {name: value for name, value in row.items() if name not in _NOT_SHOWN and value not in (None, "", [])}
    return ", ".join(f"{name} {_cell_text(value)}" for name, value in filled.items())


def _cell_text(value: object) -> str:
    if isinstance(value, list):
        return ";".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def where(row: Json) -> str:
    """Version, file and line of a row."""
    version = f"{row['rate_version']}/" if "rate_version" in row else ""
    return f"{version}{row['file']}, line {row['line']}"


def minutes(seconds: int) -> str:
    """`3 min 20 s`."""
    return f"{seconds // 60:,} min" + (f" {seconds % 60} s" if seconds % 60 else "")


def _record(record: Json) -> list[str]:
    lines = ["", f"The record: {record['source_file']}, line {record['source_line']}, source {record['source']}"]
    lines += wrapped(record["note"] + ".")
    if record["raw_record"] is not None:
        lines += _folded(record["raw_record"])
    for field in record["fields"]:
        came = "" if field["text"] == (field["value"] or "") else f"{field['text']!r} became "
        origin = f" (from {field['from']})" if field["from"] and field["from"] != "{" + field["field"] + "}" else ""
        lines += wrapped(f"{field['field']}: {came}{field['value'] or '(empty)'}{origin}: {field['how']}")
    return lines


def _match_row(row: Json) -> str:
    mark = "-> " if row["taken"] else "   "
    force = f"{row['effective_from'] or 'ever'} to {row['effective_to'] or 'open'}"
    state = "in force" if row["in_force"] else "not in force"
    named = [str(row[name]) for name in ("description", "destination", "country", "kind") if name in row]
    rate = f", {row['rate_per_minute']} a minute" if row["rate_per_minute"] else ""
    dated = f", {state} ({force})" if row["effective_from"] or row["effective_to"] else ""
    return f"{mark}{row['prefix'] or '(any number)'}, line {row['line']}: {' '.join(named)}{rate}{dated}"


def _matching(matching: list[Json]) -> list[str]:
    lines = []
    for table in matching:
        number = table["number"].replace("_", " ")
        lines += section(f"Prefixes of {table['file']} that the {number} begins with, longest first", [])
        lines += [line for row in table["rows"] for line in wrapped(_match_row(row))] or ["  none"]
    return lines


def _pool(pool: Json) -> list[str]:
    per = f" for each of {pool['devices']} devices" if pool["devices"] is not None else ""
    row = f"{pool['plan_row']['file']}, line {pool['plan_row']['line']}"
    place = f"It is call {pool['order']:,} of the {pool['calls']:,} that take plan minutes this month, by start time."
    if pool["pool_seconds"] is None:
        return [f"The plan has unlimited minutes ({row}).", place]
    return [
        f"The plan has {pool['included_minutes']:,} minutes{per} ({row}): {minutes(pool['pool_seconds'])} in all.",
        place,
        f"Before it {minutes(pool['before_seconds'])} were left; it took {minutes(pool['taken_seconds'])}; "
        f"{minutes(pool['after_seconds'])} were left after it. Above the plan: {minutes(pool['overage_seconds'])}.",
    ]


def _invoice_line(line: Json) -> str:
    category = line["category"]
    if line["line_number"] is None:
        return f"No line of category {category}: its calls come to 0 minutes and 0.00, and such a line is left out."
    where = f"Invoice {line['invoice_id']}, line {line['line_number']}, {line['description']}:"
    if category == "included_minutes":
        return f"{where} {counted(line['calls'], 'call')} took {line['quantity']} minutes of the plan, for 0.00."
    return (
        f"{where} {counted(line['calls'], 'call')} of this kind, {line['sum_of_costs']} together (exact amount "
        f"{line['exact_amount']}), rounded half up to the cent once: {line['amount']} {line['currency']}."
    )


def agreement(compared: Json) -> list[str]:
    """Whether the program of today comes to what was published."""
    if compared["is_same"]:
        return section("Proof", ["Rated again now, every figure is the one that was published."])
    differences = [
        f"{one['column']}: issued {one['issued']}, now {one['recomputed']}" for one in compared["differences"]
    ]
    return section("The program comes to other figures today; the issued ones stand", differences)


def _call_head(found: Json) -> list[str]:
    outcome = found["outcome"]
    record = found["record"]
    named = (
        f"Call {found['call_id']}" if found["call_id"] else f"{record['source_file']}, line {record['source_line']},"
    )
    said = f"{named} {_PLACES[outcome['place']]}"
    if outcome["place"] == "billed":
        cost = found["arithmetic"]
        said += f": {cost['cost']} {cost['currency']}, {_CALL_TYPES[outcome['result']]}."
    else:
        said += f": {outcome['result']}."
    lines = wrapped(said, "")
    if "call" in found:
        call, account = found["call"], found["account"]
        parties = f"{call['source_number'] or '(anonymous)'} to {call['destination_number']}"
        lines += wrapped(
            f"{call['direction'].capitalize()} from {parties}, {call['start_time']}, {call['duration_seconds']:,} s, "
            f"{call['disposition']}. Account {call['account_id']} ({account['name']}), {account['country']} "
            f"{account['region'] or ''}, plan {account['plan_id']}.",
            "",
        )
    return lines


def _call_why(outcome: Json) -> list[str]:
    texts = [f"{outcome['sentence']} (rule {outcome['rule']})"]
    texts += [f"It is about: {outcome['detail']}."] if outcome["detail"] else []
    texts += [f"What to do: {outcome['remedy']}"] if outcome["remedy"] else []
    return section("Why", texts)


def _rerun(difference: Json) -> str:
    before, after = (difference[name] or "nothing" for name in ("issued_value", "corrected_value"))
    return f"{difference['rerun_id']}, {difference['cause']}: {difference['column']} {before} became {after}"


def call_text(found: Json) -> str:
    """A call's explanation, a section a step from the record to the invoice line."""
    lines = [*_call_head(found), *_call_why(found["outcome"]), *_record(found["record"])]
    lines += _matching(found.get("matching", []))
    if found.get("rate_row"):
        row = found["rate_row"]
        lines += section("The row that was taken", [f"{where(row)}: {cells(row)}"])
        if found["outcome"]["place"] == "suspended":
            lines += wrapped("Its price is empty, which means that there is none; no shorter prefix is tried.")
    if "increments" in found:
        lines += section("Seconds charged", [found["increments"]["arithmetic"] + " (rule 6.2)."])
    if found.get("pool"):
        lines += section("Plan minutes", _pool(found["pool"]))
    if "arithmetic" in found:
        lines += section("The cost", found["arithmetic"]["steps"])
        lines += section("On the invoice", [_invoice_line(line) for line in found["invoice_lines"]])
        lines += agreement(found["agreement"])
    if found.get("reruns"):
        lines += section("What reruns say of it; the issued invoice stands", list(map(_rerun, found["reruns"])))
    for repeat in found.get("repeats", []):
        place = f"{repeat['source_file']}, line {repeat['source_line']}, source {repeat['source']}"
        is_repeat = repeat["place"] in ("duplicate", "conflict")
        what = f"A {repeat['place']} of it" if is_repeat else f"Another record that has this id ({repeat['place']})"
        lines += ["", f"{what}, not billed: {place}", *_folded(repeat["raw_record"] or "")]
    return plain([*lines, "", *run(found["run"])])


def run(facts: Json) -> list[str]:
    """What names the run."""
    return wrapped(
        f"Run {facts['run_id']}, invoice month {facts['invoice_month']}, rate version {facts['rate_version']}, program "
        f"{facts['program']}.",
        "",
    )
