"""A small rate version with everything that makes matching and pricing hard, from a seeded generator."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

VERSION = "2020.0-random"
Cells = Sequence[str]

NUMBERING = """
1212 US NY geographic|1415 US CA geographic|1512 US TX geographic|1787 US PR geographic|1939 US PR geographic
1340 US VI geographic|1416 CA ON geographic|1514 CA QC geographic|1604 CA BC geographic|1876 JM - geographic
1809 DO - geographic|1800 - - toll_free|1888 - - toll_free|1900 - - premium|1976 - - premium|1411 US - special
5511 BR SP geographic|55119 BR SP mobile|5521 BR RJ geographic|55300 BR - special|55500 BR - special
55800 BR - toll_free|55900 BR - premium|7495 RU MOW geographic|7812 RU SPE geographic|79 RU - mobile
7800 RU - toll_free|7803 RU - premium|77 KZ - geographic|7701 KZ - mobile|4420 GB ENG geographic
44161 GB ENG geographic|447 GB - mobile|44800 GB - toll_free|449 GB - premium|441534 JE - geographic
447797 JE - mobile|49 DE - geographic|4915 DE - mobile|33 FR - geographic|336 FR - mobile|52 MX - geographic
521 MX - mobile|881 - - special|8816 - - special|881612345678901 - - special|800 - - toll_free|353 IE - geographic
"""
DECK = """
1 12 1212 1415 1512 1787 1876 18765 1809 1411 7 77 7701 77011 7495 79 3 33 336 3361 33612 4 44 447 4477 447797 4420
441534 49 4915 49151 491512 52 521 5 55 55119 551198 5511 5521 881 8816 881612345678901 88161234567890 800 8001
80012345 9
"""
PREMIUM = {
    ("US", "USD"): "787555 1787555|900 1900|1900555 1900555|212976 1212976|21297655 121297655|411 1411",
    ("CA", "CAD"): "900 1900|416976 1416976|1604976 1604976",
    ("CA", "USD"): "900 1900|416976 1416976",
    ("BR", "BRL"): "0300 55300|0300123 55300123|0500 55500|11900 5511900",
    ("GB", "USD"): "09 449|098 4498|4498765 4498765",
}
TOLL_FREE = (("US", "USD"), ("CA", "CAD"), ("CA", "USD"), ("BR", "BRL"), ("GB", "USD"))
ORIGINS = ("", "1", "1787", "18", "1212", "44", "447", "55", "5511")
RATING = (
    ("", "", ""),
    ("", "", ""),
    ("0", "60", "nearest"),
    ("30", "6", "up"),
    ("60", "60", "up"),
    ("30", "60", "up"),
    ("1", "1", "up"),
    ("0", "1", "up"),
    ("0", "6", "nearest"),
    ("10", "7", "nearest"),
    ("", "", "up"),
)
RATES = ("0.0185", "0.01", "0.012345", "0.000001", "0", "0.0000", "1.5", "0.333333", "0.07", "2.999999")
FEES = ("", "", "", "0", "0.05", "0.123456")
# plan, currency, minutes, per, included countries: those of one currency can follow one another.
PLANS = (
    ("us-basic", "USD", "100", "account", ""),
    ("us-small", "USD", "7", "account", "CA"),
    ("us-device", "USD", "4", "device", "CA;MX"),
    ("us-open", "USD", "", "account", "CA"),
    ("ca-basic", "CAD", "30", "account", "US"),
    ("ca-device", "CAD", "3", "device", ""),
    ("br-basic", "BRL", "15", "account", ""),
    ("br-open", "BRL", "", "account", ""),
)
# code, category, is a phone, price
CHARGES = (
    ("phone", "service_charge", "true", "24.95"),
    ("phone-x", "service_charge", "true", "9.333333"),
    ("ata", "service_charge", "false", "10.00"),
    ("paging", "service_charge", "", "0.00"),
    ("did-two-way", "phone_numbers", "", "1.25"),
    ("did-inbound", "phone_numbers", "false", "0.995"),
    ("did-toll-free", "phone_numbers", "", "5.00"),
    ("did-international", "phone_numbers", "", "7.77"),
    ("seat", "contact_center", "false", "89.00"),
    ("rented-phone", "rentals", "false", "3.50"),
    ("caller-id-change", "one_time", "false", "15.00"),
    ("setup", "one_time", "false", "49.00"),
    ("rma_late_return", "one_time", "false", "6.00"),
)
CURRENCIES = ("USD", "CAD", "BRL")
DIALING = (
    ("US", "1", "011", "1", "10", "", "911;112", "211;411;988"),
    ("CA", "1", "011", "1", "10", "0", "911", "211;411"),
    ("BR", "55", "00", "0", "10;11", "2", "190;192;193", "102"),
    ("RU", "7", "810", "8", "10", "", "112;101;102;103", ""),
    ("GB", "44", "00", "0", "9;10", "", "999;112", "101;111"),
)
SHARES = "service_charge overage included_minutes domestic_premium toll_free"
HEADERS = {
    "international_rates": "currency prefix effective_from destination country line_type rate_per_minute"
    " connection_fee minimum_seconds increment_seconds rounding effective_to",
    "premium_prefixes": "country currency plan_id prefix effective_from published_prefix description rate_per_minute"
    " connection_fee minimum_seconds increment_seconds rounding effective_to",
    "toll_free_rates": "country currency origin_prefix effective_from rate_per_minute connection_fee minimum_seconds"
    " increment_seconds rounding effective_to",
    "plans": "plan_id effective_from currency included_minutes included_per included_countries overage_rate"
    " minimum_seconds increment_seconds rounding low_usage_discount_percent effective_to",
    "charges": "plan_id currency charge_code effective_from category is_phone label_en label_fr price effective_to",
    "fees": "fee country region currency effective_from basis amount categories effective_to",
    "usf_factors": "country quarter factor_percent source",
    "usf_shares": "country category effective_from interstate_share_percent effective_to",
    "taxes": "country region tax effective_from label_en label_fr percent effective_to",
    "numbering_plan": "prefix country region kind",
    "dialing_plans": "country calling_code international_prefix national_prefix national_lengths carrier_code_digits"
    " emergency_numbers short_codes",
    "policy": "setting effective_from value unit source effective_to",
}


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
    return list(zip(bounds, bounds[1:], strict=False))


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
            for plan in (own if own and random.random() < 0.2 else ["*", *own]):
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
            for start, end in zip(bounds, bounds[1:], strict=False):
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
