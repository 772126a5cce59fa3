"""Chapters 5 to 9 and 11 of the rules page: examples of rates, fees, taxes and sums, worked by functions.

Each function takes the inputs of one row of an example, as text, and gives its results as the page writes them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import polars as pl

from flows.fixed_charges import fixed_charges
from flows.month import Month
from flows.settings import parse_month
from rate_tables.versions import read_version
from schemas.categories import DETAIL_CALL_TYPES
from tests.rules.page_values import FEBRUARY, ask_month, cents, day, listed, micros, money, shipped
from tests.rules.rules_page import NOTHING, Cells
from tests.rules.small_rates import VERSION, Row, international, plan, premium, write_rates
from transforms.allowance import UNLIMITED_SECONDS, included_seconds, pool_seconds
from transforms.call_details import BYTE_ORDER_MARK, header
from transforms.charges import cost_micros
from transforms.currency_cover import currency_faults
from transforms.fees import quarter_of, recovery_fee_lines, usf_lines
from transforms.increments import billable_seconds
from transforms.invoices import InvoiceDates, invoice_rows, number_lines
from transforms.line_items import round_lines
from transforms.taxes import is_exempt, tax_lines
from transforms.usage_lines import call_totals, usage_lines

ACCOUNTS = pl.DataFrame(
    {
        "account_id": ["A"],
        "name": ["A"],
        "country": ["US"],
        "region": ["NY"],
        "currency": ["USD"],
        "language": ["en"],
        "invoice_recipients": [["a@example.com"]],
        "receipt_recipient": [""],
        "is_exempt": [False],
    }
)


def amount_lines(amounts: Sequence[tuple[str, str]]) -> pl.DataFrame:
    """Lines of account A with category and amount."""
    return pl.DataFrame(
        {
            "account_id": ["A"] * len(amounts),
            "category": [category for category, _ in amounts],
            "base_category": [category for category, _ in amounts],
            "amount_cents": [cents(amount) for _, amount in amounts],
        },
        schema={
            "account_id": pl.String,
            "category": pl.String,
            "base_category": pl.String,
            "amount_cents": pl.Int64,
        },
    )


def _taken_or_refused(tables: Mapping[str, Sequence[Row]]) -> Cells:
    with tempfile.TemporaryDirectory() as folder:
        write_rates(Path(folder), tables)
        _, faults = read_version(Path(folder) / VERSION)
    return {"row is": "refused" if faults else "taken"}


def premium_row(row: Cells) -> Cells:
    rows = [premium(row["published_prefix"], row["prefix"], "1", country=row["country"])]
    return _taken_or_refused({"premium_prefixes": rows})


def rate_with_decimals(row: Cells) -> Cells:
    return _taken_or_refused({"international_rates": [international("44", row["rate_per_minute"])]})


def plan_row(row: Cells) -> Cells:
    plans = [plan("p", row["included_minutes"], overage_rate=row["overage_rate"])]
    return _taken_or_refused({"plans": plans})


def seconds_by_row(row: Cells) -> Cells:
    duration, minimum, increment = (
        pl.lit(int(row[name])) for name in ("seconds", "minimum_seconds", "increment_seconds")
    )
    billed = billable_seconds(duration, minimum, increment, pl.lit(row["rounding"]))
    return {"billable seconds": str(pl.select(billed).item())}


def seconds_by_steps(row: Cells) -> Cells:
    """Headings are like `30/6 up`."""
    found = {}
    for heading in ("0/60 nearest", "30/6 up", "60/60 up", "30/60 up", "1/1 up"):
        steps, rounding = heading.split()
        minimum, increment = steps.split("/")
        cells = {"minimum_seconds": minimum, "increment_seconds": increment, "rounding": rounding}
        found[heading] = seconds_by_row({**row, **cells})["billable seconds"]
    return found


def cost_of_a_call(row: Cells) -> Cells:
    fee, rate = pl.lit(micros(row["connection fee"])), pl.lit(micros(row["rate a minute"]))
    cost = pl.select(cost_micros(fee, rate, pl.lit(int(row["billable seconds"])))).item()
    return {"cost": f"{Decimal(cost).scaleb(-6):f}"}


def minutes_of_a_plan(row: Cells) -> Cells:
    minutes = pl.lit(int(row["included_minutes"]) if row["included_minutes"] else None, dtype=pl.Int64)
    pool = pl.select(pool_seconds(minutes, pl.lit(row["included_per"]), pl.lit(int(row["devices"])))).item()
    return {"minutes": "unlimited" if pool == UNLIMITED_SECONDS else str(pool // 60)}


def shipped_overage(row: Cells) -> Cells:
    plans = shipped("plans").filter(pl.col("plan_id") == row["shipped plan"])
    return {"overage_rate": plans["overage_rate"].item() or NOTHING}


def hour_and_three_calls(row: Cells) -> Cells:
    asked = [60 * int(minutes) for minutes in listed(row["calls, in minutes"])]
    calls = pl.DataFrame(
        {"account_id": "A", "pool_seconds": 60 * int(row["minutes in the plan"]), "billable_seconds": asked}
    ).with_columns(included_seconds=included_seconds(pl.col("billable_seconds"), pl.lit(value=True)))
    over = pl.col("billable_seconds") - pl.col("included_seconds")
    billed = calls.with_columns(
        call_type=pl.when(over > 0).then(pl.lit("overage")).otherwise(pl.lit("included")),
        cost_micros=cost_micros(pl.lit(0), pl.lit(micros(row["overage a minute"])), over),
    )
    lines = _usage_lines(billed)
    return {
        "included": _minutes(lines, "included_minutes"),
        "overage": _minutes(lines, "overage"),
        "amount": _amount(lines, "overage"),
    }


def _usage_lines(billed: pl.DataFrame) -> pl.DataFrame:
    return round_lines(usage_lines(call_totals(billed), FEBRUARY))


def _minutes(lines: pl.DataFrame, category: str) -> str:
    shown = number_lines(lines, ACCOUNTS, FEBRUARY).filter(pl.col("category") == category)["quantity"].item()
    return f"{Decimal(shown).normalize():f}"


def _amount(lines: pl.DataFrame, category: str | None = None) -> str:
    """The amount of the one line, or none."""
    found = lines if category is None else lines.filter(pl.col("category") == category)
    return NOTHING if found.is_empty() else money(found["amount_cents"].item())


def recovery_fee(row: Cells) -> Cells:
    """The fee `rrf` of service charges and credits, by its basis."""
    recurring = "recurring lines of the listed categories"
    amounts = [("service_charge", row[recurring])] if row[recurring] else []
    lines = amount_lines([*amounts, ("credits", row["credits among them"]), ("one_time", "50.00")])
    fees = pl.DataFrame(
        {
            "fee": ["rrf"],
            "country": ["US"],
            "region": ["*"],
            "currency": ["USD"],
            "basis": [row["basis"]],
            "amount_micros": [micros(row["fee"])],
            "categories": [["service_charge", "credits"]],
        }
    )
    devices = pl.DataFrame({"account_id": ["A"], "devices": [int(row["devices"])]})
    return {"amount": _amount(recovery_fee_lines("rrf", ACCOUNTS, fees, lines, devices, FEBRUARY))}


def shipped_share(row: Cells) -> Cells:
    shares = shipped("usf_shares").filter(pl.col("category") == row["base category"])["interstate_share_percent"]
    return {"shipped share, percent": NOTHING if shares.is_empty() else shares.item()}


def universal_service_fee(row: Cells) -> Cells:
    month = parse_month(row["invoice month"])
    factors = shipped("usf_factors").filter(pl.col("quarter") == quarter_of(month))
    percent = pl.col("interstate_share_percent").map_elements(micros, return_dtype=pl.Int64)
    shares = shipped("usf_shares").select("country", "category", interstate_share_percent_micros=percent)
    categories = ("service_charge", "overage", "international", "rentals")
    lines = amount_lines([(category, row[category]) for category in categories])
    known = factors.select("country", factor_percent_micros=pl.lit(micros(factors["factor_percent"].item())))
    fee = usf_lines(ACCOUNTS, known, shares, lines, month)
    exact = number_lines(fee, ACCOUNTS, month)["exact_amount"]
    return {
        "factor, percent": factors["factor_percent"].item(),
        "exact": NOTHING if exact.is_empty() else str(exact.item()),
        "amount": _amount(fee),
    }


def quarter_without_factor(row: Cells) -> Cells:
    month = parse_month(row["invoice month"])
    quarters = listed(row["quarters with a factor"])
    factors = [{"country": "US", "quarter": quarter, "factor_percent": "21.2"} for quarter in quarters]

    def goes_on(opened: Month) -> bool:
        fixed_charges(opened)
        return True

    is_billed = ask_month(goes_on, month, rates={"usf_factors": factors})
    return {"quarter": quarter_of(month), "the run": "goes on" if is_billed else "is stopped"}


def taxes_of_an_invoice(row: Cells) -> Cells:
    lines = amount_lines([("service_charge", amount) for amount in listed(row["lines"])] + [("rrf", row["fees"])])
    percents = listed(row["percentages"])
    taxes = pl.DataFrame(
        {
            "country": "US",
            "region": "*",
            "tax": [f"tax {place}" for place in range(len(percents))],
            "label_en": "tax",
            "label_fr": "taxe",
            "percent_micros": [micros(percent) for percent in percents],
        }
    )
    amounts = tax_lines(ACCOUNTS, taxes, lines, FEBRUARY).sort("charge_code")["amount_cents"]
    return {"taxes": ", ".join(money(amount) for amount in amounts)}


def exempt_or_not(row: Cells) -> Cells:
    names = ("tax_exempt_from", "tax_exempt_until")
    accounts = pl.DataFrame({name: [day(row[name])] for name in names}, schema=dict.fromkeys(names, pl.Date))
    issued = day(row["issue date"])
    if issued is None:
        return {}
    return {"exempt": "yes" if accounts.select(is_exempt(issued)).item() else "no"}


def invoice_of_calls(row: Cells) -> Cells:
    costs = [("international", cost) for cost in listed(row["costs of calls abroad"])]
    costs += [("overage", cost) for cost in listed(row["costs of overage"])]
    billed = pl.DataFrame(
        {
            "account_id": "A",
            "call_type": [call_type for call_type, _ in costs],
            "billable_seconds": 60,
            "included_seconds": 0,
            "cost_micros": [micros(cost) for _, cost in costs],
        }
    )
    lines = _usage_lines(billed)
    dates = InvoiceDates(FEBRUARY, FEBRUARY, FEBRUARY, FEBRUARY, FEBRUARY)
    invoices = invoice_rows(lines, ACCOUNTS, dates, VERSION)
    return {
        "international": _amount(lines, "international"),
        "overage": _amount(lines, "overage"),
        "subtotal": str(invoices["subtotal"].item()),
    }


def run_in_a_currency(row: Cells) -> Cells:
    accounts = pl.DataFrame({"country": [row["account in"]], "currency": [row["paid in"]]})
    fees = pl.DataFrame({"country": [row["fee rows for"]], "region": ["*"], "currency": [row["in"]]})
    return {"the run": "is refused" if currency_faults(accounts, {"fees.csv": fees}) else "goes on"}


def column_of_the_details(row: Cells) -> Cells:
    place = int(row["column"]) - 1
    headers = {"English": header("en"), "French": header("fr")}
    return {name: text.strip().removeprefix(BYTE_ORDER_MARK).split(",")[place] for name, text in headers.items()}


def label_of_a_call_type(row: Cells) -> Cells:
    (kind,) = (kind for kind in DETAIL_CALL_TYPES if kind.code == row["call type"])
    return {"English": kind.en, "French": kind.fr}


WORKED: dict[str, Callable[[Cells], Cells]] = {
    "5.2": premium_row,
    "6.2": seconds_by_row,
    "6.3a": seconds_by_steps,
    "6.4": cost_of_a_call,
    "6.5": rate_with_decimals,
    "7.1a": minutes_of_a_plan,
    "7.3a": shipped_overage,
    "7.3b": plan_row,
    "7.4": hour_and_three_calls,
    "8.1": recovery_fee,
    "8.2a": shipped_share,
    "8.2b": universal_service_fee,
    "8.3": quarter_without_factor,
    "9.1": taxes_of_an_invoice,
    "9.2": exempt_or_not,
    "9.3": invoice_of_calls,
    "9.4": run_in_a_currency,
    "11.1a": column_of_the_details,
    "11.2": label_of_a_call_type,
}
