"""Examples of the rules page about invoice lines, as the billed month shows them (chapters 1, 2, 4, 10)."""

from __future__ import annotations

from tests.rules.page_month import Billed, Inputs, names_of
from tests.rules.rules_page import NOTHING, Cells
from tests.rules.small_month import SmallMonth, account, call, item, one_time, returned

PHONE_PRICE = "24.950000"


def _one(found: list[tuple[object, ...]]) -> str:
    """The only cell of the only row, or none."""
    return str(found[0][0]) if found else NOTHING


def _items_and_calls(name: str, rows: list[Cells]) -> Inputs:
    named = names_of(name, rows)
    return {
        "accounts": [account(own) for own, _ in named],
        "items": [item("i", row["item"], account_id=own) for own, row in named if row["item"]],
        "calls": [
            call(f"{own}-{count}", account_id=own)
            for own, row in named
            for count in range(int(row["answered calls of a minute"]))
        ],
    }


def _totals(name: str, rows: list[Cells], month: SmallMonth) -> list[Cells]:
    return [{"total of the invoice": _one(month.invoice("total", own))} for own, _ in names_of(name, rows)]


def _leaving_accounts(name: str, rows: list[Cells]) -> Inputs:
    terms = ("contract_end", "buyout_fee")
    return {
        "accounts": [
            account(own, cancel_requested_on=row["requested"], **{term: row[term] for term in terms})
            for own, row in names_of(name, rows)
        ]
    }


def _buyouts(name: str, rows: list[Cells], month: SmallMonth) -> list[Cells]:
    return [
        {"on the February invoice": _one(month.lines("amount", own, "charge_code = 'buyout'"))}
        for own, _ in names_of(name, rows)
    ]


def _priced_charges(name: str, rows: list[Cells]) -> Inputs:
    named = names_of(name, rows)
    return {
        "accounts": [account(own) for own, _ in named],
        "one_time_charges": [
            one_time("o", account_id=own, quantity=row["quantity"], unit_price=row["price"]) for own, row in named
        ],
    }


def _rounded_lines(name: str, rows: list[Cells], month: SmallMonth) -> list[Cells]:
    names = ("unit price", "exact", "amount")
    found = []
    for own, _ in names_of(name, rows):
        lines = month.lines("unit_price, exact_amount, amount", own)
        cells = [str(cell) for cell in lines[0]] if lines else [NOTHING] * 3
        found.append(dict(zip(names, cells, strict=True)))
    return found


def _charges_of_one_account(name: str, rows: list[Cells]) -> Inputs:
    """Recurring items, and one-time charges with a price of their own."""
    named = names_of(name, rows)
    return {
        "accounts": [account(name)],
        "items": [item(own, row["charge code"], account_id=name) for own, row in named if row["charged"] == "monthly"],
        "one_time_charges": [
            {
                **one_time(own, account_id=name, charge_code=row["charge code"], charge_date=row["charged"]),
                "unit_price": row["unit price"],
            }
            for own, row in named
            if row["charged"] != "monthly"
        ],
    }


def _places_of_lines(name: str, rows: list[Cells], month: SmallMonth) -> list[Cells]:
    found = []
    for row in rows:
        first_day = "2020-02-01" if row["charged"] == "monthly" else row["charged"]
        wanted = f"charge_code = '{row['charge code']}' and unit_price = {row['unit price']}"
        found.append({"line": _one(month.lines("line_number", name, f"{wanted} and period_start = '{first_day}'"))})
    return found


def _low_usage_accounts(name: str, rows: list[Cells]) -> Inputs:
    named = names_of(name, rows)
    return {
        "accounts": [account(own, plan_id="low-usage", low_usage_allowed=row["allowed"]) for own, row in named],
        "items": [
            item(item_id, account_id=own, quantity=quantity, low_usage=flag)
            for own, row in named
            for item_id, quantity, flag in (
                ("i1", int(row["flagged"]), "true"),
                ("i2", int(row["phones"]) - int(row["flagged"]), ""),
            )
        ],
    }


