"""200 to 400 call records with every way to be wrong, late, double, tied or on a border."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from .random_contracts import LENGTHS, LOCAL, TOLL_FREE, Contracts
from .random_facts import DECK, PREMIUM
from .random_forms import DIALED, dialed, digits, in_country, written

DURATIONS = (0, 1, 5, 6, 29, 30, 31, 35, 36, 37, 45, 59, 60, 61, 89, 90, 91, 119, 120, 150, 600, 3599, 3600)
MONTH = datetime(2020, 1, 1, tzinfo=UTC)
MONTH_SECONDS = 31 * 86400
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
REASONS = (
    "missing_call_id",
    "unknown_direction",
    "bad_start_time",
    "negative_duration",
    "bad_duration",
    "bad_end_time",
    "end_before_start",
    "unknown_disposition",
    "unknown_account",
    "bad_number",
)
BAD_TIMES = (
    "",
    "2020-01-32T00:00:00Z",
    "2020-01-05T10:00:00",
    "yesterday",
    "2020-01-05T24:00:00Z",
    "2020-1-5T10:00:00Z",
)
BAD_NUMBERS = (
    "+0123456789",
    "+123456",
    "+1234567890123456",
    "anonymous",
    "12a4567",
    "5",
    "*7a",
    "00",
    "1+2125550100",
)
Record = dict[str, str]


class Scene(NamedTuple):
    """Whom the calls belong to, and the seconds at which something changes."""

    contracts: Contracts
    instants: list[datetime]
    ties: list[datetime]


def start_of(random: Random, scene: Scene) -> datetime:
    """Anywhere in the month, tied with others, at a price change, or on a border."""
    draw = random.random()
    if draw < 0.3:
        return random.choice(scene.ties)
    if draw < 0.45:
        return random.choice(scene.instants) + timedelta(seconds=random.choice((-1, 0, 0, 1)))
    if draw < 0.5:
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
        others = [
            row["number"]
            for row in scene.contracts.phone_numbers
            if row["account_id"] != account["account_id"]
        ]
        return random.choice(own), random.choice(others), "outbound"
    if kind in ("inbound", "toll_free_in"):
        called = owned(scene, account["account_id"], "toll_free") if kind == "toll_free_in" else own
        outside = "+" + in_country(
            random, random.choice(("1", "1787", "1800", "1212", "44", "447", "5511", "49"))
        )
        form = dialed(random, random.choice(called or own)[1:], country)
        return random.choice((outside, outside, outside, "", "2001", *own)), form, "inbound"
    if kind == "internal":
        return (
            random.choice(("2001", "305")),
            random.choice(("2002", "*72", "101010", "+442079460000")),
            "internal",
        )
    return caller, destination(random, kind, country), "outbound"


def make_call(random: Random, scene: Scene, call_id: str, account: Record) -> Record:
    """One record that is right in itself."""
    source, called, direction = parties(random, scene, account, random.choice(KINDS.split()))
    start = start_of(random, scene)
    seconds = random.choice((*DURATIONS, random.randrange(1, 900)))
    if random.random() < 0.01:
        seconds = random.choice((86399, 86400, 100000))
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


def warned(random: Random, call: Record) -> Record:
    """The record with something that earns a warning."""
    start = datetime.fromisoformat(call["_start"])
    seconds = int(call["duration_seconds"])
    changed = random.choice(
        (
            {"disposition": "busy" if seconds else "answered"},
            {"end_time": written(random, start + timedelta(seconds=seconds + random.choice((1, 3, 60))))},
        )
    )
    return {**call, **changed, "_clean": ""}


def spoiled(random: Random, call: Record, reason: str) -> Record:
    """The record with a fault of that kind."""
    start = datetime.fromisoformat(call["_start"])
    faults: dict[str, dict[str, str]] = {
        "missing_call_id": {"call_id": random.choice(("", "  "))},
        "unknown_direction": {"direction": random.choice(("in", "Outbounds", "both"))},
        "bad_start_time": {"start_time": random.choice(BAD_TIMES)},
        "negative_duration": {"duration_seconds": random.choice(("-1", "-0", "-60"))},
        "bad_duration": {
            "duration_seconds": random.choice(("", "1.5", "12345678901", "2147483648", "9999999999", "six"))
        },
        "bad_end_time": {"end_time": random.choice(BAD_TIMES[1:])},
        "end_before_start": {"end_time": written(random, start - timedelta(seconds=1))},
        "unknown_disposition": {"disposition": random.choice(("ok", "answer", "16"))},
        "unknown_account": random.choice(
            (
                {"account_id": "nobody"},
                {"account_id": "", "source_number": "+12125559999", "destination_number": "2001"},
            )
        ),
        "bad_number": random.choice(
            (
                {"destination_number": random.choice(("", *BAD_NUMBERS))},
                {"source_number": random.choice(BAD_NUMBERS)},
            )
        ),
    }
    return {**call, **faults[reason], "_clean": ""}


def again(random: Random, call: Record) -> Record:
    """The same call told again: literally, in another form, or with other contents."""
    start = datetime.fromisoformat(call["_start"])
    draw = random.random()
    if draw < 0.4:
        return dict(call)
    if draw < 0.6:
        return {**call, "start_time": written(random, start), "disposition": call["disposition"].upper()}
    if draw < 0.8:
        return {**call, "destination_number": "+442079460001"}
    return {
        **call,
        "duration_seconds": str(int(call["duration_seconds"]) + 1),
        "end_time": "",
        "disposition": "",
    }


def marred(random: Random, call: Record) -> Record:
    """Most calls as they are, some with a fault, with two, or with what earns a warning.

    What starts in another month earns none: whether it would be told is nowhere said.
    """
    if not in_month(call):
        return {
            **call,
            "destination_number": "2001",
            "duration_seconds": "60",
            "end_time": "",
            "disposition": "",
        }
    draw = random.random()
    if draw < 0.12:
        return spoiled(random, call, random.choice(REASONS))
    if draw < 0.14:
        return spoiled(random, spoiled(random, call, random.choice(REASONS)), random.choice(REASONS))
    return warned(random, call) if draw < 0.19 else call


def make_records(random: Random, contracts: Contracts, instants: list[datetime]) -> list[Record]:
    """All records of the month in the order in which they are written."""
    ties = [MONTH + timedelta(seconds=random.randrange(MONTH_SECONDS)) for _ in range(6)]
    scene = Scene(contracts, instants or ties, ties)
    heavy = random.choice(contracts.accounts)
    records: list[Record] = []
    for serial in range(random.randrange(200, 330)):
        account = heavy if random.random() < 0.3 else random.choice(contracts.accounts)
        call = make_call(
            random, scene, random.choice((f"c{serial}", f"c{serial}", f"{serial:04d}-é")), account
        )
        records.append(marred(random, call))
        clean = [record for record in records[-40:] if record["_clean"] and is_plain(record)]
        if clean and random.random() < 0.12:
            records.append(again(random, random.choice(clean)))
    return records


def is_plain(record: Record) -> bool:
    """A record that earns no warning, so that neither does what repeats it."""
    two_owners = "+" in record["source_number"] and "+" in record["destination_number"]
    return int(record["duration_seconds"]) < 86399 and not two_owners


def in_month(record: Record) -> bool:
    """Whether it starts in the month."""
    return timedelta(0) <= datetime.fromisoformat(record["_start"]) - MONTH < timedelta(seconds=MONTH_SECONDS)
