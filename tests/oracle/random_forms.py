"""The forms in which people dial numbers and switches write times."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from random import Random

from .random_facts import DIALING

OFFSETS = (0, 0, 0, -300, 330, -180, 840, -720, 60)
DIALED = {country: cells for country, *cells in DIALING}


def digits(random: Random, prefix: str, length: int) -> str:
    """A number of that length (at least the prefix's) under the prefix."""
    return prefix + "".join(random.choice("0123456789") for _ in range(length - len(prefix)))


def in_country(random: Random, prefix: str) -> str:
    """A whole number under a prefix: of the country's length where that is one of ours, else of any."""
    lengths = {"1": (11,), "7": (11,), "55": (12, 13), "44": (12, 11)}
    known = next((lengths[code] for code in lengths if prefix.startswith(code)), (8, 9, 11, 12, 15))
    return digits(random, prefix, max(random.choice(known), len(prefix), 7))


def dialed(random: Random, e164: str, country: str) -> str:
    """The digits as somebody of that country would dial them, or some switch would write them."""
    code, abroad, trunk, _, carrier, *_ = DIALED[country]
    form = random.choice(("plus", "plus", "plain", "prefixed", "abroad"))
    if form == "abroad":
        return abroad + "9" * int(carrier or 0) + e164
    if e164.startswith(code) and form in ("plain", "prefixed"):
        national = e164[len(code) :]
        chosen = "15" if carrier not in ("", "0") and random.random() < 0.5 else ""
        return spaced(random, national if form == "plain" else trunk + chosen + national)
    return spaced(random, "+" + e164)


def spaced(random: Random, number: str) -> str:
    """Some numbers with the separators that people put in; they begin with a digit, a `+` or a bracket."""
    if random.random() < 0.8:
        return number
    cut = len(number) // 2
    return random.choice(
        (
            f"({number[:cut]}) {number[cut:]}",
            f"{number[:cut]}-{number[cut:]}",
            f"{number[:cut]}.{number[cut:]}",
        )
    )


def written(random: Random, at: datetime) -> str:
    """A time in one of the contract's forms."""
    minutes = random.choice(OFFSETS)
    local = at.astimezone(timezone(timedelta(minutes=minutes)))
    text = local.strftime(random.choice(("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S")))
    if at.microsecond or random.random() < 0.1:
        text += f".{at.microsecond:06d}"
        text = text.rstrip("0") + ("0" if text.rstrip("0").endswith(".") else "")
    if minutes == 0:
        return text + random.choice(("Z", "+00:00", "+00", "-0000"))
    sign, hours = "+-"[minutes < 0], f"{abs(minutes) // 60:02d}"
    rest = f"{abs(minutes) % 60:02d}"
    forms = [f"{sign}{hours}:{rest}", f"{sign}{hours}{rest}"] + ([f"{sign}{hours}"] if rest == "00" else [])
    return text + random.choice(forms)
