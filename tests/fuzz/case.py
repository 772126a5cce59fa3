"""One month of spoilt files, ingested, and what is wrong with the outcome: everything follows from a seed."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import shutil
import traceback
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple
from unittest import mock

import polars as pl

from flows import record_files
from flows.files import read_parquet
from flows.inbox import RecordFile, find_record_files
from flows.ingest import ingest_file
from flows.ingest_plan import IngestPlan, piece_counts
from flows.repeated_calls import find_repeats
from flows.sources import load_source
from flows.stored_calls import bucket_calls
from schemas.faults import InputRefusedError
from tests.fuzz.expected import Expected, expected
from tests.fuzz.mutations import PACKED_MUTATIONS, PARQUET_MUTATIONS, TEXT_MUTATIONS
from tests.fuzz.samples import Sample, ending_of, packed, samples
from tests.properties.memory_month import Terms
from tests.rules.small_month import account, number
from transforms.screen import Directory

MONTH = "2020-01"
BUCKETS = 2
HEADERS_LEFT_ALONE = 0.6
"""How often the first line of a text file stays as it was: a file that is refused shows nothing of its rows."""


class SpoiltFile(NamedTuple):
    """A file as it lies in the inbox, and how it came about."""

    source: str
    name: str
    content: bytes
    mutations: tuple[str, ...]

    @property
    def month_name(self) -> str:
        """Its name in every table."""
        folder = "" if self.source == "canonical" else f"{self.source}/"
        return f"{MONTH}/{folder}{self.name}"


class Case(NamedTuple):
    """A seed and all that follows from it. `block_bytes`: into what pieces files are cut (None: as in earnest)."""

    seed: int
    files: tuple[SpoiltFile, ...]
    block_bytes: int | None


class Result(NamedTuple):
    """What a case came to. `problems` is empty where nothing is wrong."""

    is_refused: bool
    rows: int
    problems: list[str]


def _spoilt(sample: Sample, random: Random, name: str) -> SpoiltFile:
    content, told = sample.content, []
    if sample.is_parquet:
        for mutation in random.choices(PARQUET_MUTATIONS, k=random.choice((1, 1, 2))):
            with contextlib.suppress(OSError, ValueError):  # one that cannot be read any more is spoilt enough
                content = mutation(content, random)
                told.append(mutation.__name__)
        return SpoiltFile(sample.source, name + ".parquet", content, tuple(told))
    ending = ".jsonl" if ".jsonl" in sample.name else ".csv"
    ending += random.choice(("", "", ".gz", ".zst"))
    head = content[: content.find(b"\n") + 1] if random.random() < HEADERS_LEFT_ALONE else b""
    content = content.removeprefix(head)
    for mutation in random.choices(TEXT_MUTATIONS, k=random.choice((0, 1, 1, 1, 2, 3))):
        content = mutation(content, random)
        told.append(mutation.__name__)
    content = head + content
    content = packed(content, ending)
    if ending.count(".") == 2 and (not told or random.random() < 0.3):
        mutation = random.choice(PACKED_MUTATIONS)
        content = mutation(content, random)
        told.append(f"{mutation.__name__} of {ending}")
    return SpoiltFile(sample.source, name + ending, content, tuple(told))


def make_case(seed: int) -> Case:
    """The case of a seed: one or two files of one source, spoilt."""
    random = Random(seed)
    sample = random.choice(samples())
    siblings = [one for one in samples() if one.source == sample.source]
    files = [_spoilt(sample, random, "one")]
    if random.random() < 0.3:
        files.append(_spoilt(random.choice(siblings), random, "two"))
    return Case(seed, tuple(files), random.choice((None, 1, 16, 200, 1000)))


def write_case(case: Case, inbox: Path) -> None:
    """The files of the case in an inbox."""
    for file in case.files:
        path = inbox / file.month_name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)


@cache
def directory() -> Directory:
    """Accounts A, with a number, and ACME, of the United States."""
    month = Terms(accounts=[account(), account("ACME")], numbers=[number("+12125550100")]).month
    accounts = month.accounts.select("account_id", "country", bucket=pl.lit(1, dtype=pl.Int64))
    return Directory(accounts, month.owners, month.rates.dialing_plans)


@cache
def usual_month(source: str) -> dt.date:
    """The month that most calls of a source's samples are of: looked up in what they say when they are set aside.

    January 2020 where none of them is A's: then all rows are rejected, and accounted for as such.
    """
    if source in ("canonical", "asterisk"):
        return dt.date(2020, 1, 1)
    months: Counter[str] = Counter()
    folder = Path(f"/tmp/tollbook-fuzz-{source}")
    try:
        for place, sample in enumerate(one for one in samples() if one.source == source):
            file = SpoiltFile(
                source, f"{place}{ending_of(sample.name)}", packed(sample.content, ending_of(sample.name)), ()
            )
            write_case(Case(0, (file,), None), folder / "inbox")
        plan = plan_of(folder, source, dt.date(1970, 1, 1))
        for record in plan.record_files:
            aside = read_parquet(ingest_file(plan, record) / "set_aside.parquet")
            starts = aside.filter(pl.col("outcome") == "outside_month")["detail"].str.extract(r"starts (\d{4}-\d{2})")
            months.update(starts.drop_nulls().to_list())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return dt.date.fromisoformat(months.most_common(1)[0][0] + "-01") if months else dt.date(2020, 1, 1)


def plan_of(folder: Path, source: str, usage_month: dt.date) -> IngestPlan:
    """How the inbox of the folder is ingested; of another source every call is A's."""
    records = tuple(find_record_files(folder / "inbox", MONTH))
    spec = load_source(folder / "inbox", source)
    if source != "canonical":
        fields = {name: templates for name, templates in spec.fields.items() if name != "account_id"}
        spec = replace(spec, account_id="A", fields=fields)
    return IngestPlan(
        usage_month=usage_month,
        folder=folder / "warehouse" / "calls",
        record_files=records,
        sources={source: spec},
        directory=directory(),
        directory_digest="",
        bucket_count=BUCKETS,
    )


