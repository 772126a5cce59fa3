"""Where the parts of a recurring or one-time line stand: contract rows and price rows, with file and line."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal, localcontext

import polars as pl

from flows.explain_rating import Json, cell, cell_of, file_row, money
from flows.fixed_charges import fixed_charges, priced_items, returns_verified
from flows.month import Month
from schemas.contract_files import CONTRACT_TABLES
from transforms.charge_prices import with_charge
from transforms.money import HUNDRED_PERCENT_MICROS
from transforms.one_time import BUYOUT_CODE, LATE_RETURN_CODE, price_one_time, return_credit_numerator
from transforms.plans import at_midnight, in_force, with_plan_on
from transforms.recurring import units_by_price

RECURRING_UNIT = "month"


def quotient(numerator_micros: int, denominator: int) -> str:
    """Micros over a denominator as decimal text, 6 places half up; `…` behind it where there would be more."""
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(numerator_micros).scaleb(-6) / denominator
        shown = exact.quantize(Decimal("0.000001"), ROUND_HALF_UP)
    return f"{shown:f}" + ("" if numerator_micros % denominator == 0 else "…")


def contract_row(own: Month, table: str, line: int) -> Json:
    """A row of the run's copy of a contract table: file, line and its cells."""
    spec = next(spec for spec in CONTRACT_TABLES if spec.name == table)
    row = getattr(own.contracts, table).filter(pl.col("line") == line).to_dicts()[0]
    names = [name for name in own.contracts.files if name.rsplit(".", 1)[0] == table]
    return {"file": f"contracts/{names[0]}", "line": line, **{c.name: cell_of(row, c) for c in spec.columns}}


def _price_line(own: Month, rows: pl.DataFrame, day: str) -> list[int | None]:
    """Lines of charges.csv that the rows are priced by, as `with_charge` finds them."""
    needed = rows.select("account_id", "charge_code", "currency", day)
    priced = needed.pipe(with_plan_on, day, own.changes).pipe(with_charge, day, own.rates.charges, ("line",))
    lines: list[int | None] = priced["line"].to_list()
    return lines


def _item_row(own: Month, unit: Json) -> Json:
    """The contract row of a device, or of a number, which is an item under its own text."""
    items, numbers = own.contracts.account_items, own.contracts.phone_numbers
    begins = pl.max_horizontal("start_date", pl.lit(own.accounts["billing_start"][0]))
    for table, rows, name in (("account_items", items, "item_id"), ("phone_numbers", numbers, "number")):
        is_it = (pl.col(name) == unit["item_id"]) & (pl.col("charge_code") == unit["charge_code"])
        found = rows.filter(is_it & (begins == unit["start"]))
        if not found.is_empty():
            return contract_row(own, table, found["line"][0])
    raise AssertionError(f"no contract row is item {unit['item_id']}")


def _units_of_line(own: Month, draft: Json) -> pl.DataFrame:
    """The items, or parts of items, that the line was summed from."""
    units = units_by_price(priced_items(own), fixed_charges(own).discounts)
    off = HUNDRED_PERCENT_MICROS - pl.col("discount_micros").cast(pl.Int128)
    is_prorated = draft["category"] == "prorated_charges"
    mine = (
        (pl.col("is_prorated") == is_prorated)
        & (pl.col("category") == draft["base_category"])
        & (pl.col("charge_code") == draft["charge_code"])
        & (pl.col("price_micros").cast(pl.Int128) * off == draft["unit_numerator"])
        & (pl.col("period_start") == draft["period_start"])
    )
    found = units.filter(mine)
    if draft["billing_group"] is not None:
        found = found.filter(pl.col("billing_group") == draft["billing_group"])
    elif draft["base_category"] in ("service_charge", "phone_numbers") or is_prorated:
        found = found.filter(pl.col("billing_group").is_null())
    first = found.filter(pl.col("item_id") == draft["item_id"])["start"].min()
    return found.filter(pl.col("start") == first) if is_prorated else found


def _dated_row(own: Month, table: str, column: str, value: str, day: dt.date) -> Json | None:
    """The row of a dated rate file that was in force on the day."""
    rows: pl.DataFrame = getattr(own.rates, table)
    found = rows.filter((pl.col(column) == value) & in_force(at_midnight(pl.lit(day))))
    return None if found.is_empty() else file_row(own.rates, table, found["line"][0])


