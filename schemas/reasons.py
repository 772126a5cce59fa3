"""Where a record can end, and why (rules 5, 13; contract §2)."""

from __future__ import annotations

REJECT_REASONS: tuple[str, ...] = (
    "malformed_row",
    "missing_call_id",
    "unknown_direction",
    "bad_start_time",
    "negative_duration",
    "bad_duration",
    "bad_end_time",
    "end_before_start",
    "unknown_disposition",
    "unknown_account",
    "bad_number",
)
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
SET_ASIDE_OUTCOMES: tuple[str, ...] = ("rejected", "duplicate", "conflict", "suspended", "outside_month")
RECORD_WARNINGS: tuple[str, ...] = (
    "duration_mismatch",
    "long_call",
    "unanswered_with_seconds",
    "answered_without_seconds",
    "second_party",
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
