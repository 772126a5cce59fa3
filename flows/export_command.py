"""`tollbook export`: a table or view of the published file as a workbook, CSV or Parquet."""

from __future__ import annotations

from flows.options import DONE, WAREHOUSE, NamedOutput, Warehouse, console
from flows.settings import parse_month


def export(
    table: str,
    /,
    *,
    output: NamedOutput,
    month: str | None = None,
    account: str | None = None,
    warehouse: Warehouse = WAREHOUSE,
) -> int:
    """Write a table or view of the published file to a workbook, CSV or Parquet file.

    Parameters
    ----------
    table
        Table or view, like revenue_by_category; `tollbook sql` shows them all with .tables.
    output
        File to write: .xlsx, .csv or .parquet. One that is there gives way.
    month
        Only rows of this month, like 2020-02: the invoice month, or in tables of calls and usage the usage month.
    account
        Only rows of this account.

    Examples
    --------
    tollbook export invoice_line_items --month 2020-02 -o lines.xlsx
        The lines of the February invoices, amounts as numbers.
    tollbook export billed_calls --month 2020-01 --account A00001 -o calls.csv
        The calls of January of one account.
    """
    from flows.export import Order
    from flows.export import export as write_export

    order = Order(table, parse_month(month) if month else None, account)
    done = write_export(warehouse, order, output)
    screen = console()
    rows = "1 row" if done.row_count == 1 else f"{done.row_count:,} rows"
    screen.print(f"{rows} of {table} written to {output}", soft_wrap=True)
    for note in done.notes:
        screen.print(note, soft_wrap=True)
    return DONE
