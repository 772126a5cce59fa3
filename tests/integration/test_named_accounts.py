"""A rerun of a few accounts, and what else asks about a few: only the files that hold them are read, and compared."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

import flows.inbox
import flows.month
from flows.cli import run
from flows.month import account_buckets
from tests.integration.demo_month import no_settings_from_outside
from tests.rules.dispute import Dispute
from tests.rules.small_month import account, call
from tests.rules.small_rates import default_tables, international

LONDON = "+442071234567"
Spoil = Callable[[Path], None]


def _damage(path: Path) -> None:
    content = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(content[:10] + bytes([content[10] ^ 255]) + content[11:])


def _remove(path: Path) -> None:
    path.unlink()


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dispute]:
    """Accounts A, B and D with an hour to London each, in two buckets; an hour of each is 0.60."""
    with no_settings_from_outside(), pytest.MonkeyPatch.context() as patched:
        patched.setattr(flows.month, "SMALL_MONTH_BYTES", 0)
        patched.setattr(flows.inbox, "SETTLED_NANOSECONDS", 0)
        names = "ABD"
        calls = [call(f"c{name}", LONDON, 3600, account_id=name) for name in names]
        dispute = Dispute(
            tmp_path_factory.mktemp("named") / "month", accounts=[account(name) for name in names], calls=calls
        )
        dispute.correct(
            "v2", international_rates=[international("44", "0.004"), *default_tables()["international_rates"][1:]]
        )
        yield dispute


@pytest.fixture
def dispute(issued: Dispute, tmp_path: Path) -> Dispute:
    """A copy of it, to spoil; its files are those that the month was issued from."""
    copied = Dispute.__new__(Dispute)
    copied.rates, copied.folder = issued.rates, tmp_path / "month"
    shutil.copytree(issued.folder, copied.folder, symlinks=True)
    assert "nothing differs" in copied.rerun("--account", "A", reason="so that the copied files are known").screen
    return copied


def files_of(dispute: Dispute, name: str, *, own: bool) -> list[Path]:
    """The published files of calls of the bucket that holds account A, or of the other one."""
    (bucket,) = account_buckets(pl.Series(["A"]), 2)
    return sorted((dispute.folder / "warehouse" / name).glob(f"*/*/bucket={bucket if own else 1 - bucket:04d}.parquet"))


def test_the_three_accounts_stand_in_two_buckets(dispute: Dispute) -> None:
    files = [path for own in (True, False) for path in files_of(dispute, "billed_calls", own=own)]
    assert [pl.read_parquet(path)["account_id"].sort().to_list() for path in files] == [["A", "B"], ["D"]]


@pytest.mark.parametrize("spoil", [_damage, _remove])
@pytest.mark.parametrize("rates", [(), ("--rates", "v2")])
def test_a_rerun_of_one_account_does_not_look_at_other_buckets(
    dispute: Dispute, spoil: Spoil, rates: tuple[str, ...]
) -> None:
    others = [path for name in ("billed_calls", "unbilled_calls") for path in files_of(dispute, name, own=False)]
    kept = {path: path.read_bytes() for path in others}
    for path in others:
        spoil(path)
    told = dispute.rerun("--account", "A", *rates)
    assert ("-0.36" if rates else "nothing differs") in told.screen
    for path, content in kept.items():
        path.write_bytes(content)
    assert dispute.rows("select sum(cost) from billed_calls") == [("1.800000",)]  # brought back, they are there again


@pytest.mark.parametrize("table", ["billed_calls", "unbilled_calls"])
@pytest.mark.parametrize(
    ("spoil", "told_as"), [(_damage, "is not the one that the run published"), (_remove, "not there")]
)
def test_a_spoilt_file_of_its_own_bucket_refuses_a_rerun_by_name(
    dispute: Dispute, table: str, spoil: Spoil, told_as: str
) -> None:
    (path,) = files_of(dispute, table, own=True)
    spoil(path)
    told = dispute.tell("rerun", "2020-02", "--reason", "x", "--account", "A")
    name = path.relative_to(dispute.folder / "warehouse").as_posix()
    assert (told.code, name in told.message, told_as in told.message) == (2, True, True), told.message
    assert len(dispute.rows("select * from runs where kind = 'rerun'")) == 1  # the one of the fixture


def test_without_the_list_of_its_files_a_run_is_not_rerun(dispute: Dispute) -> None:
    (path,) = (dispute.folder / "warehouse" / "runs").glob("2020-02-[!r]*/files.json")
    path.unlink()
    told = dispute.tell("rerun", "2020-02", "--reason", "x", "--account", "A")
    assert (told.code, "files.json" in told.message) == (2, True)


def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of files of call records whose bytes are read to be hashed, from now on."""
    found: list[str] = []
    digest = flows.inbox.sha256_of

    def noted(path: Path) -> str:
        found.append(path.name)
        return digest(path)

    monkeypatch.setattr(flows.inbox, "sha256_of", noted)
    return found


