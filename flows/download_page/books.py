"""What the page reads of the published warehouse: an account's invoices, and its call details as they were published.

The published file is opened for each request, read-only: a month that is published meanwhile is there with the next
one. Paths are made of what the database says, never of what somebody asked for.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, NamedTuple

from flows.details import account_details, kept_language
from flows.files import FILES, read_json, run_folder
from flows.settings import month_text
from flows.warehouse import published
from schemas.categories import Language
from transforms.call_details import header
from transforms.timestamps import add_months

_INVOICES = """
select invoice_id, account_id, invoice_month, issue_date, due_date, currency, total, name, language, run_id
from invoices where account_id = $account order by invoice_month desc
"""
_NEWEST_BILL = "select run_id from runs where kind = 'bill' order by invoice_month desc, run_id desc limit 1"


class NotAsPublishedError(Exception):
    """A file is neither there with its published bytes nor comes out with them again."""


class Invoice(NamedTuple):
    """One issued invoice of an account."""

    invoice_id: str
    account_id: str
    invoice_month: dt.date
    issue_date: dt.date
    due_date: dt.date
    currency: str
    total: Decimal
    name: str
    language: Language
    run_id: str

    @property
    def usage_month(self) -> dt.date:
        """The month whose calls it bills (rule 1.1)."""
        return add_months(self.invoice_month, -1)


class Content(NamedTuple):
    """Bytes to send, from their beginning; how many, and their SHA-256."""

    stream: BinaryIO
    size: int
    sha256: str


def content_of(content: bytes) -> Content:
    """Bytes in hand, to be sent."""
    return Content(io.BytesIO(content), len(content), hashlib.sha256(content).hexdigest())


def invoices_of(warehouse: Path, account: str) -> list[Invoice]:
    """The account's issued invoices, the newest first. Raises InputRefusedError where the warehouse is damaged."""
    with published(warehouse) as connection:
        if connection is None:
            return []
        rows = connection.sql(_INVOICES, params={"account": account}).fetchall()
        return [Invoice(*row) for row in rows]


def language_of(warehouse: Path, account: str) -> str | None:
    """The account's language on its newest invoice, else in the newest month's contracts; None: it is not known."""
    if invoices := invoices_of(warehouse, account):
        return invoices[0].language
    with published(warehouse) as connection:
        found = [] if connection is None else connection.sql(_NEWEST_BILL).fetchall()
    return kept_language(warehouse, str(found[0][0]), account) if found else None


def _listed_sha256(warehouse: Path, invoice: Invoice, name: str) -> str | None:
    """What the run that issued the invoice wrote down of the file; None: it published none of that name."""
    try:
        listed: dict[str, str] = read_json(run_folder(warehouse, invoice.run_id) / FILES)["sha256"]
    except (OSError, ValueError, KeyError) as error:
        raise NotAsPublishedError(f"the list of files of run {invoice.run_id} cannot be read") from error
    return listed.get(name)


def _published_content(path: Path, sha256: str) -> Content | None:
    """The file, if it is there with that hash."""
    try:
        stream = path.open("rb")
    except OSError:
        return None
    found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != sha256:
        stream.close()
        return None
    size = stream.tell()
    stream.seek(0)
    return Content(stream, size, found)


def call_details(warehouse: Path, invoice: Invoice) -> Content:
    """The billed call details behind an invoice (rule 11): the bytes that were published, and no others.

    A file that is lost or altered is made again as `tollbook details` makes it. The header alone where the account had
    no such calls. Raises NotAsPublishedError where the published bytes cannot be had.
    """
    month = month_text(invoice.usage_month)
    name = f"details/{month}/{invoice.account_id}.csv"
    sha256 = _listed_sha256(warehouse, invoice, name)
    if sha256 is None:
        return content_of(header(invoice.language, by_pair=False).encode())
    content = _published_content(warehouse / name, sha256)
    if content is None:
        made = account_details(warehouse, invoice.account_id, month, invoice.language, by_pair=False)
        content = content_of(made)
        if content.sha256 != sha256:
            raise NotAsPublishedError(f"{name} is lost or altered, and does not come out as it was published")
    return content
