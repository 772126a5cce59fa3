"""A small rate version with everything that makes matching and pricing hard, from a seeded generator."""

from __future__ import annotations

import csv
import hashlib
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

from .random_facts import (
    CHARGES,
    CURRENCIES,
    DECK,
    DIALING,
    FEES,
    HEADERS,
    NUMBERING,
    ORIGINS,
    PLANS,
    PREMIUM,
    RATES,
    RATING,
    SHARES,
    TOLL_FREE,
    VERSION,
    Cells,
)


def instant(random: Random) -> str:
    """A second of January: where a price changes."""
    at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=random.randrange(31 * 86400))
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def spans(random: Random, always: bool = False) -> list[tuple[str, str]]:
    """Times in force without a gap; unless `always`, they may begin or end within the month."""
    changes = sorted({instant(random) for _ in range(random.choice((0, 0, 1, 2)))})
    first = "2018-01-01" if always or random.random() < 0.85 else "2020-01-04T06:07:08Z"
    last = "" if always or random.random() < 0.9 else "2020-01-30T12:00:00Z"
    bounds = [first, *[change for change in changes if first < change < (last or "9")], last]
    return list(pairwise(bounds))


def rating_cells(random: Random) -> Cells:
    """Rate, fee, increments; now and then no rate."""
    rate = "" if random.random() < 0.1 else random.choice(RATES)
    return (rate, random.choice(FEES), *random.choice(RATING))


def international_rates(random: Random) -> list[Cells]:
    """Nested prefixes of 1 to 15 digits in every currency."""
    return [
        (currency, prefix, start, f"Place {prefix}", "", "fixed", *rating_cells(random), end)
        for currency in CURRENCIES
        for prefix in DECK.split()
        if random.random() < 0.85
        for start, end in spans(random)
    ]


def premium_prefixes(random: Random) -> list[Cells]:
    """Rows for any plan, and plans' own rows over some of them."""
    rows: list[Cells] = []
    for (country, currency), listed in PREMIUM.items():
        plans = [plan for plan, in_currency, *_ in PLANS if in_currency == currency]
        for published, prefix in (pair.split() for pair in listed.split("|")):
            own = random.sample(plans, random.choice((0, 0, 1, 2)))
            for plan in own if own and random.random() < 0.2 else ["*", *own]:
                name = f"Premium {published} {plan}"
                rows += [
                    (country, currency, plan, prefix, start, published, name, *rating_cells(random), end)
                    for start, end in spans(random)
                ]
    return rows


def toll_free_rates(random: Random) -> list[Cells]:
    """By origin; the empty one is not always there, so an anonymous caller may have no rate."""
    return [
        (country, currency, origin, start, *rating_cells(random), end)
        for country, currency in TOLL_FREE
        for origin in ORIGINS
        if origin == "1" or random.random() < 0.6
        for start, end in spans(random)
    ]


def plans(random: Random) -> list[Cells]:
    """Plans whose increments, overage price and countries change within the month."""
    rows: list[Cells] = []
    for plan, currency, minutes, per, countries in PLANS:
        for start, end in spans(random, always=True):
            price = random.choice(("0.02", "0.02", "0.0333", "0.000001"))
            discount = random.choice(("", "0", "50", "33.333333"))
            included = random.choice((countries, countries, "", "DE"))
            increments = random.choice(RATING)
            overage = "" if not minutes and random.random() < 0.5 else price
            rows.append((plan, start, currency, minutes, per, included, overage, *increments, discount, end))
    return rows


def charges(random: Random) -> list[Cells]:
    """List prices that change by the day, and some plans' own."""
    rows: list[Cells] = []
    days = ["2018-01-01", *sorted(random.sample(("2020-01-10", "2020-01-15", "2020-02-01"), 2)), ""]
    for currency in CURRENCIES:
        own = random.choice([plan for plan, in_currency, *_ in PLANS if in_currency == currency])
        for code, category, is_phone, price in CHARGES:
            bounds = days if random.random() < 0.4 else ["2018-01-01", ""]
            for start, end in pairwise(bounds):
                changed = random.choice((price, price, f"{price}1", "12.50"))
                rows.append(("*", currency, code, start, category, is_phone, code, f"« {code} »", changed, end))
            if random.random() < 0.25:
                labels = (code, f"« {code} »")
                rows.append((own, currency, code, "2020-01-15", category, is_phone, *labels, "8.88", ""))
    return rows


