"""From rows to calls: rejects in order, the month, duplicates, warnings (contract §2, rule 13.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import NamedTuple

from .contracts import Account
from .dialling import is_e164, is_extension, normalised, without_separators
from .tables import Row, Tables

TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,6})?"
    r"(?:Z|([+-])([0-9]{2})(?::?([0-9]{2}))?)"
)
SECONDS = re.compile(r"[0-9]{1,10}")
SECONDS_LIMIT = 2**31
LONG_CALL_SECONDS = 24 * 60 * 60
DISPOSITIONS = ("answered", "no_answer", "busy", "failed")
DIRECTIONS = ("inbound", "outbound", "internal")
CONTENT = [
    "call_id",
    "account_id",
    "direction",
    "source_number",
    "destination_number",
    "start_time",
    "end_time",
    "duration_seconds",
    "disposition",
]


class Books(NamedTuple):
    """What a call is judged by: the accounts, the owners of numbers, the tables, the month's bounds."""

    accounts: dict[str, Account]
    owners: dict[str, list[Row]]
    tables: Tables
    starts_at: datetime
    ends_at: datetime


def owners_of(accounts: dict[str, Account]) -> dict[str, list[Row]]:
    """Every number with the times it belonged to an account."""
    owners: dict[str, list[Row]] = {}
    for account in accounts.values():
        for number in account.numbers:
            owners.setdefault(number["number"], []).append(number)
    return owners


def owner_on(books: Books, number: str, on: date) -> Row | None:
    """Rule 5.6: who a number belongs to on the UTC date of the call, from its first to its last day."""
    for owned in books.owners.get(number, []):
        if owned["start"] <= on and (owned["last_day"] is None or on <= owned["last_day"]):
            return owned
    return None


