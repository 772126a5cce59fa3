"""An issued month that is disputed: its inputs are corrected, it is rerun, and the next months are billed."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from flows.cli import run
from schemas.source_spec import CANONICAL_COLUMNS
from tests.rules.small_month import Cells, SmallMonth, bill_small_month
from tests.rules.small_rates import VERSION, Row, table_text, write_rates


class Told(NamedTuple):
    """What a command came to: exit code, screen, errors."""

    code: int
    screen: str
    message: str


class Dispute:
    """The folder of a small month that is issued, and the commands on it; a command that is refused is an outcome."""

    def __init__(self, folder: Path, **inputs: object) -> None:
        self.rates = inputs.get("rates") or {}
        month = bill_small_month(folder, **inputs)  # type: ignore[arg-type]
        assert month.exit_code == 0, month.message
        self.folder = folder

    def tell(self, *words: str) -> Told:
        """A command on the folders of the month."""
        places = [("cdrs", "inbox"), ("contracts", "contracts"), ("rate-tables", "rates"), ("warehouse", "warehouse")]
        return self.run(*words, *(text for flag, name in places for text in (f"--{flag}", str(self.folder / name))))

    def run(self, *words: str) -> Told:
        """A command as it stands."""
        screen, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(errors):
            code = run(words)
        return Told(code, screen.getvalue(), errors.getvalue())

    def rerun(self, *flags: str, reason: str = "dispute", month: str = "2020-02") -> Told:
        """A rerun that must be done."""
        told = self.tell("rerun", month, "--reason", reason, *flags)
        assert told.code == 0, told.message
        return told

    def bill(self, month: str = "2020-03", *flags: str, calls: Sequence[Row] = ()) -> Told:
        """The bill of a later month under the version that issued the first one, unless the flags name another."""
        year, number = (int(part) for part in month.split("-"))
        self.put(f"{year}-{number - 1:02d}/calls.csv", *calls)
        version = [] if "--rates" in flags else ["--rates", VERSION]
        told = self.tell("bill", month, *version, *flags)
        assert told.code == 0, told.message
        return told

    def tell_suspended(self) -> str:
        """What `tollbook suspended` says of January."""
        screen = io.StringIO()
        with contextlib.redirect_stdout(screen):
            assert run(["suspended", "2020-01", "--warehouse", str(self.folder / "warehouse")]) == 0
        return screen.getvalue()

    def put(self, name: str, *calls: Row) -> None:
        """A file of call records in the inbox, written anew."""
        path = self.folder / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(table_text(CANONICAL_COLUMNS, calls), encoding="utf-8")

    def correct(self, name: str, published_on: str = "2020-02-05", **tables: Sequence[Row]) -> None:
        """A rate version like the one that issued the month, but for these tables."""
        rates: Mapping[str, Sequence[Row]] = {**self.rates, **tables}  # type: ignore[dict-item]
        write_rates(self.folder / "rates", rates, name, published_on)

    def edit(self, table: str, before: str, after: str) -> None:
        """A contract table with other text in it."""
        path = self.folder / "contracts" / f"{table}.csv"
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")

    def rows(self, query: str) -> list[Cells]:
        """Rows of a query on what is published now; decimals and dates as text."""
        month = SmallMonth(self.folder, 0, "")
        try:
            return month.rows(query)
        finally:
            month.connection.close()

    def adjustments(self, columns: str = "base_category, difference, cause, allowed") -> list[Cells]:
        """Columns of the adjustments in their order."""
        return self.rows(f"select {columns} from adjustments order by rerun_id, account_id, base_category, cause")

    def causes(self, column: str = "cost") -> list[Cells]:
        """Call, cause, issued and corrected value of one column."""
        return self.rows(
            "select call_id, cause, issued_value, corrected_value from rerun_call_differences "
            f"where \"column\" = '{column}' order by rerun_id, call_id"
        )

    def lines(self, invoice_month: str, columns: str = "category, base_category, amount") -> list[Cells]:
        """Columns of the lines of account A in an issued month."""
        return self.rows(
            f"select {columns} from invoice_line_items where invoice_month = '{invoice_month}-01' "
            "and account_id = 'A' order by line_number"
        )