def fees(random: Random) -> list[Cells]:
    """Percentages, per device, flat; regions with their own; a change on the 3rd of the invoice month."""
    based = "service_charge;phone_numbers;international"
    rows: list[Cells] = [
        ("slrrf", "US", "*", "USD", "2018-01-01", "percent", "2.515", based, "2020-02-03"),
        ("slrrf", "US", "*", "USD", "2020-02-03", "percent", "3.1", based + ";overage;credits", ""),
        ("slrrf", "US", "NY", "USD", "2018-01-01", "per_device", random.choice(("0.33", "0")), "", ""),
        ("rrf", "US", "*", "USD", "2018-01-01", "per_device", random.choice(("1.995", "0.5")), "", ""),
        ("rrf", "US", "TX", "USD", "2018-01-01", "flat", "4.25", "", ""),
        ("rrf", "US", "PR", "USD", "2018-01-01", "percent", "5", "credits;one_time", ""),
    ]
    rows += [("rrf", "CA", "*", money, "2018-01-01", "flat", "1.11", "", "") for money in ("CAD", "USD")]
    rows += [
        ("slrrf", "CA", "QC", money, "2018-01-01", "percent", "1.7", "toll_free;rentals", "")
        for money in ("CAD", "USD")
    ]
    return rows


def taxes(random: Random) -> list[Cells]:
    """Several taxes, regions of their own, a zero that replaces `*`; Russia has none."""
    return [
        ("US", "*", "state", "2018-01-01", "State", "État", "8.25", "2020-02-02"),
        ("US", "*", "state", "2020-02-02", "State", "État", "8.5", ""),
        ("US", "NY", "state", "2018-01-01", "State", "État", "4.0125", ""),
        ("US", "NY", "city", "2018-01-01", "City", "Ville", "4.5", ""),
        ("US", "PR", "state", "2018-01-01", "State", "État", "0", ""),
        ("CA", "*", "gst", "2018-01-01", "GST", "TPS", "5", ""),
        ("CA", "QC", "qst", "2018-01-01", "QST", "TVQ", "9.975", ""),
        ("CA", "ON", "gst", "2018-01-01", "HST", "TVH", random.choice(("13", "0")), ""),
        ("BR", "*", "icms", "2018-01-01", "ICMS", "ICMS", "25.123456", ""),
        ("GB", "*", "vat", "2018-01-01", "VAT", "TVA", "20", ""),
    ]


def policy(random: Random) -> list[Cells]:
    """The shipped settings, some of them changing on a day of the usage or invoice month."""
    shipped = {
        "issue_day_last": "7 day",
        "due_days": "15 days",
        "autopay_day": "10 day",
        "dispute_days": "15 days",
        "start_day_billed": "false boolean",
        "cancellation_notice_days": "10 days",
        "low_usage_minimum_phones": "20 phones",
        "restocking_percent": "25 percent",
        "return_window_days": "30 days",
    }
    changes = {
        "start_day_billed": ("2020-01-16", "true"),
        "cancellation_notice_days": ("2020-01-20", "9"),
        "due_days": ("2020-02-03", "20"),
        "restocking_percent": ("2020-01-10", "12.5"),
    }
    rows: list[Cells] = []
    for setting, cell in shipped.items():
        value, unit = cell.split()
        if setting in changes and random.random() < 0.4:
            day, changed = changes[setting]
            rows.append((setting, "2018-01-01", value, unit, "guide", day))
            rows.append((setting, day, changed, unit, "test", ""))
        else:
            rows.append((setting, "2018-01-01", value, unit, "guide", ""))
    return rows


def fixed_tables() -> dict[str, list[Cells]]:
    """The tables that are the same for every seed."""
    named = ["" if cell == "-" else cell for cell in NUMBERING.replace("|", " ").split()]
    shares = [("US", category, "2018-01-01", "64.9", "") for category in SHARES.split()]
    return {
        "numbering_plan": [tuple(named[i : i + 4]) for i in range(0, len(named), 4)],
        "dialing_plans": list(DIALING),
        "usf_factors": [("US", "2019Q4", "25.0", "FCC"), ("US", "2020Q1", "21.2", "FCC")],
        "usf_shares": [
            *shares,
            ("US", "international", "2018-01-01", "100", "2020-02-02"),
            ("US", "international", "2020-02-02", "99.5", ""),
            ("US", "phone_numbers", "2018-01-01", "0", ""),
        ],
    }


def write_version(folder: Path, random: Random) -> Path:
    """The version's folder under `folder`, frozen: every file with its rows and hash in the manifest."""
    version = folder / VERSION
    version.mkdir(parents=True)
    tables = {
        "international_rates": international_rates(random),
        "premium_prefixes": premium_prefixes(random),
        "toll_free_rates": toll_free_rates(random),
        "plans": plans(random),
        "charges": charges(random),
        "fees": fees(random),
        "taxes": taxes(random),
        "policy": policy(random),
        **fixed_tables(),
    }
    manifest = [f'version = "{VERSION}"', "published_on = 2020-01-01", 'note = "random prices for a test"']
    for name, rows in tables.items():
        path = version / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(HEADERS[name].split())
            writer.writerows(rows)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        manifest += ["", f'[files."{name}.csv"]', f"rows = {len(rows)}", f'sha256 = "{digest}"']
    (version / "manifest.toml").write_text("\n".join(manifest) + "\n", encoding="utf-8")
    return version
