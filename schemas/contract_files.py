"""The contract tables, as data contract §3 declares them."""

from __future__ import annotations

from schemas.categories import LANGUAGES
from schemas.rate_columns import COUNTRY, HIGHEST_PRICE_MICROS, money_column
from schemas.text_columns import Column, Form
from schemas.text_tables import TableSpec

ACCOUNT_ID = Form(
    "[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}",
    "an account id: 1 to 64 of A-Z a-z 0-9 . _ -, not beginning with a dot",
)
E164 = Form(r"\+[1-9][0-9]{6,14}", "an E.164 number: + and 7 to 15 digits, the first not 0")
ADDRESS = Form(r"[^@\s;,]+@[^@\s;,]+", "a mail address such as billing@example.com")
ONE_ADDRESS = Form(ADDRESS.pattern, "one mail address such as billing@example.com")
CONTRACT_NUMBER_KINDS = ("toll_free", "inbound_only", "two_way", "international")
MOST_RECIPIENTS = 5
HIGHEST_QUANTITY = 1_000_000
HIGHEST_FREE_MONTHS = 1_200


def _account_id() -> Column:
    return Column("account_id", "text", "Account", required=True, form=ACCOUNT_ID)


def _charge_code() -> Column:
    return Column("charge_code", "text", "Charge of the rate version", required=True)


def _start_date() -> Column:
    return Column("start_date", "date", "First day of service", required=True)


def _cancel_requested_on() -> Column:
    return Column("cancel_requested_on", "date", "Day of the request to cancel (rule 2.3)")


def _quantity(lowest: int) -> Column:
    return Column("quantity", "whole_number", "Units", required=True, lowest=lowest, highest=HIGHEST_QUANTITY)


def _price(name: str, description: str, *, required: bool = False) -> Column:
    return money_column(name, description, HIGHEST_PRICE_MICROS, required=required)


ACCOUNTS = TableSpec(
    "accounts",
    "Customers' accounts and their terms",
    "account",
    ("account_id",),
    (
        _account_id(),
        Column("name", "text", "Customer's name"),
        Column("country", "text", "Billing country", required=True, form=COUNTRY),
        Column("region", "text", "State or province of the billing address"),
        Column("plan_id", "text", "Plan, until the first change in account_plans", required=True),
        Column("service_start", "date", "First day of service"),
        Column("billing_start", "date", "First day billed; empty = after the free months (rule 2.1)"),
        Column(
            "free_months",
            "whole_number",
            "Calendar months without billing (rule 2.1)",
            default="0",
            lowest=0,
            highest=HIGHEST_FREE_MONTHS,
            unit="months",
        ),
        Column("contract_end", "date", "Last day of the contract (rule 2.4)"),
        _price("buyout_fee", "Price of leaving before the contract's end (rule 2.4)"),
        _cancel_requested_on(),
        Column(
            "low_usage_allowed",
            "whole_number",
            "Devices that may have the low-usage discount (rule 4.2)",
            default="0",
            lowest=0,
            highest=HIGHEST_QUANTITY,
        ),
        Column("tax_exempt_from", "date", "First day exempt of tax (rule 9.2)"),
        Column("tax_exempt_until", "date", "Last day exempt of tax (rule 9.2)"),
        Column("language", "text", "Language of invoice and details", default="en", allowed=LANGUAGES),
        Column(
            "invoice_recipients",
            "list",
            "Mail addresses, 1 to 5; the first is the primary contact",
            required=True,
            lowest=1,
            highest=MOST_RECIPIENTS,
            form=ADDRESS,
        ),
        Column("receipt_recipient", "text", "Mail address for receipts, at most 1", form=ONE_ADDRESS),
    ),
    optional_columns=True,
)
ACCOUNT_PLANS = TableSpec(
    "account_plans",
    "Changes of plan",
    "account and day of change",
    ("account_id", "effective_from"),
    (
        _account_id(),
        Column("plan_id", "text", "Plan from that day on", required=True),
        Column("effective_from", "date", "Day of the change, the 1st of a month", required=True),
    ),
    optional_columns=True,
)
ACCOUNT_ITEMS = TableSpec(
    "account_items",
    "Devices, seats and rentals billed every month",
    "account and item",
    ("account_id", "item_id"),
    (
        _account_id(),
        Column("item_id", "text", "Item, unique within its account", required=True),
        _charge_code(),
        _quantity(0),
        _start_date(),
        _cancel_requested_on(),
        Column("low_usage", "boolean", "Whether its units may have the low-usage discount (rule 4.2)"),
        Column("billing_group", "text", "Group of lines on the invoice (rule 4.3)"),
        Column("extension", "text", "Extension, for information"),
    ),
    optional_columns=True,
)
PHONE_NUMBERS = TableSpec(
    "phone_numbers",
    "Numbers and whose they are (rule 5.6)",
    "number and its time with an account",
    ("number", "start_date"),
    (
        _account_id(),
        Column("number", "text", "Number, E.164 with +", required=True, form=E164),
        Column("kind", "text", "Kind of number", required=True, allowed=CONTRACT_NUMBER_KINDS),
        _charge_code(),
        _start_date(),
        _cancel_requested_on(),
        Column("billing_group", "text", "Group of lines on the invoice (rule 4.3)"),
    ),
    optional_columns=True,
)
ONE_TIME_CHARGES = TableSpec(
    "one_time_charges",
    "Charges and credits that are billed once (rule 10.1)",
    "account and charge",
    ("account_id", "charge_id"),
    (
        _account_id(),
        Column("charge_id", "text", "Charge, unique within its account", required=True),
        Column("charge_date", "date", "Day of the charge", required=True),
        _charge_code(),
        Column("description", "text", "Text of the invoice line"),
        _quantity(-HIGHEST_QUANTITY),
        Column(
            "unit_price",
            "money",
            "Price of a unit; empty = list price",
            lowest=-HIGHEST_PRICE_MICROS,
            highest=HIGHEST_PRICE_MICROS,
            unit="currency",
        ),
    ),
    optional_columns=True,
)
EQUIPMENT_RETURNS = TableSpec(
    "equipment_returns",
    "Returned equipment (rule 10.2)",
    "account and return",
    ("account_id", "rma_id"),
    (
        _account_id(),
        Column("rma_id", "text", "Return, unique within its account", required=True),
        Column("description", "text", "Text of the invoice line"),
        _price("price", "Price that was paid", required=True),
        Column("shipped_on", "date", "Day of shipping", required=True),
        Column("received_on", "date", "Day it came back; empty = not yet"),
        Column("verified_on", "date", "Day it was verified; empty = not yet"),
        _price("provisioning_fee", "Fee kept for provisioning"),
        _price("missing_parts_fee", "Fee kept for missing parts"),
    ),
    optional_columns=True,
)
CONTRACT_TABLES: tuple[TableSpec, ...] = (
    ACCOUNTS,
    ACCOUNT_PLANS,
    ACCOUNT_ITEMS,
    PHONE_NUMBERS,
    ONE_TIME_CHARGES,
    EQUIPMENT_RETURNS,
)
