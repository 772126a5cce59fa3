"""Numbers and durations are told by reading them, not by a pattern: both must always say the same."""

from __future__ import annotations

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from transforms.durations import MAXIMUM_DURATION, duration_seconds
from transforms.numbers import E164, is_e164

texts = (
    st.text("0123456789+- ._eE", max_size=18) | st.from_regex(r"\+?[0-9]{1,17}", fullmatch=True) | st.text(max_size=9)
)


@given(st.lists(texts | st.none(), min_size=1))
@example(["+123456", "+1234567", "+123456789012345", "+1234567890123456", "+0123456789", "+", "", None, "++12345678"])
def test_a_number_is_e164_exactly_where_the_pattern_says_so(written: list[str | None]) -> None:
    series = pl.Series(written, dtype=pl.String)
    assert is_e164(series).to_list() == series.str.contains(E164).fill_null(value=False).to_list()


@given(st.lists(texts, min_size=1))
@example(["0", "007", "2147483647", "2147483648", "02147483647", "-0", "+5", "1e3", " 5", "5 ", "", "9" * 19, "9" * 20])
def test_a_duration_is_one_to_ten_digits_below_two_to_the_31st(written: list[str]) -> None:
    series = pl.Series("text", written, dtype=pl.String)
    digits = series.str.contains(r"^[0-9]{1,10}$").to_list()
    expected = [
        int(text) if is_digits and int(text) < MAXIMUM_DURATION else None
        for text, is_digits in zip(written, digits, strict=True)
    ]
    assert series.to_frame().select(duration_seconds(pl.col("text"))).to_series().to_list() == expected