def _recurring(own: Month, draft: Json) -> list[Json]:
    """The parts of a recurring line: contract row, price row, days and their arithmetic."""
    units = _units_of_line(own, draft).sort("item_id")
    lines = _price_line(own, units, "price_date")
    parts = []
    for unit, price_line in zip(units.to_dicts(), lines, strict=True):
        price, discount = unit["price_micros"], unit["discount_micros"]
        unit_numerator = price * (HUNDRED_PERCENT_MICROS - discount)
        numerator = unit_numerator * unit["units"] * unit["days"]
        unit_price = quotient(unit_numerator, HUNDRED_PERCENT_MICROS)
        share = f" × {unit['days']} ÷ {unit['days_in_month']} days" if unit["is_prorated"] else ""
        exact = quotient(numerator, HUNDRED_PERCENT_MICROS * unit["days_in_month"])
        off = f" less {money(discount)} % = {unit_price}" if discount else ""
        part: Json = {
            "contract_row": _item_row(own, unit),
            "price_row": file_row(own.rates, "charges", price_line) if price_line else None,
            "price_date": cell(unit["price_date"]),
            "units": unit["units"],
            "monthly_price": money(price),
            "discount_percent": money(discount),
            "days": unit["days"] if unit["is_prorated"] else None,
            "days_in_month": unit["days_in_month"] if unit["is_prorated"] else None,
            "exact": exact,
            "arithmetic": f"{unit['units']} × {money(price)}{off}{share} = {exact}",
        }
        if unit["is_prorated"]:
            part["policy_row"] = _dated_row(own, "policy", "setting", "start_day_billed", unit["start"])
        if discount:
            part["discount_row"] = _dated_row(own, "plans", "plan_id", unit["plan_id"], unit["price_date"])
        parts.append(part)
    return parts


def _one_time(own: Month, charge: Json) -> Json:
    """A one-time charge or credit: its contract row, and the list price where it names none."""
    has_own = charge["unit_price_micros"] is not None
    row = pl.DataFrame({name: [charge[name]] for name in ("account_id", "charge_code", "currency", "on")})
    line = None if has_own else _price_line(own, row, "on")[0]
    exact = money(charge["price_micros"] * charge["quantity"])
    return {
        "contract_row": contract_row(own, "one_time_charges", charge["line"]),
        "price_row": file_row(own.rates, "charges", line) if line else None,
        "price_date": cell(charge["on"]),
        "exact": exact,
        "arithmetic": f"{charge['quantity']} × {money(charge['price_micros'])} = {exact}",
    }


def _credit(own: Month, returned: pl.DataFrame) -> Json:
    """The credit of an equipment return: price less restocking and fees, at least 0 (rule 10.2)."""
    row = returned.to_dicts()[0]
    credit = returned.select(numerator=return_credit_numerator(pl.col("restocking_percent_micros")))["numerator"][0]
    fees = (row["provisioning_fee_micros"] or 0, row["missing_parts_fee_micros"] or 0)
    exact = quotient(-credit, HUNDRED_PERCENT_MICROS)
    return {
        "contract_row": contract_row(own, "equipment_returns", row["line"]),
        "policy_row": _dated_row(own, "policy", "setting", "restocking_percent", row["received_on"]),
        "exact": exact,
        "arithmetic": f"-({money(row['price_micros'])} less {money(row['restocking_percent_micros'])} % restocking - "
        f"{money(fees[0])} provisioning - {money(fees[1])} missing parts, at least 0) = {exact}",
    }


def _late_return(own: Month, returned: pl.DataFrame) -> Json:
    """The charge for what came back late, at the list price of the day of verification (rule 10.2)."""
    row = returned.to_dicts()[0]
    days = (row["received_on"] - row["shipped_on"]).days
    asked = pl.DataFrame(
        {
            "account_id": [row["account_id"]],
            "charge_code": [LATE_RETURN_CODE],
            "currency": [own.accounts["currency"][0]],
            "on": [row["verified_on"]],
        }
    )
    price = file_row(own.rates, "charges", _price_line(own, asked, "on")[0] or 0)
    return {
        "contract_row": contract_row(own, "equipment_returns", row["line"]),
        "policy_row": _dated_row(own, "policy", "setting", "return_window_days", row["received_on"]),
        "price_row": price,
        "exact": price["price"],
        "arithmetic": f"back after {days} days, more than {row['return_window_days']}: 1 × {price['price']}",
    }


def _buyout(own: Month) -> Json:
    account = own.accounts.to_dicts()[0]
    fee = money(account["buyout_fee_micros"])
    ended, until = account["end_of_service"], account["contract_end"]
    return {
        "contract_row": contract_row(own, "accounts", account["line"]),
        "exact": fee,
        "arithmetic": f"service ended on {ended}, before the contract's end on {until}: 1 × {fee}",
    }


def contract_parts(own: Month, draft: Json) -> list[Json]:
    """What a line above fees consists of, usage aside: each part with its contract row, price row and arithmetic."""
    if draft["unit"] == RECURRING_UNIT:
        return _recurring(own, draft)
    charges = price_one_time(own.contracts.one_time_charges, own.accounts, own.rates.charges, own.changes)
    is_it = (pl.col("charge_id") == draft["item_id"]) & (pl.col("charge_code") == draft["charge_code"])
    found = charges.filter(is_it & (pl.col("on") == draft["period_start"]))
    if not found.is_empty():
        return [_one_time(own, row) for row in found.to_dicts()]
    returned = returns_verified(own).filter(pl.col("rma_id") == draft["item_id"])
    if draft["charge_code"] == LATE_RETURN_CODE:
        return [_late_return(own, returned)]
    return [_buyout(own)] if draft["charge_code"] == BUYOUT_CODE else [_credit(own, returned)]
