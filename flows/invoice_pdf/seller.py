"""Who sends the invoices: a TOML file of the carrier's own, with neutral words where there is none."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from schemas.faults import Fault, InputRefusedError, refuse_if_any

TEXTS = ("name", "email", "phone", "website", "payment_en", "payment_fr", "call_details")
LISTS = ("address", "tax_numbers")
FROM = "effective_from"
_HOW = "write it as flows/CUSTOMER.md shows"


class Seller(NamedTuple):
    """The carrier as its customers see it; what is empty is left out. No name: neutral words in their language."""

    name: str = ""
    address: tuple[str, ...] = ()
    tax_numbers: tuple[str, ...] = ()
    email: str = ""
    phone: str = ""
    website: str = ""
    payment_en: str = ""
    payment_fr: str = ""
    call_details: str = ""


class Sellers(NamedTuple):
    """The seller's data by the first day they are in force, in order; an old invoice keeps the old ones."""

    file: str
    dated: tuple[tuple[dt.date, Seller], ...]

    def on(self, issue_date: dt.date) -> Seller:
        """What is in force on the day of issue. Raises InputRefusedError where nothing is yet."""
        for begin, seller in reversed(self.dated):
            if begin <= issue_date:
                return seller
        problem = f"no [[seller]] is in force on {issue_date}, when the invoice was issued"
        raise InputRefusedError(Fault(self.file, problem, f"give the first one an earlier {FROM}, or none"))


NEUTRAL = Sellers("", ((dt.date.min, Seller()),))


def load_sellers(path: Path, *, is_named: bool) -> Sellers:
    """What the file says. Neutral where the usual file is absent; one that was named must be there."""
    if not path.exists() and not is_named:
        return NEUTRAL
    try:
        content = tomllib.loads(path.read_bytes().decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputRefusedError(Fault(path.name, f"is not TOML: {error}", _HOW)) from error
    return sellers_of(content, path.name)


def sellers_of(content: dict[str, Any], file: str) -> Sellers:
    """The sellers of a file's content. Raises InputRefusedError with every fault."""
    tables = content.get("seller")
    if not isinstance(tables, list) or not tables or set(content) != {"seller"}:
        raise InputRefusedError(Fault(file, "has something else than [[seller]] tables", _HOW))
    refuse_if_any(fault for table in tables for fault in _faults(table, file))
    dated = sorted(((table.get(FROM, dt.date.min), _seller(table)) for table in tables), key=lambda pair: pair[0])
    begins = [begin for begin, _ in dated]
    if len(set(begins)) < len(begins):
        raise InputRefusedError(Fault(file, f"two [[seller]] have the same {FROM}", "give each its own first day"))
    return Sellers(file, tuple(dated))


def _seller(table: dict[str, Any]) -> Seller:
    cells: dict[str, Any] = {name: table[name].strip() for name in TEXTS if name in table}
    cells |= {name: tuple(text.strip() for text in table[name]) for name in LISTS if name in table}
    return Seller(**cells)


def _faults(table: dict[str, Any], file: str) -> Iterator[Fault]:
    for key, value in table.items():
        if key == FROM:
            if type(value) is not dt.date:
                yield Fault(file, "is no date", "write it as 2020-02-01, without quotes", column=key)
        elif key in LISTS:
            if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
                yield Fault(file, "is no list of texts", 'write it as ["...", "..."]', column=key)
        elif key not in TEXTS:
            known = ", ".join((*TEXTS, *LISTS, FROM))
            yield Fault(file, "is no setting of a seller", f"take it out, or name one of {known}", column=key)
        elif not isinstance(value, str):
            yield Fault(file, "is no text", "put it in quotes", column=key)
    if not str(table.get("name", "")).strip():
        yield Fault(file, "a [[seller]] has no name", "say who sends the invoices", column="name")
