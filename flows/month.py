"""A month opened: inputs read, checked and identified, and everything the stages derive from them."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from flows.adjustments import taken_adjustments
from flows.code_version import code_version
from flows.contract_reader import Contracts, checked_contracts, read_contract_files
from flows.files import digest
from flows.history import EarlierBill, earlier_bills
from flows.inbox import Known, RecordFile, expected_bytes, find_record_files
from flows.ingest_plan import IngestPlan
from flows.read_ahead import ReadAhead, read_ahead
from flows.settings import Settings, month_text, threshold_texts
from flows.sources import load_source
from flows.stopping import workers
from flows.usual_blocks import is_for_machine_code, load_machine_code
from rate_tables.versions import RateTables, default_version, load_version
from schemas.faults import Fault, InputRefusedError, refuse_if_any
from transforms.account_terms import account_terms, devices_in_service, in_service, pool_terms, without_pool_terms
from transforms.currency_cover import currency_faults
from transforms.invoices import InvoiceDates
from transforms.plans import plan_changes
from transforms.policy import policy_whole_number
from transforms.rate_book import RateBook, RateTableFrames, build_rate_book, found_by_machine_code
from transforms.recurring import recurring_items
from transforms.screen import Directory
from transforms.service_period import phone_owners, resolved_accounts, with_end_of_service
from transforms.taxes import is_exempt

BUCKET_BYTES = 32 * 2**20
SMALL_MONTH_BYTES = 16 * 2**20


def account_buckets(account_ids: pl.Series, count: int) -> pl.Series:
    """The bucket, of so many, that the calls of each account are in."""
    return pl.Series([zlib.crc32(account.encode()) % count for account in account_ids], dtype=pl.Int64)


def calls_folder(warehouse: Path) -> Path:
    """Where ingested calls are kept, a folder a month."""
    return warehouse / "calls"


class RerunOrder(NamedTuple):
    """What a rerun was asked to do (rule 12): for which accounts (None = all), why, and when it was disputed.

    issued_run: the run whose invoices it is about. earlier: reruns before it that other orders led to.
    """

    accounts: tuple[str, ...] | None
    reason: str
    disputed_on: dt.date | None
    issued_run: str
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)  # one opened month is itself alone
class Month:
    """One month of one warehouse: what the stages share. Frames are derived once, when first asked for."""

    settings: Settings
    rates: RateTables
    contracts: Contracts
    record_files: tuple[RecordFile, ...]
    dates: InvoiceDates
    ahead: ReadAhead | None = None
    rerun: RerunOrder | None = None

    @property
    def kind(self) -> str:
        """Whether its run bills the month, or reruns it."""
        return "bill" if self.rerun is None else "rerun"

    @property
    def usage_month(self) -> dt.date:
        """The month whose calls are billed."""
        return self.settings.usage_month

    @cached_property
    def accounts(self) -> pl.DataFrame:
        """Accounts by account_id, with all that `account_terms` adds, and is_exempt."""
        resolved = resolved_accounts(self.contracts.accounts, self.rates.policy)
        terms = account_terms(resolved, self.rates.plans, self.rates.dialing_plans, self.changes, self.usage_month)
        return terms.with_columns(is_exempt=is_exempt(self.dates.issue_date))

    @cached_property
    def changes(self) -> pl.DataFrame:
        """From which day each account has which plan."""
        return plan_changes(self.contracts.accounts, self.contracts.account_plans)

    @cached_property
    def owners(self) -> pl.DataFrame:
        """Whose a number is, and when (rule 5.6)."""
        columns = ("number", "account_id", "kind", "owned_from", "owned_until")
        return phone_owners(self.contracts.phone_numbers, self.accounts, self.rates.policy).select(columns)

    @cached_property
    def items(self) -> pl.DataFrame:
        """Devices and numbers with the days they are billed between."""
        items = with_end_of_service(self.contracts.account_items, self.rates.policy)
        numbers = with_end_of_service(self.contracts.phone_numbers, self.rates.policy)
        return recurring_items(items, numbers, self.accounts)

    @cached_property
    def ingest_plan(self) -> IngestPlan:
        """What ingesting depends on. The number of buckets follows from the bytes alone."""
        size = expected_bytes(self.record_files)
        buckets = 1 if size < SMALL_MONTH_BYTES else 2  # both cores have work, and a small month no needless files
        while buckets * BUCKET_BYTES < size:
            buckets *= 2
        countries = self.accounts.select("account_id", "country")
        accounts = countries.with_columns(bucket=account_buckets(self.accounts["account_id"], buckets))
        names = sorted({record.source for record in self.record_files})
        known = [countries, self.owners, self.rates.dialing_plans.drop("line")]
        return IngestPlan(
            usage_month=self.usage_month,
            folder=calls_folder(self.settings.warehouse),
            record_files=self.record_files,
            sources={name: load_source(self.settings.cdrs, name) for name in names},
            directory=Directory(accounts, self.owners, self.rates.dialing_plans),
            directory_digest=digest([frame.write_json() for frame in known]),
            bucket_count=buckets,
            ahead=self.ahead,
            by_machine_code=is_for_machine_code(self.record_files),
        )

    @cached_property
    def rate_book_tables(self) -> RateTableFrames:
        """The tables that the rate book is made of."""
        tables = frames_of_rates(self.rates)
        is_asked = pl.col("currency").is_in(self.accounts["currency"].unique().implode())
        return tables._replace(international_rates=tables.international_rates.filter(is_asked))

    @cached_property
    def rate_book(self) -> RateBook:
        """The rows that this month's calls can be priced by."""
        book = build_rate_book(self.rate_book_tables, self.accounts)
        return found_by_machine_code(book) if self.ingest_plan.by_machine_code else book

    @cached_property
    def pooled_accounts(self) -> pl.DataFrame:
        """Accounts with their pool and what it is made of."""
        devices = devices_in_service(self.items, self.rates.charges, self.changes, self.usage_month)
        return pool_terms(self.accounts, self.rates.plans, devices, self.usage_month)

    @cached_property
    def rated_accounts(self) -> pl.DataFrame:
        """Accounts with their pool and the scopes of the rate book."""
        pooled = without_pool_terms(self.pooled_accounts)
        return pooled.join(self.rate_book.scopes, on="account_id", how="left", validate="1:1", maintain_order="left")

    @cached_property
    def adjustments(self) -> pl.DataFrame:
        """The adjustments that the invoices of this month take, of accounts that they can be billed to (rule 12.5).

        Asked once more before they are published: another month, run beside this one, may have taken some.
        """
        waiting = taken_adjustments(self.settings.warehouse, self.settings.invoice_month)
        return waiting.join(self.accounts, on="account_id", how="semi", maintain_order="left")

    @cached_property
    def earlier_bills(self) -> tuple[EarlierBill, ...]:
        """The runs that issued the months before: what this month is looked at against. A rerun looks at none."""
        return () if self.rerun is not None else earlier_bills(self.settings.warehouse, self.settings.invoice_month)

    @cached_property
    def order(self) -> dict[str, Any]:
        """All that determines the result, but for the reruns that were before it."""
        order: dict[str, Any] = {
            "invoice_month": month_text(self.settings.invoice_month),
            "issue_date": str(self.dates.issue_date),
            "rate_version": self.rates.version,
            "rate_manifest_sha256": self.rates.digest,
            "contracts": dict(sorted(self.contracts.files.items())),
            "call_records": {record.name: record.sha256 for record in self.record_files},
            "sources": {name: repr(source) for name, source in sorted(self.ingest_plan.sources.items())},
            "adjustments": [
                [rerun_id, account_id, category, cents]
                for rerun_id, account_id, category, cents in self.adjustments.drop("disputed_month").iter_rows()
            ],
            "program": code_version(),
        }
        if self.earlier_bills:
            order["anomalies"] = {
                "against": [bill.run_id for bill in self.earlier_bills],
                "thresholds": threshold_texts(self.settings.thresholds),
            }
        if self.rerun is not None:
            accounts = None if self.rerun.accounts is None else sorted(self.rerun.accounts)
            disputed_on = None if self.rerun.disputed_on is None else str(self.rerun.disputed_on)
            asked = {"accounts": accounts, "reason": self.rerun.reason, "disputed_on": disputed_on}
            order["rerun"] = {**asked, "issued_run": self.rerun.issued_run}
        return order

    @cached_property
    def identity(self) -> dict[str, Any]:
        """All that determines the result: the same identity is the same run, to the byte."""
        if self.rerun is None:
            return self.order
        before = {"order": digest(self.order)[:16], "earlier": sorted(self.rerun.earlier)}
        return {**self.order, "rerun": {**self.order["rerun"], **before}}

    @cached_property
    def run_id(self) -> str:
        """Name of the run, derived from its identity."""
        kind = "" if self.rerun is None else "rerun-"
        return f"{month_text(self.settings.invoice_month)}-{kind}{digest(self.identity)[:16]}"

    def work_folder(self) -> Path:
        """Where a run keeps what is not published yet."""
        return self.settings.warehouse / "work" / self.run_id

    def partition(self, table: str, month: dt.date) -> Path:
        """Where the run's rows of a table stand: partitioned by month, never changed once written."""
        return self.settings.warehouse / table / f"month={month_text(month)}" / f"run_id={self.run_id}"