def utc_time(text: str) -> datetime | None:
    """A time with its offset, as UTC to the microsecond.

    Reading: hours of an offset go to 23, minutes to 59; the letters T and Z are capitals.
    """
    match = TIME.fullmatch(text)
    if match is None:
        return None
    day, clock, fraction, sign, hours, minutes = match.groups()
    try:
        local = datetime.fromisoformat(f"{day}T{clock}{(fraction or '.0'):0<7}")
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        if int(minutes or 0) > 59:
            return None
        return local.replace(tzinfo=timezone(-offset if sign == "-" else offset)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def readable_seconds(cells: Row | None) -> int:
    """`seconds_read`: the duration wherever it can be read by itself, else 0.

    Reading: not in a malformed row.
    """
    text = cells["duration_seconds"] if cells else ""
    return int(text) if SECONDS.fullmatch(text) and int(text) < SECONDS_LIMIT else 0


def missing_call_id(call: Row, _: Books) -> bool:
    """A call needs an id."""
    return not call["cells"]["call_id"]


def unknown_direction(call: Row, _: Books) -> bool:
    """A direction is one of three words, or empty.

    Reading: in lower case, since "any case" is said of the disposition only.
    """
    return call["cells"]["direction"] not in ("", *DIRECTIONS)


def bad_start_time(call: Row, _: Books) -> bool:
    """The start is needed, with its offset."""
    call["start_time"] = utc_time(call["cells"]["start_time"])
    return call["start_time"] is None


def negative_duration(call: Row, _: Books) -> bool:
    """A minus sign in front is enough."""
    return bool(call["cells"]["duration_seconds"].startswith("-"))


def bad_duration(call: Row, _: Books) -> bool:
    """1 to 10 digits, below 2^31."""
    text = call["cells"]["duration_seconds"]
    call["duration_seconds"] = readable_seconds(call["cells"])
    return not SECONDS.fullmatch(text) or int(text) >= SECONDS_LIMIT


def bad_end_time(call: Row, _: Books) -> bool:
    """An empty end is the start and the duration."""
    text = call["cells"]["end_time"]
    default = call["start_time"] + timedelta(seconds=call["duration_seconds"])
    call["end_time"] = utc_time(text) if text else default
    return call["end_time"] is None


def end_before_start(call: Row, _: Books) -> bool:
    """A call ends when it starts or later."""
    return bool(call["end_time"] < call["start_time"])


def unknown_disposition(call: Row, _: Books) -> bool:
    """One of four words in any case; empty is answered when there are seconds, else not."""
    default = "answered" if call["duration_seconds"] > 0 else "no_answer"
    call["disposition"] = call["cells"]["disposition"].lower() or default
    return call["disposition"] not in DISPOSITIONS


def looked_up(books: Books, dialled: str, on: date) -> Row | None:
    """The owner of a number as dialled: only numbers with `+` are looked up."""
    number = without_separators(dialled)
    return owner_on(books, number, on) if is_e164(number) else None


def unknown_account(call: Row, books: Books) -> bool:
    """The account given, else the source's owner, else the destination's (rule 5.4: two owners are told of).

    Reading: the second party too is only looked up where it is dialled with `+`.
    """
    cells = call["cells"]
    on = call["start_time"].date()
    given = cells["account_id"]
    if given:
        call["account"] = books.accounts.get(given)
        return call["account"] is None
    source = looked_up(books, cells["source_number"], on)
    destination = looked_up(books, cells["destination_number"], on)
    owner = source or destination
    call["account"] = owner["account"] if owner else None
    if source and destination and source["account"] is not destination["account"]:
        call["warnings"].append("second_party")
    return owner is None


def bad_number(call: Row, books: Books) -> bool:
    """Both numbers by the account's country; only a source may be empty."""
    plan = books.tables.dialing[call["account"].country]
    source, destination = call["cells"]["source_number"], call["cells"]["destination_number"]
    # Reading: a source is anonymous where the trimmed cell is empty; separators alone are a bad number.
    call["source_number"] = normalised(source, plan) if source else ""
    call["destination_number"] = normalised(destination, plan)
    return call["source_number"] is None or call["destination_number"] is None


CHECKS: tuple[Callable[[Row, Books], bool], ...] = (
    missing_call_id,
    unknown_direction,
    bad_start_time,
    negative_duration,
    bad_duration,
    bad_end_time,
    end_before_start,
    unknown_disposition,
    unknown_account,
    bad_number,
)


def reason_of_rejection(call: Row, books: Books) -> str | None:
    """The first reason in the contract's order; the checks leave the parsed columns in the call."""
    if call["cells"] is None:
        return "malformed_row"
    return next((check.__name__ for check in CHECKS if check(call, books)), None)


def direction_of(call: Row, books: Books) -> str:
    """The declared direction (rule 5.4), else by the owner of the destination, else by the extensions."""
    if call["cells"]["direction"]:
        return str(call["cells"]["direction"])
    owned = owner_on(books, call["destination_number"], call["start_time"].date())
    if owned is not None and owned["account"] is call["account"]:
        return "inbound"
    plan = books.tables.dialing[call["account"].country]
    both = all(is_extension(call[side], plan) for side in ("source_number", "destination_number"))
    return "internal" if both else "outbound"


def warnings_of(call: Row) -> list[str]:
    """The warnings of contract §2 that a row earns by itself.

    Reading: a mismatch is any difference, also below a second, also of a call that was not answered.
    """
    seconds, answered = call["duration_seconds"], call["disposition"] == "answered"
    found = list(call["warnings"])
    if call["end_time"] - call["start_time"] != timedelta(seconds=seconds):
        found.append("duration_mismatch")
    if seconds >= LONG_CALL_SECONDS:
        found.append("long_call")
    if seconds > 0 and not answered:
        found.append("unanswered_with_seconds")
    if seconds == 0 and answered:
        found.append("answered_without_seconds")
    return found


def screen(call: Row, books: Books, earlier: dict[str, list[tuple[object, ...]]]) -> tuple[str, str]:
    """(outcome, reason) of a row, `accepted` if it is a call; `earlier` holds the contents by call id.

    Rule 13.3: equal to any earlier row of its id is a duplicate, another content is a conflict.
    """
    reason = reason_of_rejection(call, books)
    if reason is not None:
        return "rejected", reason
    call["call_id"], call["account_id"] = call["cells"]["call_id"], call["account"].account_id
    call["direction"] = direction_of(call, books)
    if not books.starts_at <= call["start_time"] < books.ends_at:
        return "outside_month", "outside_month"
    content = tuple(call[column] for column in CONTENT)
    before = earlier.setdefault(call["call_id"], [])
    # Reading: contents are compared with the account found and the direction inferred.
    outcome = "accepted" if not before else "duplicate" if content in before else "conflict"
    before.append(content)
    return outcome, outcome
