"""What fees and taxes were taken of: the rows of the rate version and the lines above (rules 8, 9.1)."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from flows.explain_charges import quotient
from flows.explain_rating import Json, file_row
from flows.fixed_charges import fixed_charges
from flows.invoicing import month_lines
from flows.month import Month
from schemas.categories import RECURRING_CATEGORIES
from transforms.fees import quarter_of
from transforms.line_items import line_order
from transforms.money import HUNDRED_PERCENT_MICROS
from transforms.regional_rows import rows_for_region, rows_in_force


def line_drafts(own: Month, totals: pl.DataFrame) -> list[Json]:
    """The lines as the program drafts them, in their order, with amount_cents; `own` has the one account."""
    return month_lines(own, totals, own.accounts).sort(line_order(), maintain_order=True).to_dicts()


def _micros(amount: str) -> int:
    """Decimal text in micros."""
    return int(Decimal(amount).scaleb(6))


def _brief(line: Json) -> Json:
    return {name: line[name] for name in ("line_number", "category", "base_category", "amount")}


def _amount_sum(lines: list[Json]) -> int:
    return sum(_micros(line["amount"]) for line in lines)


def _row_of(own: Month, table: str, column: str, code: str, keys: list[str]) -> Json:
    """The row of fees or taxes for the account's region, in force on the issue date."""
    rows = rows_in_force(getattr(own.rates, table), own.dates.issue_date).filter(pl.col(column) == code)
    accounts = own.accounts.select("account_id", "country", "region", "currency")
    found = rows_for_region(accounts, rows, keys, column)
    return file_row(own.rates, table, found["line"][0])


def _tax(own: Month, line: Json, above: list[Json]) -> Json:
    row = _row_of(own, "taxes", "tax", line["charge_code"], ["country"])
    basis = _amount_sum(above)
    exact = quotient(basis * _micros(row["percent"]), HUNDRED_PERCENT_MICROS)
    subtotal = f"{Decimal(basis).scaleb(-6):.2f}"
    return {
        "rule": "9.1",
        "row": row,
        "lines": [_brief(other) for other in above],
        "base": subtotal,
        "exact": exact,
        "arithmetic": f"subtotal {subtotal} × {row['percent']} % = {exact}",
    }


def _recovery(own: Month, line: Json, above: list[Json]) -> Json:
    row = _row_of(own, "fees", "fee", line["category"], ["country", "currency"])
    amount = row["amount"]
    if row["basis"] == "percent":
        based = [other for other in above if other["base_category"] in row["categories"] and _is_based_on(other)]
        basis = _amount_sum(based)
        exact = quotient(basis * _micros(amount), HUNDRED_PERCENT_MICROS)
        base = f"{Decimal(basis).scaleb(-6):.2f}"
        arithmetic = f"{base} of the categories {', '.join(row['categories'])} × {amount} % = {exact}"
        return {
            "rule": "8.1",
            "row": row,
            "lines": [_brief(other) for other in based],
            "base": base,
            "exact": exact,
            "arithmetic": arithmetic,
        }
    if row["basis"] == "per_device":
        devices = int(fixed_charges(own).devices["devices"].sum())
        exact = quotient(_micros(amount) * devices, 1)
        arithmetic = f"{devices} devices with a full month × {amount} = {exact}"
        return {"rule": "8.1", "row": row, "lines": [], "base": str(devices), "exact": exact, "arithmetic": arithmetic}
    recurring = [
        _brief(other) for other in above if other["base_category"] in RECURRING_CATEGORIES and _is_based_on(other)
    ]
    return {
        "rule": "8.1",
        "row": row,
        "lines": recurring,
        "base": "1",
        "exact": amount,
        "arithmetic": f"once on an invoice with a recurring line: {amount}",
    }


def _is_based_on(line: Json) -> bool:
    return bool(line["category"] != "adjustments")


def _usf(own: Month, above: list[Json]) -> Json:
    """Factor of the quarter × the interstate share of each line above, rounded down once (rule 8.2)."""
    country, rates = own.accounts["country"][0], own.rates
    quarter = quarter_of(own.settings.invoice_month)
    factors = rates.usf_factors.filter((pl.col("quarter") == quarter) & (pl.col("country") == country))
    factor = file_row(rates, "usf_factors", factors["line"][0])
    shares = rows_in_force(rates.usf_shares, own.dates.issue_date).filter(pl.col("country") == country)
    by_category = dict(shares.select("category", "line").iter_rows())
    parts, total = [], 0
    for line in above:
        if _is_based_on(line) and line["base_category"] in by_category:
            share = file_row(rates, "usf_shares", by_category[line["base_category"]])
            product = _micros(line["amount"]) * _micros(share["interstate_share_percent"])
            total += product
            of_share = {"share_percent": share["interstate_share_percent"], "share_line": share["line"]}
            parts.append({**_brief(line), **of_share, "interstate": quotient(product, HUNDRED_PERCENT_MICROS)})
    base = quotient(total, HUNDRED_PERCENT_MICROS)
    exact = quotient(total * _micros(factor["factor_percent"]), HUNDRED_PERCENT_MICROS**2)
    return {
        "rule": "8.2",
        "row": factor,
        "lines": parts,
        "base": base,
        "exact": exact,
        "arithmetic": f"interstate part {base} × {factor['factor_percent']} % ({quarter}) = {exact}",
    }


def fee_parts(own: Month, lines: list[Json], line: Json) -> Json:
    """The basis of a fee or tax line: its row, the lines it was taken of, and the arithmetic before rounding."""
    above = [other for other in lines if other["line_number"] < line["line_number"] and other["category"] != "tax"]
    if line["category"] == "tax":
        return _tax(own, line, above)
    return _usf(own, above) if line["category"] == "usf" else _recovery(own, line, above)