def _full_and_discounted(name: str, rows: list[Cells], month: SmallMonth) -> list[Cells]:
    return [
        {
            "at the full price": _one(month.lines("amount", own, f"unit_price = {PHONE_PRICE}")),
            "at the discount": _one(month.lines("amount", own, f"unit_price <> {PHONE_PRICE}")),
        }
        for own, _ in names_of(name, rows)
    ]


def _grouped_items(name: str, rows: list[Cells]) -> Inputs:
    items = [
        item(own, row["charge code"], account_id=name, billing_group=row["group"]) for own, row in names_of(name, rows)
    ]
    return {"accounts": [account(name)], "items": items}


def _lines_of_groups(name: str, rows: list[Cells], month: SmallMonth) -> list[Cells]:
    """The line of a charge code with the item's group, else that without a group."""
    found = []
    for row in rows:
        wanted = f"charge_code = '{row['charge code']}' and coalesce(billing_group, '') in ('{row['group']}', '')"
        lines = month.lines("line_number, billing_group, quantity::int", name, wanted)
        line, group, units = lines[0]
        found.append({"line": str(line), "group on the line": str(group or NOTHING), "units": str(units)})
    return found


def _handsets(name: str, rows: list[Cells]) -> Inputs:
    named = names_of(name, rows)
    return {
        "accounts": [account(own) for own, _ in named],
        "items": [item("i", "handset", account_id=own, start_date=row["item starts"]) for own, row in named],
    }


def _unit_prices(name: str, rows: list[Cells], month: SmallMonth) -> list[Cells]:
    categories = {"part month": "prorated_charges", "whole month": "service_charge"}
    return [
        {"unit price": _one(month.lines("unit_price", own, f"category = '{categories[row['line']]}'"))}
        for own, row in names_of(name, rows)
    ]


def _dated_charges(name: str, rows: list[Cells]) -> Inputs:
    named = names_of(name, rows)
    return {
        "accounts": [account(own, billing_start=row["billing begins"]) for own, row in named],
        "one_time_charges": [
            {
                **one_time("o", account_id=own, charge_date=row["charge date"], quantity=row["quantity"]),
                "unit_price": row["own price"],
            }
            for own, row in named
        ],
    }


def _charges_and_credits(name: str, rows: list[Cells], month: SmallMonth) -> list[Cells]:
    return [
        {
            "category": _one(month.lines("category", own)),
            "amount on the February invoice": _one(month.lines("amount", own)),
        }
        for own, _ in names_of(name, rows)
    ]


def _returns(name: str, rows: list[Cells]) -> Inputs:
    columns = {
        "price": "price",
        "shipped": "shipped_on",
        "came back": "received_on",
        "verified": "verified_on",
        "provisioning": "provisioning_fee",
        "missing parts": "missing_parts_fee",
    }
    named = names_of(name, rows)
    return {
        "accounts": [account(own) for own, _ in named],
        "equipment_returns": [
            returned("r", account_id=own, **{column: row[heading] for heading, column in columns.items()})
            for own, row in named
        ],
    }


def _credits_and_late_returns(name: str, rows: list[Cells], month: SmallMonth) -> list[Cells]:
    return [
        {
            "credit": _one(month.lines("amount", own, "category = 'credits'")),
            "late return": _one(month.lines("amount", own, "charge_code = 'rma_late_return'")),
        }
        for own, _ in names_of(name, rows)
    ]


WORKED: dict[str, Billed] = {
    "1.5a": Billed(_items_and_calls, _totals),
    "2.4": Billed(_leaving_accounts, _buyouts),
    "4.1a": Billed(_priced_charges, _rounded_lines),
    "4.1b": Billed(_charges_of_one_account, _places_of_lines),
    "4.2": Billed(_low_usage_accounts, _full_and_discounted),
    "4.3": Billed(_grouped_items, _lines_of_groups),
    "4.4": Billed(_handsets, _unit_prices),
    "10.1": Billed(_dated_charges, _charges_and_credits),
    "10.2": Billed(_returns, _credits_and_late_returns),
}
