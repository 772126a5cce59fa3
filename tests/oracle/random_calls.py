"""200 to 400 call records with every way to be wrong, late, double, tied or on a border."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from .random_contracts import LENGTHS, LOCAL, TOLL_FREE, Contracts
from .random_facts import DECK, PREMIUM
from .random_faults import MONTH, MONTH_SECONDS, Record, again, marred
from .random_forms import DIALED, dialed, digits, in_country, written

DURATIONS = (0, 1, 5, 6, 29, 30, 31, 35, 36, 37, 45, 59, 60, 61, 89, 90, 91, 119, 120, 150, 600, 3599, 3600)
BORDERS = (
    MONTH,
    MONTH - timedelta(microseconds=1),
    MONTH + timedelta(days=31),
    MONTH + timedelta(days=31, microseconds=-1),
    datetime(2020, 1, 10, tzinfo=UTC),
    datetime(2020, 1, 10, tzinfo=UTC) - timedelta(microseconds=1),
    datetime(2020, 1, 31, tzinfo=UTC),
    datetime(2020, 1, 4, 6, 7, 8, tzinfo=UTC),
    datetime(2020, 1, 4, 6, 7, 7, 999999, tzinfo=UTC),
    datetime(2020, 1, 30, 12, tzinfo=UTC),
    datetime(2020, 1, 30, 11, 59, 59, tzinfo=UTC),
)
KINDS = (
    "domestic domestic domestic local international international international premium premium toll_free_out"
    " unknown extension emergency feature inbound inbound toll_free_in toll_free_in internal short_code"
    " satellite cross_customer"
)


class Change(NamedTuple):
    """A row that begins within the month: its table, its country or currency, its prefix or plan."""

    at: datetime
    table: str
    country: str
    prefix: str


class Scene(NamedTuple):
    """Whom the calls belong to, what changes when, and the seconds at which several calls start."""

    contracts: Contracts
    changes: list[Change]
    ties: list[datetime]


def start_of(random: Random, scene: Scene) -> datetime:
    """Anywhere in the month, tied with others, at a price change, or on a border."""
    draw = random.random()
    if draw < 0.3:
        return random.choice(scene.ties)
    if draw < 0.4:
        return random.choice(scene.changes).at + timedelta(seconds=random.choice((-1, 0, 0, 1)))
    if draw < 0.45:
        return random.choice(BORDERS)
    fraction = random.choice((0, 0, 0, 500000, 123456))
    return MONTH + timedelta(seconds=random.randrange(MONTH_SECONDS), microseconds=fraction)


def owned(scene: Scene, account_id: str, kind: str | None = None) -> list[str]:
    """Numbers that the account has or had."""
    rows = [row for row in scene.contracts.phone_numbers if row["account_id"] == account_id]
    return [row["number"] for row in rows if kind is None or row["kind"] == kind]


def destination(random: Random, kind: str, country: str) -> str:
    """The dialled destination of an outbound call of that kind."""
    if kind == "extension":
        return random.choice(("2001", "305", "12", "654321"))
    if kind == "emergency":
        return random.choice(DIALED[country][5].split(";"))
    if kind == "feature":
        return random.choice(("*72", "#31", "*67*2001", "*98#", "**1"))
    if kind == "short_code":
        return random.choice((DIALED[country][6] or "2002").split(";"))
    if kind == "satellite" and random.random() < 0.4:
        return "+" + random.choice(("881612345678901", "80012345", "8816123"))
    return dialed(random, e164_of(random, kind, country), country)


def e164_of(random: Random, kind: str, country: str) -> str:
    """The digits of a whole number of that kind."""
    if kind == "local":
        return digits(random, random.choice(LOCAL[country]), LENGTHS[country])
    if kind == "unknown":
        return random.choice(("12005550100", "299123456", "9991234567", "55991234567"))
    listed = "|".join(cells for (home, _), cells in PREMIUM.items() if home == country)
    prefixes: dict[str, list[str]] = {
        "domestic": list(LOCAL[country]),
        "premium": [pair.split()[1] for pair in listed.split("|") if pair] or ["7803"],
        "toll_free_out": list(TOLL_FREE.values()),
        "satellite": ["881", "8816", "88161234567890", "800"],
        "international": [prefix for prefix in DECK.split() if prefix != "1411"],
    }
    return in_country(random, random.choice(prefixes[kind]))


def parties(random: Random, scene: Scene, account: Record, kind: str) -> tuple[str, str, str]:
    """Source, destination and the direction that goes with them."""
    country = account["country"]
    own = owned(scene, account["account_id"])
    caller = random.choice([*own, *own, "", "2001", "+12125550177"])
    if kind == "cross_customer":
        others = [row["number"] for row in scene.contracts.phone_numbers if row["account_id"] != account["account_id"]]
        return random.choice(own), random.choice(others), "outbound"
    if kind in ("inbound", "toll_free_in"):
        called = owned(scene, account["account_id"], "toll_free") if kind == "toll_free_in" else own
        outside = "+" + in_country(random, random.choice(("1", "1787", "1800", "1212", "44", "447", "5511", "49")))
        form = dialed(random, random.choice(called or own)[1:], country)
        return random.choice((outside, outside, outside, "", "2001", *own)), form, "inbound"
    if kind == "internal":
        return (
            random.choice(("2001", "305")),
            random.choice(("2002", "*72", "101010", "+442079460000")),
            "internal",
        )
    return caller, destination(random, kind, country), "outbound"


def aimed(random: Random, scene: Scene, account: Record) -> tuple[str, str, str, datetime] | None:
    """A call that meets the very row that changes in that second, if a change concerns the account."""
    change = random.choice(scene.changes)
    at = change.at + timedelta(microseconds=random.choice((-1_000_000, -1, 0, 0, 1, 1_000_000)))
    country = account["country"]
    toll_free = owned(scene, account["account_id"], "toll_free")
    if change.table == "international_rates" and not change.prefix.startswith(DIALED[country][0]):
        return "2001", dialed(random, in_country(random, change.prefix), country), "outbound", at
    if change.table == "premium_prefixes" and change.country == country:
        return "", dialed(random, in_country(random, change.prefix), country), "outbound", at
    if change.table == "toll_free_rates" and change.country == country and toll_free:
        caller = "+" + in_country(random, change.prefix) if change.prefix else ""
        return caller, toll_free[0], "inbound", at
    if change.table == "plans" and change.prefix == account["plan_id"]:
        return "2001", "2002", "outbound", at
    return None


def make_call(random: Random, scene: Scene, call_id: str, account: Record) -> Record:
    """One record that is right in itself."""
    source, called, direction = parties(random, scene, account, random.choice(KINDS.split()))
    start = start_of(random, scene)
    seconds = random.choice((*DURATIONS, random.randrange(1, 900)))
    if random.random() < 0.01:
        seconds = random.choice((86399, 86400, 100000))
    if random.random() < 0.2:
        source, called, direction, start = aimed(random, scene, account) or (source, called, direction, start)
    found = "+" in source and source in owned(scene, account["account_id"])
    return {
        "call_id": call_id,
        # without it the account is found by its number; a second party is then always dialled with its +
        "account_id": "" if found and random.random() < 0.5 else account["account_id"],
        "direction": direction if random.random() < 0.5 else "",
        "source_number": source,
        "destination_number": called,
        "start_time": written(random, start),
        "end_time": random.choice(("", written(random, start + timedelta(seconds=seconds)))),
        "duration_seconds": random.choice((str(seconds), str(seconds), f"{seconds:05d}")),
        "disposition": disposition(random, seconds),
        "_start": start.isoformat(),
        "_clean": "yes",
    }


def disposition(random: Random, seconds: int) -> str:
    """The word that goes with the seconds, in any case, or none."""
    if seconds == 0:
        return random.choice(("", "no_answer", "BUSY", "failed"))
    return random.choice(("", "answered", "ANSWERED", "Answered"))


def make_records(random: Random, contracts: Contracts, changes: list[Change]) -> list[Record]:
    """All records of the month in the order in which they are written."""
    ties = [MONTH + timedelta(seconds=random.randrange(MONTH_SECONDS)) for _ in range(6)]
    scene = Scene(contracts, changes, ties)
    heavy = random.choice(contracts.accounts)
    records: list[Record] = []
    for serial in range(random.randrange(200, 330)):
        account = heavy if random.random() < 0.3 else random.choice(contracts.accounts)
        call = make_call(random, scene, random.choice((f"c{serial}", f"c{serial}", f"{serial:04d}-é")), account)
        records.append(marred(random, call))
        clean = [record for record in records[-40:] if record["_clean"] and is_plain(record)]
        if clean and random.random() < 0.12:
            records.append(again(random, random.choice(clean)))
    return records


def is_plain(record: Record) -> bool:
    """A record that earns no warning, so that neither does what repeats it."""
    two_owners = "+" in record["source_number"] and "+" in record["destination_number"]
    return int(record["duration_seconds"]) < 86399 and not two_owners
