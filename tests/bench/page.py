"""The page of the bench: what is between its markers is written by the command, all else by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.bench.results import SINGLE, SIZED, Results, has_figures
from tests.bench.tables import Table, notes, tables

BEGIN, END = "<!-- bench tables: written by make bench-page -->", "<!-- end of the bench tables -->"
NOTHING = "Nothing is measured yet: `make bench-page` measures, and writes this part."


def markdown(table: Table) -> str:
    """The table with its title and what it is about."""
    cells = [table.headers, tuple(["---"] + ["---:"] * (len(table.headers) - 1)), *table.rows]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join([f"### {table.title}", "", table.about, "", *lines])


def _entries(results: Results) -> list[dict[str, Any]]:
    sized = [entry for part in SIZED for entry in results[part].values()]
    return sized + [results[part] for part in SINGLE if results[part]]


def measured_on(results: Results) -> str:
    """Machine, days, programs and versions of all figures."""
    machine = results["machine"]
    stamps = [entry["measured"] for entry in _entries(results)]
    days, programs = ({stamp[key] for stamp in stamps} for key in ("on", "program"))
    versions = {f"{name} {version}" for stamp in stamps for name, version in stamp["versions"].items()}
    return (
        f"Measured on {', '.join(sorted(days))}: {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB, {machine['system']}; {', '.join(sorted(versions))}; "
        f"program {', '.join(sorted(programs))}."
    )


def region(results: Results, plot: str | None = None) -> str:
    """What stands between the markers; the plot, by its name, where there is one."""
    if not has_figures(results):
        return NOTHING
    image = f"![Time and memory of a month end over its number of calls]({plot})"
    pictures = [image] if plot and results["month_end"] else []
    parts = [measured_on(results), *pictures, *(markdown(table) for table in tables(results))]
    told = notes(results)
    if told:
        parts.append("What the seconds hold:\n\n" + "\n".join(f"- {note}" for note in told))
    return "\n\n".join(parts)


def with_region(page: str, text: str) -> str:
    """The page with the text between its markers; a page without markers gets both at its end."""
    if BEGIN not in page or END not in page:
        return f"{page.rstrip()}\n\n{BEGIN}\n{text}\n{END}\n".lstrip()
    before, rest = page.split(BEGIN, 1)
    return f"{before}{BEGIN}\n{text}\n{END}{rest.split(END, 1)[1]}"


def write_page(path: Path, results: Results, plot: Path | None = None) -> None:
    """The page at the path, its hand-written part kept; the plot stands beside it, or is not shown."""
    name = plot.name if plot is not None and plot.resolve().parent == path.resolve().parent else None
    page = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(with_region(page, region(results, name)), encoding="utf-8")