def frames_of_rates(rates: RateTables) -> RateTableFrames:
    """The tables that calls are priced by."""
    return RateTableFrames(
        rates.international_rates, rates.premium_prefixes, rates.toll_free_rates, rates.plans, rates.numbering_plan
    )


def tables_by_currency(rates: RateTables) -> dict[str, pl.DataFrame]:
    """The tables that must have rows in an account's currency (rule 9.4), by the name of their file."""
    names = ("international_rates", "premium_prefixes", "toll_free_rates", "charges", "fees")
    return {f"{rates.version}/{name}.csv": getattr(rates, name) for name in names}


def invoice_dates(settings: Settings, rates: RateTables) -> InvoiceDates:
    """The dates of rule 1.3, or a refusal of an issue date outside the first week (rule 1.2)."""
    issue_date = settings.issue_date or settings.invoice_month
    last = policy_whole_number(rates.policy, "issue_day_last", issue_date)
    first_of_issue = issue_date.replace(day=1)
    if first_of_issue != settings.invoice_month or issue_date.day > last:
        month = month_text(settings.invoice_month)
        remedy = f"choose a day from {month}-01 to {month}-{last:02d} (rule 1.2)"
        raise InputRefusedError(
            Fault(
                "--issue-date",
                "invoices are issued in the first days of their month",
                remedy,
                value=str(issue_date),
            )
        )

    def after(setting: str) -> dt.date:
        return issue_date + dt.timedelta(days=policy_whole_number(rates.policy, setting, issue_date))

    autopay_day = policy_whole_number(rates.policy, "autopay_day", issue_date)
    return InvoiceDates(
        settings.invoice_month,
        issue_date,
        after("due_days"),
        settings.invoice_month.replace(day=autopay_day),
        after("dispute_days"),
    )


