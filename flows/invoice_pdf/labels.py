"""Descriptions in the other language, and what taxes are: looked up in the published rate tables."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

import duckdb

from flows.invoice_pdf.published_invoices import Invoice, Line
from schemas.categories import CATEGORIES, LANGUAGES, Language
from transforms.adjustments import ADJUSTMENT_OF
from transforms.one_time import BUYOUT_LABELS, RETURN_LABELS

_SHARE = re.compile(r"(?P<label>.*)(?P<share> \([0-9]+/[0-9]+\))", re.DOTALL)
_CHARGES = "select rate_version, charge_code, label_en, label_fr from charges"
_TAXES = """
select rate_version, country, region, tax, label_en, label_fr, percent,
    effective_from::timestamp, effective_to::timestamp
from taxes
"""
_NAMES: tuple[tuple[str, str], ...] = (
    *((category.en, category.fr) for category in CATEGORIES),
    (BUYOUT_LABELS["en"], BUYOUT_LABELS["fr"]),
    (RETURN_LABELS["en"], RETURN_LABELS["fr"]),
)


class TaxRow(NamedTuple):
    """A row of `taxes` and its time in force, UTC; None = open."""

    region: str
    percent: Decimal
    begins: dt.datetime | None
    ends: dt.datetime | None

    def is_in_force(self, day: dt.date) -> bool:
        """Whether the row holds when the day begins."""
        begin = dt.datetime.combine(day, dt.time())
        return (self.begins is None or self.begins <= begin) and (self.ends is None or begin < self.ends)


class Labels(NamedTuple):
    """Of every version that was published: other_language by version, code, language and label; taxes.

    other_language lacks a label that stands for several in the other language.
    """

    other_language: dict[tuple[str, str, Language, str], str]
    taxes: dict[tuple[str, str, str], list[TaxRow]]


def read_labels(connection: duckdb.DuckDBPyConnection) -> Labels:
    """The labels and taxes of the published versions."""
    taxes: dict[tuple[str, str, str], list[TaxRow]] = defaultdict(list)
    pairs = [(*row,) for row in connection.execute(_CHARGES).fetchall()]
    for version, country, region, tax, en, fr, percent, begins, ends in connection.execute(_TAXES).fetchall():
        taxes[version, country, tax].append(TaxRow(region, percent, begins, ends))
        pairs.append((version, tax, en, fr))
    return Labels(_other_language(pairs), dict(taxes))


def _other_language(pairs: Iterable[tuple[str, str, str, str]]) -> dict[tuple[str, str, Language, str], str]:
    found: dict[tuple[str, str, Language, str], set[str]] = defaultdict(set)
    for version, code, en, fr in pairs:
        found[version, code, "en", en].add(fr)
        found[version, code, "fr", fr].add(en)
    return {key: others.pop() for key, others in found.items() if len(others) == 1}


def tax_row(labels: Labels, invoice: Invoice, tax: str) -> TaxRow | None:
    """The row that taxed the invoice: its region's own before `*`, on the day of issue (rule 9.1)."""
    rows = [
        row
        for row in labels.taxes.get((invoice.rate_version, invoice.country, tax), [])
        if row.region in (invoice.region, "*") and row.is_in_force(invoice.issue_date)
    ]
    return min(rows, key=lambda row: row.region == "*", default=None)


def description_in(labels: Labels, invoice: Invoice, line: Line, language: Language) -> str:
    """The line's description; in another language than the account's, where it is a label that was published.

    What others wrote (the text of a one-time charge, of a return) stays as it is.
    """
    own = invoice.language if invoice.language in LANGUAGES else "en"
    if language == own:
        return line.description
    before, after = (ADJUSTMENT_OF[name].format(month=line.period_start) for name in (own, language))
    if line.category == "adjustments" and line.description.startswith(before):
        return after + _label_in(labels, invoice, line, line.description.removeprefix(before), language)
    share = _SHARE.fullmatch(line.description) if line.category == "prorated_charges" else None
    if share is not None:
        return _label_in(labels, invoice, line, share["label"], language) + share["share"]
    return _label_in(labels, invoice, line, line.description, language)


def _label_in(labels: Labels, invoice: Invoice, line: Line, label: str, language: Language) -> str:
    own = "fr" if language == "en" else "en"
    known = labels.other_language.get((invoice.rate_version, line.charge_code, own, label))
    if known is not None:
        return known
    names = {en: fr for en, fr in _NAMES} if language == "fr" else {fr: en for en, fr in _NAMES}
    return names.get(label, label)
