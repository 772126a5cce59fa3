"""Number patterns turned into as few prefixes as tell the labels apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rate_tables.build.metadata import NumberLabel
from rate_tables.build.number_patterns import DIGITS, NOTHING, Expression, after, count_numbers

Patterns = Mapping[NumberLabel, Expression]
Alive = tuple[tuple[NumberLabel, Expression], ...]
LabelledPrefix = tuple[str, NumberLabel]

MOST_DIGITS = 7  # of the national number
MOST_PREFIXES = 1_000  # of one calling code


class Expansion(NamedTuple):
    """The prefixes of one calling code, at most `depth` national digits long, and how many of them are mixed."""

    prefixes: tuple[LabelledPrefix, ...]
    depth: int
    mixed_count: int


class _Tree:
    """One walk over the digits down to a depth; equal remainders are expanded once."""

    def __init__(self) -> None:
        self._seen: dict[tuple[Alive, int], Expansion] = {}

    def expand(self, alive: Alive, depth: int) -> Expansion:
        alive = tuple((label, rest) for label, rest in alive if rest != NOTHING)
        if not alive:
            return Expansion((), depth, 0)
        if len({rest for _, rest in alive}) == 1:  # one label, or labels that cannot be told apart
            return Expansion((("", alive[0][0]),), depth, 0)
        if depth == 0:
            return Expansion((("", _most_numbers(alive)),), depth, 1)
        key = (alive, depth)
        if key not in self._seen:
            self._seen[key] = self._expand_digits(alive, depth)
        return self._seen[key]

    def _expand_digits(self, alive: Alive, depth: int) -> Expansion:
        prefixes: list[LabelledPrefix] = []
        mixed_count = 0
        for digit in DIGITS:
            below = self.expand(tuple((label, after(rest, digit)) for label, rest in alive), depth - 1)
            prefixes += [(digit + suffix, label) for suffix, label in below.prefixes]
            mixed_count += below.mixed_count
        if len({label for _, label in prefixes}) == 1:
            return Expansion((("", prefixes[0][1]),), depth, min(mixed_count, 1))
        return Expansion(tuple(prefixes), depth, mixed_count)


def _most_numbers(alive: Alive) -> NumberLabel:
    """The label with the most numbers; of equals the first, which is the main country's fixed line."""
    return max(alive, key=lambda labelled: count_numbers(labelled[1]))[0]


def expand_patterns(patterns: Patterns, most_digits: int = MOST_DIGITS) -> Expansion:
    """The shortest prefixes that tell the labels apart; numbers nobody uses fall to whatever is around them.

    Where fixed and mobile numbers are so mixed that more than MOST_PREFIXES would be needed, fewer digits are
    looked at, and a prefix that is still mixed gets the label of most of its numbers.
    """
    alive = tuple(patterns.items())
    for depth in range(most_digits, 0, -1):
        expansion = _Tree().expand(alive, depth)
        if len(expansion.prefixes) <= MOST_PREFIXES:
            return expansion._replace(depth=depth)
    return expansion


def longest_match(prefixes: Mapping[str, NumberLabel], digits: str) -> NumberLabel | None:
    """The label of the longest prefix of the digits, None if there is none."""
    for length in range(len(digits), 0, -1):
        label = prefixes.get(digits[:length])
        if label is not None:
            return label
    return None


def without_defaults(prefixes: Iterable[LabelledPrefix], default: NumberLabel) -> list[LabelledPrefix]:
    """The prefixes that say something else than the row of the whole calling code."""
    return [(prefix, label) for prefix, label in prefixes if prefix and label != default]