def refuse_uncovered_currencies(month: Month) -> None:
    """Rule 9.4: a table with rows for an account's country has rows in its currency."""
    accounts = month.accounts.filter(in_service(month.usage_month))
    refuse_if_any(currency_faults(accounts, tables_by_currency(month.rates)))


def _has_stored_calls(settings: Settings) -> bool:
    """Whether anything of the usage month was read before: then it may be that nothing is left to read."""
    return (calls_folder(settings.warehouse) / month_text(settings.usage_month)).exists()


def _find_record_files(
    settings: Settings, known: Mapping[str, Known], found_before: tuple[RecordFile, ...] | None
) -> tuple[tuple[RecordFile, ...], ReadAhead | None]:
    """The month's files, hashed; the first is begun to be read where nothing of the month is stored yet."""
    if found_before is not None:
        return found_before, None
    month = month_text(settings.usage_month)
    records = tuple(find_record_files(settings.cdrs, month, known))
    if _has_stored_calls(settings):
        return records, None
    first = records[0]
    source = load_source(settings.cdrs, first.source)
    return records, read_ahead(first, source, by_machine_code=is_for_machine_code(records))


def open_month(
    settings: Settings, known: Mapping[str, Known] | None = None, found_before: tuple[RecordFile, ...] | None = None
) -> Month:
    """The month with its inputs read and checked as a whole. Raises InputRefusedError; writes nothing.

    Call record files that are known, and that nobody touched since, are not read to learn their hash. Those that the
    run found before are not looked for; each must still be the same when it is read.
    """
    version = settings.rates or default_version(settings.rate_tables)
    with workers(3) as beside:  # hashing waits for bytes, the tables for the interpreter
        if found_before is None and not _has_stored_calls(settings):
            beside.submit(load_machine_code, settings.cdrs, month_text(settings.usage_month))
        found = beside.submit(_find_record_files, settings, known or {}, found_before)
        texts = beside.submit(read_contract_files, settings.contracts)
        try:
            rates = load_version(settings.rate_tables, version)
            contracts = checked_contracts(texts.result(), rates)
            code_version()  # it is asked for below, and known while files are still hashed
        finally:
            record_files, ahead = found.result()  # what is wrong with the records is told first
    dates = invoice_dates(settings, rates)
    month = Month(settings.with_rates(version), rates, contracts, record_files, dates, ahead)
    refuse_uncovered_currencies(month)
    return month
