"""Number patterns turned into as few prefixes as tell the labels apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rate_tables.build.metadata import NumberLabel
from rate_tables.build.number_patterns import DIGITS, NOTHING, Expression, after, count_numbers

Patterns = Mapping[NumberLabel, Expression]
Alive = tuple[tuple[NumberLabel, Expression], ...]
LabelledPrefix = tuple[str, NumberLabel]

MOST_DIGITS = 7  # of the national number
MOST_PREFIXES = 1_000  # of one calling code
MOST_OF_TEN = 5


class Expansion(NamedTuple):
    """The prefixes of one calling code, at most `depth` digits long, and how many of them are mixed."""

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
        below = self.next_digits(alive, depth)
        labels = {label for _, label in below.prefixes}
        if len(labels) == 1:
            return Expansion((("", labels.pop()),), depth, min(below.mixed_count, 1))
        return below._replace(prefixes=tuple(_put_together(below.prefixes)))

    def next_digits(self, alive: Alive, depth: int) -> Expansion:
        """The prefixes below each of the ten digits."""
        prefixes: list[LabelledPrefix] = []
        mixed_count = 0
        for digit in DIGITS:
            below = self.expand(tuple((label, after(rest, digit)) for label, rest in alive), depth - 1)
            prefixes += [(digit + suffix, label) for suffix, label in below.prefixes]
            mixed_count += below.mixed_count
        return Expansion(tuple(prefixes), depth, mixed_count)


def _put_together(prefixes: Iterable[LabelledPrefix]) -> list[LabelledPrefix]:
    """One row for the label that most of the ten digits have, with the others as exceptions below it.

    Numbers nobody uses get this label too, so only fixed and mobile lines are put together.
    """
    listed = list(prefixes)
    digits_of_labels = Counter(label for suffix, label in listed if len(suffix) == 1)
    for label, digit_count in digits_of_labels.most_common(1):
        if digit_count >= MOST_OF_TEN and label.kind in ("geographic", "mobile"):
            rest = [(suffix, other) for suffix, other in listed if (len(suffix), other) != (1, label)]
            return [("", label), *rest]
    return listed


def _most_numbers(alive: Alive) -> NumberLabel:
    """The label with the most numbers; of equals the first, which is the main country's fixed line."""
    return max(alive, key=lambda labelled: count_numbers(labelled[1]))[0]


def expand_patterns(patterns: Patterns, default: NumberLabel, most_digits: int = MOST_DIGITS) -> Expansion:
    """The prefixes that say something else than the default; unused numbers fall to what is around them.

    Where fixed and mobile numbers are so mixed that more than MOST_PREFIXES would be needed, fewer digits are
    looked at, and a prefix that is still mixed gets the label of most of its numbers.
    """
    alive = tuple(patterns.items())
    for depth in range(most_digits, 0, -1):
        expansion = _Tree().next_digits(alive, depth)
        if len(expansion.prefixes) <= MOST_PREFIXES:
            break
    return expansion._replace(prefixes=tuple(without_repeats(expansion.prefixes, default)))


def longest_match(prefixes: Mapping[str, NumberLabel], digits: str) -> NumberLabel | None:
    """The label of the longest prefix of the digits, None if there is none."""
    for length in range(len(digits), 0, -1):
        label = prefixes.get(digits[:length])
        if label is not None:
            return label
    return None


def without_repeats(prefixes: Iterable[LabelledPrefix], default: NumberLabel) -> list[LabelledPrefix]:
    """The prefixes that say something else than the next shorter one; above all of them is the default."""
    kept: dict[str, NumberLabel] = {}
    for prefix, label in sorted(prefixes):
        if label != (longest_match(kept, prefix) or default):
            kept[prefix] = label
    return list(kept.items())
