"""Text that a spreadsheet must not take for a formula."""

from __future__ import annotations

import polars as pl
import pytest

from transforms.spreadsheets import neutralised


def shown(text: str | None) -> object:
    return pl.DataFrame({"text": [text]}, schema={"text": pl.String}).select(neutralised("text"))["text"].item()


@pytest.mark.parametrize(
    "text", ["=1+2", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "+1.", "-A1"]
)
def test_a_formula_becomes_text(text: str) -> None:
    assert shown(text) == "'" + text


@pytest.mark.parametrize(
    "text", ["", "c1", "1=1", "a-b", "c1,A1,+12125550001", "+12125550100", "-0.01", "2020-01/a.csv"]
)
def test_other_text_and_numbers_stay_as_they_are(text: str) -> None:
    assert shown(text) == text


def test_what_is_not_there_stays_so() -> None:
    assert shown(None) is None
