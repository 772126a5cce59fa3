"""A month that is read by machine code is published to the same bytes as one that is read by expressions."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from flows import usual_blocks
from tests.integration.demo_month import Billed, bill, make_demo, no_settings_from_outside
from transforms import machine_code, usual_calls, usual_details, usual_prefixes
from transforms.call_details import AccountText

pytestmark = pytest.mark.integration


def _published(month: Billed) -> dict[str, bytes]:
    """Every file but stored calls, of which either way has an order of its own."""
    return {name: content for name, content in month.file_bytes().items() if not name.startswith("calls/")}


def test_the_bytes_are_those_of_the_expressions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = make_demo(tmp_path / "inputs")
    blocks: list[int] = []
    read_usual = usual_calls.read_usual

    def watched(*arguments: object) -> usual_calls.UsualCalls:
        found = read_usual(*arguments)
        blocks.append(found.calls.height)
        return found

    accounts: list[str] = []
    account_texts = usual_details.account_texts

    def watched_texts(*arguments: object) -> list[AccountText] | None:
        texts = account_texts(*arguments)
        accounts.extend(text.account_id for text in texts or [])
        return texts

    look_ups: list[int] = []
    rows_of = usual_prefixes.rows_of

    def watched_rows(*arguments: object) -> pl.Series:
        rows = rows_of(*arguments)
        look_ups.append(len(rows))
        return rows

    with no_settings_from_outside():
        by_expressions = bill(Billed(inputs, tmp_path / "by-expressions"))
        assert not blocks and not accounts and not look_ups
        monkeypatch.setattr(usual_calls, "read_usual", watched)
        monkeypatch.setattr(usual_details, "account_texts", watched_texts)
        monkeypatch.setattr(usual_prefixes, "rows_of", watched_rows)
        monkeypatch.setattr(usual_blocks, "LEAST_MONTH_BYTES", 0)
        by_machine_code = bill(Billed(inputs, tmp_path / "by-machine-code"))
    assert sum(blocks) > 1000
    assert sum(look_ups) > 1000
    assert len(accounts) == len(list((tmp_path / "by-machine-code" / "details").rglob("*.csv"))) > 10
    assert _published(by_machine_code) == _published(by_expressions)
    assert by_machine_code.table_rows() == by_expressions.table_rows()


def test_where_it_cannot_be_had_a_large_month_is_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(usual_blocks, "LEAST_MONTH_BYTES", 0)
    monkeypatch.setattr(machine_code, "import_module", missing)
    monkeypatch.setattr(usual_calls, "read_usual", lambda *_: pytest.fail("machine code was made"))

    machine_code.is_available.cache_clear()
    try:
        with no_settings_from_outside():
            bill(Billed(make_demo(tmp_path / "inputs", 300), tmp_path / "warehouse"))
    finally:
        machine_code.is_available.cache_clear()
