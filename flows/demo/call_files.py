"""The files of the demo's inbox: the calls shared out over every format that Tollbook reads."""

import csv
import gzip
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from flows.demo.calls import CANONICAL_COLUMNS, calls_at
from flows.demo.clock import FIRST_SECOND_OF_EPOCH, clock_text
from flows.demo.lookups import Lookups
from flows.demo.trouble import TroublePlan, troubled_lines

ROWS_A_FILE = 1_000_000
ROWS_A_STEP = 250_000
FORMATS_FROM = 1000
ASTERISK_ROWS = 50
_LARGEST_SHARE = 300
_ASTERISK_DISPOSITIONS = {
    "answered": "ANSWERED",
    "no_answer": "NO ANSWER",
    "busy": "BUSY",
    "failed": "FAILED",
}


Call = dict[str, Any]


class Shares(NamedTuple):
    """How many calls go to the plain CSV files, to each file of another format, and to Asterisk."""

    plain: int
    each_format: int
    asterisk: int


def shares_of(calls: int, has_formats: bool) -> Shares:
    """Everything is plain CSV below a thousand calls, or where no other format is asked for."""
    if not has_formats or calls < FORMATS_FROM:
        return Shares(calls, 0, 0)
    each = min(_LARGEST_SHARE, calls // 20)
    return Shares(calls - 4 * each - ASTERISK_ROWS, each, ASTERISK_ROWS)


def _indexes(first: int, count: int) -> pl.Series:
    return pl.int_range(first, first + count, dtype=pl.UInt64, eager=True).rename("index")


def _sound_indexes(first: int, count: int, troubled: Sequence[int]) -> pl.Series:
    every = _indexes(first, count)
    return every.filter(~every.is_in(pl.Series(troubled, dtype=pl.UInt64).implode())) if troubled else every


def write_plain_file(path: Path, first: int, count: int, plan: TroublePlan, lookups: Lookups) -> None:
    """One CSV of the calls first .. first + count - 1: the sound ones, then the troubled ones."""
    with path.open("wb") as file:
        file.write(f"{','.join(CANONICAL_COLUMNS)}\n".encode())
        for start in range(first, first + count, ROWS_A_STEP):
            step = min(ROWS_A_STEP, first + count - start)
            troubled = plan.indexes(start, step)
            calls = calls_at(_sound_indexes(start, step, troubled), lookups).select(CANONICAL_COLUMNS)
            calls.write_csv(file, include_header=False)
            file.writelines(f"{line}\n".encode() for line in troubled_lines(troubled, plan, lookups))


def write_plain_files(folder: Path, count: int, plan: TroublePlan, lookups: Lookups) -> Iterable[Path]:
    """`calls-0001.csv` and so on, of a million calls at most."""
    for position, first in enumerate(range(0, count, ROWS_A_FILE), start=1):
        path = folder / f"calls-{position:04}.csv"
        write_plain_file(path, first, min(ROWS_A_FILE, count - first), plan, lookups)
        yield path


def _with_end_time(calls: pl.DataFrame) -> pl.DataFrame:
    """Calls with the moment they end, in UTC; `start_time` is left as it is written."""
    ends = calls.select(end=pl.col("start_second") + pl.col("duration_seconds"))["end"]
    return calls.with_columns(end_time=pl.Series([f"{clock_text(end)}Z" for end in ends]))


def write_gzip(path: Path, calls: pl.DataFrame) -> None:
    """A gzipped CSV with an end time, without a time of writing in its head."""
    columns = [*CANONICAL_COLUMNS, "end_time"]
    text = _with_end_time(calls).select(columns).write_csv()
    with path.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        packed.write(text.encode())


def write_zstandard(path: Path, calls: pl.DataFrame) -> None:
    """A CSV in a Zstandard frame, its columns in another order and with one that nobody knows."""
    columns = [*reversed(CANONICAL_COLUMNS), "trunk"]
    calls.with_columns(trunk=pl.lit("north-2")).select(columns).write_csv(path, compression="zstd")


def write_json_lines(path: Path, calls: pl.DataFrame) -> None:
    """One JSON object a call; an empty cell has no key, seconds are a number."""
    rows = _with_end_time(calls).select(*CANONICAL_COLUMNS, "end_time").to_dicts()
    objects = ({name: cell for name, cell in row.items() if cell is not None} for row in rows)
    path.write_text("".join(f"{json.dumps(item)}\n" for item in objects), encoding="utf-8")


def write_parquet(path: Path, calls: pl.DataFrame) -> None:
    """The canonical columns as text, the seconds as Int64."""
    calls.select(CANONICAL_COLUMNS).write_parquet(path, compression="zstd")


def _asterisk_parties(position: int, call: Call, own_number: str) -> tuple[str, str]:
    """Source and destination, both with `+`: a call that has none from abroad goes to London."""
    own_first = call["direction"] != "inbound"
    told = str(call["destination_number" if own_first else "source_number"])
    other = told if told.startswith("+") and told != own_number else f"+44207946{position:04}"
    return (own_number, other) if own_first else (other, own_number)


def _asterisk_row(position: int, call: Call, own_number: str) -> list[object]:
    """One record as cdr_csv writes it: 21 columns, times in UTC, ringing before the answer."""
    second, seconds = int(call["start_second"]), int(call["duration_seconds"])
    source, destination = _asterisk_parties(position, call, own_number)
    disposition = str(call["disposition"] or ("answered" if seconds else "no_answer"))
    ringing = 2 + position % 9
    answered_at = clock_text(second + ringing, " ") if disposition == "answered" else ""
    times = (clock_text(second, " "), answered_at, clock_text(second + ringing + seconds, " "))
    unique_id = f"{FIRST_SECOND_OF_EPOCH + second}.{position}"
    return [
        *(call["account_id"], source, destination, "from-internal", f'"{source}" <{source}>'),
        *(f"PJSIP/desk-{position:08x}", f"PJSIP/trunk-{position:08x}", "Dial", f"PJSIP/{destination}@trunk"),
        *(*times, ringing + seconds, seconds, _ASTERISK_DISPOSITIONS[disposition], "DOCUMENTATION"),
        *(unique_id, "", "", unique_id, position),
    ]


def write_asterisk(path: Path, first: int, lookups: Lookups) -> None:
    """`Master.csv` of an Asterisk switch: no header, texts quoted, seconds not, every number with `+`."""
    calls = calls_at(_indexes(first, ASTERISK_ROWS), lookups)
    own_numbers = lookups.callers.numbers.gather(lookups.callers.accounts["first_own"].gather(calls["account"]))
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    for position, (call, own) in enumerate(zip(calls.to_dicts(), own_numbers, strict=True)):
        writer.writerow(_asterisk_row(position, call, f"+{own}"))
    path.parent.mkdir()
    path.write_text(text.getvalue(), encoding="utf-8")


def write_other_formats(folder: Path, shares: Shares, lookups: Lookups) -> Iterable[Path]:
    """The calls after the plain ones, a share in each other format."""
    if not shares.each_format:
        return
    writers = {
        "branch-east.csv.gz": write_gzip,
        "branch-north.csv.zst": write_zstandard,
        "branch-south.jsonl": write_json_lines,
        "branch-west.parquet": write_parquet,
    }
    first = shares.plain
    for name, write in writers.items():
        write(folder / name, calls_at(_indexes(first, shares.each_format), lookups))
        first += shares.each_format
        yield folder / name
    master = folder / "asterisk" / "Master.csv"
    write_asterisk(master, first, lookups)
    yield master
