"""The billed month of the rules page: the invoices of February 2020, for all examples that need one.

An example adds its inputs under accounts and call ids that begin with its name, and then finds its results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.rules.rules_page import Cells, RulesPage
from tests.rules.small_month import SmallMonth, bill_small_month
from tests.rules.small_rates import Row, charge, international, plan, premium, toll_free

Inputs = Mapping[str, list[Row]]
"""Rows by argument of `bill_small_month`."""


class Billed(NamedTuple):
    """What the rows of an example add to the month, and what the month says of them. Both get the example's name."""

    inputs: Callable[[str, list[Cells]], Inputs]
    results: Callable[[str, list[Cells], SmallMonth], list[Cells]]


def names_of(name: str, rows: Iterable[Cells]) -> list[tuple[str, Cells]]:
    """Each row with a name of its own: `4.2-0`, `4.2-1` ..."""
    return [(f"{name}-{place}", row) for place, row in enumerate(rows)]


def rates_of(page: RulesPage) -> dict[str, list[Row]]:
    """The price list of the page as rows of rate files."""

    def rows(table: str, *first: str) -> list[tuple[list[str], Cells]]:
        return [
            ([row[name] for name in first], {name: cell for name, cell in row.items() if name not in first})
            for row in page.given[table].rows
        ]

    return {
        "plans": [plan(*first, **more) for first, more in rows("plans", "plan_id", "included_minutes")],
        "charges": [charge(*first, **more) for first, more in rows("charges", "charge_code", "price", "category")],
        "international_rates": [
            international(*first, **more) for first, more in rows("international_rates", "prefix", "rate_per_minute")
        ],
        "premium_prefixes": [
            premium(*first, **more)
            for first, more in rows("premium_prefixes", "published_prefix", "prefix", "rate_per_minute")
        ],
        "toll_free_rates": [
            toll_free(*first, **more) for first, more in rows("toll_free_rates", "origin_prefix", "rate_per_minute")
        ],
    }


def bill_examples(page: RulesPage, examples: Mapping[str, Billed], folder: Path) -> SmallMonth:
    """The month with the inputs of all these examples. One that is refused fails here."""
    inputs: dict[str, Any] = {}
    for name, example in examples.items():
        for argument, rows in example.inputs(name, page.examples[name].inputs).items():
            inputs.setdefault(argument, []).extend(rows)
    month = bill_small_month(folder, rates=rates_of(page), **inputs)
    assert month.exit_code == 0, month.message
    return month
