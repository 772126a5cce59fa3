"""Contract tables from their files: all of them whole, or refused with every fault (contract §3)."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import polars as pl

from rate_tables.versions import RateTables
from schemas.contract_files import ACCOUNTS, CONTRACT_TABLES
from schemas.faults import Fault, InputRefusedError, refuse_if_any
from schemas.text_tables import ReadTable, TableSpec, empty_table, read_csv_table, read_frame_table
from transforms.contract_checks import ContractTables, References, contract_faults

SUFFIXES = (".csv", ".parquet")


class Contracts(NamedTuple):
    """The contract tables, typed and without fault.

    `files`: SHA-256 of each file read, by its name; `contents`: its bytes, as they were read.
    """

    accounts: pl.DataFrame
    account_plans: pl.DataFrame
    account_items: pl.DataFrame
    phone_numbers: pl.DataFrame
    one_time_charges: pl.DataFrame
    equipment_returns: pl.DataFrame
    files: dict[str, str]
    contents: dict[str, bytes]


class ContractTexts(NamedTuple):
    """The files of a contracts folder as they were read, each table typed by itself; not yet checked as a whole."""

    paths: dict[str, Path]
    files: dict[str, str]
    contents: dict[str, bytes]
    tables: dict[str, ReadTable]
    faults: list[Fault]


def read_contract_files(folder: Path) -> ContractTexts:
    """Every table of the folder with the faults of its cells. Raises InputRefusedError where there is no folder."""
    if not folder.is_dir():
        raise InputRefusedError(Fault(str(folder), "there is no such folder", "name the contracts with --contracts"))
    paths, faults = _contract_paths(folder)
    contents = {name: path.read_bytes() for name, path in paths.items()}
    files = {spec.name: f"{folder.name}/{_file_name(spec, paths)}" for spec in CONTRACT_TABLES}
    read = {spec.name: _read_table(contents.get(spec.name), spec, files[spec.name]) for spec in CONTRACT_TABLES}
    faults += [fault for table in read.values() for fault in table.faults]
    if not faults and read[ACCOUNTS.name].rows.is_empty():
        faults.append(Fault(files[ACCOUNTS.name], "holds no account", "write one row an account"))
    return ContractTexts(paths, files, contents, read, faults)


def checked_contracts(texts: ContractTexts, rates: RateTables) -> Contracts:
    """The contracts, or a refusal that lists every bad row of every table.

    Only accounts is required; a missing table is empty.
    """
    cross_faults = contract_faults(
        _as_found(texts.tables, texts.files, has_accounts=ACCOUNTS.name in texts.paths),
        References(rates.plans, rates.charges, rates.dialing_plans, rates.policy),
    )
    refuse_if_any([*texts.faults, *cross_faults])
    tables = {spec.name: texts.tables[spec.name].rows for spec in CONTRACT_TABLES}
    kept = {texts.paths[name].name: content for name, content in texts.contents.items()}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in kept.items()}
    return Contracts(**tables, files=digests, contents=kept)


def _contract_paths(folder: Path) -> tuple[dict[str, Path], list[Fault]]:
    """The file of each table that there is, and faults of those with two files or none that is needed."""
    paths: dict[str, Path] = {}
    faults: list[Fault] = []
    for spec in CONTRACT_TABLES:
        found = [path for path in (folder / f"{spec.name}{suffix}" for suffix in SUFFIXES) if path.is_file()]
        if len(found) > 1:
            names = " and ".join(path.name for path in found)
            faults.append(Fault(f"{folder.name}/{found[0].name}", f"{names} are both there", "keep one"))
        if found:
            paths[spec.name] = found[0]
    known = {f"{spec.name}{suffix}" for spec in CONTRACT_TABLES for suffix in SUFFIXES}
    for path in sorted(folder.iterdir()):
        if path.suffix in SUFFIXES and path.name not in known and not path.name.startswith("."):
            remedy = f"rename it to one of {', '.join(spec.name for spec in CONTRACT_TABLES)}, or take it out"
            faults.append(Fault(f"{folder.name}/{path.name}", "is no table of the contracts", remedy))
    if ACCOUNTS.name not in paths:
        remedy = "write the table of accounts, as .csv or .parquet"
        faults.append(Fault(f"{folder.name}/{ACCOUNTS.name}.csv", "is missing", remedy))
    return paths, faults


def _file_name(spec: TableSpec, paths: Mapping[str, Path]) -> str:
    return paths[spec.name].name if spec.name in paths else f"{spec.name}.csv"


def _read_table(content: bytes | None, spec: TableSpec, file: str) -> ReadTable:
    if content is None:
        return ReadTable(empty_table(spec), [])
    if not file.endswith(".parquet"):
        return read_csv_table(content, spec, file)
    try:
        frame = pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, OSError):
        fault = Fault(file, "is not a Parquet file that can be read", "write it again, or give a .csv")
        return ReadTable(empty_table(spec), [fault])
    return read_frame_table(frame, spec, file)


def _as_found(read: Mapping[str, ReadTable], files: Mapping[str, str], *, has_accounts: bool) -> ContractTables:
    accounts = read[ACCOUNTS.name]
    is_unknown = any(fault.column in (None, "account_id") for fault in accounts.faults)
    return ContractTables(
        tables={name: table.rows for name, table in read.items()},
        files=files,
        bad_lines={name: _bad_lines(table, files[name]) for name, table in read.items()},
        all_accounts_known=has_accounts and not accounts.rows.is_empty() and not is_unknown,
    )


def _bad_lines(table: ReadTable, file: str) -> set[int]:
    """Lines with a cell at fault; all of them where a column is."""
    header = 1 if file.endswith(".csv") else None
    if any(fault.line == header for fault in table.faults):
        return set(table.rows["line"])
    return {fault.line for fault in table.faults if fault.line is not None}
