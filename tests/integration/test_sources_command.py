"""`tollbook sources`: what a file comes to under a source, for the person who brings up a switch."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.cli import run
from tests.integration.small_office import Office, calls_csv, to_london

pytestmark = pytest.mark.integration
SAMPLES = Path(__file__).parents[1] / "samples"
HOURS = """\
extends = "freepbx"
description = "Local hours that occur twice or never"
account_id = "{account}"

[time]
zone = "America/New_York"
twice = "first"
never = "forward"
"""


@pytest.fixture(autouse=True)
def wide_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def _check(*arguments: object) -> int:
    return run(["sources", "check", *map(str, arguments)])


def test_a_row_is_shown_field_by_field(capsys: pytest.CaptureFixture[str]) -> None:
    path = SAMPLES / "freeswitch" / "Master.csv"
    assert _check(path, "--source", "freeswitch", "--country", "US", "--rows", 1) == 0
    shown = capsys.readouterr().out
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.splitlines() if line.startswith("│")]
    assert ["source_number", "{caller_id_number}", "2125550100", "+12125550100 (e164)"] in lines
    assert ["start_time", "{start_stamp}", "2020-01-15 10:30:00", "2020-01-15T10:30:00Z"] in lines
    assert "line 1: accepted" in shown
    assert "line 2" not in shown
    assert "3 rows read: 3 accepted, 0 rejected" in shown
    assert "accepted calls by the UTC month they start in: 2020-01 3" in shown
    assert "columns that nothing uses: caller_id_name, context, duration, bleg_uuid, read_codec, write_codec" in shown


def test_without_contracts_it_is_said_that_nobody_is_judged(capsys: pytest.CaptureFixture[str]) -> None:
    assert _check(SAMPLES / "pipe" / "calls.csv", "--source", "pipe", "--rows", 0) == 0
    shown = capsys.readouterr().out
    assert "whose a call is (unknown_account) is not judged" in shown
    assert "numbers are read as E.164 alone (name --country)" in shown
    assert "3 rows read: 1 accepted, 2 rejected" in shown  # national numbers of no country


def test_what_would_be_rejected_is_counted_with_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    path = SAMPLES / "broadsoft" / "BW-CDR-20200115.csv"
    assert _check(path, "--source", "broadsoft", "--rows", 0) == 0
    assert [line.split("│")[1:4] for line in capsys.readouterr().out.splitlines() if "not_a_call" in line] == [
        [" not_a_call ", " 3    ", " 2, 5, 6     "]
    ]


def test_with_contracts_accounts_are_judged(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    unknown = ",".join(["c2", "nobody", *to_london("c2").split(",")[2:]])
    path = office.put("calls.csv", calls_csv(to_london("c1"), unknown))
    arguments = ["--contracts", office.contracts, "--rate-tables", office.rate_tables, "--rows", 0]
    assert _check(path, "--source", "canonical", *arguments) == 0
    shown = capsys.readouterr().out
    assert "judged by the contracts" in shown
    assert "2 rows read: 1 accepted, 1 rejected" in shown
    assert "account_id nobody" in shown


def test_odd_local_hours_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "hours.toml").write_text(HOURS.format(account="a"), encoding="utf-8")
    rows = "calldate,src,dst,billsec,disposition,accountcode,uniqueid,sequence\n"
    rows += "2020-11-01 01:30:00,2125550100,2125550199,60,ANSWERED,,1,1\n"
    rows += "2020-03-08 02:30:00,2125550100,2125550199,60,ANSWERED,,2,2\n"
    (tmp_path / "cdr.csv").write_text(rows, encoding="utf-8")
    inbox = tmp_path / "inbox"
    assert _check(tmp_path / "cdr.csv", "--source", "hours", "--cdrs", inbox, "--country", "US", "--rows", 0) == 0
    shown = [line for line in capsys.readouterr().out.splitlines() if "local_hour" in line]
    assert [line.split("│")[1:3] for line in shown] == [
        [" local_hour_never ", " 1    "],
        [" local_hour_twice ", " 1    "],
    ]


def test_odd_local_hours_are_warned_of_in_the_warehouse(office: Office) -> None:
    source = HOURS.format(account="A1").replace("America/New_York", "Pacific/Fiji")  # 12 January 2020, 3:00 to 2:00
    sources = office.month.parent.parent / "sources"
    sources.mkdir()
    (sources / "fiji.toml").write_text(source, encoding="utf-8")
    rows = "calldate,src,dst,billsec,disposition,accountcode,uniqueid,sequence\n"
    rows += "2020-01-12 02:30:00,2125550100,+442071234567,60,ANSWERED,,1,1\n"
    rows += "2020-01-12 03:30:00,2125550100,+442071234567,60,ANSWERED,,2,2\n"
    (office.month / "fiji").mkdir()
    office.put("fiji/cdr.csv", rows)
    assert run(office.arguments()) == 0
    starts = "select (start_time at time zone 'UTC')::varchar from billed_calls where source = 'fiji' order by 1"
    assert office.rows(starts) == [("2020-01-11 13:30:00",), ("2020-01-11 15:30:00",)]
    warned = office.rows("select kind, detail from warnings where source_file = '2020-01/fiji/cdr.csv'")
    assert warned == [("local_hour_twice", "1 calls")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.csv", "--source", "freeswitch"], "nowhere.csv: there is no such file"),
        ([SAMPLES, "--source", "freeswitch"], "there is no such file"),
        ([SAMPLES / "pipe" / "calls.csv", "--source", "abacus"], "no source file describes the records"),
        ([SAMPLES / "pipe" / "calls.csv", "--source", "freepbx"], "the file lacks a column that every record needs"),
        ([SAMPLES / "pipe" / "calls.csv", "--source", "pipe", "--country", "XX"], "no dialing plan has this country"),
        ([SAMPLES / "pipe" / "calls.csv"], "--source"),
    ],
)
def test_what_cannot_be_checked_is_refused_in_one_sentence(
    arguments: list[object], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _check(*arguments) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.startswith("tollbook: ")


def test_the_list_has_own_sources_first_and_says_what_is_wrong_with_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "east.toml").write_text('extends = "asterisk"\ndescription = "East"\n', encoding="utf-8")
    (tmp_path / "sources" / "odd.toml").write_text("colour = 1\n", encoding="utf-8")
    assert run(["sources", "list", "--cdrs", str(tmp_path / "inbox")]) == 0
    rows = [line.split("│")[1:-1] for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    listed = {row[0].strip(): row[2].strip() for row in rows}
    assert list(listed)[:2] == ["east", "odd"]
    assert listed["east"] == "East"
    assert listed["odd"].startswith("not valid: sources/odd.toml, column colour")
    assert listed["kazoo"] == "Kazoo CDR documents as JSON lines, the asking leg of each call"
