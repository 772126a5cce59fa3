"""A few bad and odd rows, as switches send them: one call of five hundred, each kind at least once."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import polars as pl

from flows.demo.calls import CANONICAL_COLUMNS, calls_at
from flows.demo.customers import Customer, own_number, own_toll_free_number
from flows.demo.lookups import Lookups

USUAL_SPACING = 500
_MOST_CUSTOMERS = 40

Row = dict[str, str]
Trouble = Callable[[Row, Customer, Customer], Row]


def _usual_row(row: Row, customer: Customer) -> Row:
    """An answered outbound call of the customer that would be billed without ado."""
    return row | {
        "account_id": customer.account_id,
        "direction": "outbound",
        "source_number": f"+{own_number(customer, 0)}",
        "destination_number": "+442079460018",
        "start_time": "2020-01-15T10:30:00Z",
        "duration_seconds": "120",
        "disposition": "answered",
    }


def _with(**cells: str) -> Trouble:
    return lambda row, customer, _other: _usual_row(row, customer) | cells


def _duplicate(row: Row, _customer: Customer, _other: Customer) -> Row:
    """The call before once more: its index is that of the call before (see `troubled_lines`)."""
    return row


def _conflict(row: Row, _customer: Customer, _other: Customer) -> Row:
    """The call id of the call before with other contents."""
    return row | {"duration_seconds": str(int(row["duration_seconds"]) + 60)}


def _premium_without_rate(row: Row, customer: Customer, _other: Customer) -> Row:
    """A Brazilian 0500 number (from elsewhere +979): premium, and in no premium table."""
    number = "05001234567" if customer.country == "BR" else "+979123456789"
    return _usual_row(row, customer) | {"destination_number": number}


def _anonymous_source(row: Row, customer: Customer, _other: Customer) -> Row:
    has_toll_free = "toll_free" in customer.traits
    number = own_toll_free_number(customer) if has_toll_free else own_number(customer, 0)
    cells = {"direction": "inbound", "source_number": "", "destination_number": f"+{number}"}
    return _usual_row(row, customer) | cells


def _second_party(row: Row, customer: Customer, other: Customer) -> Row:
    """A call between two customers that names neither."""
    cells = {"account_id": "", "direction": "", "destination_number": f"+{own_number(other, 0)}"}
    return _usual_row(row, customer) | cells


TROUBLES: dict[str, Trouble] = {
    "duplicate": _duplicate,
    "conflict": _conflict,
    "before_month": _with(start_time="2019-12-31T23:59:59Z"),
    "after_month": _with(start_time="2020-01-31T19:00:00-05:00"),
    "unknown_account": _with(account_id="A-nobody"),
    "bad_number": _with(destination_number="12345678"),
    "bad_start_time": _with(start_time="2020-01-32T10:30:00Z"),
    "negative_duration": _with(duration_seconds="-60"),
    "bad_duration": _with(duration_seconds="1m30"),
    "unknown_direction": _with(direction="sideways"),
    "missing_call_id": _with(call_id=""),
    "unknown_destination": _with(destination_number="+12995550100"),
    "premium_without_rate": _premium_without_rate,
    "anonymous_source": _anonymous_source,
    "account_by_owner": _with(account_id="", direction=""),
    "second_party": _second_party,
    "long_call": _with(duration_seconds="90000"),
    "answered_without_seconds": _with(duration_seconds="0"),
    "unanswered_with_seconds": _with(disposition="busy"),
    "short_row": _with(),
    "unclosed_quote": _with(),
}
_KINDS = tuple(TROUBLES)
_OF_THE_CALL_BEFORE = ("duplicate", "conflict")


class TroublePlan(NamedTuple):
    """Where the trouble is: every `spacing`-th call, the kinds taking turns. `spacing` 0 is none at all."""

    spacing: int
    customers: Sequence[Customer] = ()

    def kind_at(self, index: int) -> str:
        """The kind of trouble of the call at this index."""
        return _KINDS[index // self.spacing % len(_KINDS)]

    def parties_at(self, index: int) -> tuple[Customer, Customer]:
        """A customer to whom it happens, and the next one."""
        turn = index // self.spacing
        brazilian = [customer for customer in self.customers if customer.country == "BR"]
        asked = brazilian if self.kind_at(index) == "premium_without_rate" and brazilian else self.customers
        return asked[turn % len(asked)], self.customers[(turn + 1) % len(self.customers)]

    def indexes(self, first: int, count: int) -> list[int]:
        """The troubled calls among `count` calls from `first` on."""
        if not self.spacing:
            return []
        first_turn = -(first + 1) % self.spacing + first
        return list(range(first_turn, first + count, self.spacing))

    def count(self, calls: int) -> int:
        """How many of the first `calls` calls are troubled."""
        return calls // self.spacing if self.spacing else 0


def trouble_plan(calls: int, customers: Sequence[Customer]) -> TroublePlan:
    """One call of five hundred, or more where that would leave a kind out."""
    steady = [customer for customer in customers if customer.is_steady]
    return TroublePlan(min(USUAL_SPACING, calls // len(_KINDS)), steady[:_MOST_CUSTOMERS])


def _line(kind: str, row: Row) -> str:
    """The row as a line of CSV, without line end; no cell of the demo needs quotes."""
    cells = [row[column] for column in CANONICAL_COLUMNS]
    if kind == "unclosed_quote":
        cells[CANONICAL_COLUMNS.index("source_number")] = f'"{row["source_number"]}'
    return ",".join(cells[:-2] if kind == "short_row" else cells)


def troubled_lines(indexes: Sequence[int], plan: TroublePlan, lookups: Lookups) -> list[str]:
    """The lines of the troubled calls, in order of index."""
    if not indexes:
        return []
    kinds = [plan.kind_at(index) for index in indexes]
    told = [index - (kind in _OF_THE_CALL_BEFORE) for index, kind in zip(indexes, kinds, strict=True)]
    calls = calls_at(pl.Series("index", told, dtype=pl.UInt64), lookups).select(CANONICAL_COLUMNS)
    lines = []
    for index, kind, call in zip(indexes, kinds, calls.cast(pl.String).fill_null("").to_dicts(), strict=True):
        lines.append(_line(kind, TROUBLES[kind](call, *plan.parties_at(index))))
    return lines
