"""What a run was asked to do, and where things are."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from schemas.faults import Fault, InputRefusedError
from transforms.timestamps import add_months


@dataclass(frozen=True)
class Settings:
    """One month-end run: its invoice month, where its inputs are and where its results go."""

    invoice_month: dt.date
    cdrs: Path = Path("data/inbox")
    contracts: Path = Path("data/contracts")
    rate_tables: Path = Path("rate_tables")
    rates: str | None = None
    warehouse: Path = Path("data/warehouse")
    issue_date: dt.date | None = None

    @property
    def usage_month(self) -> dt.date:
        """The month before the invoice month: its calls are billed in arrears (rule 1.1)."""
        return add_months(self.invoice_month, -1)

    def as_text(self) -> dict[str, str]:
        """The settings as JSON can hold them, with absolute paths."""
        texts = {}
        for name, value in asdict(self).items():
            if value is not None:
                texts[name] = str(value.resolve()) if isinstance(value, Path) else str(value)
        return texts

    @classmethod
    def from_text(cls, texts: dict[str, str]) -> Settings:
        """The settings that `as_text` wrote."""
        issue_date = texts.get("issue_date")
        return cls(
            invoice_month=dt.date.fromisoformat(texts["invoice_month"]),
            cdrs=Path(texts["cdrs"]),
            contracts=Path(texts["contracts"]),
            rate_tables=Path(texts["rate_tables"]),
            rates=texts.get("rates"),
            warehouse=Path(texts["warehouse"]),
            issue_date=dt.date.fromisoformat(issue_date) if issue_date else None,
        )

    def with_rates(self, version: str) -> Settings:
        """The same run under a rate version that is named."""
        return replace(self, rates=version)


def parse_month(text: str) -> dt.date:
    """`2020-02` as its first day. Raises InputRefusedError."""
    if re.fullmatch(r"(19[7-9]|2[0-9]{2})[0-9]-(0[1-9]|1[0-2])", text):
        return dt.date.fromisoformat(f"{text}-01")
    raise InputRefusedError(Fault("month", "this is no month", "write it as 2020-02", value=text))


def parse_date(text: str, name: str) -> dt.date:
    """`2020-02-01` as a date. Raises InputRefusedError."""
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return dt.date.fromisoformat(text)
    except ValueError:
        pass
    raise InputRefusedError(Fault(name, "this is no date", "write it as 2020-02-01", value=text))


def month_text(month: dt.date) -> str:
    """`2020-02` for the month that the date is in."""
    return f"{month:%Y-%m}"
