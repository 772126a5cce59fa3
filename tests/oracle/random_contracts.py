"""Small contracts full of edges: starts, notices, groups, low usage, numbers that change hands."""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random
from typing import NamedTuple

HOMES = {
    # country: regions, plans
    "US": (("NY", "CA", "TX", "PR"), ("us-basic", "us-small", "us-device", "us-open")),
    "CA": (("QC", "ON", "BC"), ("ca-basic", "ca-device", "us-small")),
    "BR": (("SP", "RJ"), ("br-basic", "br-open")),
    "RU": (("MOW",), ("us-small", "us-basic")),
    "GB": (("ENG",), ("us-basic", "us-device")),
}
IDS = ("A", "c10", "c2", "acme-01", "Z_9", "b.1", "0042", "e-t", "zz", "M1", "m1", "k_")
STARTS: tuple[str, ...] = (
    "2019-05-01",
    "2019-12-15",
    "2020-01-01",
    "2020-01-02",
    "2020-01-15",
    "2020-01-31",
    "2020-02-01",
    "2020-02-10",
)
# Most accounts are in service all month, so that most calls get further than "before billing start".
BILLING_STARTS = (
    *("", "2019-06-01", "2019-06-01", "2019-06-01", "2019-06-01", "2019-06-01", "2019-06-01", "2020-01-10"),
    *("", "2020-01-10", "2020-01-31", "2020-03-01"),
)
SERVICE = (
    ("2019-05-31", "1"),
    ("2019-05-31", "1"),
    ("2019-05-01", ""),
    ("2018-11-30", "3"),
    ("2019-12-31", "1"),
)
CANCELS = ("2019-12-21", "2019-12-22", "2020-01-05", "2020-01-21", "2020-01-22", "2020-01-23", "2019-11-30")
GROUPS = ("", "", "Sales", "ops", "Zürich, main")
DEVICES = ("phone", "phone", "phone-x", "ata", "paging", "seat", "rented-phone")
LOCAL = {
    "US": ("1212555", "1415555", "1787333", "1512777"),
    "CA": ("1416555", "1514555", "1604555"),
    "BR": ("55113333", "55213333"),
    "RU": ("7495333", "7812333"),
    "GB": ("44207946", "44161496"),
}
TOLL_FREE = {"US": "1800555", "CA": "1888555", "BR": "55800333", "RU": "7800333", "GB": "44800333"}
LENGTHS = {"US": 11, "CA": 11, "BR": 12, "RU": 11, "GB": 12}
NUMBER_CHARGES = {
    "toll_free": "did-toll-free",
    "inbound_only": "did-inbound",
    "two_way": "did-two-way",
    "international": "did-international",
}
HEADERS = {
    "accounts": "account_id name country region plan_id service_start billing_start"
    " free_months contract_end buyout_fee cancel_requested_on low_usage_allowed"
    " tax_exempt_from tax_exempt_until language invoice_recipients"
    " receipt_recipient",
    "account_plans": "account_id plan_id effective_from",
    "account_items": "account_id item_id charge_code quantity start_date cancel_requested_on"
    " low_usage billing_group extension",
    "phone_numbers": "account_id number kind charge_code start_date cancel_requested_on billing_group",
    "one_time_charges": "account_id charge_id charge_date charge_code description quantity unit_price",
    "equipment_returns": "account_id rma_id description price shipped_on received_on verified_on"
    " provisioning_fee missing_parts_fee",
}
Rows = list[dict[str, str]]


class Contracts(NamedTuple):
    """The rows of every table, by the table's name."""

    accounts: Rows
    account_plans: Rows
    account_items: Rows
    phone_numbers: Rows
    one_time_charges: Rows
    equipment_returns: Rows


def maybe(random: Random, share: float, *choices: str) -> str:
    """One of the choices in that share of cases, else nothing."""
    return random.choice(choices) if random.random() < share else ""


