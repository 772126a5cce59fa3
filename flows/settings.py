"""What a run was asked to do, and where things are."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from schemas.faults import Fault, InputRefusedError
from transforms.anomalies import Thresholds
from transforms.timestamps import add_months

_SCHEME = re.compile("[A-Za-z][A-Za-z0-9+.-]+:")
_RATIOS = ("account_total", "category_total", "minutes")


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
    thresholds: Thresholds = field(default_factory=Thresholds)
    object_store: str | None = None
    """`s3://bucket/prefix` where the warehouse is a working copy of that."""

    def __post_init__(self) -> None:
        """Raises InputRefusedError for a place that is none of folders, however it came here."""
        for path in (self.cdrs, self.contracts, self.rate_tables, self.warehouse):
            refuse_address(path)

    @property
    def named_warehouse(self) -> str:
        """The warehouse as a person names it."""
        return self.object_store or str(self.warehouse)

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
        return texts | {"thresholds": " ".join(threshold_texts(self.thresholds))}

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
            thresholds=parse_thresholds(texts.get("thresholds", "").split()),
            object_store=texts.get("object_store"),
        )

    def with_rates(self, version: str) -> Settings:
        """The same run under a rate version that is named."""
        return replace(self, rates=version)


def address_of(path: Path) -> str | None:
    """`s3://bucket/prefix`, or another address, that was read as a path; None for a path."""
    head, *rest = path.parts or ("",)
    return f"{head}//{'/'.join(rest)}" if _SCHEME.fullmatch(head) else None


def refuse_address(path: Path) -> None:
    """Raises InputRefusedError for an address: as a path it would be a folder named `s3:` in the working directory."""
    if (address := address_of(path)) is not None:
        problem = "here only a folder or file of this machine can be named"
        remedy = f"for a warehouse on S3: `tollbook fetch {address} -o FOLDER`, and name the folder"
        raise InputRefusedError(Fault(address, problem, remedy))


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


def threshold_texts(thresholds: Thresholds) -> list[str]:
    """Each threshold as `account_total=3`: what `parse_thresholds` reads."""
    return [f"{name}={value.normalize():f}" for name, value in thresholds._asdict().items()]


def parse_thresholds(texts: Sequence[str]) -> Thresholds:
    """Thresholds, each `account_total=3`; the usual ones where none is named. Raises InputRefusedError."""
    named = {}
    for text in texts:
        name, _, value = text.partition("=")
        if name not in Thresholds._fields:
            remedy = f"name one of: {', '.join(Thresholds._fields)}"
            raise InputRefusedError(Fault("--threshold", "there is no such threshold", remedy, value=text))
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,4})?", value) or (name in _RATIOS and Decimal(value) <= 1):
            problem = "a ratio above 1 is needed" if name in _RATIOS else "an amount is needed"
            remedy = f"write it as {name}={getattr(Thresholds(), name)}, with at most 4 decimals"
            raise InputRefusedError(Fault("--threshold", problem, remedy, value=text))
        named[name] = Decimal(value)
    return Thresholds(**named)
