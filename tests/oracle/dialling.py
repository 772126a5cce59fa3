"""Numbers as dialled, made E.164 by the account's country (contract §2, "Numbers")."""

from __future__ import annotations

import re

from .tables import Row, listed

SEPARATORS = str.maketrans("", "", " ().-")
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
FEATURE_CODE = re.compile(r"[*#][0-9*#]+")
EXTENSION = re.compile(r"[0-9]{2,6}")
DIGITS = re.compile(r"[0-9]+")


def without_separators(dialled: str) -> str:
    """The number without spaces and `( ) . -`."""
    return dialled.translate(SEPARATORS)


def is_feature_code(number: str) -> bool:
    """A feature code is `*` or `#` and then digits, `*`, `#`.

    Reading: at least one character follows.
    """
    return FEATURE_CODE.fullmatch(number) is not None


def is_extension(number: str, plan: Row) -> bool:
    """2 to 6 digits that are no emergency number (rule 5.4); a short code has become E.164 already."""
    return EXTENSION.fullmatch(number) is not None and number not in listed(plan["emergency_numbers"])


def is_e164(number: str) -> bool:
    """`+` and 7 to 15 digits, the first not 0."""
    return E164.fullmatch(number) is not None


def normalised(dialled: str, plan: Row) -> str | None:
    """The number to keep, or None where it is bad; `plan` is the row of the account's country.

    Reading: emergency numbers, extensions and feature codes stay as dialled, but without separators.
    """
    number = without_separators(dialled)
    if is_e164(number) or is_feature_code(number):
        return number
    if DIGITS.fullmatch(number) is None:
        return None
    is_short_code = number in listed(plan["short_codes"])
    if number in listed(plan["emergency_numbers"]) or (EXTENSION.fullmatch(number) and not is_short_code):
        return number
    if is_short_code:
        return f"+{plan['calling_code']}{number}"
    return international(number, plan)


def international(digits: str, plan: Row) -> str | None:
    """The E.164 number of digits that begin with the international prefix, the national prefix, or neither.

    Reading: the first prefix that fits decides; a number that is bad without it is not tried with it.
    """
    carrier = int(plan["carrier_code_digits"] or 0)
    prefix = plan["international_prefix"]
    if prefix and digits.startswith(prefix):
        number = "+" + digits[len(prefix) + carrier :]
        return number if is_e164(number) else None
    lengths = {int(length) for length in listed(plan["national_lengths"])}
    national = digits
    prefix = plan["national_prefix"]
    if prefix and digits.startswith(prefix):
        national = digits[len(prefix) :]
        if len(national) not in lengths and len(national) - carrier in lengths:
            national = national[carrier:]
    return f"+{plan['calling_code']}{national}" if len(national) in lengths else None
