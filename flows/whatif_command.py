"""`tollbook whatif`: a published month under another rate version."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from flows.options import DONE, RATE_TABLES, WAREHOUSE, Output, RateTablesFolder, Warehouse, console_of_tables
from flows.settings import Settings, parse_month
from schemas.faults import Fault, InputRefusedError


def _refuse_form(output: Path) -> None:
    if output.suffix not in (".csv", ".parquet"):
        problem, remedy = "effects are written as CSV or Parquet", "name a file that ends in .csv or .parquet"
        raise InputRefusedError(Fault("--output", problem, remedy, value=str(output)))


def whatif(
    month: str,
    /,
    *,
    rates: str,
    account: Annotated[list[str] | None, Parameter(negative=(), consume_multiple=True)] = None,
    rate_tables: RateTablesFolder = RATE_TABLES,
    warehouse: Warehouse = WAREHOUSE,
    output: Output = None,
) -> int:
    """Show what an issued month would come to under another rate version. Nothing is published.

    Parameters
    ----------
    month
        Invoice month, like 2020-02.
    rates
        The version to try, frozen or a draft.
    account
        Account ids; all accounts if not named.
    output
        CSV or Parquet file to write every effect to.

    Examples
    --------
    tollbook whatif 2020-02 --rates 2020.2
        The effect by category, destination and account.
    tollbook whatif 2020-02 --rates 2020.2 --account A00001 -o effects.csv
        Of one account; every effect in a file.
    """
    from flows.progress import counted_bar
    from flows.whatif import what_if
    from flows.whatif_report import show_what_if, write_effects

    if output is not None:
        _refuse_form(output)
    settings = Settings(parse_month(month), rate_tables=rate_tables, rates=rates, warehouse=warehouse)
    with ExitStack() as shown:

        def watch(count: int) -> Callable[[], None]:
            return shown.enter_context(counted_bar(Console(stderr=True), f"{month} under {rates}", count))

        found = what_if(settings, account or (), watch)
    screen = console_of_tables()
    show_what_if(screen, found)
    if output is not None:
        rows = write_effects(found, output)
        screen.print(f"{rows:,} effects written to {output}", soft_wrap=True)
    return DONE
