"""Details put together by machine code are those of the expressions, whatever the calls are (rule 11)."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.categories import DETAIL_CALL_TYPES
from transforms import usual_details
from transforms.call_details import AccountText, account_texts

pytest.importorskip("numba")

MOST = 10**18 - 1
TABLED = usual_details._TABLED_SECONDS
LANGUAGES = pl.DataFrame({"account_id": ["A", "B", "ĉ"], "language": ["en", "fr", "en"]})
SCHEMA = {
    "account_id": pl.String,
    "source_number": pl.String,
    "destination_number": pl.String,
    "start_time": pl.Datetime("us", "UTC"),
    "end_time": pl.Datetime("us", "UTC"),
    "duration_seconds": pl.Int64,
    "billable_seconds": pl.Int64,
    "included_seconds": pl.Int64,
    "cost_micros": pl.Int64,
    "rate_per_minute_micros": pl.Int64,
    "call_type": pl.String,
}
Call = tuple[object, ...]
_EDGES = [10**places + step for places in range(18) for step in (-1, 0, 1)]
WHOLE = st.one_of(st.sampled_from(_EDGES), st.integers(0, 2_000_000), st.integers(0, MOST))
TEXTS = st.text("+0123456789*#é", max_size=40)
TIMES = st.timedeltas(dt.timedelta(0), dt.timedelta(days=61)).map(dt.datetime(2019, 12, 31, tzinfo=dt.UTC).__add__)
CHARGED = st.one_of(st.integers(0, 3_600), st.sampled_from([TABLED - 1, TABLED, TABLED + 1]), st.integers(0, 2**36))
INCLUDED = st.integers(0, 2**36)


@st.composite
def usual_calls(draw: st.DrawFn) -> Call:
    charged, included = draw(CHARGED), draw(INCLUDED)
    kind = draw(st.sampled_from([kind.code for kind in DETAIL_CALL_TYPES]))
    numbers = (draw(WHOLE), charged + included, included, draw(WHOLE), draw(WHOLE))
    return (draw(st.sampled_from(["A", "B", "ĉ"])), draw(TEXTS), draw(TEXTS), draw(TIMES), draw(TIMES), *numbers, kind)


def frame(*calls: Call) -> pl.DataFrame:
    return pl.DataFrame(sorted(calls, key=lambda call: str(call[0])), schema=SCHEMA, orient="row")


def whole(texts: list[AccountText] | None) -> list[tuple[str, str, bytes]] | None:
    return None if texts is None else [(account, language, bytes(text)) for account, language, text in texts]


AT = dt.datetime(2020, 1, 15, 10, 30, 0, 999_999, tzinfo=dt.UTC)
CALL: Call = ("A", "+12125550100", "+442071234567", AT, AT, 60, 60, 0, 10_000, 10_000, "international")


def with_cell(name: str, value: object) -> Call:
    return tuple(value if column == name else cell for column, cell in zip(SCHEMA, CALL, strict=True))


@settings(deadline=None)
@given(st.lists(usual_calls(), min_size=1, max_size=30))
@example([CALL])
@example([with_cell("billable_seconds", seconds) for seconds in range(200)])
@example([with_cell("cost_micros", micros) for micros in _EDGES])
def test_texts_are_those_of_the_expressions(calls: list[Call]) -> None:
    listed = frame(*calls)
    assert whole(usual_details.account_texts(listed, LANGUAGES)) == whole(account_texts(listed, LANGUAGES))


def test_calls_of_a_part_of_a_frame_are_their_own() -> None:
    listed = frame(CALL, with_cell("source_number", "x" * 30), with_cell("source_number", ""), CALL)[1:3]
    assert whole(usual_details.account_texts(listed, LANGUAGES)) == whole(account_texts(listed, LANGUAGES))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("billable_seconds", 10**11),
        ("included_seconds", 61),
        ("duration_seconds", -1),
        ("cost_micros", -1),
        ("cost_micros", 10**18),
        ("rate_per_minute_micros", -1),
        ("rate_per_minute_micros", 10**18),
        ("source_number", None),
        ("end_time", AT + dt.timedelta(days=usual_details._MOST_DAYS)),
    ],
)
def test_a_call_that_the_tables_do_not_hold_is_left_to_the_expressions(name: str, value: object) -> None:
    assert usual_details.account_texts(frame(CALL, with_cell(name, value), CALL), LANGUAGES) is None
