"""The files of a rate version, as data contract §4 declares them."""

from __future__ import annotations

from schemas.categories import CATEGORY_CODES, RECURRING_CATEGORIES
from schemas.rate_columns import (
    CALLING_CODE,
    COUNTRY,
    DIGITS,
    HIGHEST_PRICE_MICROS,
    HIGHEST_RATE_MICROS,
    PLAN_ID,
    PREFIX,
    PUBLISHED_PREFIX,
    QUARTER,
    country_column,
    currency_column,
    increment_columns,
    money_column,
    percent_column,
    rating_columns,
    region_column,
    time_in_force,
)
from schemas.text_columns import Column, Form
from schemas.text_tables import TableSpec

BASE_CATEGORIES = CATEGORY_CODES
CHARGE_CATEGORIES = (*RECURRING_CATEGORIES, "one_time", "credits")
NUMBER_PLAN_KINDS = ("geographic", "mobile", "toll_free", "premium", "special")
ANY_PLAN = "*"
_FROM, _TO = time_in_force()
_PREFIX_TEXT = "Digits that a number begins with, E.164 without +"

INTERNATIONAL_RATES = TableSpec(
    "international_rates",
    "Prices of outbound calls to other countries (rules 5, 6)",
    "currency, prefix and time in force",
    ("currency", "prefix"),
    (
        currency_column(),
        Column("prefix", "text", _PREFIX_TEXT, required=True, form=PREFIX),
        _FROM,
        Column("destination", "text", "Name of the destination, as customers see it"),
        Column("country", "text", "Country of the destination; empty = none", form=COUNTRY),
        Column("line_type", "text", "Kind of line that the prefix leads to, such as fixed, mobile or satellite"),
        *rating_columns(),
        _TO,
    ),
)
PREMIUM_PREFIXES = TableSpec(
    "premium_prefixes",
    "Prices of premium numbers within the billing country (rule 5.2)",
    "billing country, currency, plan, prefix and time in force",
    ("country", "currency", "plan_id", "prefix"),
    (
        country_column("Billing country"),
        currency_column(),
        Column("plan_id", "text", "Plan; * = any, the plan's own row wins", required=True),
        Column("prefix", "text", _PREFIX_TEXT, required=True, form=PREFIX),
        _FROM,
        Column("published_prefix", "text", "Prefix as published", required=True, form=PUBLISHED_PREFIX),
        Column("description", "text", "Name of the service, as customers see it"),
        *rating_columns(),
        _TO,
    ),
)
TOLL_FREE_RATES = TableSpec(
    "toll_free_rates",
    "Prices of inbound calls to an account's toll-free numbers (rule 5)",
    "billing country, currency, caller's prefix and time in force",
    ("country", "currency", "origin_prefix"),
    (
        country_column("Billing country"),
        currency_column(),
        Column("origin_prefix", "text", "Digits the caller's number begins with; empty = any", form=PREFIX),
        _FROM,
        *rating_columns(),
        _TO,
    ),
)
PLANS = TableSpec(
    "plans",
    "Plans and their included minutes (rule 7)",
    "plan and time in force",
    ("plan_id",),
    (
        Column("plan_id", "text", "Plan", required=True, form=PLAN_ID),
        _FROM,
        currency_column(),
        Column(
            "included_minutes",
            "whole_number",
            "Minutes included a month; empty = unlimited",
            lowest=0,
            highest=10_000_000,
            unit="min",
        ),
        Column(
            "included_per",
            "text",
            "Unit that has these minutes",
            default="account",
            allowed=("account", "device"),
        ),
        Column("included_countries", "list", "Countries whose calls take plan minutes", form=COUNTRY),
        money_column("overage_rate", "Price of a minute above the plan", HIGHEST_RATE_MICROS),
        *increment_columns(),
        Column(
            "low_usage_discount_percent",
            "percent",
            "Discount of a low-usage device (rule 4.2)",
            default="0",
            lowest=0,
            highest=100_000_000,
            unit="%",
        ),
        _TO,
    ),
)
CHARGES = TableSpec(
    "charges",
    "List prices of what accounts have and order (rules 4, 10)",
    "plan, currency, charge code and time in force",
    ("plan_id", "currency", "charge_code"),
    (
        Column("plan_id", "text", "Plan; * = any, the plan's own row wins", required=True),
        currency_column(),
        Column("charge_code", "text", "Code that contracts name", required=True),
        _FROM,
        Column("category", "text", "Category of the invoice line", required=True, allowed=CHARGE_CATEGORIES),
        Column("is_phone", "boolean", "Whether a unit is a phone (rule 4.2)"),
        Column("label_en", "text", "Label in English", required=True),
        Column("label_fr", "text", "Label in French", required=True),
        money_column("price", "List price a unit (a month); empty = no price", HIGHEST_PRICE_MICROS),
        _TO,
    ),
)
FEES = TableSpec(
    "fees",
    "Regulatory recovery fees (rule 8.1)",
    "fee, country, region, currency and time in force",
    ("fee", "country", "region", "currency"),
    (
        Column("fee", "text", "Fee", required=True, allowed=("slrrf", "rrf")),
        country_column("Country of the account"),
        region_column(),
        currency_column(),
        _FROM,
        Column("basis", "text", "What it is taken of", required=True, allowed=("percent", "per_device", "flat")),
        money_column("amount", "Percentage, or price a device or invoice", HIGHEST_PRICE_MICROS, required=True),
        Column("categories", "list", "Base categories of a percentage", allowed=BASE_CATEGORIES),
        _TO,
    ),
)
USF_FACTORS = TableSpec(
    "usf_factors",
    "Universal service contribution factors (rule 8.2)",
    "country and quarter",
    ("country", "quarter"),
    (
        country_column("Country of the account"),
        Column("quarter", "text", "Quarter of the invoice month", required=True, form=QUARTER),
        percent_column("factor_percent", "Contribution factor", required=True),
        Column("source", "text", "Where the factor was published"),
    ),
)
USF_SHARES = TableSpec(
    "usf_shares",
    "Interstate shares of base categories (rule 8.2)",
    "country, base category and time in force",
    ("country", "category"),
    (
        country_column("Country of the account"),
        Column("category", "text", "Base category", required=True, allowed=BASE_CATEGORIES),
        _FROM,
        Column(
            "interstate_share_percent",
            "percent",
            "Share that counts as interstate",
            required=True,
            lowest=0,
            highest=100_000_000,
            unit="%",
        ),
        _TO,
    ),
)
TAXES = TableSpec(
    "taxes",
    "Taxes on the subtotal (rule 9.1)",
    "country, region, tax and time in force",
    ("country", "region", "tax"),
    (
        country_column("Country of the account"),
        region_column(),
        Column("tax", "text", "Code of the tax", required=True),
        _FROM,
        Column("label_en", "text", "Label in English", required=True),
        Column("label_fr", "text", "Label in French", required=True),
        percent_column("percent", "Tax on the subtotal", required=True),
        _TO,
    ),
)
NUMBERING_PLAN = TableSpec(
    "numbering_plan",
    "Country, region and kind of the world's numbers (rule 5)",
    "prefix",
    ("prefix",),
    (
        Column("prefix", "text", _PREFIX_TEXT, required=True, form=PREFIX),
        Column("country", "text", "Country; empty = none", form=COUNTRY),
        Column("region", "text", "State or province, where known"),
        Column("kind", "text", "Kind of number", required=True, allowed=NUMBER_PLAN_KINDS),
    ),
)
DIALING_PLANS = TableSpec(
    "dialing_plans",
    "How numbers are dialled within a country (contract §2)",
    "country",
    ("country",),
    (
        country_column("Country"),
        Column("calling_code", "text", "Country calling code", required=True, form=CALLING_CODE),
        Column("international_prefix", "text", "Digits before an international number", form=DIGITS),
        Column("national_prefix", "text", "Digits before a national number; empty = none", form=DIGITS),
        Column(
            "national_lengths",
            "whole_number_list",
            "Digits of a national number",
            required=True,
            form=Form("[1-9]|1[0-5]", "a number of digits from 1 to 15"),
        ),
        Column(
            "carrier_code_digits",
            "whole_number",
            "Digits of a carrier code after the prefix (contract §2)",
            default="0",
            lowest=0,
            highest=6,
        ),
        Column("emergency_numbers", "list", "Emergency numbers, as dialled", form=DIGITS),
        Column("short_codes", "list", "Other short numbers, as dialled", form=DIGITS),
    ),
)
POLICY = TableSpec(
    "policy",
    "Numbers in the billing rules that are policy (rule 1.5)",
    "setting and time in force",
    ("setting",),
    (
        Column("setting", "text", "Setting", required=True),
        _FROM,
        Column("value", "text", "Its value", required=True),
        Column("unit", "text", "Unit of the value"),
        Column("source", "text", "Where it comes from"),
        _TO,
    ),
)
RATE_TABLES: tuple[TableSpec, ...] = (
    INTERNATIONAL_RATES,
    PREMIUM_PREFIXES,
    TOLL_FREE_RATES,
    PLANS,
    CHARGES,
    FEES,
    USF_FACTORS,
    USF_SHARES,
    TAXES,
    NUMBERING_PLAN,
    DIALING_PLANS,
    POLICY,
)
# Tables whose keys must be covered without a gap from their first row to their last (contract §4).
GAPLESS_TABLES: tuple[str, ...] = ("international_rates", "premium_prefixes", "toll_free_rates")
