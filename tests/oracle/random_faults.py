"""What goes wrong with records: rejects, warnings, repetitions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from .random_forms import written

MONTH = datetime(2020, 1, 1, tzinfo=UTC)
MONTH_SECONDS = 31 * 86400
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


def in_month(record: Record) -> bool:
    """Whether it starts in the month."""
    return timedelta(0) <= datetime.fromisoformat(record["_start"]) - MONTH < timedelta(seconds=MONTH_SECONDS)
