"""Where a record can end, and why (rules 5, 13; contract §2)."""

from __future__ import annotations

UNBILLED_REASONS: tuple[str, ...] = (
    "unanswered",
    "before_billing_start",
    "after_service_end",
    "inbound",
    "emergency",
    "feature_code",
    "toll_free_outbound",
)
SUSPENDED_REASONS: tuple[str, ...] = ("unknown_destination", "no_rate")
RECORD_WARNINGS: tuple[str, ...] = (
    "duration_mismatch",
    "long_call",
    "unanswered_with_seconds",
    "answered_without_seconds",
    "second_party",
    "local_hour_twice",
    "local_hour_never",
)
DIRECTIONS: tuple[str, ...] = ("inbound", "outbound", "internal")
DISPOSITIONS: tuple[str, ...] = ("answered", "no_answer", "busy", "failed")
NUMBER_KINDS: tuple[str, ...] = (
    "e164",
    "short_code",
    "emergency",
    "extension",
    "feature_code",
    "anonymous",
    "bad",
)
CAUSES: tuple[str, ...] = (
    "rate_version",
    "call_added",
    "call_removed",
    "released",
    "account_data",
    "pool_order",
    "program",
)
"""Why a rerun differs from the issued invoice (rule 12.3)."""
