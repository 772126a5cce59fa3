"""Chapters 1 to 4 of the rules page: examples of dates, part months and categories, worked by functions.

Each function takes the inputs of one row of an example, as text, and gives its results as the page writes them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import polars as pl

from flows.settings import Settings, month_text, parse_month
from schemas.categories import CATEGORIES
from tests.rules.page_values import FEBRUARY, ask_month, day, micros, shipped
from tests.rules.rules_page import NOTHING, Cells
from transforms.invoices import number_lines
from transforms.line_items import draft_lines, round_lines
from transforms.recurring import full_months, part_months, prorated_days, recurring_items, recurring_lines
from transforms.service_period import billing_start, last_service_day
from transforms.timestamps import add_months, in_usage_month, parse_instants

NO_NUMBERS = pl.DataFrame(
    schema={
        "account_id": pl.String,
        "number": pl.String,
        "charge_code": pl.String,
        "billing_group": pl.String,
        "start_date": pl.Date,
        "end_of_service": pl.Date,
    }
)
NO_DISCOUNTS = pl.DataFrame(
    schema={"account_id": pl.String, "item_id": pl.String, "flagged": pl.Int64, "discounted": pl.Int64}
)


def months_of_an_invoice(row: Cells) -> Cells:
    month = parse_month(row["invoice month"])
    charged = full_months(_items("2019-01-01"), month)["period_start"].item()
    return {"charges for": month_text(charged), "calls of": month_text(Settings(month).usage_month)}


def issue_date(row: Cells) -> Cells:
    month = parse_month(row["invoice month"])
    issued = ask_month(lambda opened: opened.dates.issue_date, month, issue_date=day(row["day asked for"]))
    return {"issue date": str(issued or "refused")}


def dates_of_an_invoice(row: Cells) -> Cells:
    dates = ask_month(lambda opened: opened.dates, FEBRUARY, issue_date=day(row["issue date"]))
    if dates is None:
        return {}
    return {
        "due date": str(dates.due_date),
        "autopay date": str(dates.autopay_date),
        "dispute until": str(dates.dispute_until),
    }


def month_of_a_call(row: Cells) -> Cells:
    calls = pl.DataFrame({"start_time": parse_instants(pl.Series([row["start as recorded"]]))})
    months = [add_months(FEBRUARY, count) for count in (-2, -1, 0, 1)]
    (found,) = (month for month in months if calls.select(in_usage_month(month)).item())
    return {"usage month": month_text(found)}


def shipped_policy(row: Cells) -> Cells:
    return {"value": shipped("policy").filter(pl.col("setting") == row["setting"])["value"].item()}


def begin_of_billing(row: Cells) -> Cells:
    accounts = pl.DataFrame(
        {
            "billing_start": [day(row["billing_start"])],
            "service_start": [day(row["service_start"])],
            "free_months": [int(row["free_months"]) if row["free_months"] else None],
        },
        schema_overrides={"billing_start": pl.Date, "free_months": pl.Int64},
    )
    return {"billing begins": str(accounts.select(billing_start()).item())}


def end_of_service(row: Cells) -> Cells:
    notice = int(shipped_policy({"setting": "cancellation_notice_days"})["value"])
    requests = pl.DataFrame({"day": [day(row["requested"])]})
    return {"last day of service": str(requests.select(last_service_day(pl.col("day"), pl.lit(notice))).item())}


def _items(
    start: str, quantity: int = 1, billing_begins: str = "2019-01-01", ends: dt.date | None = None
) -> pl.DataFrame:
    items = pl.DataFrame(
        {
            "account_id": ["A"],
            "item_id": ["i1"],
            "charge_code": ["phone"],
            "quantity": [quantity],
            "low_usage": [False],
            "billing_group": [""],
            "start_date": [day(start)],
            "end_of_service": [ends],
        },
        schema_overrides={"end_of_service": pl.Date},
    )
    accounts = pl.DataFrame(
        {
            "account_id": ["A"],
            "billing_start": [day(billing_begins)],
            "currency": ["USD"],
            "end_of_service": [None],
        },
        schema_overrides={"end_of_service": pl.Date},
    )
    return recurring_items(items, NO_NUMBERS, accounts)


def _part_month(items: pl.DataFrame, invoice_month: dt.date) -> pl.DataFrame:
    return part_months(items.with_columns(start_day_billed=pl.lit(value=False)), invoice_month)


def _has_whole_month(items: pl.DataFrame, invoice_month: dt.date) -> str:
    return "no" if full_months(items, invoice_month).is_empty() else "yes"


def part_and_whole_month(row: Cells) -> Cells:
    items, month = _items(row["item starts"]), parse_month(row["invoice of"])
    part = _part_month(items, month)
    days = [NOTHING, NOTHING] if part.is_empty() else [str(part["days"].item()), str(part["days_in_month"].item())]
    return {
        "days of the month before": days[0],
        "of": days[1],
        "whole month too": _has_whole_month(items, month),
    }


def cost_of_a_part_month(row: Cells) -> Cells:
    month = parse_month(row["invoice of"])
    priced = _part_month(_items(row["item starts"], int(row["units"])), month).with_columns(
        category=pl.lit("service_charge"),
        label_en=pl.lit("phone"),
        label_fr=pl.lit("phone"),
        price_micros=pl.lit(micros(row["price of a month"])),
        low_usage_discount_percent_micros=pl.lit(None, dtype=pl.Int64),
    )
    accounts = pl.DataFrame({"account_id": ["A"], "language": ["en"]})
    lines = number_lines(round_lines(draft_lines(recurring_lines(priced, NO_DISCOUNTS))), accounts, month)
    return {
        "exact, shown to 6 decimals": str(lines["exact_amount"].item()),
        "amount": str(lines["amount"].item()),
    }


def days_with_and_without_the_start_day(row: Cells) -> Cells:
    starts = pl.DataFrame({"start": [day(row["item starts"])]})
    days = {
        name: prorated_days(pl.col("start"), int(row["days in the month"]), start_day_billed=pl.lit(value=is_billed))
        for name, is_billed in (("days if not counted", False), ("days if counted", True))
    }
    return {name: str(starts.select(counted).item()) for name, counted in days.items()}


def items_of_the_august_invoice(row: Cells) -> Cells:
    cancelled, august = row["cancelled on"], dt.date(2020, 8, 1)
    ends = day(end_of_service({"requested": cancelled})["last day of service"]) if cancelled else None
    items = _items(row["item starts"], billing_begins=row["billing begins"], ends=ends)
    part = _part_month(items, august)
    return {
        "days of July on the August invoice": NOTHING if part.is_empty() else str(part["days"].item()),
        "whole August": _has_whole_month(items, august),
    }


def category_at_its_place(row: Cells) -> Cells:
    category = CATEGORIES[int(row["place"]) - 1]
    return {"code": category.code, "English": category.en, "French": category.fr}


WORKED: dict[str, Callable[[Cells], Cells]] = {
    "1.1": months_of_an_invoice,
    "1.2": issue_date,
    "1.3": dates_of_an_invoice,
    "1.4": month_of_a_call,
    "1.5b": shipped_policy,
    "2.1": begin_of_billing,
    "2.3": end_of_service,
    "3.1": part_and_whole_month,
    "3.2": part_and_whole_month,
    "3.3": cost_of_a_part_month,
    "3.4": days_with_and_without_the_start_day,
    "3.5": items_of_the_august_invoice,
    "4": category_at_its_place,
}
