"""Whole months by the command line: files and their order decide nothing, and every row is somewhere (rule 13)."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import month as flows_month
from flows import record_files
from schemas.categories import DETAIL_CALL_TYPES
from tests.properties.invoice_strategies import invoiced_months
from tests.properties.memory_month import LiteralMonth, shuffled, shuffled_terms
from tests.properties.month_strategies import COMMAND_LINE, spoiled_records
from tests.properties.published_month import bill, csv_text, details_files, published
from tests.rules.small_rates import Row

pytestmark = pytest.mark.integration

FORMS = ("b.csv", "a.csv.gz", "c.jsonl", "reversed.csv", "d.parquet", "e.csv.zst")
NO_ROWS = ("x,A", "", "x,A,,,,,,,,one more", '"never closed,A,,,,,,,', "  ")
RANDOMS = st.randoms(use_true_random=False)


def spread(calls: Sequence[Row], names: Sequence[str], random: Random) -> dict[str, list[Row]]:
    """The records in files of these names, in the folder of their switch; one in eight stands twice."""
    files: dict[str, list[Row]] = {}
    for call in calls:
        for _ in range(random.choice((1, 1, 1, 1, 1, 1, 1, 2))):
            name = random.choice(names) if call["source"] == "canonical" else f"east/{random.choice(names)}"
            files.setdefault(name, []).append(call)
    return files


@COMMAND_LINE
@given(invoiced_months(), RANDOMS)
def test_the_order_of_files_and_of_their_rows_changes_no_invoice(
    tmp_path_factory: pytest.TempPathFactory, month: LiteralMonth, random: Random
) -> None:
    """Nor does the order of rows in the contracts and in the rate tables."""
    files = spread(month.calls, ("a.csv", "b.csv", "c.csv"), random)
    others = {name.replace("a.csv", "z.csv"): shuffled(records, random) for name, records in files.items()}
    one = bill(tmp_path_factory.mktemp("month"), month.terms, files)
    other = bill(tmp_path_factory.mktemp("month"), shuffled_terms(month.terms, random), others)
    assert published(one) == published(other)


@COMMAND_LINE
@given(invoiced_months(), RANDOMS)
def test_a_month_in_many_files_is_the_month_in_one(
    tmp_path_factory: pytest.TempPathFactory, month: LiteralMonth, random: Random
) -> None:
    """Also where they are of every form, cut into small blocks, and their accounts into buckets."""
    files = spread(month.calls, FORMS, random)
    whole = {"calls.csv": [call for name in files if "/" not in name for call in files[name]]}
    whole["east/calls.csv"] = [call for name in files if "/" in name for call in files[name]]
    one = bill(tmp_path_factory.mktemp("month"), month.terms, whole)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(flows_month, "SMALL_MONTH_BYTES", 0)
        patched.setattr(record_files, "BLOCK_BYTES", 400)
        many = bill(tmp_path_factory.mktemp("month"), month.terms, files)
    assert published(one) == published(many)


def seconds_of(row: Row) -> int:
    """The seconds that a record's duration can be read as, else 0."""
    text = str(row["duration_seconds"])
    return int(text) if text.isdigit() else 0


@COMMAND_LINE
@given(invoiced_months(), spoiled_records(), st.lists(st.sampled_from(NO_ROWS), max_size=5), RANDOMS)
def test_every_row_of_every_file_ends_in_exactly_one_place(
    tmp_path_factory: pytest.TempPathFactory,
    month: LiteralMonth,
    spoiled: list[Row],
    no_rows: list[str],
    random: Random,
) -> None:
    """Billed, not billed or set aside, and the counts and seconds of each file say so."""
    files = spread(shuffled([*month.calls, *spoiled], random), ("a.csv", "b.csv"), random)
    texts, places, counts = {}, [], []
    for name, records in files.items():
        header, *lines = csv_text(records).splitlines()
        lines = shuffled([*lines, *no_rows], random)
        texts[name] = "\n".join([header, *lines, ""])
        file, numbers = f"2020-01/{name}", [number for number, line in enumerate(lines, 2) if line.strip()]
        places += [(file, number) for number in numbers]
        seconds = sum(seconds_of(record) for record in records)
        counts.append((file, len(numbers), len(numbers), seconds, seconds))
    billed = bill(tmp_path_factory.mktemp("month"), month.terms, texts)
    ended = [
        billed.rows(f"select source_file, source_line from {table}")
        for table in ("billed_calls", "unbilled_calls", "set_aside_records")
    ]
    assert sorted(place for table in ended for place in table) == sorted(places)
    fates = ("billed", "unbilled", "duplicate", "conflict", "suspended", "outside_month", "rejected")
    told = f"source_file, rows_read, {' + '.join(f'rows_{fate}' for fate in fates)}, seconds_read, seconds_accounted"
    assert billed.rows(f"select {told} from source_files order by 1") == sorted(counts)


@COMMAND_LINE
@given(invoiced_months(), RANDOMS)
def test_the_details_of_an_account_explain_every_cent_of_its_usage(
    tmp_path_factory: pytest.TempPathFactory, month: LiteralMonth, random: Random
) -> None:
    """By category, in the account's language: CSV and calls sum to the line before its rounding (rules 11.2, 13.2)."""
    billed = bill(tmp_path_factory.mktemp("month"), month.terms, spread(month.calls, ("a.csv",), random))
    french = {row["account_id"] for row in month.terms.accounts if row["language"] == "fr"}
    codes = [{kind.en: kind.code for kind in DETAIL_CALL_TYPES}, {kind.fr: kind.code for kind in DETAIL_CALL_TYPES}]
    explained: Counter[tuple[str, str]] = Counter()
    for account, content in details_files(billed).items():
        _, *rows = csv.reader(content.decode("utf-8-sig").splitlines())
        for *_, cost, _, call_type in rows:
            explained[account, codes[account in french][call_type]] += int(Decimal(cost).scaleb(6))
    costs = "select account_id, call_type, sum(cost * 1000000)::bigint from billed_calls where cost > 0 group by all"
    exact = "select account_id, category, (exact_amount * 1000000)::bigint from invoice_line_items where category in "
    usage = f"{exact} {tuple(kind.code for kind in DETAIL_CALL_TYPES)} and exact_amount > 0"
    expected = {key: micros for key, micros in explained.items() if micros}
    assert {(account, kind): micros for account, kind, micros in billed.rows(costs)} == expected
    assert {(account, category): micros for account, category, micros in billed.rows(usage)} == expected
