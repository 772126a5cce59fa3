"""What `tollbook explain --invoice` found, as text of 100 columns."""

from __future__ import annotations

from flows.explain_text import Json, agreement, cells, counted, minutes, plain, run, section, where, wrapped


def _charge(part: Json) -> list[str]:
    lines = wrapped(part["arithmetic"])
    for name, what in (
        ("contract_row", "contract"),
        ("price_row", "price"),
        ("discount_row", "discount"),
        ("policy_row", "policy"),
    ):
        if part.get(name):
            dated = f" in force on {part['price_date']}" if name == "price_row" and "price_date" in part else ""
            lines += wrapped(f"{what}{dated}: {where(part[name])}: {cells(part[name])}", "    ")
    return lines


def _calls(calls: Json, currency: str) -> list[str]:
    lines = section(
        "What it consists of",
        [
            f"{counted(calls['calls'], 'call')} from {calls['first_start']} to {calls['last_start']}, "
            f"{minutes(calls['charged_seconds'])} charged, {calls['sum_of_costs']} {currency} together.",
        ],
    )
    lines += section("The dearest", [])
    for call in calls["dearest"]:
        lines += wrapped(
            f"{call['start_time']} {call['call_id']} to {call['destination_number']}: {call['billable_seconds']} s, "
            f"{call['cost']}"
        )
    listed = [line for text in calls["list_all"].splitlines() for line in wrapped(text)]
    return [*lines, *section("All of them, in DuckDB on tollbook.duckdb", []), *listed]


def _basis(basis: Json) -> list[str]:
    row = basis["row"]
    texts = [f"{basis['arithmetic']} (rule {basis['rule']})", f"{where(row)}: {cells(row)}"]
    for line in basis["lines"]:
        share = (
            f" × {line['share_percent']} % (line {line['share_line']} of usf_shares.csv)"
            if "interstate" in line
            else ""
        )
        texts.append(f"line {line['line_number']}, {line['base_category']}: {line['amount']}{share}")
    return section("What it is taken of", texts)


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
    head = f"Invoice {invoice['invoice_id']}, line {line['line_number']}: {line['description']}, "
    head += f"{line['amount']} {currency}."
    price = f", unit price {line['unit_price']}" if line["unit_price"] else ""
    quantity = f"quantity {line['quantity']} ({line['unit']}){price}"
    account = f"Account {invoice['account_id']} ({invoice['name']}). Category {line['category']}, {period}, {quantity}."
    lines = [*wrapped(head, ""), *wrapped(account, "")]
    if "calls" in found:
        lines += _calls(found["calls"], currency)
    if "charges" in found:
        lines += section("What it consists of", [])
        lines += [text for part in found["charges"] for text in _charge(part)]
    if "basis" in found:
        lines += _basis(found["basis"])
    if "adjustments" in found:
        lines += section("What it consists of", [_adjustment(row) for row in found["adjustments"]])
    lines += section("Rounding", [f"{found['rounding']['sentence']} {currency}."])
    lines += agreement(found["agreement"])
    return plain([*lines, "", *run(found["run"])])
