"""What a flow run shows in Prefect's pages: how far it is, the controls, the summary, and where the report is.

A key is the same for every run of a month, so that its history shows them all. No artifact ever fails a run.
"""

import io
import re
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import cast
from uuid import UUID

from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.logging import get_run_logger
from rich.console import Console
from rich.table import Table

from flows.confidential import masked
from flows.files import run_folder
from flows.publish import CONTROLS
from flows.runner import WorkUnits
from flows.stages import Stage
from flows.warehouse import DATABASE, opened

REPORT = "report.html"
_SECONDS_BETWEEN_STEPS = 5
_FIGURE = re.compile(r"[+-]?([0-9]{1,3}(,[0-9]{3})*|[0-9]{1,5})(\.[0-9]{1,6})?")
"""A count or an amount as tables show them; a telephone number has more digits in a row."""
_CONTROLS = """
select
    control,
    count(*)::bigint                                    as checked,
    count(*) filter (where difference <> 0)::bigint     as failed,
    sum(left_side)                                      as left_side,
    sum(right_side)                                     as right_side,
    sum(left_side) - sum(right_side)                    as difference
from read_parquet($controls)
group by control
order by control
"""


class MarkdownPage(Console):
    """A console whose screen is a page of markdown: what is shown to a person at the screen, for Prefect's pages."""

    def __init__(self) -> None:
        super().__init__(file=io.StringIO(), width=200)
        self._parts: list[str] = []

    def print(self, *objects: object, **_: object) -> None:
        """Tables as tables, text as a paragraph."""
        self._parts += [_as_table(shown) if isinstance(shown, Table) else _as_text(str(shown)) for shown in objects]

    @property
    def markdown(self) -> str:
        """The page, without telephone numbers."""
        return "\n\n".join(self._parts) + "\n"


def _as_text(text: str) -> str:
    return masked(text).replace("<", "&lt;").strip()


def _as_cell(cell: object) -> str:
    text = str(cell)
    shown = text if _FIGURE.fullmatch(text) else _as_text(text)
    return " ".join(shown.replace("|", "\\|").split())


def _as_table(table: Table) -> str:
    columns = table.columns
    lines = [[_as_cell(column.header) for column in columns]]
    lines.append(["---:" if column.justify == "right" else "---" for column in columns])
    lines += [[_as_cell(cell) for cell in row] for row in zip(*(column.cells for column in columns), strict=True)]
    title = [f"### {_as_cell(table.title)}\n"] if table.title else []
    return "\n".join(title + [f"| {' | '.join(cells)} |" for cells in lines])


def _quietly(what: str, make: Callable[[], object]) -> None:
    """The artifact, or a line in the log that it could not be made: the month is published all the same."""
    try:
        make()
    except Exception as error:
        get_run_logger().warning("%s could not be shown: %s", what, masked(str(error)))


def _amount(value: object) -> str:
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value()
        return f"{int(value):,}" if whole else f"{value.normalize():,f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def control_rows(warehouse: Path, run_id: str) -> list[dict[str, str]]:
    """The controls of a published run, a row a kind: how many were checked, and the sums of both sides."""
    controls = str(run_folder(warehouse, run_id) / CONTROLS)
    with opened(warehouse / DATABASE) as connection:
        found = connection.sql(_CONTROLS, params={"controls": controls})
        return [dict(zip(found.columns, map(_amount, row), strict=True)) for row in found.fetchall()]


def show_run(prefix: str, month: str, warehouse: Path, run_id: str, show: Callable[[Console], None]) -> None:
    """A published run's artifacts: its controls as a table, its summary as a page, and the report where there is one.

    `prefix` stands before the keys, like `rerun-`; `show` is what shows the run on a screen.
    """
    about = f"{month}, run {run_id}"

    def controls() -> None:
        create_table_artifact(control_rows(warehouse, run_id), f"{prefix}controls-{month}", f"Controls of {about}")

    def summary() -> None:
        page = MarkdownPage()
        show(page)
        create_markdown_artifact(page.markdown, f"{prefix}summary-{month}", f"Summary of {about}")

    def report() -> None:
        path = run_folder(warehouse, run_id).resolve() / REPORT
        if path.is_file():
            create_link_artifact(path.as_uri(), str(path), f"{prefix}report-{month}", f"Report of {about}")

    _quietly("the controls", controls)
    _quietly("the summary", summary)
    _quietly("the link to the report", report)


class Meter:
    """How far a flow run is, as a bar in Prefect's pages and lines in its log. All stages count the same."""

    def __init__(self, key: str, stages: tuple[Stage, ...]) -> None:
        self._names = [stage.name for stage in stages]
        self._key = key
        self._artifact: UUID | None = None
        self._shown_at = float("-inf")

    def around(self, work: WorkUnits) -> WorkUnits:
        """The same work on units, told of."""
        return partial(self._told, work)

    def _told(self, work: WorkUnits, stage: Stage, plan: Path, units: list[str]) -> Iterator[Path]:
        step = f"step {self._names.index(stage.name) + 1} of {len(self._names)}, {stage.name}: {stage.says}"
        get_run_logger().info(step if len(units) == 1 else f"{step}, {len(units)} units")
        for done, path in enumerate(work(stage, plan, units), 1):
            yield path
            is_last = done == len(units)
            if is_last or time.monotonic() - self._shown_at > _SECONDS_BETWEEN_STEPS:
                _quietly("the progress", partial(self._show, stage, done, len(units)))

    def _show(self, stage: Stage, done: int, count: int) -> None:
        percent = round((self._names.index(stage.name) + done / count) / len(self._names) * 100, 1)
        told = f"{stage.says}: {done} of {count}"
        if self._artifact is None:
            self._artifact = cast(UUID, create_progress_artifact(percent, self._key, told))
        else:
            update_progress_artifact(self._artifact, percent, told)
        self._shown_at = time.monotonic()
