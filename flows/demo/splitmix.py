"""Numbers that look random and depend on the seed alone: splitmix64, for one place and for a whole column.

No library's hash or generator is used, so the demo's bytes stay the same from one version of a library to the
next. Every draw is found from its key and its place, never from the draw before it.
"""

import polars as pl

WORD = 2**64
HALF_WORD = 2**32
_GOLDEN = 0x9E3779B97F4A7C15
_ROUNDS = ((2**30, 0xBF58476D1CE4E5B9), (2**27, 0x94D049BB133111EB))
_LAST_SHIFT = 2**31


def _scrambled(word: int) -> int:
    """The output function of splitmix64 (Steele, Lea and Flood 2014), on one 64-bit word."""
    for shift, factor in _ROUNDS:
        word = (word ^ (word // shift)) * factor % WORD
    return word ^ (word // _LAST_SHIFT)


def stream_key(seed: int, stream: int) -> int:
    """The key of one stream of draws; streams of a seed do not meet."""
    return _scrambled((_scrambled(seed % WORD) + stream * _GOLDEN) % WORD)


def drawn_word(key: int, place: int) -> int:
    """The 64-bit word at one place of a stream."""
    return _scrambled((key + (place + 1) * _GOLDEN) % WORD)


def drawn_below(key: int, place: int, limit: int) -> int:
    """A whole number from 0 to limit - 1 at one place of a stream; 0 < limit <= 2**32."""
    return drawn_word(key, place) // HALF_WORD * limit // HALF_WORD


def _word(value: int) -> pl.Expr:
    return pl.lit(value, dtype=pl.UInt64)


def drawn_words(key: int, place: pl.Expr) -> pl.Expr:
    """`drawn_word` for a UInt64 column of places: products wrap at 2**64, as polars' integers do."""
    word = _word(key) + (place + _word(1)) * _word(_GOLDEN)
    for shift, factor in _ROUNDS:
        word = (word ^ (word // _word(shift))) * _word(factor)
    return word ^ (word // _word(_LAST_SHIFT))


def high_half(word: pl.Expr) -> pl.Expr:
    """The upper 32 bits: a uniform number below 2**32."""
    return word // _word(HALF_WORD)


def low_half(word: pl.Expr) -> pl.Expr:
    """The lower 32 bits: a uniform number below 2**32, apart from the upper ones."""
    return word % _word(HALF_WORD)


def scaled_below(half: pl.Expr, limit: pl.Expr | int) -> pl.Expr:
    """A 32-bit uniform number scaled to 0 .. limit - 1; limit <= 2**32, so the product fits."""
    return half * (_word(limit) if isinstance(limit, int) else limit) // _word(HALF_WORD)
