"""A warehouse on S3: the same bytes as in a folder, whatever becomes of the run, its workers and the store."""

from __future__ import annotations

import datetime as dt
import importlib.util
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest

from flows import month, s3_lock
from flows.cli import app, run
from flows.object_store import ObjectStore
from flows.options import no_address
from flows.s3_warehouse import State, put_published, read_state, working_copy
from flows.settings import Settings
from schemas.faults import InputRefusedError
from tests.integration.dask_cluster import running_cluster
from tests.integration.demo_month import Billed, bill, make_demo, no_settings_from_outside
from tests.integration.object_store import BUCKET, refusing_store, running_store
from tests.integration.small_office import Office, Outcome, calls_csv, run_child, to_london

Tell = Callable[[list[str]], Outcome]
NEEDED = ("obstore", "moto", "flask_cors")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {MISSING} (`make test` installs them)"),
]
KILLED_BEFORE = """
import os, re, signal, sys
from flows import object_store
done = {what}
def replaced(self, name, *rest):
    if re.search(sys.argv[1], name):
        os.kill(os.getpid(), signal.SIGKILL)
    return done(self, name, *rest)
{what} = replaced
from flows.cli import run
sys.exit(run(sys.argv[2:]))
"""
OWN_COPIES = """
import os
os.environ["TOLLBOOK_WORKING_COPIES"] = {folder!r} + f"/of-{{os.getpid()}}"
"""
SMALL_BUCKETS = """
from flows import month
month.SMALL_MONTH_BYTES, month.BUCKET_BYTES = 0, 2**15
"""
DIES_ONCE = """
import os, signal
from flows.object_store import ObjectStore
def dying(self, name, content, put=ObjectStore.put):  # a preload may be run twice
    put(self, name, content)
    if "bucket=0000/" in name or "/bucket=0000" in name:
        try:
            os.close(os.open({died!r}, os.O_CREAT | os.O_EXCL))
            os.kill(os.getpid(), signal.SIGKILL)
        except FileExistsError:
            pass
ObjectStore.put = dying
"""
DOES_TWICE = """
from pathlib import Path
from flows import object_units as units
def twice(offer, stage, unit, once=units.work_on_offer):
    name = once(offer, stage, unit)
    store = units.connected(offer.url)
    first = store.get(name.as_posix()).content
    store.delete([name.as_posix()])
    folder = units.worker_copies(offer.url) / offer.run_id / units.json.loads(first)["folder"]
    assert folder.is_dir()
    units.remove(folder)
    assert once(offer, stage, unit) == name
    second = store.get(name.as_posix()).content
    with Path({told!r}).open("a") as told:
        told.write(f"{{stage.name}} {{first == second}}\\n")
    return name
units.work_on_offer = twice
"""
TAKES_ADDRESSES = {"bill", "issue", "rerun"}
WORDS = {
    "ingest": ["2020-01"],
    "details": ["A1", "2020-01"],
    "suspended": ["2020-01"],
    "verify": [],
    "whatif": ["2020-02", "--rates", "2020.1"],
    "status": [],
    "invoice": ["A1-2020-02"],
    "invoices": ["2020-02", "-o", "pdfs"],
    "report": ["2020-02"],
    "serve": [],
    "token create": ["A1"],
    "token list": [],
    "token revoke": ["t1"],
    "explain": ["c1"],
    "sql": ["select 1"],
    "export": ["invoices", "-o", "invoices.csv"],
    "rates list": [],
    "rates lint": ["2020.1"],
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An S3 on the loopback, which the environment leads to while the module's tests are run."""
    with running_store(tmp_path_factory.mktemp("store")) as environment, pytest.MonkeyPatch.context() as patched:
        for name, value in environment.items():
            patched.setenv(name, value)
        yield environment


@pytest.fixture(autouse=True)
def copies(store: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's working copies are; no other settings."""
    for name in ("TOLLBOOK_WAREHOUSE", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TOLLBOOK_WORKING_COPIES", str(tmp_path / "copies"))
    return tmp_path / "copies"


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    """A place in the bucket that no other test has."""
    return f"s3://{BUCKET}/{re.sub('[^a-z0-9]+', '-', request.node.name.lower()).strip('-')}"


@pytest.fixture(scope="module")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> Billed:
    """The demo month, billed into a folder."""
    folder = tmp_path_factory.mktemp("demo")
    with no_settings_from_outside():
        return bill(Billed(make_demo(folder / "inputs"), folder / "warehouse"))


@pytest.fixture
def small(empty_office: Office) -> Office:
    """An office with a call."""
    empty_office.put("a.csv", calls_csv(to_london("c1")))
    return empty_office


def put_february(office: Office) -> None:
    """A call in February, for the invoices of March."""
    february = office.folder / "inbox" / "2020-02" / "b.csv"
    february.parent.mkdir()
    february.write_text(calls_csv(to_london("c2").replace("2020-01-15", "2020-02-15")), encoding="utf-8")


def words(billed: Billed, address: str, *flags: str) -> list[str]:
    return [word if word != str(billed.warehouse) else address for word in billed.words("2020-02")] + list(flags)


def of(office: Office, address: str, *flags: str, command: str = "bill", month: str = "2020-02") -> list[str]:
    found = office.arguments(*flags, command=command, month=month)
    return [word if word != str(office.warehouse) else address for word in found]


def fetched(billed: Billed, address: str, folder: Path) -> Billed:
    assert run(["fetch", address, "-o", str(folder)]) == 0
    return Billed(billed.inputs, folder)


def assert_same(billed: Billed, other: Billed) -> None:
    """Every published byte and row is the same; stored calls are no part of what is published."""

    def published(month: Billed) -> dict[str, bytes]:
        aside = ("calls/", ".copy-of.json")
        return {name: content for name, content in month.file_bytes().items() if not name.startswith(aside)}

    assert published(billed) == published(other)
    assert billed.table_rows() == other.table_rows()


def shows_nothing(address: str) -> bool:
    return read_state(ObjectStore(address))[0].runs == {}


def test_s3_has_the_bytes_of_a_folder_and_a_copy_can_be_read(
    in_process: Billed, address: str, tmp_path: Path, told: Tell
) -> None:
    billed = told(words(in_process, address))
    assert billed.code == 0
    assert f"published in {address}; `tollbook fetch {address} -o FOLDER` brings it." in billed.out
    copy = fetched(in_process, address, tmp_path / "copy")
    assert_same(copy, in_process)
    assert str(tmp_path / "copy") in str(copy.ask("select sql from duckdb_views() where view_name = 'billed_calls'"))
    verified = told(["verify", "--warehouse", str(copy.warehouse)])
    assert (verified.code, "all as written down" in verified.out) == (0, True)
    assert not [path for path in tmp_path.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o007]
    again = told(words(in_process, address))
    assert (again.code, "from the same inputs; nothing to do" in again.out) == (0, True)
    assert not ObjectStore(address).sizes("scratch")
    assert not ObjectStore(address).sizes("lock.json")


def test_a_cluster_whose_workers_share_no_folder_publishes_the_same(
    in_process: Billed, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    preload = tmp_path / "own_copies.py"
    preload.write_text(OWN_COPIES.format(folder=str(tmp_path / "workers")) + SMALL_BUCKETS, encoding="utf-8")
    monkeypatch.setattr(month, "SMALL_MONTH_BYTES", 0)
    monkeypatch.setattr(month, "BUCKET_BYTES", 2**15)
    in_folder = bill(Billed(in_process.inputs, tmp_path / "warehouse"))
    assert len(list((in_folder.warehouse / "billed_calls").rglob("bucket=*.parquet"))) >= 4
    with running_cluster(tmp_path, preload=preload) as scheduler:
        assert run(words(in_process, address, "--dask", scheduler)) == 0
        assert len(list((tmp_path / "workers").iterdir())) == 2
        assert not [path for path in (tmp_path / "workers").rglob("*") if path.is_file()]
    assert_same(fetched(in_process, address, tmp_path / "copy"), in_folder)
    assert not ObjectStore(address).sizes("scratch")


def test_a_worker_that_is_killed_between_its_puts_changes_nothing(
    in_process: Billed, address: str, tmp_path: Path
) -> None:
    preload, died = tmp_path / "dies_once.py", tmp_path / "died"
    preload.write_text(DIES_ONCE.format(died=str(died)), encoding="utf-8")  # both workers in one copy, as on one host
    with running_cluster(tmp_path, preload=preload) as scheduler:
        assert run(words(in_process, address, "--dask", scheduler)) == 0
    assert died.exists()
    assert_same(fetched(in_process, address, tmp_path / "copy"), in_process)


def test_units_that_are_done_twice_put_the_same(in_process: Billed, address: str, tmp_path: Path) -> None:
    preload, told_of = tmp_path / "does_twice.py", tmp_path / "told"
    text = OWN_COPIES.format(folder=str(tmp_path / "workers")) + DOES_TWICE.format(told=str(told_of))
    preload.write_text(text, encoding="utf-8")
    with running_cluster(tmp_path, workers=1, preload=preload) as scheduler:
        assert run(words(in_process, address, "--dask", scheduler)) == 0
    assert set(told_of.read_text().splitlines()) == {"ingest True", "rate True"}
    assert_same(fetched(in_process, address, tmp_path / "copy"), in_process)


def test_workers_that_cannot_use_the_store_are_named(small: Office, address: str, tmp_path: Path, told: Tell) -> None:
    preload = tmp_path / "no_keys.py"
    lost = "import os\nos.environ['AWS_ENDPOINT_URL'] = 'http://127.0.0.1:9'\n"
    preload.write_text(lost, encoding="utf-8")
    with running_cluster(tmp_path, workers=1, preload=preload) as scheduler:
        outcome = told(of(small, address, "--dask", scheduler))
    assert outcome.code == 2
    assert "worker tcp://127.0.0.1:" in outcome.err
    assert "cannot use the warehouse" in outcome.err
    assert shows_nothing(address)


def test_a_month_goes_on_from_what_another_machine_published(
    small: Office, address: str, tmp_path: Path, told: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_february(small)
    assert [told(small.arguments(month=month)).code for month in ("2020-02", "2020-03")] == [0, 0]
    assert told(of(small, address)).code == 0
    monkeypatch.setenv("TOLLBOOK_WORKING_COPIES", str(tmp_path / "another-machine"))
    with running_cluster(tmp_path, workers=1) as scheduler:
        assert told(of(small, address, "--dask", scheduler, month="2020-03")).code == 0
    copy = fetched(Billed(small.folder, small.folder), address, tmp_path / "copy")
    assert_same(copy, Billed(small.folder, small.warehouse))
    verified = told(["verify", "--warehouse", str(copy.warehouse)])
    assert (verified.code, verified.out.split(",")[0]) == (0, "2 runs")


def test_a_draft_is_issued_and_disputed_there(
    small: Office, address: str, tmp_path: Path, told: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafted = told(of(small, address, "--draft"))
    assert drafted.code == 0
    assert f"tollbook issue 2020-02 --warehouse {address}" in " ".join(drafted.out.split())
    assert shows_nothing(address)
    with monkeypatch.context() as environment:
        environment.setenv("TOLLBOOK_WAREHOUSE", address)
        assert told(["issue", "2020-02"]).code == 0
    rerun = told(of(small, address, "--account", "A1", "--reason", "a letter", command="rerun"))
    assert (rerun.code, "nothing differs" in rerun.out) == (0, True)
    copy = fetched(Billed(small.folder, small.folder), address, tmp_path / "copy")
    assert copy.ask("select kind from runs order by kind") == [("bill",), ("rerun",)]


def test_a_copy_is_for_reading_and_brought_up_to_date(small: Office, address: str, tmp_path: Path, told: Tell) -> None:
    copy = tmp_path / "copy"
    nothing = told(["fetch", address, "-o", str(copy)])
    assert (nothing.code, "nothing was published there yet" in nothing.err) == (2, True)
    assert told(of(small, address)).code == 0
    assert "is fetched: 1 runs up to 2020-02" in told(["fetch", address, "-o", str(copy)]).out
    assert "is up to date" in told(["fetch", address, "-o", str(copy)]).out
    for folder in (copy, working_copy(address)):
        refused = told(of(small, str(folder)))
        assert refused.code == 2
        assert f"is a copy of {address}; name that: --warehouse {address}" in refused.err
    assert told(of(small, address, "--account", "A1", "--reason", "a letter", command="rerun")).code == 0
    assert "is fetched: 2 runs" in told(["fetch", address, "-o", str(copy)]).out
    assert told(["verify", "--warehouse", str(copy)]).code == 0
    assert not list(copy.glob("*.apart-*"))
    other = told(["fetch", address, "-o", str(small.contracts)])
    assert (other.code, "name an empty folder" in other.err) == (2, True)
    assert told(["fetch", address, "-o", str(working_copy(address))]).code == 2


def test_an_object_with_other_bytes_is_told_of(small: Office, address: str, tmp_path: Path, told: Tell) -> None:
    assert told(of(small, address)).code == 0
    store = ObjectStore(address)
    name = next(name for name in store.sizes("published") if name.endswith("/A1.csv"))
    store.put(name, b"other bytes")
    outcome = told(["fetch", address, "-o", str(tmp_path / "copy")])
    assert outcome.code == 1
    assert f"{address}/{name}: has other bytes than were put" in outcome.err


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("object_store.ObjectStore.put", "billed_calls"),
        ("object_store.ObjectStore.put", "log/"),
        ("object_store.ObjectStore.put_over", "state.json"),
    ],
)
def test_a_run_killed_between_its_puts_leaves_the_old_state(
    small: Office, address: str, tmp_path: Path, told: Tell, what: str, name: str
) -> None:
    put_february(small)
    assert told(of(small, address)).code == 0
    before = read_state(ObjectStore(address))
    words = of(small, address, month="2020-03")
    killed = run_child(words, program=KILLED_BEFORE.format(what=what), before=[name])
    assert killed.code == -9
    assert read_state(ObjectStore(address)) == before
    assert list(working_copy(address).glob("tollbook-2020-03-*.duckdb")), "it was killed behind its own publication"
    one = fetched(Billed(small.folder, small.folder), address, tmp_path / "one")
    assert one.ask("select invoice_month::text from runs") == [("2020-02-01",)]
    assert told(words).code == 0  # its lock named a process that is gone
    assert [told(small.arguments(month=month)).code for month in ("2020-02", "2020-03")] == [0, 0]
    two = fetched(Billed(small.folder, small.folder), address, tmp_path / "two")
    assert_same(two, Billed(small.folder, small.warehouse))
    assert told(["verify", "--warehouse", str(two.warehouse)]).code == 0


def test_of_two_runs_at_once_the_second_is_refused(
    small: Office, address: str, told: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ObjectStore(address)
    with s3_lock.only_run_of(store, "bill 2020-03"):
        refused = told(of(small, address))
    assert refused.code == 2
    assert "another run is at work on this warehouse (process " in refused.err
    assert f"if it was killed, remove the object {address}/lock.json" in refused.err
    with monkeypatch.context() as elsewhere:  # another machine's, of whose processes nothing is known here
        elsewhere.setattr(s3_lock, "_boot", lambda: "another boot")
        elsewhere.setattr(s3_lock.os, "getpid", lambda: 2**22 + 1)
        s3_lock._take_lock(store, "bill 2020-03")
    assert told(of(small, address)).code == 2
    store.delete(["lock.json"])
    assert told(of(small, address)).code == 0


def test_a_run_whose_lock_was_removed_publishes_nothing_over_another(small: Office, address: str, told: Tell) -> None:
    assert told(of(small, address)).code == 0
    store = ObjectStore(address)
    before = read_state(store)
    with pytest.raises(InputRefusedError, match="another run published there meanwhile"):
        put_published(store, State(runs={"2020-01-another": "its list"}), None, working_copy(address))
    with pytest.raises(InputRefusedError, match="another run published there meanwhile"):
        put_published(store, State(runs={"2020-01-another": "its list"}), '"a tag"', working_copy(address))
    assert read_state(store) == before


def test_what_a_run_logs_is_put_where_it_is_refused_too(small: Office, address: str, told: Tell) -> None:
    assert told(of(small, address)).code == 0
    small.put("a.csv", calls_csv(to_london("c1"), to_london("c2")))
    assert told(of(small, address)).code == 2
    store = ObjectStore(address)
    logs = list(store.sizes("log"))
    assert logs == [f"log/{read_state(store)[0].log_sha256}.jsonl"]
    found = store.get(logs[0])
    assert found is not None
    assert json.loads(found.content.splitlines()[-1])["result"] == "refused"


@pytest.mark.parametrize(
    ("changed", "told_of"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "the store cannot be reached"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "credentials are missing"),
    ],
)
def test_a_store_that_cannot_be_used_is_told_of(
    small: Office, address: str, told: Tell, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], told_of: str
) -> None:
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")  # where a machine of Amazon's would be asked
    for name, value in changed.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    outcome = told(of(small, f"s3://{BUCKET}/unused"))
    assert outcome.code == 2
    assert told_of in outcome.err
    assert "look at AWS_ENDPOINT_URL, AWS_REGION" in outcome.err


@pytest.mark.parametrize("reads", [False, True])
def test_credentials_that_may_not_read_or_put_are_told_of_before_anything_is_done(
    small: Office, told: Tell, monkeypatch: pytest.MonkeyPatch, reads: bool
) -> None:
    with refusing_store(reads=reads) as place:
        monkeypatch.setenv("AWS_ENDPOINT_URL", place)
        address = f"s3://{BUCKET}/refused"
        outcome = told(of(small, address))
        assert outcome.code == 2
        assert "the store refuses these credentials; they need to get, put, list and delete" in outcome.err
        assert not working_copy(address).exists()


def test_call_details_do_not_cross_a_network_in_the_clear(
    small: Office, told: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://192.0.2.1:9")
    outcome = told(of(small, f"s3://{BUCKET}/unused"))
    assert outcome.code == 2
    assert "unencrypted ('http://192.0.2.1:9'); use https://, or set AWS_ALLOW_HTTP=true" in outcome.err


def test_a_bucket_that_is_not_there_and_what_is_no_address_are_refused(small: Office, told: Tell) -> None:
    missing = told(of(small, "s3://nobody-made-it/x"))
    assert (missing.code, "there is no such bucket; make it" in missing.err) == (2, True)
    for address in ("s3://", "s3://B", f"s3://{BUCKET}/a?b", "gs://billing/x"):
        outcome = told(of(small, address))
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)


def test_without_obstore_a_sentence_says_how_to_install_it(
    small: Office, address: str, told: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    outcome = told(of(small, address))
    assert outcome.code == 2
    assert "pip install 'tollbook[s3]'" in outcome.err


def _commands() -> Iterator[tuple[str, Callable[..., object]]]:
    for name, command in app.resolved_commands().items():
        if name.startswith("-"):
            continue
        if command.default_command is not None:
            yield name, command.default_command
        for inner, of_group in command.resolved_commands().items():
            if not inner.startswith("-") and of_group.default_command is not None:
                yield f"{name} {inner}", of_group.default_command


def test_every_command_with_a_warehouse_takes_an_address_or_refuses_it() -> None:
    found = {}
    for name, function in _commands():
        parameter = inspect.signature(function, eval_str=True).parameters.get("warehouse")
        if parameter is not None:
            validators = [one.validator for one in get_args(parameter.annotation)[1:]]
            found[name] = any(no_address in each for each in validators)
    assert {name for name, refuses in found.items() if not refuses} == TAKES_ADDRESSES
    assert {name for name, refuses in found.items() if refuses} == WORDS.keys()


@pytest.mark.parametrize("command", WORDS)
def test_a_command_that_takes_no_address_refuses_it(
    command: str, told: Tell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = told([*command.split(), *WORDS[command], "--warehouse", "s3://billing/x"])
    monkeypatch.setenv("TOLLBOOK_WAREHOUSE", "s3://billing/x")
    from_outside = told([*command.split(), *WORDS[command]])
    for outcome in (given, from_outside):
        assert outcome.code == 2
        assert "`tollbook fetch s3://billing/x -o FOLDER`, and name the folder" in outcome.err
    assert not list(tmp_path.iterdir())


def test_an_address_never_becomes_a_folder(
    small: Office, told: Tell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for flags in (["--cdrs", "s3://b/x"], ["--contracts", "s3://b/x"], ["--rate-tables", "s3://b/x"]):
        assert told([*small.arguments(), *flags]).code == 2
    assert told(["demo", "-o", "s3://b/x"]).code == 2
    prefect = told(of(small, "s3://billing/x", "--prefect"))
    assert (prefect.code, "a warehouse on S3 is for a run in this process" in prefect.err) == (2, True)
    with pytest.raises(InputRefusedError, match="tollbook fetch s3://b/x"):  # as a flow's parameters come
        Settings(dt.date(2020, 2, 1), warehouse=Path("s3://b/x"))
    assert not list(tmp_path.iterdir())
