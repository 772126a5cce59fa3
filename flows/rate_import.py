"""`tollbook rates import`: a carrier's sheet into a version that is not frozen yet."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import polars as pl

from flows.files import written_whole
from rate_tables.manifests import MANIFEST, TABLE_FILES, manifest_text
from rate_tables.version_checks import premium_faults, time_faults
from rate_tables.versions import OpenVersion, default_version, open_version
from schemas.deck_map import DeckMap
from schemas.deck_text import deck_text
from schemas.deck_toml import parse_deck_map
from schemas.faults import Fault, InputRefusedError, refuse_if_any
from schemas.text_lines import csv_text
from schemas.text_tables import TableSpec
from transforms.deck_merge import Merged, Rows, extended_rows, replaced_rows, successive_rows
from transforms.deck_rows import DeckRows, deck_rows

_VERSION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Imported(NamedTuple):
    """What an import came to."""

    deck: str
    version: str
    folder: Path
    base: str | None
    deck_map: DeckMap
    rows: DeckRows
    merged: Merged


def import_deck(
    deck: Path, map_file: Path, root: Path, into: str, base: str | None, published_on: dt.date | None
) -> Imported:
    """The sheet's rows stand in the version's folder, or it is refused with every fault and nothing is written."""
    deck_map = read_deck_map(map_file)
    start = _starting_version(root, into, base)
    sheet = deck_text(_bytes_of(deck), deck.name, deck_map)
    rows = deck_rows(sheet.rows, deck_map, start.tables.numbering_plan, deck.name)
    merged = _merged(start, deck_map, rows, deck.name, [*sheet.faults, *rows.faults])
    file, folder = f"{deck_map.table.name}.csv", root / into
    contents = {**start.contents, file: _csv_bytes(merged.texts, start.contents.get(file, b""), deck_map.table)}
    is_new = start.tables.folder != folder
    day = published_on or (dt.datetime.now(dt.UTC).date() if is_new else start.manifest.published_on)
    note = f"{file} from {deck.name}" if is_new else start.manifest.note
    manifest = manifest_text(into, day, note, {}).encode()
    _write_draft(folder, contents, manifest, is_new=is_new)
    return Imported(deck.name, into, folder, start.tables.version if is_new else None, deck_map, rows, merged)


def read_deck_map(path: Path) -> DeckMap:
    """The map in the file. Raises InputRefusedError."""
    try:
        content = tomllib.loads(_bytes_of(path).decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        at = re.search(r"line (\d+)", str(error))
        problem = f"is not TOML: {str(error).partition(' (')[0]}"
        raise InputRefusedError(Fault(path.name, problem, "mend it", line=int(at[1]) if at else None)) from error
    return parse_deck_map(path.name, content)


def _bytes_of(path: Path) -> bytes:
    if not path.is_file():
        raise InputRefusedError(Fault(str(path), "there is no such file", "name the carrier's sheet and its map"))
    return path.read_bytes()


def _starting_version(root: Path, into: str, base: str | None) -> OpenVersion:
    """The version that the import changes, or the one that it begins with a copy of."""
    if not _VERSION_NAME.fullmatch(into):
        remedy = "write letters, digits, dots and dashes, such as 2020.2"
        raise InputRefusedError(Fault("--into", "is no name of a version", remedy, value=into))
    if not (root / into).exists():
        start = open_version(root, base or default_version(root))
    elif base is not None:
        remedy = "leave --base out, or import into a new version"
        raise InputRefusedError(Fault("--base", f"version {into} exists already", remedy, value=base))
    else:
        start = open_version(root, into)
        if start.is_frozen:
            remedy = "import into a new version: a frozen one never changes"
            raise InputRefusedError(Fault(into, "the version is frozen", remedy))
    refuse_if_any(start.faults)
    return start


def _merged(start: OpenVersion, deck_map: DeckMap, rows: DeckRows, file: str, faults: list[Fault]) -> Merged:
    spec, new = deck_map.table, Rows(rows.rows, rows.typed)
    if deck_map.is_successive:
        new = successive_rows(new, spec)
    row_faults = time_faults(new.typed, spec, file)
    if spec.name == "premium_prefixes":
        row_faults += premium_faults(new.typed, start.tables.dialing_plans, file)
    faults += [replace(fault, column=deck_map.sheet_column(str(fault.column))) for fault in row_faults]
    if rows.rows.is_empty() and not faults:
        faults.append(Fault(file, "has no row with a prefix", "look at rows.skip and dialect in the map"))
    refuse_if_any(faults)
    content = start.contents[f"{spec.name}.csv"]
    old = Rows(csv_text(content, spec.name, spec.column_names).rows, getattr(start.tables, spec.name))
    if deck_map.mode == "replace":
        return replaced_rows(old, new, spec, deck_map.prefix_column)
    merged = extended_rows(old, new, spec, file)
    refuse_if_any(merged.faults)
    return merged


def _csv_bytes(texts: pl.DataFrame, before: bytes, spec: TableSpec) -> bytes:
    """The rows as CSV, the columns in the order that the file had."""
    header = before.decode().partition("\n")[0].strip().split(",")
    order = [name for name in header if name in spec.column_names]
    cells = texts.select(pl.when(pl.col(name) != "").then(name).alias(name) for name in order)  # "" would be quoted
    return cells.write_csv(line_terminator="\n").encode()


def _write_draft(folder: Path, contents: Mapping[str, bytes], manifest: bytes, *, is_new: bool) -> None:
    """The version's files, and a manifest without hashes. A new folder is there whole or not at all."""
    if is_new:
        with written_whole(folder) as partial:
            partial.mkdir()
            for name in TABLE_FILES:
                (partial / name).write_bytes(contents[name])
            (partial / MANIFEST).write_bytes(manifest)
        return
    for name, content in {**contents, MANIFEST: manifest}.items():
        if (folder / name).read_bytes() != content:
            with written_whole(folder / name) as partial:
                partial.write_bytes(content)
