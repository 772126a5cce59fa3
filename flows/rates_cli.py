"""`tollbook rates`: the commands about rate versions (contract §1)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from flows.cli import DONE, RATE_TABLES, RateTablesFolder
from flows.settings import parse_date

rates = App(name="rates", help="Rate versions: import a carrier's prices, check, freeze, list and compare them.")

Output = Annotated[Path | None, Parameter(name=["--output", "-o"])]


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
    """
    from flows.rate_import import import_deck
    from flows.rate_reports import show_import

    day = parse_date(published_on, "--published-on") if published_on else None
    show_import(wide_console(), import_deck(deck, map_file, rate_tables, into, base, day))
    return DONE
