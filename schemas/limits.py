"""How much there may be of what no single cell bounds, so that no sum can leave its type (`transforms/README.md`)."""

from __future__ import annotations

MOST_ROWS_A_TABLE = 10**8
"""Rows of one contract or rate table."""
MOST_CALLS_A_BUCKET = 10**9
"""Calls that are rated at a time; a bucket has so many only where one account makes them."""
HIGHEST_INVOICE_CENTS = 10**15
"""Sum of the amounts on one invoice, credits counted as amounts: 10¹³ units of its currency."""
HIGHEST_LINE_UNITS = 10**12
"""Quantity and unit price of an invoice line are below it: DECIMAL(18,6)."""
