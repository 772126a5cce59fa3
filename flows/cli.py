"""The command line (contract §1)."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter, UnknownCommandError
from rich.console import Console

from flows.code_version import VERSION
from flows.command_help import HelpfulApp
from flows.confidential import confidential_files
from flows.failures import system_refusal
from flows.options import (
    CONTRACTS,
    CONTROL_FAILED,
    DONE,
    INBOX,
    RATE_TABLES,
    REFUSED,
    UNFORESEEN,
    WAREHOUSE,
    Cdrs,
    ContractsFolder,
    DaskAddress,
    HoldOnAnomaly,
    IssueDate,
    NamedOutput,
    Output,
    Rates,
    RateTablesFolder,
    ThresholdTexts,
    Warehouse,
    WarehouseOrStore,
    console,
    console_of_tables,
    no_address,
)
from flows.settings import Settings, month_text, parse_date, parse_month, parse_thresholds
from flows.stopping import StoppedError, asked_to_stop, exit_code, leave, sentence
from schemas.faults import ControlFailedError, Fault, InputRefusedError
from transforms.timestamps import add_months

app = HelpfulApp(
    name="tollbook",
    help="Turns a month of telephone call records into invoices, to the cent, and explains every one.",
    version=VERSION,
    version_flags=["--version"],
    result_action="return_value",
)

RerunRates = Annotated[
    str | None,
    Parameter(env_var="TOLLBOOK_RATES", help="Rate version; the one that the month was issued by if not named."),
]
RerunIssueDate = Annotated[
    str | None, Parameter(env_var="TOLLBOOK_ISSUE_DATE", help="Day of issue, to be sure of it; a rerun keeps it.")
]


@app.command
def bill(
    month: str,
    /,
    *,
    cdrs: Cdrs = INBOX,
    contracts: ContractsFolder = CONTRACTS,
    rate_tables: RateTablesFolder = RATE_TABLES,
    rates: Rates = None,
    warehouse: WarehouseOrStore = WAREHOUSE,
    issue_date: IssueDate = None,
    prefect: Annotated[bool, Parameter(env_var="TOLLBOOK_PREFECT", negative=())] = False,
    draft: Annotated[bool, Parameter(negative=())] = False,
    hold_on_anomaly: HoldOnAnomaly = False,
    threshold: ThresholdTexts = None,
    dask: DaskAddress = None,
) -> int:
    """Run the month end of an invoice month: ingest, rate, invoice, look for anomalies, publish.

    Parameters
    ----------
    month
        Invoice month, like 2020-02; it bills the calls of the month before.
    prefect
        Run as a Prefect flow run. So it is also where PREFECT_API_URL is set.
    draft
        Compute and report, but issue nothing: `tollbook issue` issues exactly that.

    Examples
    --------
    tollbook bill 2020-02
        The February invoices, from the calls in data/inbox/2020-01 and the contracts in data/contracts.
    tollbook bill 2020-02 --rates 2020.2 --issue-date 2020-02-05
        The same under a rate version of one's choice, issued on the 5th.
    tollbook bill 2020-02 --draft
        Computed and kept, to be looked at; `tollbook issue 2020-02` issues it.
    tollbook bill 2020-02 --warehouse s3://billing/tollbook
        Published in an S3 bucket; `tollbook fetch` brings it to where it is read.
    """
    from flows.progress import advance, progress_bar
    from flows.runner import bill_month, prefect_is_asked_for, units_worked_on
    from flows.s3_warehouse import on_object_store, place_of

    place, store = place_of(warehouse)
    day = parse_date(issue_date, "--issue-date") if issue_date else None
    thresholds = parse_thresholds(threshold or ())
    settings = Settings(parse_month(month), cdrs, contracts, rate_tables, rates, place, day, thresholds, store)
    is_looked_at = draft or hold_on_anomaly or bool(threshold)
    if prefect and is_looked_at:
        problem = "--draft, --hold-on-anomaly and --threshold are for a run in this process"
        raise InputRefusedError(Fault("--prefect", problem, "leave --prefect out, or the others"))
    if prefect and store:
        problem = "a warehouse on S3 is for a run in this process"
        raise InputRefusedError(Fault("--prefect", problem, "leave --prefect out, or name a folder"))
    if draft:
        from flows.draft_command import draft_and_show

        with on_object_store(settings, f"bill {month} --draft"), units_worked_on(dask, settings) as work:
            return draft_and_show(settings, work)
    screen = console()
    with progress_bar(Console(stderr=True), f"opening {month}"):
        if not is_looked_at and not store and (prefect or prefect_is_asked_for()):
            from flows.flow_run import bill_as_flow_run

            outcome = bill_as_flow_run(settings, dask)
        else:
            with on_object_store(settings, f"bill {month}"), units_worked_on(dask, settings) as work:
                outcome = bill_month(settings, work, advance=advance, hold_on_anomaly=hold_on_anomaly)
    if outcome.is_held:
        from flows.draft_command import show_held

        return _tell(show_held(settings, outcome), CONTROL_FAILED)
    from flows.summary import show_summary

    try:
        if outcome.is_new:
            show_summary(screen, settings, outcome.run_id)
            if store:
                screen.print(f"\npublished in {store}; `tollbook fetch {store} -o FOLDER` brings it.", soft_wrap=True)
        else:
            line = f"{month} was issued by run {outcome.run_id} from the same inputs; nothing to do."
            screen.print(line, soft_wrap=True)
        sys.stdout.flush()
    except (OSError, SystemExit) as error:  # rich leaves with SystemExit where nobody reads on
        why = error.strerror if isinstance(error, OSError) else "nobody reads it"
        _tell(f"{month} is published (run {outcome.run_id}); its summary could not be shown: {why}", DONE)
    return DONE


@app.command
def rerun(
    month: str,
    /,
    *,
    reason: str,
    account: Annotated[
        list[str] | None, Parameter(negative=(), consume_multiple=True, help="Account ids; all accounts if not named.")
    ] = None,
    disputed_on: Annotated[str | None, Parameter(help="Day on which the customer opened the dispute.")] = None,
    cdrs: Cdrs = INBOX,
    contracts: ContractsFolder = CONTRACTS,
    rate_tables: RateTablesFolder = RATE_TABLES,
    rates: RerunRates = None,
    warehouse: WarehouseOrStore = WAREHOUSE,
    issue_date: RerunIssueDate = None,
    dask: DaskAddress = None,
) -> int:
    """Rate an issued month again beside its invoices, and show what differs, why, and what it is worth.

    Parameters
    ----------
    month
        Invoice month, like 2020-02. Its invoices stay as they are.
    reason
        Why: it stands in the table of runs.

    Examples
    --------
    tollbook rerun 2020-02 --account A00001 --reason "letter of 10 February"
        Proof: from the same inputs and rates nothing differs.
    tollbook rerun 2020-02 --rates 2020.2 --reason "new rates" --disputed-on 2020-02-14
        What other rates would have made of it; opened in time, the difference is on the next invoice.
    """
    from flows.progress import advance, progress_bar
    from flows.rerun_report import show_rerun
    from flows.runner import rerun_month, units_worked_on
    from flows.s3_warehouse import on_object_store, place_of

    if not reason.strip():
        raise InputRefusedError(Fault("--reason", "it is empty", "say why the month is run again"))
    issued_on = parse_date(issue_date, "--issue-date") if issue_date else None
    disputed = parse_date(disputed_on, "--disputed-on") if disputed_on else None
    place, store = place_of(warehouse)
    if store and dask:
        problem = "a rerun on a cluster needs a warehouse in a folder that all workers see"
        raise InputRefusedError(Fault("--dask", problem, "leave --dask out, or name a folder with --warehouse"))
    invoice_month = parse_month(month)
    settings = Settings(invoice_month, cdrs, contracts, rate_tables, rates, place, issued_on, object_store=store)
    with (
        progress_bar(Console(stderr=True), f"opening {month}"),
        on_object_store(settings, f"rerun {month}"),
        units_worked_on(dask, settings) as work,
    ):
        outcome = rerun_month(settings, account or (), reason.strip(), disputed, advance=advance, work=work)
    screen = console()
    if not screen.is_terminal:
        screen.width = 120  # a pipe has no width: what the tables need
    show_rerun(screen, place, outcome.run_id, is_new=outcome.is_new)
    return DONE


@app.command
def ingest(
    month: str,
    /,
    *,
    cdrs: Cdrs = INBOX,
    contracts: ContractsFolder = CONTRACTS,
    rate_tables: RateTablesFolder = RATE_TABLES,
    rates: Rates = None,
    warehouse: Warehouse = WAREHOUSE,
) -> int:
    """Only read, check and store the call records of a usage month.

    Parameters
    ----------
    month
        Usage month, like 2020-01.

    Examples
    --------
    tollbook ingest 2020-01
        The calls of January, for the February invoices; files that were read before are not read again.
    """
    from flows.ingest_summary import show_ingested
    from flows.progress import advance, progress_bar
    from flows.runner import ingest_month

    settings = Settings(add_months(parse_month(month), 1), cdrs, contracts, rate_tables, rates, warehouse)
    screen = console()
    with progress_bar(Console(stderr=True), f"opening {month}"):
        outcome = ingest_month(settings, advance=advance)
    show_ingested(screen, outcome)
    return DONE


@app.command
def details(
    account: str,
    month: str,
    /,
    *,
    lang: Literal["en", "fr"] | None = None,
    by_pair: Annotated[bool, Parameter(negative=())] = False,
    output: Output = None,
    warehouse: Warehouse = WAREHOUSE,
) -> int:
    """Write the billed call details CSV of an account and usage month.

    Parameters
    ----------
    account
        Account id.
    month
        Usage month, like 2020-01.
    lang
        Language of header and call types; the account's own if not named.
    by_pair
        One row a source, destination, call type and rate.
    output
        File to write; standard output if not named.

    Examples
    --------
    tollbook details A00001 2020-01 -o details.csv
        The calls of January, in the account's language.
    tollbook details A00001 2020-01 --lang fr --by-pair
        One row a pair of numbers, in French, on the screen.
    """
    from flows.details import account_details
    from flows.files import written_whole

    content = account_details(warehouse, account, month_text(parse_month(month)), lang, by_pair=by_pair)
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        with written_whole(output) as partial:
            partial.write_bytes(content)
    return DONE


@app.command
def suspended(
    month: str,
    /,
    *,
    rates: Rates = None,
    rate_tables: RateTablesFolder = RATE_TABLES,
    output: Output = None,
    warehouse: Warehouse = WAREHOUSE,
) -> int:
    """List the calls of an issued usage month that no rate covers, by what is missing.

    Parameters
    ----------
    month
        Usage month, like 2020-01.
    rates
        Rate version to price them by, to see what they would cost; nothing is published.
    output
        CSV file to write the calls to, each with its raw record.

    Examples
    --------
    tollbook suspended 2020-01
        Which prefixes lack a rate, and how many calls wait for it.
    tollbook suspended 2020-01 --rates 2020.2 -o suspended.csv
        What they would cost under another version, and every call in a file.
    """
    from flows.files import written_whole
    from flows.suspended import exported_calls, suspended_calls
    from flows.suspended_report import show_suspended

    usage_month = parse_month(month)
    settings = Settings(add_months(usage_month, 1), rate_tables=rate_tables, rates=rates, warehouse=warehouse)
    found = suspended_calls(settings)
    screen = console_of_tables()
    show_suspended(screen, found)
    if output is not None:
        with written_whole(output) as partial:
            partial.write_bytes(exported_calls(found))
        screen.print(f"{found.calls.height:,} calls written to {output}", soft_wrap=True)
    return DONE


@app.command
def verify(
    *,
    warehouse: Warehouse = WAREHOUSE,
    cdrs: Annotated[Path | None, Parameter(env_var="TOLLBOOK_CDRS", validator=no_address)] = None,
    contracts: Annotated[Path | None, Parameter(env_var="TOLLBOOK_CONTRACTS", validator=no_address)] = None,
    rate_tables: Annotated[Path | None, Parameter(env_var="TOLLBOOK_RATE_TABLES", validator=no_address)] = None,
) -> int:
    """Compare the log, every published file and every input still there with what was written down of them.

    Parameters
    ----------
    cdrs
        Inbox of call records; where each run found them if not named.
    contracts
        Contract tables; where the newest month's run found them if not named.
    rate_tables
        Rate versions; where each run found them if not named.

    Examples
    --------
    tollbook verify
        Whether anything in data/warehouse, or an input still there, is other than when it was published.
    tollbook verify --warehouse /backup/warehouse
        The same of a copy.
    """
    from flows.verify import verify as verified
    from flows.verify_inputs import Places
    from flows.verify_report import show_verified

    if not warehouse.is_dir():
        raise InputRefusedError(Fault(str(warehouse), "there is no such folder", "name the warehouse with --warehouse"))
    found = verified(warehouse, Places(cdrs, contracts, rate_tables))
    screen = console()
    if not screen.is_terminal:
        screen.width = 200  # a pipe has no width: a file's whole path stands on one line
    show_verified(screen, found)
    return CONTROL_FAILED if found.differences else DONE


@app.command
def demo(
    *,
    calls: int = 200_000,
    accounts: int = 200,
    seed: int = 1,
    output: NamedOutput = Path("data/demo"),
    plain: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Make a synthetic month: DIR/inbox/2020-01 and DIR/contracts. The same seed gives the same bytes.

    Parameters
    ----------
    calls
        Call records in all.
    accounts
        Customer accounts.
    seed
        Which month of all possible ones.
    output
        Folder to write; an earlier demo in it is replaced.
    plain
        Plain CSV only, without trouble and other formats (for measuring).

    Examples
    --------
    tollbook demo --calls 2000 --accounts 50 --seed 1 -o data/demo
        A month that is billed in seconds.
    """
    from flows.demo import make_demo

    made = make_demo(calls, accounts, seed, output, formats=not plain)
    command = f"tollbook bill 2020-02 --cdrs {made.inbox} --contracts {made.contracts}"
    console().print(
        f"demo month of {made.call_count:,} calls and {made.account_count:,} accounts in {made.folder}; "
        f"bill it with: {command} --warehouse {made.folder / 'warehouse'}",
        soft_wrap=True,
    )
    return DONE