def run_case(case: Case, folder: Path) -> Result:
    """The case ingested in an empty folder, and what is wrong with the outcome."""
    write_case(case, folder / "inbox")
    truth = {file.month_name: expected(file.content, ending_of(file.name), file.source) for file in case.files}
    source = case.files[0].source
    try:
        plan = plan_of(folder, source, usual_month(source))._replace(by_machine_code=case.seed % 2 == 1)
        with _blocks_of(case.block_bytes):
            for record in plan.record_files:
                ingest_file(plan, record)
            find_repeats(plan)
    except InputRefusedError as refused:
        return Result(True, 0, _wrong_refusal(refused, truth))
    except (Exception, pl.exceptions.PanicException):  # whatever it is, it is what we look for
        return Result(False, 0, [traceback.format_exc()])
    accepted = pl.concat([bucket_calls(plan, bucket) for bucket in range(plan.bucket_count)])
    repeats = read_parquet(plan.repeats_path())
    rows, problems = 0, []
    for record in plan.record_files:
        count, found = _wrong_rows(plan, record, truth[record.name], accepted, repeats)
        rows += count
        problems += [f"{record.name}: {problem}" for problem in found]
    return Result(False, rows, problems)


@contextlib.contextmanager
def _blocks_of(size: int | None) -> contextlib.AbstractContextManager[None]:
    """While this lasts, files are cut into pieces of about so many bytes, and marked as often."""
    with contextlib.ExitStack() as stack:
        for name in ("BLOCK_BYTES", "LINE_END_WITHIN", "KEPT_MARK_BYTES", "MARKED_BYTES") if size else ():
            stack.enter_context(mock.patch.object(record_files, name, size))
        yield


def _wrong_refusal(refused: InputRefusedError, truth: dict[str, Expected | None]) -> list[str]:
    named = {fault.file for fault in refused.faults}
    if not named <= truth.keys():
        return [f"the refusal names {sorted(named)}: {refused}"]
    readable = [name for name in named if (found := truth[name]) is not None and found.is_refused is False]
    return [f"{name} is refused, though it can be read: {refused}" for name in readable]


def _wrong_rows(
    plan: IngestPlan, record: RecordFile, truth: Expected | None, accepted: pl.DataFrame, repeats: pl.DataFrame
) -> tuple[int, list[str]]:
    """How many rows were read, and what is wrong with where they ended."""
    counts = piece_counts(plan, record)
    here = pl.col("source_file").cast(pl.String) == record.name
    ours = accepted.filter(here)
    aside = pl.concat([read_parquet(plan.piece_folder(record) / "set_aside.parquet"), repeats.filter(here)])
    lines = sorted([*ours["source_line"], *aside["source_line"]])
    problems = []
    if len(set(lines)) < len(lines):
        problems.append(f"lines end in two places: {[line for line, times in Counter(lines).items() if times > 1]}")
    if counts["rows_read"] != len(lines):
        problems.append(f"{counts['rows_read']} rows were read, {len(lines)} ended somewhere")
    seconds = int(ours["duration_seconds"].sum()) + int(aside["duration_seconds"].sum())
    if counts["seconds_read"] != seconds:
        problems.append(f"{counts['seconds_read']} seconds were read, {seconds} are accounted for")
    if truth is not None:
        problems += _wrong_by_bytes(truth, counts["seconds_read"], lines, aside)
    return len(lines), problems


def _wrong_by_bytes(truth: Expected, seconds: int, lines: list[int], aside: pl.DataFrame) -> list[str]:
    """What differs from what the bytes hold."""
    if truth.is_refused:
        return ["the file is read, though it has to be refused"]
    problems = []
    if lines != sorted(truth.rows):
        lost, invented = sorted(truth.rows.keys() - set(lines)), sorted(set(lines) - truth.rows.keys())
        problems.append(f"lines are lost: {lost}; lines that are no rows: {invented}")
    raw = dict(aside.select("source_line", "raw_record").iter_rows())
    other = [line for line, text in raw.items() if (there := truth.rows.get(line)) is not None and there != text]
    problems += [f"line {line} is kept as {raw[line][:200]!r}, not {truth.rows[line]!r:.200}" for line in other]
    found = set(aside.filter(pl.col("reason") == "malformed_row")["source_line"])
    if truth.malformed is not None and found != truth.malformed:
        problems.append(f"malformed is {sorted(truth.malformed)}, and told is {sorted(found)}")
    if truth.seconds is not None and seconds != truth.seconds:
        problems.append(f"{truth.seconds} seconds stand in the file, {seconds} were read")
    return problems


def report(case: Case, result: Result, kept: Path) -> str:
    """What a person needs to look into a case."""
    told = io.StringIO()
    print(f"seed {case.seed}: again with `python -m tests.fuzz --seed {case.seed}`; files kept in {kept}", file=told)
    for file in case.files:
        print(f"  {file.month_name}, {len(file.content)} bytes: {', '.join(file.mutations) or 'as it was'}", file=told)
    print(f"  blocks of {case.block_bytes or 'the usual'} bytes", file=told)
    for problem in result.problems:
        print("  " + problem.replace("\n", "\n    "), file=told)
    return told.getvalue()
