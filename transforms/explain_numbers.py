"""How a number came from what was dialled, told step by step (contract §2). Nothing is decided here."""

from __future__ import annotations

import re

from transforms.numbers import DialingPlan

_PUNCTUATION = re.compile(r"[ ().\-]")
_AS_DIALLED = {
    "emergency": "an emergency number of {country}, kept as dialled",
    "extension": "an extension, kept as dialled",
    "feature_code": "a feature code of the switch, kept as dialled",
    "anonymous": "no number: the caller is anonymous",
    "bad": "no number that the dialing plan of {country} can read",
}


def _national(digits: str, number: str, plan: DialingPlan) -> list[str]:
    steps = []
    rest = digits
    if plan.national_prefix and rest.startswith(plan.national_prefix):
        rest = rest.removeprefix(plan.national_prefix)
        steps.append(f"the national prefix {plan.national_prefix} taken off")
    stored = number.removeprefix("+" + plan.calling_code)
    if stored != rest:
        steps.append(f"the carrier's digits {rest.removesuffix(stored)} dropped")
    return [*steps, f"the calling code {plan.calling_code} put before"]


def number_steps(text: str, number: str, kind: str, plan: DialingPlan, country: str) -> str:
    """What was done to the text as dialled so that the number as stored came of it, as one sentence without a stop.

    Example: `01144…` in the US: the international prefix 011 taken off.
    """
    if kind in _AS_DIALLED:
        return _AS_DIALLED[kind].format(country=country)
    digits = _PUNCTUATION.sub("", text)
    steps = ["spaces and punctuation removed"] if digits != text else []
    if kind == "short_code":
        steps.append(f"a short code of {country}, the calling code {plan.calling_code} put before")
    elif digits.startswith("+"):
        steps.append("E.164 already")
    elif plan.international_prefix and digits.startswith(plan.international_prefix):
        steps.append(f"the international prefix {plan.international_prefix} taken off")
        if plan.carrier_code_digits:
            steps.append(f"{plan.carrier_code_digits} digits of the carrier dropped")
    else:
        steps += _national(digits, number, plan)
    return ", ".join(steps)
