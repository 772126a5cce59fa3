"""Text that a spreadsheet must not take for a formula."""

from __future__ import annotations

import polars as pl
import pytest

from transforms.spreadsheets import neutralised


@pytest.mark.parametrize("text", ["=1+2", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_formula_becomes_text(text: str) -> None:
    assert pl.select(neutralised(pl.lit(text))).item() == "'" + text


@pytest.mark.parametrize("text", ["", "c1", "1=1", "a-b", "c1,A1,outbound,+12125550001", "2020-01/calls.csv"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert pl.select(neutralised(pl.lit(text))).item() == text