def account_row(random: Random, account_id: str, country: str) -> dict[str, str]:
    """One account of a country."""
    regions, plans = HOMES[country]
    start = random.choice(BILLING_STARTS)
    service_start, free = random.choice(SERVICE)
    late = start > "2020" or service_start == "2019-12-31"
    exempt = country != "RU" and random.random() < 0.3
    return {
        "account_id": account_id,
        "name": f'{account_id} "Trading", Ltd.',
        "country": country,
        "region": random.choice(regions),
        "plan_id": random.choice(plans),
        "service_start": service_start,
        "billing_start": start,
        "free_months": free,
        "contract_end": maybe(random, 0.5, "2019-12-31", "2020-01-31", "2020-02-29", "2020-06-30"),
        "buyout_fee": maybe(random, 0.7, "150.00", "99.99", "0"),
        "cancel_requested_on": "" if late else maybe(random, 0.3, *CANCELS),
        "low_usage_allowed": maybe(random, 0.3, "0", "1", "3"),
        "tax_exempt_from": random.choice(("2019-01-01", "2020-02-01", "2020-02-02")) if exempt else "",
        "tax_exempt_until": maybe(random, 0.7, "2020-02-02", "2020-02-05", "2020-12-31") if exempt else "",
        "language": random.choice(("", "en", "fr", "fr")),
        "invoice_recipients": random.choice(("bills@example.com", "one@example.com;two@example.com")),
        "receipt_recipient": maybe(random, 0.3, "receipts@example.com"),
    }


def item_rows(random: Random, account_id: str) -> Rows:
    """Devices and subscriptions; one account in three around the 20 phones of the low-usage rule."""
    rows = [
        item_row(random, account_id, f"i{number}", random.choice(DEVICES), str(random.choice((0, 1, 1, 2, 3))))
        for number in range(random.randrange(1, 8))
    ]
    if random.random() < 0.35:
        flagged = random.choice((2, 3, 5))
        total = random.choice((19, 20, 21))
        rows += [
            {
                **item_row(random, account_id, "bulk", "phone", str(total - flagged)),
                **plain(),
                "low_usage": "false",
            },
            {
                **item_row(random, account_id, "low2", "phone", str(flagged - 1)),
                **plain(),
                "low_usage": "true",
            },
            {**item_row(random, account_id, "low10", "phone-x", "1"), **plain(), "low_usage": "true"},
        ]
    return rows


def plain() -> dict[str, str]:
    """In service all the time."""
    return {"start_date": "2019-05-01", "cancel_requested_on": ""}


def item_row(random: Random, account_id: str, item_id: str, code: str, quantity: str) -> dict[str, str]:
    """One item."""
    return {
        "account_id": account_id,
        "item_id": item_id,
        "charge_code": code,
        "quantity": quantity,
        "start_date": random.choice(STARTS),
        "cancel_requested_on": maybe(random, 0.25, *CANCELS),
        "low_usage": maybe(random, 0.5, "true", "false"),
        "billing_group": random.choice(GROUPS),
        "extension": maybe(random, 0.3, "2001", "305"),
    }


def number_rows(random: Random, account: dict[str, str], serial: int) -> Rows:
    """Numbers of the account's country, toll-free ones among them."""
    country = account["country"]
    rows = []
    for index in range(random.randrange(1, 5)):
        kind = random.choice(("two_way", "two_way", "inbound_only", "toll_free", "international"))
        home = random.choice([other for other in LOCAL if other != country]) if kind == "international" else country
        prefix = TOLL_FREE[home] if kind == "toll_free" else random.choice(LOCAL[home])
        digits = prefix + str(serial * 10 + index).zfill(LENGTHS[home] - len(prefix))
        rows.append(
            {
                "account_id": account["account_id"],
                "number": "+" + digits,
                "kind": kind,
                "charge_code": NUMBER_CHARGES[kind],
                "start_date": random.choice((*STARTS[:5], "2019-01-01", "2019-01-01", "2019-01-01")),
                "cancel_requested_on": maybe(random, 0.15, *CANCELS),
                "billing_group": random.choice(GROUPS),
            }
        )
    return rows


