"""Why a record ended where it did, as sentences that can be read to a customer (rule 5, contract §2)."""

from __future__ import annotations

from typing import NamedTuple


class Explained(NamedTuple):
    """The rule's number, what it says of this record, and what can be done; no remedy where none is needed."""

    rule: str
    sentence: str
    remedy: str | None = None


_FINAL = "If the record is wrong, have it corrected and rerun the account with the corrected call."
_UNBILLED: dict[str, Explained] = {
    "unanswered": Explained("5 (1)", "The call was not answered, or lasted 0 seconds; it is not billed.", _FINAL),
    "before_billing_start": Explained(
        "5 (2)", "The call was before the account's billing start; it is not billed and takes no plan minutes.", None
    ),
    "after_service_end": Explained("5 (2)", "The call was after the account's last day of service; it is not billed."),
    "inbound": Explained("5 (4)", "The call came in to a number that is not toll-free; inbound calls are not billed."),
    "emergency": Explained("5 (5)", "The call went to an emergency number of the account's country; it is not billed."),
    "feature_code": Explained("5 (5)", "A feature code of the switch was dialled; it is not billed."),
    "toll_free_outbound": Explained(
        "5 (8)", "The call went to a toll-free number of the account's own country; it is not billed."
    ),
}
_BILLED: dict[str, Explained] = {
    "toll_free": Explained(
        "5 (3)", "The call came in to a toll-free number of the account: it is billed as toll-free inbound."
    ),
    "domestic_premium": Explained(
        "5 (7)", "The number called begins with a premium prefix of the billing country: it is billed as premium."
    ),
    "international": Explained(
        "5 (9)",
        "The call went to another country that the plan does not include, or to a number of no country: it is billed "
        "as international.",
    ),
}
_EXTENSION = "The call was internal or went to an extension: it counts as an outbound call of the plan."
_DOMESTIC = "The call went to an ordinary number that the plan's minutes are for."
_NO_RATE = (
    "No row with a price covers the call, so it is suspended: it is on no invoice and takes no plan minutes, and it is "
    "never billed at 0."
)
_UNKNOWN = (
    "The numbering plan does not know the number, so nobody can say whether it is a call abroad: it is suspended, on "
    "no invoice, and takes no plan minutes."
)
_PREMIUM_GAP = (
    "The number is a premium number of the billing country, and the premium table has no prefix for it: the call is "
    "suspended, on no invoice, and takes no plan minutes."
)
_RELEASE = "Add the missing row to a new rate version, and bill the call with `tollbook rerun {month} --rates VERSION`."
_MEND = "Have the record corrected by whoever runs the switch, and bring it in with `tollbook rerun {month}`."
_ASIDE: dict[str, Explained] = {
    "malformed_row": Explained(
        "13.1", "The row has not as many fields as the header, has a quote that is not closed, or is not text.", _MEND
    ),
    "missing_call_id": Explained("13.1", "The record has no call id.", _MEND),
    "unknown_direction": Explained("13.1", "The record's direction is none of inbound, outbound, internal.", _MEND),
    "bad_start_time": Explained("13.1", "The record's start is no time as its source writes times.", _MEND),
    "negative_duration": Explained("13.1", "The record's duration is negative.", _MEND),
    "bad_duration": Explained(
        "13.1", "The record's duration is no whole number of seconds that a call can have.", _MEND
    ),
    "bad_end_time": Explained("13.1", "The record's end is no time as its source writes times.", _MEND),
    "end_before_start": Explained("13.1", "The record ends before it starts.", _MEND),
    "unknown_disposition": Explained("13.1", "The record's disposition is none that its source knows.", _MEND),
    "unknown_account": Explained(
        "5.4",
        "The record belongs to no account: it names none with a contract, and neither number was anybody's that day.",
        "Add the account or the number to the contracts, and bring the call in with `tollbook rerun {month}`.",
    ),
    "bad_number": Explained("13.1", "A number of the record cannot be read by the account's dialing plan.", _MEND),
    "not_a_call": Explained("13.1", "By its source the row is no call: it says something else about the switch."),
    "other_leg": Explained("13.1", "By its source the row is the other leg of a call that another row bills."),
    "outside_month": Explained(
        "1.4",
        "The call starts in another month than the one it came with: a call belongs to the month of its start in UTC.",
        "Put a copy of its file into its own month; if that is issued, a rerun of it brings the call to the customer.",
    ),
    "duplicate": Explained(
        "13.3", "The same record stands earlier among the month's files, with the same contents: it is billed once."
    ),
    "conflict": Explained(
        "13.3",
        "An earlier record has the same call id and other contents: the first is kept, and this one needs a person.",
        "Ask whoever runs the switch which of the two is right; if it is this one, rerun the account with it.",
    ),
}


def explain_unbilled(reason: str) -> Explained:
    """Why an accepted call is not billed."""
    return _UNBILLED[reason]


def explain_billed(call_type: str, *, is_extension: bool) -> Explained:
    """As what a call is billed, before its plan's pool is looked at."""
    if call_type in ("included", "overage"):
        return Explained("5 (6)", _EXTENSION) if is_extension else Explained("5 (10)", _DOMESTIC)
    return _BILLED[call_type]


def explain_suspended(reason: str, priced_as: str | None, invoice_month: str) -> Explained:
    """Why a call is suspended; `priced_as`: what it would be billed as, where the destination decides that."""
    remedy = _RELEASE.format(month=invoice_month)
    if reason == "unknown_destination":
        return Explained("5 (7a)", _UNKNOWN, remedy)
    if priced_as in (None, "no_rate"):
        return Explained("5 (7a)", _PREMIUM_GAP, remedy)
    return Explained("5.1", _NO_RATE, remedy)


def explain_set_aside(reason: str, invoice_month: str) -> Explained:
    """Why a record was not accepted as a call of the month."""
    found = _ASIDE[reason]
    return found._replace(remedy=found.remedy.format(month=invoice_month) if found.remedy else None)