sources = App(name="sources", help="Which switches' records can be read, and how a file is understood.")
app.command(sources)


@sources.command(name="list")
def list_sources(*, cdrs: Cdrs = INBOX) -> int:
    """List the sources: the carrier's own beside the inbox, and the shipped ones.

    Examples
    --------
    tollbook sources list
        The shipped ones, and those in data/sources.
    """
    from flows.source_tables import show_sources

    show_sources(console(), cdrs)
    return DONE


@sources.command(name="check")
def check_source(
    file: Path,
    /,
    *,
    source: str,
    cdrs: Cdrs = INBOX,
    rows: int = 3,
    country: str | None = None,
    contracts: Annotated[Path | None, Parameter(env_var="TOLLBOOK_CONTRACTS")] = None,
    rate_tables: RateTablesFolder = RATE_TABLES,
    rates: Rates = None,
) -> int:
    """Show how a file's first rows are understood, and what would be rejected. Nothing is written.

    Parameters
    ----------
    file
        A file of call records, anywhere.
    source
        Name of the source, shipped or beside the inbox.
    rows
        How many rows to show field by field.
    country
        Country whose dialing plan reads the numbers where no contracts are named; the source's own if not named.
    contracts
        Contract tables, to judge accounts and numbers by them.

    Examples
    --------
    tollbook sources check Master.csv --source asterisk
        The first three rows, field by field.
    tollbook sources check Master.csv --source asterisk --rows 10 --contracts data/contracts
        Ten rows, and whose accounts their calls are.
    """
    from flows.source_check import check_file, judge_of, record_file
    from flows.source_tables import show_check
    from flows.sources import load_source
    from rate_tables.versions import default_version, load_version

    record, spec = record_file(file, source), load_source(cdrs, source)
    judge = judge_of(spec, load_version(rate_tables, rates or default_version(rate_tables)), contracts, country)
    show_check(console(), record.name, source, judge, check_file(record, spec, judge, max(rows, 0)))
    return DONE


