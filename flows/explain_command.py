"""`tollbook rates explain`: what a version makes of one number."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from flows.options import DONE, RATE_TABLES, Rates, RateTablesFolder, console_of_tables


def explain(
    number: str,
    /,
    *,
    at: str,
    country: str,
    currency: str,
    plan: str | None = None,
    rates: Rates = None,
    rate_tables: RateTablesFolder = RATE_TABLES,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Show which rows match a number, which one wins and why, and what calls to and from it cost.

    Parameters
    ----------
    number
        E.164 with +, or as it is dialled in the country.
    at
        When the call starts, like 2020-01-15T10:30:00Z; UTC if it names no offset.
    country
        Billing country of the account, like US.
    currency
        Currency of the account, like USD.
    plan
        Plan of the account; without it only what holds for any plan is known.
    json
        The same as JSON.

    Examples
    --------
    tollbook rates explain +442071234567 --at 2020-01-15T10:30:00Z --country US --currency USD
        What holds for any plan.
    tollbook rates explain 011442071234567 --at 2020-01-15T10:30:00Z --country US --currency USD --plan us-team --json
        The number as it is dialled, on a plan, for a program.
    """
    from flows.explain import Question, explained
    from flows.explain_json import as_json
    from flows.explain_report import show_explanation

    answer = explained(rate_tables, rates, Question(number, at, country, currency, plan))
    if json:
        sys.stdout.write(as_json(answer))
    else:
        show_explanation(console_of_tables(), answer)
    return DONE
