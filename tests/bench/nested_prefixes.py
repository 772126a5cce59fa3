"""Prefixes as carriers' decks have them: nested, of 1 to 9 digits, in no order."""

from __future__ import annotations

from random import Random

LONGEST_PREFIX = 9


def nested_prefixes(count: int, random: Random, first_digits: str = "123456789") -> list[str]:
    """So many prefixes, each a digit longer than one before it; sorted."""
    known = set(first_digits)
    parents = sorted(known)
    while len(known) < count:
        prefix = random.choice(parents) + str(random.randrange(10))
        if len(prefix) <= LONGEST_PREFIX and prefix not in known:
            known.add(prefix)
            parents.append(prefix)
    return sorted(known)
