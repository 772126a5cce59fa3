"""A block of call records to typed calls by bucket, and every other row set aside with its reason (rule 13)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import polars as pl

from flows.inbox import RecordFile
from flows.ingest_plan import CALL_SCHEMA, SET_ASIDE_SCHEMA, IngestPlan, file_columns
from flows.record_files import Block, LineMarks
from flows.usual_blocks import usual_layout
from schemas.faults import ControlFailedError
from schemas.reasons import RECORD_WARNINGS
from schemas.source_spec import SourceSpec
from transforms.delimited import Layout, read_lines
from transforms.screen import screen, warning_flags
from transforms.source_fields import canonical_text


class BlockCalls(NamedTuple):
    """What one block came to: calls (CALL_SCHEMA) with their bucket, in some order, and what was set aside."""

    rows: int
    seconds: int
    aside: pl.DataFrame
    marks: LineMarks
    calls: list[tuple[int, pl.DataFrame]]


def _set_aside(judged: pl.DataFrame, block: Block, record: RecordFile) -> pl.DataFrame:
    aside = judged[judged["outcome"].is_not_null().arg_true()]
    raw = block.raw_records(aside["source_line"]) if not aside.is_empty() else []
    return aside.with_columns(pl.Series("raw_record", raw, dtype=pl.String), **file_columns(record)).select(
        pl.col(name).cast(dtype) for name, dtype in SET_ASIDE_SCHEMA.items()
    )


def _accepted(judged: pl.DataFrame, source: SourceSpec) -> pl.DataFrame:
    """Accepted calls as they are stored, by bucket; the warnings of a call are bits of `warning_bits`."""
    bits = pl.sum_horizontal(
        flag.cast(pl.UInt8) * pl.lit(2 ** RECORD_WARNINGS.index(kind), dtype=pl.UInt8)
        for kind, flag in warning_flags(source, judged.columns).items()
    )
    accepted = judged.lazy().filter(pl.col("outcome").is_null())
    keys = accepted.select(key=pl.col("bucket") * 2**32 + pl.col("row")).collect()["key"].sort()
    columns = (name for name in CALL_SCHEMA if name != "warning_bits")
    return judged.select(*columns, "bucket", warning_bits=bits)[keys % 2**32]


def _by_bucket(calls: pl.DataFrame, buckets: pl.DataFrame) -> list[tuple[int, pl.DataFrame]]:
    """The calls, which are in the order of their buckets, cut at the borders. `buckets`: bucket, len."""
    stored = calls.select(*CALL_SCHEMA)
    begins = buckets["len"].cum_sum() - buckets["len"]
    pieces = zip(buckets["bucket"], begins, buckets["len"], strict=True)
    return [(bucket, stored.slice(begin, count)) for bucket, begin, count in pieces if count]


def _control_rows(record: RecordFile, block: Block, row_count: int) -> None:
    """Rows read = rows in the bytes. The lines are counted already; only where blank ones are among them, again."""
    if row_count != block.line_count and row_count != (in_bytes := block.row_count()):
        raise ControlFailedError(
            f"{record.name}: from line {block.first_line} on {in_bytes} rows stand in the file and {row_count} were "
            "read; nothing was published: keep the file, and report it as a fault of Tollbook"
        )


def _judge(plan: IngestPlan, record: RecordFile, block: Block, rows: pl.DataFrame) -> BlockCalls:
    """What becomes of rows of the block, each judged by itself."""
    source = plan.sources[record.source]
    judged = screen(canonical_text(rows, source), source, plan.directory, plan.usage_month)
    accepted = _accepted(judged, source)
    buckets = accepted["bucket"].rle().struct.unnest().rename({"value": "bucket"})
    seconds, aside = int(judged["duration_seconds"].sum()), _set_aside(judged, block, record)
    return BlockCalls(judged.height, seconds, aside, block.marks, _by_bucket(accepted, buckets))


def _read_usual(
    plan: IngestPlan, block: Block, layout: Layout, judge: Callable[[pl.DataFrame], BlockCalls]
) -> BlockCalls:
    """The block's usual lines by machine code, its others judged as all lines of other blocks are."""
    from transforms.usual_calls import read_usual

    usual = read_usual(block.lines or b"", block.line_count, block.first_line, layout, plan.directory, plan.usage_month)
    buckets = pl.DataFrame({"len": usual.counts}).with_row_index("bucket")
    calls, seconds = _by_bucket(usual.calls, buckets), int(usual.calls["duration_seconds"].sum())
    if not usual.others:
        return BlockCalls(usual.calls.height, seconds, pl.DataFrame(schema=SET_ASIDE_SCHEMA), block.marks, calls)
    others = judge(read_lines(usual.others, layout))
    return others._replace(
        rows=others.rows + usual.calls.height, seconds=others.seconds + seconds, calls=[*calls, *others.calls]
    )


def read_calls(plan: IngestPlan, record: RecordFile, block: Block) -> BlockCalls:
    """The block's calls. Raises ControlFailedError where fewer rows were read than stand in its bytes."""
    source = plan.sources[record.source]
    layout = usual_layout(block, source, plan.directory, plan.usage_month) if plan.by_machine_code else None
    by_rows = partial(_judge, plan, record, block)
    found = by_rows(block.rows()) if layout is None else _read_usual(plan, block, layout, by_rows)
    _control_rows(record, block, found.rows)
    return found
