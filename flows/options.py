"""What the commands have in common: flags, where things are if nothing is named, and the screen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from flows.settings import refuse_address

DONE, UNFORESEEN, REFUSED, CONTROL_FAILED = 0, 1, 2, 3


def no_address(_: Any, path: Path | None) -> None:  # noqa: ANN401 - the annotated type
    """Raises InputRefusedError where an address stands in place of a folder or file."""
    if path is not None:
        refuse_address(path)


Cdrs = Annotated[
    Path,
    Parameter(env_var="TOLLBOOK_CDRS", validator=no_address, help="Inbox of call records, a folder a month."),
]
ContractsFolder = Annotated[
    Path, Parameter(env_var="TOLLBOOK_CONTRACTS", validator=no_address, help="Contract tables.")
]
RateTablesFolder = Annotated[
    Path, Parameter(env_var="TOLLBOOK_RATE_TABLES", validator=no_address, help="Rate versions.")
]
Rates = Annotated[
    str | None, Parameter(env_var="TOLLBOOK_RATES", help="Rate version; the newest frozen one if not named.")
]
Warehouse = Annotated[Path, Parameter(env_var="TOLLBOOK_WAREHOUSE", validator=no_address, help="Where results go.")]
WarehouseOrStore = Annotated[
    Path,
    Parameter(env_var="TOLLBOOK_WAREHOUSE", help="Where results go: a folder, or s3://bucket/prefix."),
]
Seller = Annotated[
    Path | None,
    Parameter(env_var="TOLLBOOK_SELLER", help="TOML file of who sends the invoices; data/seller.toml if it is there."),
]
IssueDate = Annotated[
    str | None,
    Parameter(env_var="TOLLBOOK_ISSUE_DATE", help="Day of issue, 1st to 7th; the 1st if not named."),
]

HoldOnAnomaly = Annotated[
    bool,
    Parameter(
        env_var="TOLLBOOK_HOLD_ON_ANOMALY",
        negative=(),
        help="Where anything is out of pattern, keep a draft instead of issuing, and end with exit code 3.",
    ),
]
DaskAddress = Annotated[
    str | None,
    Parameter(env_var="TOLLBOOK_DASK", help="Scheduler of a Dask cluster, like tcp://host:8786, to read and rate on."),
]
ThresholdTexts = Annotated[
    list[str] | None,
    Parameter(
        env_var="TOLLBOOK_THRESHOLD",
        negative=(),
        consume_multiple=True,
        help="From where on something is out of pattern, like account_total=5 or new_destination=250; may be repeated.",
    ),
]

Output = Annotated[Path | None, Parameter(name=["--output", "-o"], validator=no_address)]
NamedOutput = Annotated[Path, Parameter(name=["--output", "-o"], validator=no_address)]

ROOT = Path(__file__).parent.parent


def _at_root(name: str) -> Path:
    """The place under the repository's root, by its short name where that is the working directory."""
    return Path(name) if Path.cwd() == ROOT else ROOT / name


INBOX, CONTRACTS = _at_root("data/inbox"), _at_root("data/contracts")
RATE_TABLES, WAREHOUSE = _at_root("rate_tables"), _at_root("data/warehouse")
SELLER = _at_root("data/seller.toml")


def console(*, is_error: bool = False) -> Console:
    """What commands show themselves on: text is text, whatever is in it. Standard error where that is asked for."""
    return Console(highlight=False, markup=False, emoji=False, stderr=is_error)


def console_of_tables() -> Console:
    """The same, 100 columns wide where it is a pipe, which has no width of its own."""
    shown = console()
    if not shown.is_terminal:
        shown.width = 100
    return shown
