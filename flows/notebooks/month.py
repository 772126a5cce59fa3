"""A month drawn from the published file: revenue by category, minutes a day, the dearest destinations.

Opened by `marimo run flows/notebooks/month.py`, or `marimo edit`; as a script it writes the month's sums. The
warehouse is that of TOLLBOOK_WAREHOUSE, or `-- --warehouse DIR`; it is only read. `-- --month 2020-02` begins with that
month.
"""
# ruff: noqa: ANN001, ANN003, ANN201, D103, T201
# mypy: ignore-errors

import marimo

app = marimo.App(width="medium", app_title="Tollbook: the month")

with app.setup:
    import os
    from pathlib import Path

    import duckdb
    import marimo as mo
    import pygal
    from pygal.style import CleanStyle

    CATEGORIES = """
        select category, previous_amount, amount from revenue_month_over_month
        where invoice_month = $month::date and currency = $currency
        order by amount desc nulls last, category
    """
    DAYS = """
        select day, sum(billable_seconds)::bigint as seconds from usage_by_day
        where usage_month = $month::date - interval 1 month and currency = $currency
        group by day order by day
    """
    DESTINATIONS = """
        select destination, call_type, call_count, cost from top_destinations
        where usage_month = $month::date - interval 1 month and currency = $currency
        order by cost desc, destination limit 15
    """
    TOTALS = """
        select currency, count(*) as invoices, sum(subtotal) as subtotal, sum(tax_total) as tax, sum(total) as total
        from invoices where invoice_month = $month::date group by currency order by currency
    """
    SECONDS_A_MINUTE = 60


@app.function
def asked(query, **params):
    """Rows of a query on the file that is published now; it is let go of at once, so a run may replace it."""
    arguments = mo.cli_args()
    named = arguments.get("warehouse") or os.environ.get("TOLLBOOK_WAREHOUSE") or "data/warehouse"
    database = Path(str(named)) / "tollbook.duckdb"
    if not database.exists():
        message = f"{database}: nothing was published here yet; name the folder with -- --warehouse DIR"
        print(message if mo.app_meta().mode == "script" else "")
        mo.stop(True, mo.md(message))
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        used = {name: value for name, value in params.items() if f"${name}" in query}
        return connection.sql(query, params=used).fetchall()


@app.function
def drawn(chart):
    """A chart as inline SVG: nothing is fetched from elsewhere."""
    return mo.Html(chart.render(is_unicode=True, disable_xml_declaration=True))


@app.function
def bars(title, unit):
    """An empty bar chart of that look."""
    return pygal.HorizontalBar(
        title=title, x_title=unit, style=CleanStyle, js=[], height=420, print_values=False, show_legend=True
    )


@app.cell
def choose_month():
    issued = [f"{month:%Y-%m}" for (month,) in asked("select distinct invoice_month from invoices order by 1")]
    currencies = [name for (name,) in asked("select distinct currency from invoices order by 1")]
    named = str(mo.cli_args().get("month") or issued[-1])
    month = mo.ui.dropdown(issued, value=named if named in issued else issued[-1], label="Invoice month")
    currency = mo.ui.dropdown(currencies, value="USD" if "USD" in currencies else currencies[0], label="Currency")
    mo.vstack([mo.md("# The month"), mo.hstack([month, currency], justify="start")])
    return currency, month


@app.cell
def totals(month):
    invoice_month = f"{month.value}-01"
    _sums = asked(TOTALS, month=invoice_month)
    _names = ("currency", "invoices", "subtotal", "tax", "total")
    for row in _sums if mo.app_meta().mode == "script" else ():
        print(f"{month.value}: {row[1]:,} invoices, {row[2]:,} {row[0]} and {row[3]:,} of tax: {row[4]:,} {row[0]}")
    mo.ui.table([dict(zip(_names, map(str, row), strict=True)) for row in _sums], selection=None, label="Invoices")
    return (invoice_month,)


@app.cell
def revenue(currency, invoice_month):
    _rows = asked(CATEGORIES, month=invoice_month, currency=currency.value)
    _chart = bars("Revenue by category, with the month before", currency.value)
    _chart.x_labels = [category for category, _, _ in _rows]
    _chart.add("this month", [float(amount or 0) for _, _, amount in _rows])  # a bar's length, no sum
    _chart.add("month before", [float(before or 0) for _, before, _ in _rows])
    drawn(_chart)


@app.cell
def minutes(currency, invoice_month):
    _rows = asked(DAYS, month=invoice_month, currency=currency.value)
    _chart = pygal.Bar(
        title="Billed and included minutes a day (UTC)", style=CleanStyle, js=[], height=360, show_legend=False
    )
    _chart.x_labels = [str(day.day) for day, _ in _rows]
    _chart.add("minutes", [seconds // SECONDS_A_MINUTE for _, seconds in _rows])
    drawn(_chart)


@app.cell
def destinations(currency, invoice_month):
    _rows = asked(DESTINATIONS, month=invoice_month, currency=currency.value)
    _chart = bars("Dearest destinations", currency.value)
    _chart.show_legend = False
    _chart.x_labels = [destination for destination, _, _, _ in reversed(_rows)]
    _chart.add("cost", [float(cost) for _, _, _, cost in reversed(_rows)])
    _names = ("destination", "call type", "calls", "cost")
    _listed = [dict(zip(_names, map(str, row), strict=True)) for row in _rows]
    mo.vstack([drawn(_chart), mo.ui.table(_listed, selection=None)])


if __name__ == "__main__":
    app.run()
