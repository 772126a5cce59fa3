"""prefect.yaml for real: a server and a process worker on the loopback, both deployments, and what comes of their runs.

The commands are those of flows/README.md. A small office's January is billed and disputed.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import urllib.error
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import duckdb
import pytest

from flows.locks import only_run
from tests.integration.dask_cluster import running_cluster
from tests.integration.demo_month import ROOT, no_settings_from_outside
from tests.integration.prefect_server import (
    PATIENCE_SECONDS,
    Server,
    environment_of,
    process,
    processes_at,
    running_server,
    wait_until,
)
from tests.integration.small_office import Office, calls_csv, freeze, to_london

MONTH_END, RERUN = "month_end/month-end", "rerun_disputed_month/rerun-disputed-month"
MAKE_POOL = ["work-pool", "create", "billing", "--type", "process"]
DEPLOY = ["--no-prompt", "deploy", "--all"]
START_WORKER = ["worker", "start", "--pool", "billing", "--type", "process"]
ADJUSTED = (
    "select account_id, corrected_amount::varchar, cause, allowed from adjustments "
    "where base_category = 'international'"
)
NUMBER = "+12125550177"

pytestmark = pytest.mark.integration


class Deployed(NamedTuple):
    """Both deployments on a server, and an office whose month they are about."""

    server: Server
    office: Office
    ids: dict[str, str]

    def parameters(self, **others: Any) -> dict[str, Any]:
        """Where the office's inputs are, and what else is asked for."""
        office = self.office
        places = {"cdrs": office.folder / "inbox", "contracts": office.contracts, "rate_tables": office.rate_tables}
        return {**{name: str(path) for name, path in places.items()}, "warehouse": str(office.warehouse), **others}

    def trigger(self, name: str, due: str | None = None, **parameters: Any) -> str:
        """A run of the deployment, due now or at that time."""
        state: dict[str, Any] = {"type": "SCHEDULED"}
        if due is not None:
            state["state_details"] = {"scheduled_time": due}
        body = {"parameters": self.parameters(**parameters), "state": state, "idempotency_key": str(uuid4())}
        return str(self.server.ask(f"deployments/{self.ids[name]}/create_flow_run", body)["id"])

    def refusal(self, name: str, **parameters: Any) -> str:
        """What the server says to a run that it does not make."""
        with pytest.raises(urllib.error.HTTPError) as refused:
            self.trigger(name, **parameters)
        assert refused.value.code == 409
        return str(json.load(refused.value)["detail"])

    def runs_of(self, name: str) -> int:
        """How many runs of the deployment there are, but for those that its schedule has planned."""
        of_it = {"deployments": {"id": {"any_": [self.ids[name]]}}}
        unplanned = {"flow_runs": {"tags": {"is_null_": False}}}
        runs = self.server.ask("flow_runs/filter", {**of_it, **unplanned})
        return sum(not run["auto_scheduled"] for run in runs)

    def artifacts(self, flow_run_id: str) -> dict[str, Any]:
        """What the run's artifacts hold, by key."""
        found = self.server.ask("artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [flow_run_id]}}})
        return {artifact["key"]: artifact["data"] for artifact in found}


def _dearer_london(rate_tables: Path) -> None:
    """A version 2020.2 in which a minute to London costs half a dollar."""
    version = rate_tables / "2020.2"
    shutil.copytree(rate_tables / "2020.1", version)
    version.chmod(0o755)
    for path in version.iterdir():
        path.chmod(0o644)
    deck, manifest = version / "international_rates.csv", version / "manifest.toml"
    rows = re.sub(r"^(USD,44.*?,fixed,)[0-9.]+", r"\g<1>0.5", deck.read_text(encoding="utf-8"), flags=re.MULTILINE)
    deck.write_text(rows, encoding="utf-8")
    text = manifest.read_text(encoding="utf-8").replace('version = "2020.1"', 'version = "2020.2"')
    manifest.write_text(text, encoding="utf-8")
    freeze(version)


def _prefect(words: list[str], env: dict[str, str]) -> None:
    """A command of the README, in the repository's folder."""
    command = [sys.executable, "-m", "prefect", *words]
    told = subprocess.run(
        command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.fixture(scope="module", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    with no_settings_from_outside():
        yield


@pytest.fixture(scope="module")
def deployed(
    make_office: Callable[[], Office], small_rates: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    """A server, a worker, both deployments, and a month that has not been billed yet."""
    home = tmp_path_factory.mktemp("operator")
    rate_tables = tmp_path_factory.mktemp("versions")
    shutil.copytree(small_rates / "2020.1", rate_tables / "2020.1")
    _dearer_london(rate_tables)
    office = Office(make_office().folder, rate_tables)
    office.put("calls.csv", calls_csv(to_london("c1")))
    with running_server(home, PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS="1") as server:
        env = environment_of(
            home,
            PREFECT_API_URL=server.url,
            PREFECT_WORKER_QUERY_SECONDS="1",
            PYTHONPATH=str(ROOT),
            TOLLBOOK_RETRY_SECONDS=",".join(["2"] * (PATIENCE_SECONDS // 2)),
        )
        _prefect(MAKE_POOL, env)
        _prefect(DEPLOY, env)
        ids = {name: server.get(f"deployments/name/{name}")["id"] for name in (MONTH_END, RERUN)}
        with process(START_WORKER, env, home, home / "worker.log"):
            yield Deployed(server, office, ids)
    assert processes_at(home) == []


@pytest.fixture(scope="module")
def month_ends(deployed: Deployed) -> list[Any]:
    """Two month ends of one month, asked for at once: one by the time it was due, one by name."""
    asked = [
        deployed.trigger(MONTH_END, due="2020-02-03T06:00:00Z", rates="2020.1"),
        deployed.trigger(MONTH_END, month="2020-02", rates="2020.1"),
    ]
    runs = [deployed.server.ended(flow_run_id) for flow_run_id in asked]
    return sorted(runs, key=lambda run: str(run["start_time"]))


class OnCluster(NamedTuple):
    """A month end and a rerun of it whose wide stages went to a cluster, where they published, what the workers say."""

    runs: list[Any]
    warehouse: Path
    logs: str


@pytest.fixture(scope="module")
def on_cluster(month_ends: list[Any], deployed: Deployed, tmp_path_factory: pytest.TempPathFactory) -> OnCluster:
    """The same month in a warehouse of its own, both deployments given a scheduler."""
    assert month_ends
    warehouse, folder = deployed.office.folder / "on-a-cluster", tmp_path_factory.mktemp("cluster")
    with running_cluster(folder) as address:
        same = {"month": "2020-02", "warehouse": str(warehouse), "dask": address}
        billed = deployed.server.ended(deployed.trigger(MONTH_END, **same, rates="2020.1"))
        asked = {"reason": "a letter", "rates": "2020.2", "disputed_on": "2020-02-10"}
        rerun = deployed.server.ended(deployed.trigger(RERUN, **same, **asked))
    logs = "".join(path.read_text(encoding="utf-8") for path in folder.glob("worker-*.log"))
    return OnCluster([billed, rerun], warehouse, logs)


@pytest.fixture(scope="module")
def reruns(deployed: Deployed, month_ends: list[Any]) -> dict[str, Any]:
    """A dispute, and reruns that only the flow can refuse, by what is asked; all asked for at once."""
    assert month_ends
    twice = deployed.office.folder / "number-twice"
    shutil.copytree(deployed.office.contracts, twice)
    header = "account_id,number,kind,charge_code,start_date,cancel_requested_on,billing_group\n"
    rows = "".join(f"{account},{NUMBER},two_way,did_two_way,2019-01-01,,\n" for account in ("A1", "B2"))
    (twice / "phone_numbers.csv").write_text(header + rows, encoding="utf-8")
    asked = {
        "dispute": {"accounts": ["A1"], "rates": "2020.2", "disputed_on": "2020-02-10"},
        "no such account": {"accounts": ["NOBODY"]},
        "no such day": {"disputed_on": "2020-02-30"},
        "not issued": {"month": "2020-01"},
        "number twice": {"contracts": str(twice)},
    }
    same = {"month": "2020-02", "reason": "letter of 2020-02-10"}
    triggered = {name: deployed.trigger(RERUN, **{**same, **parameters}) for name, parameters in asked.items()}
    return {name: deployed.server.ended(flow_run_id) for name, flow_run_id in triggered.items()}


def test_the_commands_are_those_of_the_readme() -> None:
    page = (ROOT / "flows" / "README.md").read_text(encoding="utf-8")
    assert [words for words in (MAKE_POOL, DEPLOY, START_WORKER) if f"prefect {' '.join(words)}\n" not in page] == []


def test_the_month_end_is_due_in_the_first_week_in_utc(deployed: Deployed) -> None:
    (entry,) = deployed.server.get(f"deployments/name/{MONTH_END}")["schedules"]
    minute, hour, day, month, weekday = entry["schedule"]["cron"].split()
    assert (entry["active"], entry["schedule"]["timezone"]) == (True, "UTC")
    assert (minute, hour, month, weekday) == ("0", "6", "*", "*")
    assert 1 <= int(day) <= 7, "invoices are issued by the 7th (rule 1.2)"


def test_a_rerun_has_no_schedule(deployed: Deployed) -> None:
    assert deployed.server.get(f"deployments/name/{RERUN}")["schedules"] == []


@pytest.mark.parametrize("name", [MONTH_END, RERUN])
def test_every_parameter_of_the_form_is_explained(deployed: Deployed, name: str) -> None:
    properties = deployed.server.get(f"deployments/name/{name}")["parameter_openapi_schema"]["properties"]
    assert [field for field, schema in properties.items() if not schema.get("description")] == []


@pytest.mark.parametrize(
    ("field", "parameters"),
    [
        ("month", {"month": "2020-13"}),
        ("month", {"month": "February 2020"}),
        ("accounts[0]", {"accounts": ["../A1"]}),
        ("accounts", {"accounts": ["A1", "A1"]}),
        ("rates", {"rates": "../2020.1"}),
        ("disputed_on", {"disputed_on": "10.2.2020"}),
        ("disputed_on", {"disputed_on": "2020-02-32"}),
        ("reason", {"reason": "   "}),
        ("dask", {"dask": "the cluster"}),
        ("reason", {"reason": "the call to 212-555-0177"}),
    ],
)
def test_a_wrong_rerun_is_refused_before_there_is_a_run(
    deployed: Deployed, field: str, parameters: dict[str, Any]
) -> None:
    before = deployed.runs_of(RERUN)
    told = deployed.refusal(RERUN, **{"month": "2020-02", "reason": "a letter", **parameters})
    assert f"field '{field}'" in told
    assert deployed.runs_of(RERUN) == before


@pytest.mark.parametrize("missing", ["month", "reason"])
def test_a_rerun_without_month_or_reason_is_refused_before_there_is_a_run(deployed: Deployed, missing: str) -> None:
    asked = {"month": "2020-02", "reason": "a letter"}
    told = deployed.refusal(RERUN, **{name: value for name, value in asked.items() if name != missing})
    assert f"'{missing}' is a required property" in told


def test_a_wrong_month_end_is_refused_before_there_is_a_run(deployed: Deployed) -> None:
    assert "field 'month'" in deployed.refusal(MONTH_END, month="2020-2")
    assert "field 'issue_date'" in deployed.refusal(MONTH_END, issue_date="the third")


def test_a_month_end_without_a_month_bills_the_month_it_was_due_in(month_ends: list[Any], deployed: Deployed) -> None:
    assert [(run["name"], run["state_type"]) for run in month_ends] == [("bill 2020-02", "COMPLETED")] * 2
    assert {run["parameters"].get("month") for run in month_ends} == {None, "2020-02"}
    assert deployed.office.rows("select invoice_id from invoices") == [("A1-2020-02",)]


def test_the_second_month_end_waits_for_the_first_and_then_finds_nothing_to_do(
    month_ends: list[Any], deployed: Deployed
) -> None:
    first, second = month_ends
    first_ended, second_began = (datetime.fromisoformat(text) for text in (first["end_time"], second["start_time"]))
    assert first_ended <= second_began
    states = deployed.server.get(f"flow_run_states/?flow_run_id={second['id']}")
    assert "AwaitingConcurrencySlot" in {state["name"] for state in states}
    assert "2020-02 issued: 1 invoice of " in first["state"]["message"]
    assert "nothing to do" in second["state"]["message"]
    assert deployed.office.rows("select count(*) from runs where kind = 'bill'") == [(1,)]


def test_a_month_end_shows_controls_summary_and_progress(month_ends: list[Any], deployed: Deployed) -> None:
    shown = deployed.artifacts(month_ends[0]["id"])
    assert {"controls-2020-02", "progress-2020-02", "summary-2020-02"} <= shown.keys()
    assert shown["progress-2020-02"] == 100
    controls = {row["control"]: row for row in json.loads(shown["controls-2020-02"])}
    read = controls["rows read = rows accounted for"]
    assert (read["checked"], read["left_side"], read["right_side"], read["difference"]) == ("1", "1", "1", "0")
    assert {row["failed"] for row in controls.values()} == {"0"}
    assert "### Invoice lines by category" in shown["summary-2020-02"]
    assert re.search(r"\| billed or included \| 1 \|", shown["summary-2020-02"])


def test_a_scheduler_given_to_a_deployment_has_the_wide_tasks(on_cluster: OnCluster, deployed: Deployed) -> None:
    states = [(run["state_type"], run["state"]["message"]) for run in on_cluster.runs]
    assert [state for state, _ in states] == ["COMPLETED"] * 2, states
    for task_run in ("ingest 2020-01/calls.csv", "rate 0", "compare 0"):
        assert f"Task run '{task_run}' - Finished in state Completed()" in on_cluster.logs
    assert "publish 2020-02" not in on_cluster.logs


def test_a_scheduler_given_to_a_deployment_changes_no_invoice(on_cluster: OnCluster, deployed: Deployed) -> None:
    with duckdb.connect(str(on_cluster.warehouse / "tollbook.duckdb"), read_only=True) as database:
        lines = database.sql("select * from invoice_line_items order by all").fetchall()
        adjusted = database.sql(ADJUSTED).fetchall()
    assert lines == deployed.office.rows("select * from invoice_line_items order by all")
    assert adjusted == [("A1", "0.50", "rate_version", True)]


def test_tasks_are_named_by_their_stage(month_ends: list[Any], deployed: Deployed) -> None:
    of_run = {"task_runs": {"flow_run_id": {"any_": [month_ends[0]["id"]]}}}
    stages = ["ingest 2020-01/calls.csv", "repeats 2020-02", "rate 0", "invoice 2020-02"]
    expected = sorted([*stages, "account 2020-02", "anomalies 2020-02", "publish 2020-02"])
    names = wait_until(lambda: _if_all(deployed.server.ask("task_runs/filter", of_run), len(expected)), "no task runs")
    assert names == expected


def _if_all(runs: list[Any], count: int) -> list[str]:
    """The names of task runs, which come to the server a little after their flow run's end."""
    return sorted(run["name"] for run in runs) if len(runs) == count else []


def test_a_month_end_tells_its_steps(month_ends: list[Any], deployed: Deployed) -> None:
    said = "step 7 of 7, publish: checking and publishing"
    log = wait_until(lambda: _if_in(said, deployed.server.log(month_ends[0]["id"])), f"the log does not say {said}")
    assert "step 1 of 7, ingest: reading call records" in log


def _if_in(said: str, log: list[str]) -> list[str]:
    return log if said in log else []


def test_a_dispute_by_a_form_is_rerun_and_adjusted(reruns: dict[str, Any], deployed: Deployed) -> None:
    run = reruns["dispute"]
    assert (run["name"], run["state_type"]) == ("rerun 2020-02 of A1", "COMPLETED"), run["state"]["message"]
    assert deployed.office.rows(ADJUSTED) == [("A1", "0.50", "rate_version", True)]
    assert deployed.office.rows("select reason from runs where kind = 'rerun'") == [("letter of 2020-02-10",)]
    assert re.search(r"2020-02 rerun: \+0\.\d\d USD before tax, \+0\.\d\d of it allowed", run["state"]["message"])


def test_a_rerun_shows_what_differs_under_keys_of_its_own(reruns: dict[str, Any], deployed: Deployed) -> None:
    shown = deployed.artifacts(reruns["dispute"]["id"])
    assert {"rerun-controls-2020-02", "rerun-progress-2020-02", "rerun-summary-2020-02"} <= shown.keys()
    assert [key for key in shown if not key.startswith("rerun-")] == []
    assert re.search(r"\| A1 \| c1 \| rate_version \| 0\.03\d+ \| 0\.500000 \|", shown["rerun-summary-2020-02"])


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("no such account", "--account: there is no such account"),
        ("no such day", "disputed_on: this is no date ('2020-02-30'); write it as"),
        ("not issued", "2020-01: is not issued, so there is nothing to rerun; run `tollbook bill 2020-01` first"),
    ],
)
def test_what_only_the_flow_can_know_is_refused_at_once_with_the_sentence(
    reruns: dict[str, Any], deployed: Deployed, asked: str, sentence: str
) -> None:
    run = reruns[asked]
    assert (run["state_type"], run["run_count"]) == ("FAILED", 1)
    assert run["state"]["message"].startswith(sentence)
    log = wait_until(lambda: _if_said(sentence, deployed.server.log(run["id"])), "the log does not say why")
    assert "tried again" not in log
    assert "Traceback" not in log


def _if_said(sentence: str, log: list[str]) -> str:
    text = "\n".join(log)
    return text if sentence in text and "Finished in state" in text else ""


def test_no_record_of_a_run_shows_a_telephone_number(reruns: dict[str, Any], deployed: Deployed) -> None:
    run = reruns["number twice"]
    assert run["state_type"] == "FAILED"
    assert "*******0177" in run["state"]["message"]
    log = wait_until(lambda: _if_said("*******0177", deployed.server.log(run["id"])), "the log does not say why")
    records = json.dumps([run, deployed.artifacts(reruns["dispute"]["id"])])
    assert [text for text in (NUMBER[1:], "12125550001", "442071234567") if text in log + records] == []


@pytest.fixture(scope="module")
def held(month_ends: list[Any], deployed: Deployed) -> Any:
    """A month end that began while another run held its month, and ended behind it; the issued run has a report."""
    assert month_ends
    ((run_id,),) = deployed.office.rows("select run_id from runs where kind = 'bill'")
    report = deployed.office.warehouse / "runs" / run_id / "report.html"
    if not report.exists():
        report.write_text("<!doctype html>", encoding="utf-8")
    with only_run(deployed.office.warehouse, "2020-02", "rerun 2020-02"):
        asked = deployed.trigger(MONTH_END, month="2020-02", rates="2020.1")
        wait_until(
            lambda: any("tried again in 2 s" in line for line in deployed.server.log(asked)), "it did not try again"
        )
    return deployed.server.ended(asked)


def test_a_month_that_is_held_is_tried_again_until_it_is_let_go(held: Any) -> None:
    assert (held["state_type"], held["run_count"]) == ("COMPLETED", 1), held["state"]["message"]


def test_a_report_that_is_there_is_linked(held: Any, deployed: Deployed) -> None:
    shown = deployed.artifacts(held["id"])
    assert re.fullmatch(r"\[(/.*/runs/2020-02-[0-9a-f]+/report\.html)\]\(file://\1\)", shown["report-2020-02"])
