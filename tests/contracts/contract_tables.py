"""Data contract §4 and §5 as literals: what others rely on, written down a second time on purpose."""

from __future__ import annotations

_INSTANT = "TIMESTAMP WITH TIME ZONE"
_CALL = f"""
    usage_month DATE, account_id VARCHAR, call_id VARCHAR, source VARCHAR, source_file VARCHAR,
    source_line BIGINT, direction VARCHAR, disposition VARCHAR, source_number VARCHAR,
    destination_number VARCHAR, start_time {_INSTANT}, end_time {_INSTANT}, duration_seconds BIGINT
"""
_LINE = """
    invoice_id VARCHAR, account_id VARCHAR, invoice_month DATE, line_number BIGINT, category VARCHAR,
    base_category VARCHAR, charge_code VARCHAR, billing_group VARCHAR, description VARCHAR,
    period_start DATE, period_end DATE, quantity DECIMAL(18|4), unit VARCHAR, unit_price DECIMAL(18|6),
    exact_amount DECIMAL(24|6), amount DECIMAL(18|2)
"""
_WAREHOUSE = {
    "invoices": """
        invoice_id VARCHAR, account_id VARCHAR, invoice_month DATE, issue_date DATE, due_date DATE,
        autopay_date DATE, dispute_until DATE, currency VARCHAR, subtotal DECIMAL(18|2),
        tax_total DECIMAL(18|2), total DECIMAL(18|2), tax_exempt BOOLEAN, rate_version VARCHAR, run_id VARCHAR
    """,
    "invoice_line_items": _LINE,
    "billed_calls": f"""{_CALL}, billable_seconds BIGINT, included_seconds BIGINT, call_type VARCHAR,
        rate_table VARCHAR, rate_prefix VARCHAR, destination VARCHAR, connection_fee DECIMAL(18|6),
        rate_per_minute DECIMAL(18|6), cost DECIMAL(18|6), run_id VARCHAR
    """,
    "unbilled_calls": f"{_CALL}, reason VARCHAR, run_id VARCHAR",
    "set_aside_records": """
        usage_month DATE, source VARCHAR, source_file VARCHAR, source_line BIGINT, outcome VARCHAR,
        reason VARCHAR, detail VARCHAR, raw_record VARCHAR, run_id VARCHAR
    """,
    "source_files": """
        usage_month DATE, source_file VARCHAR, sha256 VARCHAR, bytes BIGINT, rows_read BIGINT,
        rows_billed BIGINT, rows_unbilled BIGINT, rows_duplicate BIGINT, rows_conflict BIGINT,
        rows_suspended BIGINT, rows_outside_month BIGINT, rows_rejected BIGINT, seconds_read BIGINT,
        seconds_accounted BIGINT, run_id VARCHAR
    """,
    "warnings": """
        run_id VARCHAR, kind VARCHAR, account_id VARCHAR, source_file VARCHAR, source_line BIGINT,
        detail VARCHAR
    """,
    "runs": f"""
        run_id VARCHAR, invoice_month DATE, kind VARCHAR, started_at {_INSTANT}, finished_at {_INSTANT},
        status VARCHAR, rate_version VARCHAR, reason VARCHAR, manifest JSON
    """,
    "rerun_line_items": f"{_LINE}, rerun_id VARCHAR",
    "rerun_call_differences": """
        rerun_id VARCHAR, account_id VARCHAR, source VARCHAR, call_id VARCHAR, cause VARCHAR, column VARCHAR,
        issued_value VARCHAR, corrected_value VARCHAR
    """,
    "adjustments": """
        rerun_id VARCHAR, disputed_invoice_id VARCHAR, account_id VARCHAR, base_category VARCHAR,
        issued_amount DECIMAL(18|2), corrected_amount DECIMAL(18|2), difference DECIMAL(18|2), cause VARCHAR,
        allowed BOOLEAN, taken_by_invoice_id VARCHAR, note VARCHAR
    """,
}
_RATING = "rate_per_minute connection_fee minimum_seconds increment_seconds rounding effective_to"
_RATES = {
    "rates": f"currency prefix effective_from destination country line_type {_RATING}",
    "premium_prefixes": f"country currency plan_id prefix effective_from published_prefix description {_RATING}",
    "toll_free_rates": f"country currency origin_prefix effective_from {_RATING}",
    "plans": "plan_id effective_from currency included_minutes included_per included_countries overage_rate "
    "minimum_seconds increment_seconds rounding low_usage_discount_percent effective_to",
    "charges": "plan_id currency charge_code effective_from category is_phone label_en label_fr price effective_to",
    "fees": "fee country region currency effective_from basis amount categories effective_to",
    "usf_factors": "country quarter factor_percent source",
    "usf_shares": "country category effective_from interstate_share_percent effective_to",
    "taxes": "country region tax effective_from label_en label_fr percent effective_to",
    "numbering_plan": "prefix country region kind",
    "dialing_plans": "country calling_code international_prefix national_prefix national_lengths "
    "carrier_code_digits emergency_numbers short_codes",
    "policy": "setting effective_from value unit source effective_to",
}
VIEWS = (
    "revenue_by_category",
    "month_over_month",
    "top_destinations",
    "late_calls",
    "rounding_bridge",
    "run_controls",
)


def _columns(text: str) -> list[tuple[str, str]]:
    pairs = (column.split(maxsplit=1) for column in text.split(","))
    return [(name, sql_type.strip().replace("|", ",")) for name, sql_type in pairs]


WAREHOUSE_COLUMNS = {table: _columns(text) for table, text in _WAREHOUSE.items()}
RATE_COLUMNS = {table: [*names.split(), "rate_version"] for table, names in _RATES.items()}
