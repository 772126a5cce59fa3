"""Lines numbered, and the invoice above them: it adds up on paper (rules 1.2, 1.3, 1.5, 9.3)."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import polars as pl

from schemas.categories import FEE_CATEGORIES
from transforms.fees import recovery_fee_lines, usf_lines
from transforms.line_items import line_order, round_lines
from transforms.money import decimal_of_cents, decimal_of_micros, divide_half_up
from transforms.taxes import tax_lines


class InvoiceDates(NamedTuple):
    """The dates of all invoices of a run (rule 1.3)."""

    invoice_month: dt.date
    issue_date: dt.date
    due_date: dt.date
    autopay_date: dt.date
    dispute_until: dt.date


class FeeTables(NamedTuple):
    """Rows of fees and taxes in force on the issue date, and the factors of the invoice month's quarter."""

    fees: pl.DataFrame
    usf_factors: pl.DataFrame
    usf_shares: pl.DataFrame
    taxes: pl.DataFrame


def add_fees_and_taxes(
    drafts: pl.DataFrame,
    accounts: pl.DataFrame,
    tables: FeeTables,
    devices: pl.DataFrame,
    invoice_month: dt.date,
) -> pl.DataFrame:
    """All lines with amount_cents: those given, then slrrf, rrf, usf, then taxes, each on what stands above it.

    An account gets fees and taxes only if it has a line before them (rule 1.5). Needs: accounts with country,
    region, currency, is_exempt.
    """
    lines = round_lines(drafts)
    invoiced = accounts.join(lines.select("account_id").unique(), on="account_id", how="semi")
    for fee in FEE_CATEGORIES:
        if fee == "usf":
            more = usf_lines(invoiced, tables.usf_factors, tables.usf_shares, lines, invoice_month)
        else:
            more = recovery_fee_lines(fee, invoiced, tables.fees, lines, devices, invoice_month)
        lines = pl.concat([lines, more])
    return pl.concat([lines, tax_lines(invoiced, tables.taxes, lines, invoice_month)])


def invoice_id(account_id: pl.Expr, invoice_month: dt.date) -> pl.Expr:
    """`A-2020-02`: account and month."""
    return pl.format("{}-{}", account_id, pl.lit(f"{invoice_month:%Y-%m}"))


def number_lines(lines: pl.DataFrame, accounts: pl.DataFrame, invoice_month: dt.date) -> pl.DataFrame:
    """Lines as the warehouse has them, numbered from 1 in the order of rule 4.1.

    Grain: account, line_number. The description is in the account's language.
    """
    unit_price = divide_half_up(pl.col("unit_numerator"), pl.col("unit_denominator").cast(pl.Int128))
    exact = divide_half_up(pl.col("exact_numerator"), pl.col("exact_denominator").cast(pl.Int128))
    is_french = pl.col("language") == "fr"
    quantity = pl.col("quantity").cast(pl.Int128) * 100  # 10⁻⁴ to 10⁻⁶
    return (
        lines.join(accounts.select("account_id", "language"), on="account_id", how="left", validate="m:1")
        .sort(line_order(), maintain_order=True)
        .select(
            invoice_id(pl.col("account_id"), invoice_month).alias("invoice_id"),
            "account_id",
            pl.lit(invoice_month).alias("invoice_month"),
            (pl.int_range(pl.len(), dtype=pl.Int64).over("account_id") + 1).alias("line_number"),
            "category",
            "base_category",
            "charge_code",
            "billing_group",
            pl.when(is_french).then("label_fr").otherwise("label_en").alias("description"),
            "period_start",
            "period_end",
            decimal_of_micros(quantity).cast(pl.Decimal(18, 4)).alias("quantity"),
            "unit",
            decimal_of_micros(unit_price).alias("unit_price"),
            decimal_of_micros(exact, precision=24).alias("exact_amount"),
            decimal_of_cents(pl.col("amount_cents")).alias("amount"),
        )
    )


def invoice_rows(lines: pl.DataFrame, accounts: pl.DataFrame, dates: InvoiceDates, rate_version: str) -> pl.DataFrame:
    """One invoice an account with lines: dates, and sums of the line amounts as shown (rule 9.3).

    Grain: account. Needs: lines with amount_cents; accounts with is_exempt.
    """
    is_tax = pl.col("category") == "tax"
    cents = pl.col("amount_cents")
    sums = lines.group_by("account_id").agg(
        subtotal=cents.filter(~is_tax).sum(), tax_total=cents.filter(is_tax).sum(), total=cents.sum()
    )
    return (
        accounts.join(sums, on="account_id", how="inner", validate="1:1")
        .sort("account_id")
        .select(
            invoice_id(pl.col("account_id"), dates.invoice_month).alias("invoice_id"),
            "account_id",
            *(pl.lit(date).alias(name) for name, date in dates._asdict().items()),
            "currency",
            *(decimal_of_cents(pl.col(name)).alias(name) for name in ("subtotal", "tax_total", "total")),
            pl.col("is_exempt").alias("tax_exempt"),
            pl.lit(rate_version).alias("rate_version"),
            "name",
            "country",
            "region",
            "language",
            "invoice_recipients",
            "receipt_recipient",
        )
    )
