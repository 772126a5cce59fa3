"""The settings that the billing rules read from `policy.csv`, and what each may hold (contract §4)."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

PolicyKind = Literal["whole_number", "percent", "boolean"]
_PATTERNS = {
    "whole_number": r"[0-9]{1,9}",
    "percent": r"[0-9]{1,9}(\.[0-9]{1,6})?",
    "boolean": r"true|false",
}
_WORDS = {"whole_number": "a whole number", "percent": "a percentage", "boolean": "true or false"}


class PolicySetting(NamedTuple):
    """One setting: its kind, its bounds (whole units; days of a month stay within February) and its rule."""

    name: str
    kind: PolicyKind
    rule: str
    lowest: int = 0
    highest: int = 10_000

    @property
    def words(self) -> str:
        """What its value must be, for a person."""
        if self.kind == "boolean":
            return _WORDS[self.kind]
        return f"{_WORDS[self.kind]} from {self.lowest} to {self.highest}"


POLICY_SETTINGS: tuple[PolicySetting, ...] = (
    PolicySetting("issue_day_last", "whole_number", "1.2", lowest=1, highest=28),
    PolicySetting("due_days", "whole_number", "1.3"),
    PolicySetting("autopay_day", "whole_number", "1.3", lowest=1, highest=28),
    PolicySetting("dispute_days", "whole_number", "1.3"),
    PolicySetting("start_day_billed", "boolean", "3.4"),
    PolicySetting("cancellation_notice_days", "whole_number", "2.3"),
    PolicySetting("low_usage_minimum_phones", "whole_number", "4.2", highest=1_000_000),
    PolicySetting("restocking_percent", "percent", "10.2", highest=100),
    PolicySetting("return_window_days", "whole_number", "10.2"),
)


def is_policy_value(setting: PolicySetting, value: str) -> bool:
    """Whether the text is a value of the setting's kind within its bounds."""
    if not re.fullmatch(_PATTERNS[setting.kind], value):
        return False
    if setting.kind == "boolean":
        return True
    whole, _, fraction = value.partition(".")
    above = int(fraction or 0) > 0
    return setting.lowest <= int(whole) and int(whole) + above <= setting.highest
