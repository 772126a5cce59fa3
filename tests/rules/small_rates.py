"""A rate version of a few rows, made for the rule tests: no shipped price decides a test."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from schemas.rate_files import RATE_TABLES

Row = Mapping[str, object]
VERSION = "small"

NUMBERING = """
1201 US NJ geographic|1212 US NY geographic|1787 US PR geographic|1340 US VI geographic|1671 US GU geographic
1684 US AS geographic|1670 US MP geographic|1242 BS - geographic|1416 CA ON geographic|1411 US - special
1800 US - toll_free|1833 US - toll_free|1900 US - premium|1976 US - premium|33 FR - geographic
7 RU - geographic|44 GB - geographic|447 GB - mobile|44909 GB - premium|55 BR - geographic
55119 BR SP mobile|55300 BR - premium|49 DE - geographic|49900 DE - premium
800 - - toll_free|870 - - special|81 JP - geographic
"""

DIALING_PLANS: tuple[Row, ...] = (
    {
        "country": "US",
        "calling_code": "1",
        "international_prefix": "011",
        "national_prefix": "1",
        "national_lengths": "10",
        "emergency_numbers": "911",
        "short_codes": "411",
    },
    {
        "country": "CA",
        "calling_code": "1",
        "international_prefix": "011",
        "national_prefix": "1",
        "national_lengths": "10",
        "emergency_numbers": "911",
    },
    {
        "country": "BR",
        "calling_code": "55",
        "international_prefix": "00",
        "national_prefix": "0",
        "national_lengths": "10;11",
        "carrier_code_digits": "2",
        "emergency_numbers": "190",
    },
    {
        "country": "GB",
        "calling_code": "44",
        "international_prefix": "00",
        "national_prefix": "0",
        "national_lengths": "9;10",
        "emergency_numbers": "112;999",
    },
)
POLICY: tuple[Row, ...] = tuple(
    {"setting": setting, "value": value, "effective_from": "2000-01-01"}
    for setting, value in (
        ("issue_day_last", "7"),
        ("due_days", "15"),
        ("autopay_day", "10"),
        ("dispute_days", "15"),
        ("start_day_billed", "false"),
        ("cancellation_notice_days", "10"),
        ("low_usage_minimum_phones", "20"),
        ("restocking_percent", "25"),
        ("return_window_days", "30"),
    )
)


def numbering_rows() -> list[Row]:
    """The prefixes of NUMBERING; `-` is empty."""
    cells = [entry.split() for line in NUMBERING.split("\n") for entry in line.split("|") if entry]
    return [
        {"prefix": prefix, "country": country.strip("-"), "region": region.strip("-"), "kind": kind}
        for prefix, country, region, kind in cells
    ]


def plan(plan_id: str, minutes: str, **cells: object) -> Row:
    """A plan in USD with minutes an account ("" = unlimited), overage at 0.02, to the nearest minute."""
    row = {"plan_id": plan_id, "currency": "USD", "included_minutes": minutes, "included_per": "account"}
    return {**row, "overage_rate": "0.02", **cells}


def charge(code: str, price: str, category: str = "service_charge", **cells: object) -> Row:
    """A list price in USD for any plan."""
    row = {"plan_id": "*", "currency": "USD", "charge_code": code, "category": category, "price": price}
    return {**row, "label_en": code, "label_fr": f"{code} (fr)", **cells}


def international(prefix: str, rate: str, **cells: object) -> Row:
    """A row of the international deck in USD."""
    row = {"currency": "USD", "prefix": prefix, "destination": f"to {prefix}", "line_type": "fixed"}
    return {**row, "rate_per_minute": rate, **cells}


def premium(published: str, prefix: str, rate: str, **cells: object) -> Row:
    """A premium prefix of the United States for any plan."""
    row = {"country": "US", "currency": "USD", "plan_id": "*", "prefix": prefix}
    return {
        **row,
        "published_prefix": published,
        "description": f"premium {published}",
        "rate_per_minute": rate,
        **cells,
    }


def toll_free(origin: str, rate: str, **cells: object) -> Row:
    """A toll-free rate of accounts in the United States."""
    return {"country": "US", "currency": "USD", "origin_prefix": origin, "rate_per_minute": rate, **cells}


def tax(code: str, percent: str, region: str = "*", **cells: object) -> Row:
    """A tax of the United States."""
    row = {"country": "US", "region": region, "tax": code, "label_en": code, "label_fr": f"{code} (fr)"}
    return {**row, "percent": percent, **cells}


def fee(code: str, basis: str, amount: str, categories: str = "", **cells: object) -> Row:
    """A fee of the United States in USD."""
    row = {"fee": code, "country": "US", "region": "*", "currency": "USD", "basis": basis, "amount": amount}
    return {**row, "categories": categories, **cells}


def policy(**changed: str) -> tuple[Row, ...]:
    """The settings of the billing rules, some with another value."""
    return tuple({**row, "value": changed.get(str(row["setting"]), row["value"])} for row in POLICY)


def policy_changing(on: Mapping[str, tuple[str, str, str]]) -> list[Row]:
    """The settings, some with (value, day, value from that day on)."""
    rows: list[Row] = []
    for row in POLICY:
        setting = str(row["setting"])
        if setting not in on:
            rows.append(row)
            continue
        before, day, after = on[setting]
        rows.append({**row, "value": before, "effective_to": day})
        rows.append({**row, "value": after, "effective_from": day})
    return rows


def default_tables() -> dict[str, Sequence[Row]]:
    """Every table of the version as tests find it if they name no other rows; no fee, factor or tax."""
    return {
        "international_rates": [
            international("44", "0.01"),
            international("447", "0.05"),
            international("44909", "1.5"),
            international("49900", "2"),
            international("55", "0.10"),
            international("55119", "0.0185", minimum_seconds="30", increment_seconds="6", rounding="up"),
            international("1242", "0.30"),
            international("1416", "0.03"),
            international("870", "5"),
            international("800", "0.20"),
        ],
        "premium_prefixes": [
            premium("787555", "1787555", "0.35"),
            premium("900", "1900", "2"),
            premium("900666", "1900666", ""),
        ],
        "toll_free_rates": [toll_free("", "0.019")],
        "plans": [
            plan("metered", "0"),
            plan("pool60", "60"),
            plan("per-device", "10", included_per="device"),
            plan("unlimited", "", included_countries="CA"),
        ],
        "charges": [
            charge("phone", "24.95", is_phone="true"),
            charge("ata", "10.00"),
            charge("did", "5.00", "phone_numbers"),
            charge("seat", "60.00", "contact_center"),
            charge("router", "4.00", "rentals"),
            charge("free", "0.00"),
            charge("number_change", "15.00", "one_time"),
            charge("rma_late_return", "6.00", "one_time"),
            charge("goodwill", "", "credits"),
        ],
        "fees": [],
        "usf_factors": [],
        "usf_shares": [],
        "taxes": [],
        "numbering_plan": numbering_rows(),
        "dialing_plans": DIALING_PLANS,
        "policy": POLICY,
    }


def table_text(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """CSV of rows that have no commas; a cell that a row lacks is empty."""
    unknown = {name for row in rows for name in row} - set(columns)
    if unknown:
        raise AssertionError(f"no such columns: {sorted(unknown)}")
    lines = [",".join(columns), *(",".join(str(row.get(name, "")) for name in columns) for row in rows)]
    return "\n".join(lines) + "\n"


def write_rates(
    folder: Path, changed: Mapping[str, Sequence[Row]], name: str = VERSION, published_on: str = "2020-01-01"
) -> None:
    """The version under the folder, frozen: `changed` tables stand in for the default ones."""
    version = folder / name
    version.mkdir(parents=True)
    tables = {**default_tables(), **changed}
    manifest = [f'version = "{name}"', f"published_on = {published_on}", 'note = "rule tests"']
    for spec in RATE_TABLES:
        rows = tables.pop(spec.name)
        content = table_text([column.name for column in spec.columns], rows).encode()
        (version / f"{spec.name}.csv").write_bytes(content)
        manifest += [f'[files."{spec.name}.csv"]', f"rows = {len(rows)}"]
        manifest.append(f'sha256 = "{hashlib.sha256(content).hexdigest()}"')
    if tables:
        raise AssertionError(f"no such tables: {sorted(tables)}")
    (version / "manifest.toml").write_text("\n".join(manifest) + "\n", encoding="utf-8")
