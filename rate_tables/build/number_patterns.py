r"""Number patterns as expressions that can be followed digit by digit.

The metadata of libphonenumber describes numbers by regular expressions over digits. To turn one into prefixes
the question is always "after these digits, what may still follow?": the derivative of the expression.
Only what the metadata uses is read: digits, `\d`, classes, groups, alternatives, `?` and `{m,n}`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

DIGITS = "0123456789"


@dataclass(frozen=True)
class Digit:
    """One digit out of a set."""

    allowed: frozenset[str]


@dataclass(frozen=True)
class Sequence:
    """One expression and then another."""

    first: Expression
    rest: Expression


@dataclass(frozen=True)
class Choice:
    """Any one of several expressions."""

    options: frozenset[Expression]


Expression = Digit | Sequence | Choice
NOTHING = Choice(frozenset())
END = Digit(frozenset())  # matches the empty text only


def sequence(first: Expression, rest: Expression) -> Expression:
    """The first expression and then the rest, without needless parts."""
    if NOTHING in (first, rest):
        return NOTHING
    if first == END:
        return rest
    if rest == END:
        return first
    if isinstance(first, Sequence):
        return Sequence(first.first, sequence(first.rest, rest))
    return Sequence(first, rest)


def choice(*options: Expression) -> Expression:
    """Any one of the options; nested choices are laid flat."""
    flat: set[Expression] = set()
    for option in options:
        flat |= option.options if isinstance(option, Choice) else {option}
    return flat.pop() if len(flat) == 1 else Choice(frozenset(flat))


@cache
def may_end(expression: Expression) -> bool:
    """Whether the number may be complete here."""
    if isinstance(expression, Sequence):
        return may_end(expression.first) and may_end(expression.rest)
    if isinstance(expression, Choice):
        return any(may_end(option) for option in expression.options)
    return expression == END


@cache
def after(expression: Expression, digit: str) -> Expression:
    """What may follow the digit (NOTHING if the digit cannot come next)."""
    if isinstance(expression, Digit):
        return END if digit in expression.allowed else NOTHING
    if isinstance(expression, Choice):
        return choice(*(after(option, digit) for option in expression.options))
    followed = sequence(after(expression.first, digit), expression.rest)
    if may_end(expression.first):
        return choice(followed, after(expression.rest, digit))
    return followed


def after_digits(expression: Expression, digits: str) -> Expression:
    """What may follow all the digits."""
    for digit in digits:
        expression = after(expression, digit)
    return expression


@cache
def count_numbers(expression: Expression) -> int:
    """How many different numbers the expression matches."""
    if expression == NOTHING:
        return 0
    return may_end(expression) + sum(count_numbers(after(expression, digit)) for digit in DIGITS)


@cache
def parse_pattern(pattern: str) -> Expression:
    """The expression of a pattern. A sign that the metadata does not use raises ValueError."""
    expression, end = _parse_choice(pattern, 0)
    if end != len(pattern):
        raise ValueError(f"pattern {pattern!r}: cannot read it from position {end}")
    return expression


def _parse_choice(pattern: str, at: int) -> tuple[Expression, int]:
    options = []
    while True:
        option, at = _parse_sequence(pattern, at)
        options.append(option)
        if at == len(pattern) or pattern[at] != "|":
            return choice(*options), at
        at += 1


def _parse_sequence(pattern: str, at: int) -> tuple[Expression, int]:
    parts: list[Expression] = []
    while at < len(pattern) and pattern[at] not in "|)":
        part, at = _parse_part(pattern, at)
        low, high, at = _parse_repeats(pattern, at)
        parts += [part] * low + [choice(part, END)] * (high - low)
    expression: Expression = END
    for part in reversed(parts):
        expression = sequence(part, expression)
    return expression, at


def _parse_part(pattern: str, at: int) -> tuple[Expression, int]:
    if pattern[at] in DIGITS:
        return Digit(frozenset(pattern[at])), at + 1
    if pattern.startswith("\\d", at):
        return Digit(frozenset(DIGITS)), at + 2
    if pattern[at] == "[":
        end = pattern.index("]", at)
        return Digit(_class_digits(pattern[at + 1 : end])), end + 1
    if pattern[at] == "(":
        inner, end = _parse_choice(pattern, at + (3 if pattern.startswith("(?:", at) else 1))
        return inner, end + 1
    raise ValueError(f"pattern {pattern!r}: cannot read {pattern[at]!r} at position {at}")


def _class_digits(written: str) -> frozenset[str]:
    digits = set(written) & set(DIGITS)
    for at in range(1, len(written) - 1):
        if written[at] == "-":
            digits |= set(DIGITS[int(written[at - 1]) : int(written[at + 1]) + 1])
    return frozenset(DIGITS if "\\d" in written else digits)


def _parse_repeats(pattern: str, at: int) -> tuple[int, int, int]:
    if at < len(pattern) and pattern[at] == "?":
        return 0, 1, at + 1
    if at < len(pattern) and pattern[at] == "{":
        end = pattern.index("}", at)
        low, _, high = pattern[at + 1 : end].partition(",")
        return int(low), int(high or low), end + 1
    return 1, 1, at
