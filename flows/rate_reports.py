"""What the commands about rate versions show and write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table

from flows.files import write_parquet, written_whole
from flows.rate_import import Imported
from flows.rate_lint import Lint
from flows.rate_versions import Frozen, ListedVersion
from schemas.faults import Fault, InputRefusedError
from transforms.rate_diff import CHANGES
from transforms.rate_findings import LINT_RULES, SEVERITIES
from transforms.spreadsheets import safe_texts

LINES_SHOWN = 10
_SHORT_HASH = 12


def _some(items: Sequence[object], count: int = LINES_SHOWN) -> str:
    more = f" and {len(items) - count:,} more" if len(items) > count else ""
    return ", ".join(str(item) for item in items[:count]) + more


def _table(title: str, *names: str, numbers: Sequence[str] = ()) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in names:
        table.add_column(name, justify="right" if name in numbers else "left", overflow="fold")
    return table


def refuse_other_files(target: Path | None) -> None:
    """Raises InputRefusedError where the file to write is neither CSV nor Parquet by its name."""
    if target is not None and target.suffix not in (".csv", ".parquet"):
        raise InputRefusedError(Fault("--output", "is no .csv or .parquet file", "rename it", value=str(target)))


def write_frame(frame: pl.DataFrame, target: Path) -> None:
    """The frame as CSV or Parquet, as the file's name says. In CSV no text is a formula to a spreadsheet."""
    if target.suffix == ".parquet":
        write_parquet(frame, target)
        return
    with written_whole(target) as partial:
        partial.write_bytes(safe_texts(frame).write_csv().encode())


def _with_lines(rows: pl.DataFrame, column: str) -> str:
    return _some([f"{prefix or '(any)'} (line {line})" for line, prefix in rows.select("line", column).iter_rows()])


def _import_sentences(done: Imported) -> Iterator[str]:
    rows, merged, spec = done.rows, done.merged, done.deck_map.table
    priced = rows.rows.height - rows.unpriced.height
    begun = f", begun as a copy of {done.base}" if done.base else ""
    yield f"{done.deck} stands in {done.folder}/{spec.name}.csv{begun}; the version is not frozen."
    yield (
        f"{rows.line_count:,} rows read, {rows.skipped:,} skipped by the map: {priced:,} priced rows, "
        f"{rows.unpriced.height:,} without a price"
    )
    if rows.unpriced.height:
        listed = _with_lines(rows.unpriced, done.deck_map.prefix_column)
        yield f"without a price (calls to them are suspended): {listed}"
    if rows.rounded_up:
        yield f"{rows.rounded_up:,} rows had more than 6 decimals and were rounded up, as the map says."
    if rows.cut_seconds:
        yield f"{rows.cut_seconds:,} rows begin or end within a second; the part of the second is left out."
    if rows.unknown.height:
        yield f"in no numbering plan: {rows.unknown.height:,} prefixes: {_with_lines(rows.unknown, 'prefix')}"
    if rows.mixed.height:
        listed = _with_lines(rows.mixed, "prefix")
        yield f"of several countries or kinds, so that cell is left empty: {rows.mixed.height:,} prefixes: {listed}"
    ended = f"{merged.ended:,} ended where a new one begins, " if merged.ended else ""
    yield f"rows that were there: {merged.replaced:,} replaced, {ended}{merged.kept:,} kept as they are"
    yield f"next: tollbook rates lint {done.version}"


def show_import(console: Console, done: Imported) -> None:
    """What was read, what could not be found, and what became of the rows that were there."""
    for sentence in _import_sentences(done):
        console.print(sentence, soft_wrap=True)


def _place(file: str, line: int | None) -> str:
    return file if line is None else f"{file}:{line}"


def show_lint(console: Console, lint: Lint, rows: int) -> None:
    """The findings counted by rule, then the first of each rule."""
    found = lint.findings
    counts = dict(found.group_by("rule").len().iter_rows())
    summary = _table(f"{lint.version}: what lint looks for", "rule", "severity", "found", "meaning", numbers=("found",))
    for name, rule in LINT_RULES.items():
        summary.add_row(name, rule.severity, f"{counts.get(name, 0):,}", rule.meaning)
    console.print(summary)
    for name in LINT_RULES if rows else ():
        of_rule = found.filter(pl.col("rule") == name)
        if of_rule.is_empty():
            continue
        table = _table(f"{name}: {min(rows, of_rule.height):,} of {of_rule.height:,}", "where", "what", "finding")
        for file, line, column, value, finding in (
            of_rule.head(rows).select("file", "line", "column", "value", "finding").iter_rows()
        ):
            table.add_row(_place(file, line), " ".join(str(cell) for cell in (column, value) if cell), finding)
        if remedy := LINT_RULES[name].remedy:
            table.caption, table.caption_justify = remedy, "left"
        console.print(table)
    compared = f"prices compared with {lint.before}" if lint.before else "no version before it to compare prices with"
    calls = "calls of the last issued month looked up" if lint.has_calls else "no issued month to look calls up in"
    console.print(f"{_counted(lint)}; {compared}; {calls}.", soft_wrap=True)


def _counted(lint: Lint) -> str:
    counts = [(severity, lint.count(severity)) for severity in SEVERITIES]
    return ", ".join(f"{count:,} {name}{_ending(name, count)}" for name, count in counts)


def _ending(severity: str, count: int) -> str:
    return "" if count == 1 or severity == "information" else "s"


def show_frozen(console: Console, frozen: Frozen) -> None:
    """What is law now."""
    console.print(
        f"{frozen.version} is frozen: {frozen.rows:,} rows, manifest sha256 {frozen.digest}; "
        f"lint: {_counted(frozen.lint)}. A later change is a new version.",
        soft_wrap=True,
    )


def show_versions(console: Console, versions: Sequence[ListedVersion]) -> None:
    """The versions, oldest first."""
    names = ("version", "published", "rows", "manifest sha256", "state", "used by")
    table = _table("Rate versions", *names, numbers=("rows",))
    for one in versions:
        day = f"{one.published_on}" if one.published_on else "-"
        runs = _some(one.runs, 4) or "no run"
        table.add_row(one.name, day, f"{one.rows:,}", one.digest[:_SHORT_HASH] or "-", one.state, runs)
    console.print(table)


def show_diff(console: Console, before: str, after: str, found: pl.DataFrame, rows: int) -> None:
    """How many rows of each table are added, removed and changed, then the first differences of each."""
    if found.is_empty():
        console.print(f"{before} and {after} have the same rows.", soft_wrap=True)
        return
    names = ("table", *CHANGES)
    summary = _table(f"From {before} to {after}: rows", *names, numbers=CHANGES)
    for (table,), part in found.group_by("table", maintain_order=True):
        counts = [part.filter(pl.col("change") == change)["key"].n_unique() for change in CHANGES]
        summary.add_row(str(table), *(f"{count:,}" for count in counts))
    console.print(summary)
    for (table,), part in found.group_by("table", maintain_order=True) if rows else ():
        first = part.filter(pl.int_range(pl.len()).over("change") < rows)
        shown = _table(f"{table}: {first.height:,} of {part.height:,}", "change", "key", "old -> new")
        for change, key, column, old, new in first.select("change", "key", "column", "old", "new").iter_rows():
            cells = f"{column}: {old or '(empty)'} -> {new or '(empty)'}" if column else str(new or old)
            shown.add_row(change, key, cells)
        console.print(shown)
