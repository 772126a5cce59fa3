"""New prices beside old ones: replaced, ended where the new begin, or refused where both would be in force."""

from __future__ import annotations

import polars as pl

from schemas.rate_files import INTERNATIONAL_RATES
from schemas.text_lines import csv_text
from schemas.text_tables import read_csv_table
from transforms.deck_merge import Merged, Rows, extended_rows, replaced_rows, successive_rows

HEADER = "currency,prefix,effective_from,rate_per_minute,effective_to"
REST = ("destination", "country", "line_type", "connection_fee", "minimum_seconds", "increment_seconds", "rounding")


def rows(*lines: str) -> Rows:
    content = "\n".join([",".join([HEADER, *REST]), *(line + "," * len(REST) for line in lines)]).encode()
    texts = csv_text(content, "t.csv", INTERNATIONAL_RATES.column_names)
    typed = read_csv_table(content, INTERNATIONAL_RATES, "t.csv")
    assert [*texts.faults, *typed.faults] == []
    return Rows(texts.rows, typed.rows)


def shown(texts: pl.DataFrame) -> list[str]:
    return [",".join(cells) for cells in texts.select(HEADER.split(",")).iter_rows()]


def extended(old: Rows, new: Rows) -> Merged:
    return extended_rows(old, new, INTERNATIONAL_RATES, "deck.csv")


def test_a_whole_sheet_takes_the_place_of_the_rows_of_its_currency_alone() -> None:
    old = rows("BRL,44,,0.5,", "USD,33,,0.1,", "USD,44,,0.1,")
    merged = replaced_rows(old, rows("USD,49,,0.2,"), INTERNATIONAL_RATES, "prefix")
    assert shown(merged.texts) == ["BRL,44,,0.5,", "USD,49,,0.2,"]
    assert (merged.kept, merged.replaced) == (1, 2)


def test_an_open_row_ends_where_a_new_one_of_its_key_begins() -> None:
    merged = extended(rows("USD,33,,0.1,", "USD,44,2019-01-01,0.1,"), rows("USD,44,2020-02-01T12:00:00Z,0.2,"))
    assert shown(merged.texts) == [
        "USD,33,,0.1,",
        "USD,44,2019-01-01,0.1,2020-02-01T12:00:00Z",
        "USD,44,2020-02-01T12:00:00Z,0.2,",
    ]
    assert (merged.kept, merged.ended, merged.replaced, merged.faults) == (1, 1, 0, [])


def test_a_new_row_of_the_same_begin_takes_the_old_one_s_place() -> None:
    merged = extended(rows("USD,44,,0.1,", "USD,49,,0.1,"), rows("USD,44,,0.2,"))
    assert shown(merged.texts) == ["USD,44,,0.2,", "USD,49,,0.1,"]
    assert (merged.kept, merged.ended, merged.replaced, merged.faults) == (1, 0, 1, [])


def test_a_row_that_ended_before_stays_as_it_is() -> None:
    merged = extended(rows("USD,44,,0.1,2020-02-01"), rows("USD,44,2020-02-01,0.2,"))
    assert shown(merged.texts) == ["USD,44,,0.1,2020-02-01", "USD,44,2020-02-01,0.2,"]
    assert (merged.ended, merged.faults) == (0, [])


def test_a_passing_price_does_not_end_the_old_row_and_is_refused() -> None:
    merged = extended(rows("USD,44,,0.1,"), rows("USD,44,2020-02-01,0.2,2020-03-01"))
    [fault] = merged.faults
    assert (fault.file, fault.line) == ("deck.csv", 2)
    assert fault.problem == "would be in force together with line 2 of international_rates.csv"


def test_a_row_that_begins_later_is_refused_with_the_new_row_s_line() -> None:
    merged = extended(rows("USD,44,2020-03-01,0.1,"), rows("USD,49,,0.1,", "USD,44,2020-02-01,0.2,"))
    assert [fault.line for fault in merged.faults] == [3]


def test_successive_rows_end_where_the_next_of_their_key_begins() -> None:
    found = successive_rows(
        rows("USD,44,2020-02-01,0.2,", "USD,33,,0.1,", "USD,44,2020-01-01,0.1,"), INTERNATIONAL_RATES
    )
    assert shown(found.texts) == ["USD,44,2020-02-01,0.2,", "USD,33,,0.1,", "USD,44,2020-01-01,0.1,2020-02-01"]
    assert found.typed["effective_to"].dt.to_string("%F").to_list() == [None, None, "2020-02-01"]
