"""What `tollbook explain` found, as text of 100 columns: sentences that can be read out to a customer."""

from __future__ import annotations

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
_ROW_KEYS = ("rate_version", "file", "line")
_NOT_SHOWN = (*_ROW_KEYS, "label_fr")


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    lines = textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False)
    return lines or [indent.rstrip()]


def _section(title: str, texts: list[str]) -> list[str]:
    return ["", title, *(line for text in texts for line in _wrapped(text))]


def _folded(text: str) -> list[str]:
    """A raw record as it stands, cut at the width and nowhere else."""
    step = WIDTH - 4
    shown = text.expandtabs(1)
    return ["    " + shown[begin : begin + step] for begin in range(0, len(shown), step)] or ["    (empty)"]


def _cells(row: Json) -> str:
    """The cells of a file's row that are filled, as `name value`."""
    filled = {name: value for name, value in row.items() if name not in _NOT_SHOWN and value not in (None, "", [])}
    return ", ".join(
        f"{name} {';'.join(map(str, value)) if isinstance(value, list) else value}" for name, value in filled.items()
    )


def _where(row: Json) -> str:
    version = f"{row['rate_version']}/" if "rate_version" in row else ""
    return f"{version}{row['file']}, line {row['line']}"


def _minutes(seconds: int) -> str:
    return f"{seconds // 60:,} min" + (f" {seconds % 60} s" if seconds % 60 else "")


def _record(record: Json) -> list[str]:
    lines = ["", f"The record: {record['source_file']}, line {record['source_line']}, source {record['source']}"]
    lines += _wrapped(record["note"] + ".")
    if record["raw_record"] is not None:
        lines += _folded(record["raw_record"])
    for field in record["fields"]:
        came = "" if field["text"] == (field["value"] or "") else f"{field['text']!r} became "
        origin = f" (from {field['from']})" if field["from"] and field["from"] != "{" + field["field"] + "}" else ""
        lines += _wrapped(f"{field['field']}: {came}{field['value'] or '(empty)'}{origin}: {field['how']}")
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
        lines += _section(f"Prefixes of {table['file']} that the {number} begins with, longest first", [])
        lines += [line for row in table["rows"] for line in _wrapped(_match_row(row))] or ["  none"]
    return lines


def _pool(pool: Json) -> list[str]:
    per = f" for each of {pool['devices']} devices" if pool["devices"] is not None else ""
    row = f"{pool['plan_row']['file']}, line {pool['plan_row']['line']}"
    place = f"It is call {pool['order']:,} of the {pool['calls']:,} that take plan minutes this month, by start time."
    if pool["pool_seconds"] is None:
        return [f"The plan has unlimited minutes ({row}).", place]
    return [
        f"The plan has {pool['included_minutes']:,} minutes{per} ({row}): {_minutes(pool['pool_seconds'])} in all.",
        place,
        f"Before it {_minutes(pool['before_seconds'])} were left; it took {_minutes(pool['taken_seconds'])}; "
        f"{_minutes(pool['after_seconds'])} were left after it. Above the plan: {_minutes(pool['overage_seconds'])}.",
    ]


def _invoice_line(line: Json) -> str:
    category = line["category"]
    if line["line_number"] is None:
        return f"No line of category {category}: its calls come to 0 minutes and 0.00, and such a line is left out."
    where = f"Invoice {line['invoice_id']}, line {line['line_number']}, {line['description']}:"
    if category == "included_minutes":
        return f"{where} {line['calls']:,} calls took {line['quantity']} minutes of the plan, for 0.00."
    return (
        f"{where} the {line['calls']:,} calls of this kind cost {line['sum_of_costs']} together (exact amount "
        f"{line['exact_amount']}), rounded half up to the cent once: {line['amount']} {line['currency']}."
    )


def _agreement(agreement: Json) -> list[str]:
    if agreement["is_same"]:
        return _section("Proof", ["Rated again now, every figure is the one that was published."])
    differences = [
        f"{one['column']}: issued {one['issued']}, now {one['recomputed']}" for one in agreement["differences"]
    ]
    return _section("The program comes to other figures today; the issued ones stand", differences)


