"""What is refused: exit code 2, one clear sentence first (what, where, what to do), and nothing is published."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

import pytest

from flows.locks import only_run
from tests.integration.small_office import Office, Outcome, calls_csv, edit, freeze, run_child, to_london

Tell = Callable[[list[str]], Outcome]


def assert_refused(office: Office, outcome: Outcome, *parts: str) -> None:
    first = outcome.err.splitlines()[0] if outcome.err else ""
    assert outcome.code == 2, outcome.err
    assert first.startswith("tollbook: ")
    assert [part for part in parts if part not in first] == []
    assert "Traceback" not in outcome.err
    assert office.shows_nothing()


@pytest.mark.parametrize(
    "month", ["2020-13", "2020-1", "2020-00", "", "x", "2020-02-01", " 2020-02", "202٠-02", "0000-01"]
)
def test_a_word_that_is_no_month_is_refused(office: Office, told: Tell, month: str) -> None:
    assert_refused(office, told(office.arguments(month=month)), "this is no month", "write it as 2020-02")


@pytest.mark.parametrize("day", ["2020-02-30", "20200201", "2020-2-1", "tomorrow"])
def test_an_issue_date_that_is_no_date_is_refused(office: Office, told: Tell, day: str) -> None:
    outcome = told(office.arguments("--issue-date", day))
    assert_refused(office, outcome, "--issue-date: this is no date", repr(day), "write it as 2020-02-01")


@pytest.mark.parametrize("day", ["2020-02-08", "2020-01-31"])
def test_an_issue_date_outside_the_first_week_is_refused(office: Office, told: Tell, day: str) -> None:
    outcome = told(office.arguments("--issue-date", day))
    assert_refused(office, outcome, repr(day), "choose a day from 2020-02-01 to 2020-02-07", "rule 1.2")


def test_a_missing_month_folder_is_refused(office: Office, told: Tell) -> None:
    shutil.rmtree(office.month)
    outcome = told(office.arguments())
    assert_refused(office, outcome, "inbox/2020-01: the month's folder is missing", "--cdrs")


def test_a_month_that_is_a_file_is_refused(office: Office, told: Tell) -> None:
    shutil.rmtree(office.month)
    office.month.write_text("", encoding="utf-8")
    assert_refused(office, told(office.arguments()), "inbox/2020-01: ")


def test_an_empty_month_is_refused(empty_office: Office, told: Tell) -> None:
    outcome = told(empty_office.arguments())
    assert_refused(empty_office, outcome, "inbox/2020-01: the month is empty", "put files of the kinds .csv")


def test_a_missing_contracts_folder_is_refused(office: Office, told: Tell) -> None:
    shutil.rmtree(office.contracts)
    assert_refused(office, told(office.arguments()), "there is no such folder", "--contracts")


def test_contracts_without_accounts_are_refused(office: Office, told: Tell) -> None:
    (office.contracts / "accounts.csv").unlink()
    assert_refused(office, told(office.arguments()), "contracts/accounts.csv: is missing", "write the table")


def test_a_contract_file_with_a_misspelt_name_is_refused(office: Office, told: Tell) -> None:
    (office.contracts / "account_items.csv").rename(office.contracts / "accounts_items.csv")
    assert_refused(office, told(office.arguments()), "contracts/accounts_items.csv", "rename it")


def test_every_bad_date_of_the_contracts_is_told(office: Office, told: Tell) -> None:
    edit(office.contracts / "accounts.csv", lambda text: text.replace("2019-01-01", "2019-02-30", 1))
    edit(office.contracts / "account_items.csv", lambda text: text.replace("2019-01-01", "01/02/2019"))
    outcome = told(office.arguments())
    assert_refused(
        office,
        outcome,
        "account_items.csv, line 2, column start_date: is not a date ('01/02/2019')",
        "YYYY-MM-DD",
    )
    assert "accounts.csv, line 2, column service_start: is not a date ('2019-02-30')" in outcome.err


def test_an_unknown_rate_version_is_refused_and_the_known_ones_are_named(office: Office, told: Tell) -> None:
    outcome = told(office.arguments("--rates", "2019.9"))
    assert_refused(office, outcome, "there is no such rate version ('2019.9')", "use one of: 2020.1")


@pytest.fixture
def own_rates(office: Office) -> Office:
    """The office with a rate version of its own, to spoil."""
    shutil.copytree(office.rate_tables, office.folder / "rates")
    return Office(office.folder, office.folder / "rates")


def test_a_rate_file_with_one_byte_flipped_is_refused(own_rates: Office, told: Tell) -> None:
    path = own_rates.rate_tables / "2020.1" / "plans.csv"
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)
    outcome = told(own_rates.arguments())
    assert_refused(own_rates, outcome, "2020.1/plans.csv", "has another hash than the manifest", "put the file back")


def test_a_file_that_the_manifest_does_not_name_is_refused(own_rates: Office, told: Tell) -> None:
    (own_rates.rate_tables / "2020.1" / "notes.txt").write_text("x", encoding="utf-8")
    outcome = told(own_rates.arguments())
    assert_refused(own_rates, outcome, "2020.1/notes.txt: is not named by the manifest", "take it out")


def test_a_rate_file_that_is_gone_is_refused(own_rates: Office, told: Tell) -> None:
    (own_rates.rate_tables / "2020.1" / "taxes.csv").unlink()
    assert_refused(own_rates, told(own_rates.arguments()), "2020.1/taxes.csv: is missing", "put back")


def test_a_version_that_is_not_frozen_is_refused(own_rates: Office, told: Tell) -> None:
    manifest = own_rates.rate_tables / "2020.1" / "manifest.toml"
    lines = manifest.read_text(encoding="utf-8").splitlines(keepends=True)
    manifest.write_text("".join(line for line in lines if "sha256" not in line), encoding="utf-8")
    assert_refused(own_rates, told(own_rates.arguments()), "no frozen rate version", "freeze one")


def test_a_price_below_0_is_refused_with_its_line(own_rates: Office, told: Tell) -> None:
    version = own_rates.rate_tables / "2020.1"
    edit(version / "plans.csv", lambda text: text.replace(",0.02,", ",-0.02,", 1))
    freeze(version)
    outcome = told(own_rates.arguments())
    assert_refused(own_rates, outcome, "2020.1/plans.csv, line 2, column overage_rate: is negative ('-0.02')")


def test_a_quarter_without_a_usf_factor_is_refused_by_name(own_rates: Office, told: Tell) -> None:
    version = own_rates.rate_tables / "2020.1"
    edit(
        version / "usf_factors.csv",
        lambda text: "".join(line for line in text.splitlines(keepends=True) if "2020Q1" not in line),
    )
    freeze(version)
    assert_refused(own_rates, told(own_rates.arguments()), "2020.1/usf_factors.csv", "2020Q1", "rule 8.3")
    assert not list(own_rates.warehouse.glob("calls/**/*.arrows")), "it is refused before any call is read"


def test_a_missing_column_is_refused_by_name(empty_office: Office, told: Tell) -> None:
    empty_office.put("calls.csv", calls_csv(to_london("c1")).replace("call_id", "id", 1))
    outcome = told(empty_office.arguments())
    assert_refused(
        empty_office, outcome, "2020-01/calls.csv, line 1, column call_id: ", "lacks", "add it to the header"
    )


def test_a_column_that_stands_twice_is_refused_by_name(empty_office: Office, told: Tell) -> None:
    empty_office.put("calls.csv", calls_csv(to_london("c1") + ",x").replace("disposition", "disposition,call_id"))
    outcome = told(empty_office.arguments())
    assert_refused(empty_office, outcome, "2020-01/calls.csv, line 1, column call_id: ", "twice", "keep one")


@pytest.mark.parametrize("name", ["calls.csv.bak", "calls.CSV", "notes.txt"])
def test_a_file_of_no_kind_that_is_read_is_refused(office: Office, told: Tell, name: str) -> None:
    office.put(name, "x")
    assert_refused(office, told(office.arguments()), f"2020-01/{name}: ", "of no kind that is read", "rename it")


def test_a_folder_of_no_known_source_is_refused(office: Office, told: Tell) -> None:
    office.put("east/calls.csv", calls_csv(to_london("c1")))
    assert_refused(office, told(office.arguments()), "east", "no source file describes", "sources/east.toml")


def test_a_folder_within_a_source_is_refused(office: Office, told: Tell) -> None:
    office.put("asterisk/old/Master.csv", "x")
    assert_refused(office, told(office.arguments()), "2020-01/asterisk/old: ", "move its files up")


@pytest.mark.parametrize("target", ["nowhere.csv", "link.csv"])
def test_a_link_to_no_file_is_refused(office: Office, told: Tell, target: str) -> None:
    (office.month / "link.csv").symlink_to(target)
    assert_refused(office, told(office.arguments()), "2020-01/link.csv")


@pytest.mark.integration
def test_a_pipe_among_the_call_files_is_refused_and_not_waited_for(office: Office) -> None:
    os.mkfifo(office.month / "pipe.csv")
    told = run_child(office.arguments(), timeout=10)
    assert_refused(office, told, "2020-01/pipe.csv")


def test_a_warehouse_that_is_a_file_is_refused_and_left_alone(office: Office, told: Tell) -> None:
    office.warehouse.write_text("mine", encoding="utf-8")
    assert_refused(office, told(office.arguments()), str(office.warehouse), "--warehouse")
    assert office.warehouse.read_text(encoding="utf-8") == "mine"


def test_a_warehouse_that_cannot_be_made_is_refused(office: Office, told: Tell) -> None:
    elsewhere = [*office.arguments()[:-1], "/proc/nowhere/warehouse"]
    assert_refused(office, told(elsewhere), "/proc/nowhere", "--warehouse")


def test_a_second_run_of_a_month_at_work_is_refused_with_the_process_and_start_of_the_first(
    office: Office, told: Tell
) -> None:
    office.warehouse.mkdir()
    with only_run(office.warehouse, "2020-02", "bill 2020-02"):
        this_run = f"(process {os.getpid()}, `tollbook bill 2020-02`, begun 20"
        assert_refused(office, told(office.arguments()), "2020-02: another run", this_run, "wait until it has ended")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["bill"], "MONTH"),
        (["invoice"], "invoice"),
        (["bill", "2020-02", "--rate", "2020.1"], "--rate"),
        (["bill", "2020-02", "2020-03"], "2020-03"),
        (["details", "A1", "2020-01", "--lang", "de"], "de"),
    ],
)
def test_wrong_use_is_told_in_one_sentence(empty_office: Office, told: Tell, arguments: list[str], part: str) -> None:
    assert_refused(empty_office, told(arguments), part)


def test_the_environment_names_places_as_flags_do(office: Office, told: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLBOOK_ISSUE_DATE", "2020-02-09")
    monkeypatch.setenv("TOLLBOOK_CDRS", str(office.folder / "inbox"))
    monkeypatch.setenv("TOLLBOOK_CONTRACTS", str(office.contracts))
    monkeypatch.setenv("TOLLBOOK_RATE_TABLES", str(office.rate_tables))
    monkeypatch.setenv("TOLLBOOK_WAREHOUSE", str(office.warehouse))
    assert_refused(office, told(["bill", "2020-02"]), "--issue-date", "'2020-02-09'", "rule 1.2")


def test_details_of_a_month_never_billed_are_refused(office: Office, told: Tell) -> None:
    outcome = told(["details", "A1", "2020-01", "--warehouse", str(office.warehouse)])
    assert_refused(office, outcome, "no invoices were published", "`tollbook bill 2020-02`")


def test_a_prefect_server_that_does_not_answer_is_refused_by_name(
    office: Office, told: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    outcome = told(office.arguments())
    assert_refused(office, outcome, "PREFECT_API_URL: no Prefect server answers there", "unset PREFECT_API_URL")
