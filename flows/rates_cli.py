"""`tollbook rates`: the commands about rate versions (contract §1)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from flows.explain_command import explain
from flows.options import DONE, RATE_TABLES, REFUSED, WAREHOUSE, Output, RateTablesFolder, Warehouse
from flows.settings import parse_date
from schemas.faults import refuse_if_any

rates = App(name="rates", help="Rate versions: import a carrier's prices, check, freeze, list, compare, explain.")
rates.command(explain)


def wide_console() -> Console:
    """Standard output; a pipe has no width, so it gets what the tables need."""
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = max(console.width, 120)
    return console


@rates.command(name="import")
def import_rates(
    deck: Path,
    /,
    *,
    map_file: Annotated[Path, Parameter(name="--map")],
    into: str,
    base: str | None = None,
    published_on: str | None = None,
    rate_tables: RateTablesFolder = RATE_TABLES,
) -> int:
    """Put a carrier's sheet of prices into a version that is not frozen.

    Parameters
    ----------
    deck
        The carrier's sheet, as CSV.
    map_file
        TOML that says what the sheet's columns are; see rate_tables/maps.
    into
        Version to write: a new one, or one that is not frozen yet.
    base
        Version that a new one begins as a copy of; the newest frozen one if not named.
    published_on
        Day of publication; today for a new version if not named.

    Examples
    --------
    tollbook rates import deck.csv --map rate_tables/maps/az_sheet.toml --into 2020.2
        A new version, begun as a copy of the newest frozen one.
    """
    from flows.rate_import import import_deck
    from flows.rate_reports import show_import

    day = parse_date(published_on, "--published-on") if published_on else None
    show_import(wide_console(), import_deck(deck, map_file, rate_tables, into, base, day))
    return DONE


@rates.command(name="lint")
def lint_rates(
    version: str,
    /,
    *,
    against: str | None = None,
    parent_ratio: str = "10",
    move_ratio: str = "2",
    rows: int = 10,
    output: Output = None,
    warehouse: Warehouse = WAREHOUSE,
    rate_tables: RateTablesFolder = RATE_TABLES,
) -> int:
    """Look for mistakes in a version. Exit code 2 where there are errors.

    Parameters
    ----------
    version
        Version to look at, frozen or not.
    against
        Version to compare prices with; the newest frozen one before it if not named.
    parent_ratio
        A price this many times above or below that of the next shorter prefix is told.
    move_ratio
        A price this many times above or below the last version's is told.
    rows
        Findings to show of each rule.
    output
        File to write every finding to: .csv or .parquet.
    warehouse
        Where the last issued month's calls are looked up.

    Examples
    --------
    tollbook rates lint 2020.2
        Errors first, then what a person should look at.
    tollbook rates lint 2020.2 --against 2020.1 --move-ratio 3 -o findings.csv
        Prices that are three times those of 2020.1 or a third of them; every finding in a file.
    """
    from flows.rate_lint import lint_version, parse_ratio
    from flows.rate_reports import refuse_other_files, show_lint, write_frame

    refuse_other_files(output)
    found = lint_version(
        rate_tables,
        version,
        against=against,
        warehouse=warehouse,
        parent_ratio=parse_ratio(parent_ratio, "--parent-ratio"),
        move_ratio=parse_ratio(move_ratio, "--move-ratio"),
    )
    console = wide_console()
    show_lint(console, found, max(rows, 0))
    if output is not None:
        write_frame(found.findings, output)
        console.print(f"{found.findings.height:,} findings written to {output}", soft_wrap=True)
    return REFUSED if found.count("error") else DONE


@rates.command(name="freeze")
def freeze_rates(
    version: str, /, *, published_on: str | None = None, rate_tables: RateTablesFolder = RATE_TABLES
) -> int:
    """Make a version law: its hashes go into the manifest, and it never changes again.

    Parameters
    ----------
    version
        Version that is not frozen yet.
    published_on
        Day of publication; what the manifest says if not named.

    Examples
    --------
    tollbook rates freeze 2020.2
        From now on it never changes.
    """
    from flows.rate_reports import show_frozen
    from flows.rate_versions import freeze_version

    day = parse_date(published_on, "--published-on") if published_on else None
    show_frozen(wide_console(), freeze_version(rate_tables, version, day))
    return DONE


@rates.command(name="list")
def list_rates(*, warehouse: Warehouse = WAREHOUSE, rate_tables: RateTablesFolder = RATE_TABLES) -> int:
    """List the versions: dates, rows, hashes, and which runs used them.

    Examples
    --------
    tollbook rates list
        Every version in rate_tables, and the runs in data/warehouse.
    """
    from flows.rate_reports import show_versions
    from flows.rate_versions import listed_versions

    versions, faults = listed_versions(rate_tables, warehouse)
    show_versions(wide_console(), versions)
    refuse_if_any(faults)
    return DONE


@rates.command(name="diff")
def diff_rates(
    before: str,
    after: str,
    /,
    *,
    rows: int = 20,
    output: Output = None,
    rate_tables: RateTablesFolder = RATE_TABLES,
) -> int:
    """Show what is added, removed and changed from one version to another, by table.

    Parameters
    ----------
    before
        Version to begin with.
    after
        Version to compare with it.
    rows
        Differences to show of each table.
    output
        File to write every difference to: .csv or .parquet.

    Examples
    --------
    tollbook rates diff 2020.1 2020.2
        Twenty differences of each table.
    tollbook rates diff 2020.1 2020.2 -o changes.csv
        All of them, in a file.
    """
    from flows.rate_diff import diff_versions
    from flows.rate_reports import refuse_other_files, show_diff, write_frame

    refuse_other_files(output)
    found = diff_versions(rate_tables, before, after)
    console = wide_console()
    show_diff(console, before, after, found, max(rows, 0))
    if output is not None:
        write_frame(found, output)
        console.print(f"{found.height:,} differences written to {output}", soft_wrap=True)
    return DONE