def _call_head(found: Json) -> list[str]:
    outcome = found["outcome"]
    said = f"Call {found['call_id']} {_PLACES[outcome['place']]}"
    if outcome["place"] == "billed":
        cost = found["arithmetic"]
        said += f": {cost['cost']} {cost['currency']}, {_CALL_TYPES[outcome['result']]}."
    else:
        said += f": {outcome['result']}."
    lines = _wrapped(said, "")
    if "call" in found:
        call, account = found["call"], found["account"]
        parties = f"{call['source_number'] or '(anonymous)'} to {call['destination_number']}"
        lines += _wrapped(
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
    return _section("Why", texts)


def call_text(found: Json) -> str:
    """A call's explanation, a section a step from the record to the invoice line."""
    lines = [*_call_head(found), *_call_why(found["outcome"]), *_record(found["record"])]
    lines += _matching(found.get("matching", []))
    if found.get("rate_row"):
        row = found["rate_row"]
        lines += _section("The row that was taken", [f"{_where(row)}: {_cells(row)}"])
        if found["outcome"]["place"] == "suspended":
            lines += _wrapped("Its price is empty, which means that there is none; no shorter prefix is tried.")
    if "increments" in found:
        lines += _section("Seconds charged", [found["increments"]["arithmetic"] + " (rule 6.2)."])
    if found.get("pool"):
        lines += _section("Plan minutes", _pool(found["pool"]))
    if "arithmetic" in found:
        lines += _section("The cost", found["arithmetic"]["steps"])
        lines += _section("On the invoice", [_invoice_line(line) for line in found["invoice_lines"]])
        lines += _agreement(found["agreement"])
    for repeat in found.get("repeats", []):
        place = f"{repeat['source_file']}, line {repeat['source_line']}, source {repeat['source']}"
        lines += ["", f"A {repeat['place']} of it, not billed: {place}", *_folded(repeat["raw_record"] or "")]
    return "\n".join([*lines, "", *_run(found["run"])]) + "\n"


def _run(run: Json) -> list[str]:
    return _wrapped(
        f"Run {run['run_id']}, invoice month {run['invoice_month']}, rate version {run['rate_version']}, program "
        f"{run['program']}.",
        "",
    )


def _charge(part: Json) -> list[str]:
    lines = _wrapped(part["arithmetic"])
    for name, what in (
        ("contract_row", "contract"),
        ("price_row", "price"),
        ("discount_row", "discount"),
        ("policy_row", "policy"),
    ):
        if part.get(name):
            dated = f" in force on {part['price_date']}" if name == "price_row" and "price_date" in part else ""
            lines += _wrapped(f"{what}{dated}: {_where(part[name])}: {_cells(part[name])}", "    ")
    return lines


def _calls(calls: Json, currency: str) -> list[str]:
    lines = _section(
        "What it consists of",
        [
            f"{calls['calls']:,} calls from {calls['first_start']} to {calls['last_start']}, "
            f"{_minutes(calls['charged_seconds'])} charged, {calls['sum_of_costs']} {currency} together.",
        ],
    )
    lines += _section("The dearest", [])
    for call in calls["dearest"]:
        lines += _wrapped(
            f"{call['start_time']} {call['call_id']} to {call['destination_number']}: {call['billable_seconds']} s, "
            f"{call['cost']}"
        )
    listed = [line for text in calls["list_all"].splitlines() for line in _wrapped(text)]
    return [*lines, *_section("All of them, in DuckDB on tollbook.duckdb", []), *listed]


def _basis(basis: Json) -> list[str]:
    row = basis["row"]
    texts = [f"{basis['arithmetic']} (rule {basis['rule']})", f"{_where(row)}: {_cells(row)}"]
    for line in basis["lines"]:
        share = (
            f" × {line['share_percent']} % (line {line['share_line']} of usf_shares.csv)"
            if "interstate" in line
            else ""
        )
        texts.append(f"line {line['line_number']}, {line['base_category']}: {line['amount']}{share}")
    return _section("What it is taken of", texts)


def _adjustment(row: Json) -> str:
    return (
        f"Rerun {row['rerun_id']} of {row['disputed_invoice_id']}: issued {row['issued_amount']}, corrected "
        f"{row['corrected_amount']}, difference {row['difference']} ({row['cause']})."
    )


def line_text(found: Json) -> str:
    """An invoice line's explanation: what it consists of, and its rounding."""
    line, invoice = found["line"], found["invoice"]
    currency = invoice["currency"]
    period = f"{line['period_start']} to {line['period_end']} (that day excluded)"
    head = f"Invoice {invoice['invoice_id']}, line {line['line_number']}: {line['description']}, {line['amount']} {currency}."
    quantity = f"{line['quantity']} × {line['unit']}" + (f" at {line['unit_price']}" if line["unit_price"] else "")
    account = f"Account {invoice['account_id']} ({invoice['name']}). Category {line['category']}, {period}, {quantity}."
    lines = [*_wrapped(head, ""), *_wrapped(account, "")]
    if "calls" in found:
        lines += _calls(found["calls"], currency)
    if "charges" in found:
        lines += _section("What it consists of", [])
        lines += [text for part in found["charges"] for text in _charge(part)]
    if "basis" in found:
        lines += _basis(found["basis"])
    if "adjustments" in found:
        lines += _section("What it consists of", [_adjustment(row) for row in found["adjustments"]])
    lines += _section("Rounding", [f"{found['rounding']['sentence']} {currency}."])
    lines += _agreement(found["agreement"])
    return "\n".join([*lines, "", *_run(found["run"])]) + "\n"
