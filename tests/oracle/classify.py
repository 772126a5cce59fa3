"""Rule 5: for each accepted call the first rule that fits."""

from __future__ import annotations

from collections.abc import Callable

from .contracts import Account
from .dialling import is_e164, is_extension, is_feature_code
from .months import DAY, midnight
from .rating import rated
from .screening import Books, owner_on
from .tables import ANY, Row, listed, plan_row

Outcome = tuple[str, object]
Rule = Callable[[Row, Account, Books], "Outcome | None"]


def rule_1_unanswered(call: Row, _: Account, __: Books) -> Outcome | None:
    """Not answered, or 0 seconds."""
    if call["disposition"] != "answered" or call["duration_seconds"] == 0:
        return "unbilled", "unanswered"
    return None


def rule_2_out_of_service(call: Row, account: Account, _: Books) -> Outcome | None:
    """Before billing started (rule 2.2), or after the end of service."""
    if call["start_time"] < midnight(account.billing_start):
        return "unbilled", "before_billing_start"
    if account.last_day is not None and call["start_time"] >= midnight(account.last_day + DAY):
        return "unbilled", "after_service_end"
    return None


def rule_3_toll_free(call: Row, account: Account, books: Books) -> Outcome | None:
    """Inbound to a toll-free number of the account, rated by its source (rule 6.1)."""
    owned = owner_on(books, call["destination_number"], call["start_time"].date())
    own = owned is not None and owned["account"] is account and owned["kind"] == "toll_free"
    if call["direction"] != "inbound" or not own:
        return None
    # An anonymous source, an extension, or anything else that is no E.164 number has no digits to match:
    # only the empty prefix takes it.
    digits = call["source_number"][1:] if is_e164(call["source_number"]) else ""
    kind = (account.country, account.currency)
    row = books.tables.toll_free.longest([kind], digits, call["start_time"])
    return priced(call, "toll_free", "toll_free_rates", row)


def rule_4_inbound(call: Row, _: Account, __: Books) -> Outcome | None:
    """Any other inbound."""
    return ("unbilled", "inbound") if call["direction"] == "inbound" else None


def rule_5_emergency_or_feature(call: Row, account: Account, books: Books) -> Outcome | None:
    """To an emergency number of the account's country, or a feature code."""
    if call["destination_number"] in listed(books.tables.dialing[account.country]["emergency_numbers"]):
        return "unbilled", "emergency"
    return ("unbilled", "feature_code") if is_feature_code(call["destination_number"]) else None


def rule_6_extension(call: Row, account: Account, books: Books) -> Outcome | None:
    """Internal, or to an extension: takes plan minutes (rule 5.5)."""
    extension = is_extension(call["destination_number"], books.tables.dialing[account.country])
    return ("plan", None) if extension or call["direction"] == "internal" else None


def rule_7_premium(call: Row, account: Account, books: Books) -> Outcome | None:
    """The longest premium prefix of the billing country; a plan's own row beats `*` at equal length (5.2)."""
    own = (account.country, account.currency, account.plan_id(call["start_time"].date()))
    for_any = (account.country, account.currency, ANY)
    digits = call["destination_number"][1:]
    row = books.tables.premium.longest([own, for_any], digits, call["start_time"])
    return None if row is None else priced(call, "domestic_premium", "premium_prefixes", row)


def rule_7a_unknown(call: Row, account: Account, books: Books) -> Outcome | None:
    """A number that the numbering plan does not know, or a premium one that the premium table lacks."""
    known = numbering_row(call, books)
    if known is None:
        return "suspended", "unknown_destination"
    premium = known["kind"] == "premium" and has_billing_code(call, account, books)
    return ("suspended", "no_rate") if premium else None


def rule_8_toll_free_outbound(call: Row, account: Account, books: Books) -> Outcome | None:
    """To a toll-free number of the billing country's calling code."""
    known = numbering_row(call, books)
    toll_free = known is not None and known["kind"] == "toll_free"
    if toll_free and has_billing_code(call, account, books):
        return "unbilled", "toll_free_outbound"
    return None


def rule_9_international(call: Row, account: Account, books: Books) -> Outcome | None:
    """To another country that the plan does not include, or to a number without a country.

    Reading: premium numbers of other countries are international (5.1), also where the plan includes the country.
    Reading: a short code is a number of the country whose dialing plan lists it (DECISIONS.md): 411 dialled in
    Canada is Canadian, though the numbering plan can give +1411 to one country only.
    """
    known = numbering_row(call, books)
    at = call["start_time"]
    plan = plan_row(books.tables, account.plan_id(at.date()), at)
    country = known["country"] if known else ""
    dialing = books.tables.dialing[account.country]
    code = call["destination_number"].removeprefix("+" + dialing["calling_code"])
    is_own = country == account.country or code in listed(dialing["short_codes"])
    is_included = country in listed(plan["included_countries"]) and known["kind"] != "premium"
    if is_own or (country and is_included):
        return None
    row = books.tables.international.longest([(account.currency,)], call["destination_number"][1:], at)
    return priced(call, "international", "international_rates", row)


def rule_10_domestic(_: Row, __: Account, ___: Books) -> Outcome:
    """Any other outbound takes plan minutes."""
    return "plan", None


RULES: tuple[Rule, ...] = (
    rule_1_unanswered,
    rule_2_out_of_service,
    rule_3_toll_free,
    rule_4_inbound,
    rule_5_emergency_or_feature,
    rule_6_extension,
    rule_7_premium,
    rule_7a_unknown,
    rule_8_toll_free_outbound,
    rule_9_international,
    rule_10_domestic,
)


def numbering_row(call: Row, books: Books) -> Row | None:
    """What the numbering plan knows of the destination."""
    return books.tables.numbering.longest([()], call["destination_number"][1:], call["start_time"])


def has_billing_code(call: Row, account: Account, books: Books) -> bool:
    """Whether the destination stands under the billing country's calling code."""
    code = books.tables.dialing[account.country]["calling_code"]
    return bool(call["destination_number"].startswith("+" + code))


def priced(call: Row, call_type: str, table: str, row: Row | None) -> Outcome:
    """Rule 5.1: no row, or a row with an empty rate, suspends the call; 0.0000 is a price."""
    if row is None or not row["rate_per_minute"]:
        return "suspended", "no_rate"
    return "billed", rated(call, call_type, table, row)


def classify(call: Row, books: Books) -> Outcome:
    """The outcome of the first rule that fits."""
    outcomes = (rule(call, call["account"], books) for rule in RULES)
    return next(outcome for outcome in outcomes if outcome is not None)
