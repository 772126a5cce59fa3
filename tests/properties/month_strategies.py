"""Months as hypothesis draws them: few accounts, many calls that meet one another's borders; they shrink to one call.

The first of every choice is the plainest: a minimal example shows what matters and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.properties.memory_month import LiteralMonth, Terms
from tests.rules.small_month import account, call, item, number
from tests.rules.small_rates import Row, international, plan, premium, toll_free

IN_MEMORY = settings(
    max_examples=14,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
EXPRESSIONS = settings(IN_MEMORY, max_examples=300)
COMMAND_LINE = settings(IN_MEMORY, max_examples=6)

Draw = st.DrawFn
ACCOUNT_IDS = ("A", "c10", "c2")
SOURCES = ("canonical", "east")
CHANGE = "2020-01-15T12:00:00Z"
MONTH_SECONDS = 31 * 86_400
STARTS = (
    "2020-01-10T12:00:00Z",
    "2020-01-10T12:00:00.000001Z",
    CHANGE,
    "2020-01-15T11:59:59.999999Z",
    "2020-01-01T00:00:00Z",
    "2020-01-31T23:59:59.999999Z",
)
DURATIONS = (60, 0, 1, 29, 30, 31, 36, 37, 59, 61, 89, 90, 600, 3600, 86_400)
DESTINATIONS = (
    *("+12125550199", "+442071234567", "+447700900123", "+4477009", "+5511912345678", "+551132345678", "+12425550100"),
    *("+14165550100", "+17875550100", "+19005550100", "+19006665010", "+1900666501", "2001", "911", "*72", "411"),
    *("+18005550100", "+8701234567", "+80012345678", "+4490912345", "+12995550199", "+33123456789", "(212)5550199"),
)
CALLERS = ("+12125550177", "+442071234567", "", "2001", "+17875550111")
RATES = ("0.01", "0.0185", "0", "1.5", "0.333333", "2.999999", "0.000001")
STEPS = ((0, 60, "nearest"), (30, 6, "up"), (60, 60, "up"), (1, 1, "up"), (10, 7, "nearest"), (0, 6, "up"))


def some(*choices: str) -> st.SearchStrategy[str]:
    """One of these texts; the first is the plainest."""
    return st.sampled_from(choices)


@st.composite
def rating_cells(draw: Draw) -> Row:
    """A rate, a connection fee and increments; now and then no rate."""
    minimum, increment, rounding = draw(st.sampled_from(STEPS))
    cells = {"minimum_seconds": minimum, "increment_seconds": increment, "rounding": rounding}
    fees = some("", "", "0.05", "0.123456")
    return {**cells, "rate_per_minute": draw(some(*RATES, *RATES, "")), "connection_fee": draw(fees)}


@st.composite
def over_time(draw: Draw, row: Row, cells: st.SearchStrategy[Row]) -> list[Row]:
    """The row with these cells all the time, or with others from the middle of the month on."""
    first = {**row, **draw(cells)}
    if not draw(st.booleans()):
        return [first]
    return [{**first, "effective_to": CHANGE}, {**row, **draw(cells), "effective_from": CHANGE}]


@st.composite
def plan_cells(draw: Draw) -> Row:
    """The overage price and the increments of a plan."""
    minimum, increment, rounding = draw(st.sampled_from(STEPS))
    return {
        "overage_rate": draw(some("0.02", "0.0333", "0.000001", "0")),
        "minimum_seconds": minimum,
        "increment_seconds": increment,
        "rounding": rounding,
        "low_usage_discount_percent": draw(some("50", "33.333333", "")),
    }


@st.composite
def call_rates(draw: Draw) -> dict[str, Sequence[Row]]:
    """Every table that calls are priced by: nested prefixes, prices that change within the month."""
    minutes = {"metered": "0", "pool": draw(some("2", "0", "1", "11", "60")), "per-device": "1", "unlimited": ""}
    special = {"per-device": {"included_per": "device"}, "unlimited": {"included_countries": "CA"}}
    plans = [plan(plan_id, minutes[plan_id], **special.get(plan_id, {})) for plan_id in minutes]
    nested = some("44", "447", "447700900", "55", "55119", "1")
    abroad = [international(prefix, "") for prefix in sorted(draw(st.sets(nested)))]
    abroad += [international(prefix, "0.02") for prefix in ("1242", "1416", "870", "44909")]
    own = draw(some("metered", "pool"))
    within = [premium("787555", "1787555", ""), premium("900", "1900", ""), premium("900666", "1900666", "")]
    within.append({**premium("900", "1900", ""), "plan_id": own})
    inbound = [toll_free("", ""), toll_free("1", ""), toll_free("44", "")]
    rated = rating_cells()
    return {
        "plans": [row for each in plans for row in draw(over_time(each, plan_cells()))],
        "international_rates": [row for each in abroad for row in draw(over_time(each, rated))],
        "premium_prefixes": [row for each in within for row in draw(over_time(each, rated))],
        "toll_free_rates": [row for each in inbound for row in draw(over_time(each, rated))],
    }


@st.composite
def accounts(draw: Draw, account_id: str) -> Row:
    """An account of the United States or the United Kingdom, in either language."""
    cells = {
        "plan_id": draw(some("pool", "metered", "per-device", "unlimited")),
        "country": draw(some("US", "US", "GB")),
        "region": draw(some("NY", "PR")),
        "language": draw(some("en", "fr", "")),
        "billing_start": draw(some("2019-01-01", "2019-01-01", "2019-01-01", "2020-01-10")),
        "cancel_requested_on": draw(some("", "", "", "2020-01-05", "2020-01-25")),
        "low_usage_allowed": draw(some("1", "2")),
    }
    return account(account_id, **cells)


@st.composite
def calls(draw: Draw, account_ids: Sequence[str]) -> Row:
    """One record, right in itself."""
    account_id = draw(some(*account_ids))
    instants = st.integers(0, MONTH_SECONDS - 1).map(_instant)
    cells: dict[str, Any] = {
        "account_id": account_id,
        "seconds": draw(st.sampled_from(DURATIONS) | st.integers(1, 4000)),
        "start_time": draw(st.sampled_from(STARTS) | instants),
        "disposition": draw(some("", "", "", "", "answered", "busy")),
        "direction": draw(some("outbound", "outbound", "", "inbound", "internal")),
        "source_number": draw(some(*CALLERS)),
        "destination": draw(some(*DESTINATIONS)),
    }
    if cells["direction"] == "inbound":
        cells["destination"] = draw(some(toll_free_number(account_id), "+12125550199"))
    return {"end_time": "", **call("", **cells)}


def _instant(second: int) -> str:
    day, rest = divmod(second, 86_400)
    return f"2020-01-{day + 1:02d}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}Z"


def toll_free_number(account_id: str) -> str:
    """The toll-free number of one of our accounts."""
    return f"+1800555010{ACCOUNT_IDS.index(account_id)}"


def identified(records: Sequence[Row]) -> list[Row]:
    """The records with ids that do not repeat within a switch; each id stands in both switches."""
    return [
        {**record, "call_id": f"c{place // 2}", "source": SOURCES[place % 2]} for place, record in enumerate(records)
    ]


@st.composite
def items(draw: Draw, account_ids: Sequence[str]) -> list[Row]:
    """Devices, seats and rentals of these accounts; some begin or end about the month, some are of low usage."""
    drawn: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
        {
            "account_id": some(*account_ids),
            "charge_code": some("phone", "ata", "seat", "router"),
            "quantity": st.sampled_from((1, 0, 3, 20)),
            "start_date": some("2019-01-01", "2020-01-01", "2020-01-15", "2020-01-31", "2020-02-01"),
            "cancel_requested_on": some("", "", "2020-01-05", "2019-12-05"),
            "low_usage": some("", "true"),
            "billing_group": some("", "Sales", "ops"),
        }
    )
    rows = [item(f"i{place}", **cells) for place, cells in enumerate(draw(st.lists(drawn, max_size=6)))]
    flagged = [item(f"low{place}", code, low_usage="true") for place, code in ((2, "phone"), (10, "ata"), (3, "phone"))]
    return draw(st.sampled_from((rows, [*rows, item("many", quantity=20), *flagged])))


@st.composite
def terms(draw: Draw) -> Terms:
    """One to three accounts with devices and toll-free numbers, and what their calls cost."""
    account_ids = ACCOUNT_IDS[: draw(st.integers(1, len(ACCOUNT_IDS)))]
    return Terms(
        accounts=[draw(accounts(account_id)) for account_id in account_ids],
        items=draw(items(account_ids)),
        numbers=[number(toll_free_number(name), account_id=name, kind="toll_free") for name in account_ids],
        rates=draw(call_rates()),
    )


@st.composite
def months(draw: Draw) -> LiteralMonth:
    """Terms, and some thirty calls without a conflict, told in handfuls: so they are many, and shrink to one."""
    billed_by = draw(terms())
    one = calls([str(row["account_id"]) for row in billed_by.accounts])
    handfuls = draw(st.lists(st.lists(one, min_size=1, max_size=12), min_size=1, max_size=12))
    return LiteralMonth(billed_by, identified([record for handful in handfuls for record in handful]))


@st.composite
def spoiled_records(draw: Draw) -> list[Row]:
    """Records that are set aside, or that repeat one another with the same or other contents."""
    drawn = st.sampled_from(
        (
            {"duration_seconds": "-5"},
            {"duration_seconds": "six"},
            {"start_time": "yesterday"},
            {"start_time": "2020-02-01T00:00:00Z"},
            {"call_id": ""},
            {"account_id": "nobody"},
            {"destination_number": "12a4567"},
            {"disposition": "ok"},
            {"end_time": "2020-01-10T11:59:59Z"},
            {},
            {"duration_seconds": "61"},
        )
    )
    return [{**call("again"), "source": "canonical", **fault} for fault in draw(st.lists(drawn, max_size=12))]