app.command("flows.rates_cli:rates", name="rates")
app.command("flows.whatif_command:whatif", name="whatif")
app.command("flows.draft_command:issue", name="issue")
app.command("flows.fetch_command:fetch", name="fetch")
app.command("flows.status_command:status", name="status")
app.command("flows.invoice_command:invoice", name="invoice")
app.command("flows.invoice_command:invoices", name="invoices")
app.command("flows.report_command:report", name="report")
app.command("flows.serve_command:serve", name="serve")
app.command("flows.token_command:token", name="token")
app.command("flows.explain_issued_command:explain", name="explain")
app.command("flows.sql_command:sql", name="sql")
app.command("flows.export_command:export", name="export")


def _guarded(command: Callable[[], object]) -> int:  # noqa: PLR0911 - one a kind of error
    """The command's exit code; errors go to stderr, one clear sentence first (contract §1)."""
    try:
        result = command()
    except InputRefusedError as refused:
        return _tell(str(refused), REFUSED)
    except ControlFailedError as failed:
        return _tell(str(failed), CONTROL_FAILED)
    except CycloptsError as misuse:
        return _tell(_misuse(misuse), REFUSED)
    except (StoppedError, KeyboardInterrupt):
        return _tell_stopped(asked_to_stop() or signal.SIGINT)
    except Exception as error:
        if (number := asked_to_stop()) is not None:  # a library made an error of it
            return _tell_stopped(number)
        if os.environ.get("TOLLBOOK_DEBUG"):
            traceback.print_exc()
        if (refusal := system_refusal(error)) is not None:
            told = refusal.sentence if refusal.is_refused else f"{refusal.sentence}; what is published is whole"
            return _tell(told, REFUSED if refusal.is_refused else UNFORESEEN)
        return _tell(
            f"unforeseen: {type(error).__name__}: {error}; what is published is whole. TOLLBOOK_DEBUG=1 shows where.",
            UNFORESEEN,
        )
    return result if isinstance(result, int) else DONE


def _tell_stopped(signal_number: int) -> int:
    return _tell(sentence(signal_number), exit_code(signal_number))


def _misuse(error: CycloptsError) -> str:
    """What is wrong with a command line, and where its right form stands."""
    command = " ".join(["tollbook", *(error.command_chain or ())])
    is_command = error.command_chain and not isinstance(error, UnknownCommandError)
    shown = "its flags, and examples" if is_command else "the commands"
    return f"{' '.join(str(error).split())} `{command} --help` shows {shown}."


def _tell(message: str, code: int) -> int:
    print(f"tollbook: {message}", file=sys.stderr)
    return code


@confidential_files()
def run(argv: Sequence[str]) -> int:
    """Run a command line and return its exit code."""
    return _guarded(lambda: app(list(argv), exit_on_error=False, print_error=False))


def main() -> None:
    """Run the command line of this process."""
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError:  # nobody reads, or the disk is full: what was done is done, and the code says so
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if (number := asked_to_stop()) is not None and "prefect" not in sys.modules:
        leave(number)
    if "prefect" in sys.modules:
        sys.exit(code)  # it has things to close
    sys.stderr.flush()
    os._exit(code)  # all files are closed; to take the memory apart piece by piece takes a tenth of a second