def test_call_records_that_nobody_touched_are_not_read_for_one_account(
    dispute: Dispute, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = hashed(monkeypatch)
    dispute.rerun("--account", "A")
    assert "calls.csv" not in names


def test_call_records_are_hashed_for_the_whole_month(dispute: Dispute, monkeypatch: pytest.MonkeyPatch) -> None:
    names = hashed(monkeypatch)
    dispute.rerun()
    assert "calls.csv" in names


def test_a_record_file_that_was_altered_is_noticed_though_its_size_and_time_are_the_same(dispute: Dispute) -> None:
    path = dispute.folder / "inbox" / "2020-01" / "calls.csv"
    before, content = path.stat(), path.read_text(encoding="utf-8")
    path.write_text(content.replace(",3600,", ",1800,"), encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    told = dispute.rerun("--account", "A")
    assert "-0.30" in told.screen
    causes = "select distinct account_id, cause from rerun_call_differences"
    assert dispute.rows(causes) == [("A", "call_added")]


def test_a_file_hashed_just_after_it_was_written_is_hashed_again(
    dispute: Dispute, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a tick of the system's clock it could have changed once more without a trace."""
    monkeypatch.setattr(flows.inbox, "SETTLED_NANOSECONDS", 10**18)
    path = dispute.folder / "inbox" / "2020-01" / "calls.csv"
    path.write_bytes(path.read_bytes())
    dispute.rerun("--account", "A", reason="first")
    names = hashed(monkeypatch)
    dispute.rerun("--account", "A", reason="second")
    assert "calls.csv" in names


def test_calls_of_changed_records_are_refused_where_a_stored_piece_is_gone(dispute: Dispute) -> None:
    """Where records changed, all are read; of a file that did not, the stored calls must be as they were written."""
    dispute.put("2020-01/late.csv", call("cA2", LONDON, 600, account_id="A"))
    pieces = sorted((dispute.folder / "warehouse" / "calls").glob("*/*/*/bucket=*/part=*.arrows"))
    assert len(pieces) == 2
    for piece in pieces:
        piece.unlink()
    told = dispute.tell("rerun", "2020-02", "--reason", "x", "--account", "A")
    assert (told.code, "part=00000.arrows" in told.message, "remove the folder" in told.message) == (2, True, True)
    shutil.rmtree(pieces[0].parents[1])
    dispute.rerun("--account", "A")
    assert dispute.adjustments("account_id, difference, cause") == [("A", "0.10", "call_added")]


@pytest.mark.parametrize("spoil", [_damage, _remove])
def test_a_what_if_of_one_account_reads_its_bucket_alone(dispute: Dispute, spoil: Spoil) -> None:
    places = ["--rate-tables", str(dispute.folder / "rates"), "--warehouse", str(dispute.folder / "warehouse")]
    words = ["whatif", "2020-02", "--rates", "v2", *places]
    for path in files_of(dispute, "billed_calls", own=False):
        spoil(path)
    assert tell(words, "--account", "A")[0] == 0
    code, message = tell(words)
    assert (code, "bucket=" in message) == (2, True), message


@pytest.mark.parametrize("spoil", [_damage, _remove])
def test_an_invoice_line_is_explained_from_its_bucket_alone(dispute: Dispute, spoil: Spoil) -> None:
    places = ["--cdrs", str(dispute.folder / "inbox"), "--rate-tables", str(dispute.folder / "rates")]
    words = ["explain", "--line", "1", *places, "--warehouse", str(dispute.folder / "warehouse"), "--invoice"]
    for path in files_of(dispute, "billed_calls", own=False):
        spoil(path)
    assert tell(words, "A-2020-02")[0] == 0
    for path in files_of(dispute, "billed_calls", own=True):
        spoil(path)
    code, message = tell(words, "A-2020-02")
    assert (code, "bucket=" in message) == (2, True), message


def tell(words: list[str], *more: str) -> tuple[int, str]:
    """Exit code and errors of a command."""
    errors = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
        return run([*words, *more]), errors.getvalue()