def hand_over(random: Random, numbers: Rows, accounts: Rows) -> None:
    """One number leaves its owner with December and comes to another account in January."""
    old = random.choice(numbers)
    old["start_date"], old["cancel_requested_on"] = "2019-01-01", "2019-12-10"
    others = [row["account_id"] for row in accounts if row["account_id"] != old["account_id"]]
    day = random.choice(("2020-01-01", "2020-01-10", "2020-01-20"))
    new = {"account_id": random.choice(others), "start_date": day, "cancel_requested_on": ""}
    numbers.append({**old, **new})


def one_time_rows(random: Random, account_id: str) -> Rows:
    """Charges at the list price or their own, and credits."""
    kinds = (
        ("caller-id-change", "1", ""),
        ("caller-id-change", "3", "12.345"),
        ("caller-id-change", "-2", ""),
        ("setup", "1", "0"),
        ("setup", "-1", "10.00"),
        ("setup", "1", "-33.335"),
        ("setup", "0", "5"),
        ("setup", "-1", "0.004"),
    )
    days = ("2019-12-31", "2020-01-01", "2020-01-15", "2020-01-31", "2020-02-01")
    rows = []
    for number in range(random.randrange(0, 6)):
        code, quantity, price = random.choice(kinds)
        rows.append(
            {
                "account_id": account_id,
                "charge_id": f"ch{number}",
                "charge_date": random.choice(days),
                "charge_code": code,
                "description": f'Change "{number}", as asked',
                "quantity": quantity,
                "unit_price": price,
            }
        )
    return rows


def return_rows(random: Random, account_id: str) -> Rows:
    """Equipment back on day 30 or 31, verified in time or not yet."""
    return [
        {
            "account_id": account_id,
            "rma_id": f"r{number}",
            "description": "A phone",
            "price": random.choice(("100.00", "79.99", "33.33")),
            "shipped_on": "2019-12-10",
            "received_on": random.choice(("2020-01-09", "2020-01-10", "2020-01-20")),
            "verified_on": random.choice(("", "2020-01-20", "2020-01-31", "2020-02-01")),
            "provisioning_fee": random.choice(("", "0", "7.50")),
            "missing_parts_fee": random.choice(("", "5.00", "90.00")),
        }
        for number in range(random.choice((0, 0, 1, 2)))
    ]


def make_contracts(random: Random) -> Contracts:
    """5 to 12 accounts, the United States always among them."""
    ids = random.sample(IDS, random.randrange(5, 13))
    made = Contracts([], [], [], [], [], [])
    for serial, account_id in enumerate(ids):
        country = "US" if serial < 2 else random.choice(("US", "CA", "CA", "BR", "RU", "GB"))
        account = account_row(random, account_id, country)
        made.accounts.append(account)
        made.account_items.extend(item_rows(random, account_id))
        made.phone_numbers.extend(number_rows(random, account, serial + 1))
        made.one_time_charges.extend(one_time_rows(random, account_id))
        if account["billing_start"] < "2020" and account["service_start"] < "2019-12":
            made.equipment_returns.extend(return_rows(random, account_id))
        made.account_plans.extend(plan_changes(random, account))
    hand_over(random, made.phone_numbers, made.accounts)
    return made


def plan_changes(random: Random, account: dict[str, str]) -> Rows:
    """Now and then another plan of the same currency."""
    same = {"ca-basic": "ca-device", "ca-device": "ca-basic", "br-basic": "br-open", "br-open": "br-basic"}
    days = random.sample(("2019-07-01", "2020-01-01", "2020-02-01"), random.choice((0, 0, 1, 2)))
    rows = []
    for day in sorted(days):
        other = same.get(account["plan_id"]) or random.choice(("us-basic", "us-small", "us-device", "us-open"))
        rows.append({"account_id": account["account_id"], "plan_id": other, "effective_from": day})
    return rows


def write_contracts(folder: Path, made: Contracts) -> Path:
    """The tables as CSV files."""
    folder.mkdir(parents=True)
    for name, rows in made._asdict().items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, HEADERS[name].split(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return folder
