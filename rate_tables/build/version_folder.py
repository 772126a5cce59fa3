"""The folder of a rate version: its CSV files and the manifest that freezes them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from rate_tables.build.dialing_plans import dialing_plans
from rate_tables.build.domestic_rates import premium_prefixes, toll_free_rates
from rate_tables.build.international_rates import international_rates
from rate_tables.build.numbering_plan import numbering_plan
from rate_tables.build.plans import charges, plans
from rate_tables.build.policy import policy
from rate_tables.build.public_charges import fees, taxes, usf_factors, usf_shares

VERSION = "2020.1"
PUBLISHED_ON = "2020-01-01"
NOTE = (
    "EXAMPLE prices: the international, premium and toll-free rates, plans, charges and fees are made up, "
    "but for the billing guide's own (overage 0.02, toll-free 0.019, phone 24.95, changes 15.00, late return "
    "6.00). USF factors, tax rates, numbering and dialling are facts, sources in rate_tables/README.md; "
    "those from the metadata of libphonenumber are under the Apache License 2.0 and newer than published_on."
)

Row = Mapping[str, str]
TABLES: dict[str, Callable[[], Sequence[Row]]] = {
    "charges.csv": charges,
    "dialing_plans.csv": lambda: [plan._asdict() for plan in dialing_plans()],
    "fees.csv": fees,
    "international_rates.csv": international_rates,
    "numbering_plan.csv": lambda: [row._asdict() for row in numbering_plan().prefixes],
    "plans.csv": plans,
    "policy.csv": policy,
    "premium_prefixes.csv": premium_prefixes,
    "taxes.csv": taxes,
    "toll_free_rates.csv": toll_free_rates,
    "usf_factors.csv": usf_factors,
    "usf_shares.csv": usf_shares,
}


def write_version(folder: Path) -> dict[str, int]:
    """The whole version written to the folder; the rows of each file. Same metadata, same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    rows_of_files = {}
    entries = []
    for name, rows_of in TABLES.items():
        rows = rows_of()
        content = csv_bytes(rows)
        (folder / name).write_bytes(content)
        rows_of_files[name] = len(rows)
        entries.append(f'[files."{name}"]\nrows = {len(rows)}\nsha256 = "{sha256(content).hexdigest()}"\n')
    head = f'version = "{VERSION}"\npublished_on = {PUBLISHED_ON}\nnote = "{NOTE}"\n'
    (folder / "manifest.toml").write_bytes("\n".join([head, *entries]).encode())
    return rows_of_files


def csv_bytes(rows: Sequence[Row]) -> bytes:
    """The rows as CSV: UTF-8, a line feed after every row, quotes only where they are needed."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
