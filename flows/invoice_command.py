"""`tollbook invoice` and `tollbook invoices`: what was issued, as PDF."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console

from flows.options import DONE, SELLER, WAREHOUSE, NamedOutput, Output, Seller, Warehouse, console
from flows.settings import parse_month
from schemas.faults import Fault, InputRefusedError

Lang = Annotated[Literal["en", "fr"] | None, Parameter(help="Language; the account's own if not named.")]


def invoice(
    invoice_id: str,
    /,
    *,
    output: Output = None,
    lang: Lang = None,
    seller: Seller = None,
    warehouse: Warehouse = WAREHOUSE,
) -> int:
    """Draw an issued invoice as PDF. The same invoice has the same bytes each time.

    Parameters
    ----------
    invoice_id
        Account and month, like A00001-2020-02.
    output
        File to write; standard output if not named.

    Examples
    --------
    tollbook invoice A00001-2020-02 -o invoice.pdf
        In the account's language.
    tollbook invoice A00001-2020-02 --lang fr -o facture.pdf
        In French.
    """
    from flows.files import written_whole
    from flows.invoice_pdf.one_invoice import invoice_pdf
    from flows.invoice_pdf.seller import load_sellers

    if output is None and sys.stdout.isatty():
        raise InputRefusedError(Fault("invoice", "a PDF is nothing for a screen", "name a file with -o invoice.pdf"))
    sellers = load_sellers(seller or SELLER, is_named=seller is not None)
    content = invoice_pdf(warehouse, invoice_id, lang, sellers)
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        with written_whole(output) as partial:
            partial.write_bytes(content)
    return DONE


def invoices(
    month: str,
    /,
    *,
    output: NamedOutput,
    account: Annotated[
        list[str] | None, Parameter(negative=(), consume_multiple=True, help="Account ids; all accounts if not named.")
    ] = None,
    lang: Lang = None,
    seller: Seller = None,
    warehouse: Warehouse = WAREHOUSE,
) -> int:
    """Draw the invoices of an issued month as PDF, a file each, named by its id.

    Files that are there already and equal are kept, so a run that was stopped goes on where it was.

    Parameters
    ----------
    month
        Invoice month, like 2020-02.
    output
        Folder to write to.

    Examples
    --------
    tollbook invoices 2020-02 -o invoices/
        All of the month.
    tollbook invoices 2020-02 --account A00001 A00002 -o invoices/
        Two of them.
    """
    from flows.invoice_pdf.all_invoices import Asked, draw_all
    from flows.invoice_pdf.seller import load_sellers
    from flows.progress import counted_bar

    sellers = load_sellers(seller or SELLER, is_named=seller is not None)
    asked = Asked(warehouse, parse_month(month), account or (), lang, sellers)
    with ExitStack() as shown:

        def watch(count: int) -> Callable[[], None]:
            return shown.enter_context(counted_bar(Console(stderr=True), f"invoices of {month}", count))

        made = draw_all(asked, output, watch)
    parts = [(made.drawn, "drawn"), (made.replaced, "replaced, as they differed"), (made.kept, "kept as they were")]
    told = ", ".join(f"{count:,} {what}" for count, what in parts if count)
    console().print(f"{sum(made):,} invoices of {month} in {output}: {told}", soft_wrap=True)
    return DONE
