"""Duplicates and conflicts between files and between sources, found by hashes and confirmed by contents (rule 13.3)."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from flows import repeated_calls
from tests.integration.small_office import Office, Outcome, calls_csv, to_london

Tell = Callable[[list[str]], Outcome]


def _source(office: Office, name: str, switch: str | None) -> None:
    path = office.folder / "sources" / f"{name}.toml"
    path.parent.mkdir(exist_ok=True)
    says = "" if switch is None else f'switch = "{switch}"\n'
    path.write_text(f'extends = "canonical"\n{says}', encoding="utf-8")


@pytest.fixture
def collectors(empty_office: Office) -> Office:
    """Two collectors of one switch: k1 stands in both, k2 reads otherwise in the later one, k3 and k4 in one each."""
    longer = to_london("k2").replace(",60,", ",61,")
    empty_office.put("east-a/calls.csv", calls_csv(to_london("k1"), to_london("k2"), to_london("k3")))
    empty_office.put("east-b/calls.csv", calls_csv(to_london("k4"), to_london("k1"), longer))
    return empty_office


BILLED = "select call_id, source from billed_calls order by 1, 2"


@pytest.mark.parametrize("parts_together", [1, 64])
def test_what_two_sources_of_one_switch_both_wrote_is_billed_once(
    collectors: Office, told: Tell, monkeypatch: pytest.MonkeyPatch, parts_together: int
) -> None:
    monkeypatch.setattr(repeated_calls, "PARTS_TOGETHER", parts_together)
    _source(collectors, "east-a", "east")
    _source(collectors, "east-b", "east")
    assert told(collectors.arguments()).code == 0
    assert collectors.rows(BILLED) == [("k1", "east-a"), ("k2", "east-a"), ("k3", "east-a"), ("k4", "east-b")]
    assert collectors.outcomes("east-b/calls.csv") == [(3, "duplicate", "duplicate"), (4, "conflict", "conflict")]
    query = "select source, detail from set_aside_records where outcome = 'duplicate'"
    assert collectors.rows(query) == [("east-b", "the first is kept: 2020-01/east-a/calls.csv, line 2")]
    assert collectors.rows("select * from run_controls where difference <> 0") == []


def test_a_source_may_name_another_as_its_switch(collectors: Office, told: Tell) -> None:
    _source(collectors, "east-a", None)
    _source(collectors, "east-b", "east-a")
    assert told(collectors.arguments()).code == 0
    assert len(collectors.rows(BILLED)) == 4


@pytest.mark.parametrize("switch", [None, "west"])
def test_sources_of_other_switches_have_call_ids_of_their_own(
    collectors: Office, told: Tell, switch: str | None
) -> None:
    _source(collectors, "east-a", "east")
    _source(collectors, "east-b", switch)
    assert told(collectors.arguments()).code == 0
    assert len(collectors.rows(BILLED)) == 6


def test_a_switch_that_is_no_text_is_refused(collectors: Office, told: Tell) -> None:
    _source(collectors, "east-a", None)
    path = collectors.folder / "sources" / "east-b.toml"
    path.write_text('extends = "canonical"\nswitch = 1\n', encoding="utf-8")
    outcome = told(collectors.arguments())
    assert (outcome.code, "column switch" in outcome.err) == (2, True)


def test_calls_whose_ids_have_one_hash_are_no_repeats(
    empty_office: Office, told: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every hash is the same here: what is set aside must still be c1 of b.csv alone."""
    monkeypatch.setattr(repeated_calls, "call_id_hash", lambda: pl.col("call_id").str.len_bytes().cast(pl.UInt64))
    empty_office.put("a.csv", calls_csv(to_london("c1"), to_london("c2")))
    empty_office.put("b.csv", calls_csv(to_london("c3"), to_london("c1")))
    assert told(empty_office.arguments()).code == 0
    assert empty_office.rows("select call_id, source_file from billed_calls order by 1") == [
        ("c1", "2020-01/a.csv"),
        ("c2", "2020-01/a.csv"),
        ("c3", "2020-01/b.csv"),
    ]
    assert empty_office.outcomes("b.csv") == [(3, "duplicate", "duplicate")]


def test_only_records_whose_hash_is_met_again_are_compared(
    empty_office: Office, told: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 500 calls, the two of c7 are looked at; of a file without repeats none."""
    compared: list[int] = []
    judge_repeats = repeated_calls.judge_repeats

    def watched(records: pl.DataFrame) -> pl.DataFrame:
        compared.append(records.height)
        return judge_repeats(records)

    monkeypatch.setattr(repeated_calls, "judge_repeats", watched)
    words = empty_office.arguments(command="ingest", month="2020-01")
    empty_office.put("a.csv", calls_csv(*(to_london(f"c{number}") for number in range(499))))
    assert (told(words).code, compared) == (0, [])
    empty_office.put("b.csv", calls_csv(to_london("c7")))
    assert (told(words).code, compared) == (0, [2])
