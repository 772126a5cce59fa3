"""Times of usual lines, read by machine code, and whether a call's seconds fit them."""

from __future__ import annotations

from typing import NamedTuple

from transforms.machine_code import compiled
from transforms.timestamps import MICROS_PER_SECOND
from transforms.usual_bytes import Bytes, Longs
from transforms.usual_lines import NOWHERE, OTHER, USUAL, Lines, digits, field_begin
from transforms.usual_words import NOT_TOLD

_UTC_BYTES, _OFFSET_BYTES = len("2020-01-15T10:30:00Z"), len("2020-01-15T10:30:00+01:00")
_MINUS, _PLUS, _COLON, _T, _Z = map(ord, "-+:TZ")


@compiled
def _days(year: int, month: int, day: int) -> int:
    """Days since 1970 of a date of the Gregorian calendar; less than none where there is no such date."""
    most = 30 if month in (4, 6, 9, 11) else 31
    if month == 2:
        most = 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    if not 1 <= month <= 12 or not 1 <= day <= most:
        return NOWHERE
    # years begin in March here, so that the day of a leap year is its last
    years = year - (1 if month < 3 else 0)
    before = years * 365 + years // 4 - years // 100 + years // 400
    return before + ((month + 9) % 12 * 153 + 2) // 5 + day - 1 - 719_468


@compiled
def _clock(block: Bytes, begin: int) -> int:
    """Seconds of `10:30`, without seconds; NOWHERE where it is none."""
    hours, minutes = digits(block, begin, begin + 2), digits(block, begin + 3, begin + 5)
    is_clock = 0 <= hours < 24 and 0 <= minutes < 60 and block[begin + 2] == _COLON
    return (hours * 60 + minutes) * 60 if is_clock else NOWHERE


@compiled
def _instant(block: Bytes, begin: int, end: int) -> int:
    """Microseconds since 1970 of `2020-01-15T10:30:00Z`, or with an offset as `+01:00`; NOWHERE of anything else."""
    if end - begin != _UTC_BYTES and end - begin != _OFFSET_BYTES:
        return NOWHERE
    if (
        block[begin + 4] != _MINUS
        or block[begin + 7] != _MINUS
        or block[begin + 10] != _T
        or block[begin + 16] != _COLON
    ):
        return NOWHERE
    year, month = digits(block, begin, begin + 4), digits(block, begin + 5, begin + 7)
    days = _days(year, month, digits(block, begin + 8, begin + 10))
    clock, second = _clock(block, begin + 11), digits(block, begin + 17, begin + 19)
    sign, offset = block[begin + 19], 0
    if end - begin == _OFFSET_BYTES:
        offset = _clock(block, begin + 20)
    if year < 1970 or days < 0 or clock < 0 or not 0 <= second < 60 or offset < 0:
        return NOWHERE
    if end - begin == _UTC_BYTES:
        if sign != _Z:
            return NOWHERE
    elif sign == _PLUS:
        offset = -offset
    elif sign != _MINUS:
        return NOWHERE
    return (days * 86_400 + clock + second + offset) * MICROS_PER_SECOND


@compiled
def parse_times(lines: Lines, column: int, times: Longs) -> None:
    """The instant of each usual line, microseconds since 1970; NOWHERE of an empty one; of others the line is OTHER."""
    block, _, begins, ends, kinds = lines
    for line in range(len(kinds)):
        if kinds[line] != USUAL:
            continue
        begin, end = field_begin(begins, ends, line, column), ends[line, column]
        times[line] = NOWHERE if begin == end else _instant(block, begin, end)
        if times[line] < 0 and begin < end:
            kinds[line] = OTHER


class Talk(NamedTuple):
    """When each call began and ended (microseconds since 1970), how long it was, and its disposition's code."""

    starts: Longs
    ends: Longs
    seconds: Longs
    dispositions: Bytes


@compiled
def judge(lines: Lines, month: tuple[int, int], answered: int, talk: Talk) -> None:
    """Calls of another month, and those worth a warning, are OTHER. Sets the end of the usual ones.

    An end that is told is the start and the seconds, and only a call that was answered has some.
    """
    first, behind = month
    kinds = lines.kinds
    starts, ends, seconds, dispositions = talk
    for line in range(len(kinds)):
        if kinds[line] != USUAL:
            continue
        end = starts[line] + seconds[line] * MICROS_PER_SECOND
        has_seconds, disposition = seconds[line] > 0, dispositions[line]
        fits = disposition == NOT_TOLD or (disposition == answered) == has_seconds
        if not first <= starts[line] < behind or not fits or (ends[line] != NOWHERE and ends[line] != end):
            kinds[line] = OTHER
        ends[line] = end
