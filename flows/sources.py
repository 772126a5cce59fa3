"""Finds and reads the TOML that describes a source: the carrier's own beside the inbox, else the shipped one."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from schemas.faults import Fault, InputRefusedError
from schemas.source_spec import SourceSpec
from schemas.source_toml import parse_source

CANONICAL = "canonical"


def shipped_sources() -> list[str]:
    """Names of the sources that come with Tollbook."""
    folder = files("schemas") / "sources"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def own_sources(inbox: Path) -> list[str]:
    """Names of the carrier's own sources, beside the inbox."""
    folders = (inbox.parent / "sources", inbox / "sources")
    return sorted({path.stem for folder in folders for path in folder.glob("*.toml") if path.is_file()})


def source_description(inbox: Path, name: str) -> str:
    """What a source says of itself, or what is wrong with it."""
    try:
        return load_source(inbox, name).description
    except InputRefusedError as refused:
        return f"not valid: {refused.faults[0]}"


def _own_files(inbox: Path, name: str) -> list[Path]:
    return [
        path
        for path in (inbox.parent / "sources" / f"{name}.toml", inbox / "sources" / f"{name}.toml")
        if path.is_file()
    ]


def _read(inbox: Path, name: str) -> tuple[str, dict[str, Any]]:
    own = _own_files(inbox, name)
    if own:
        file, text = f"sources/{own[0].name}", own[0].read_bytes()
    elif name in shipped_sources():
        file, text = (
            f"schemas/sources/{name}.toml",
            (files("schemas") / "sources" / f"{name}.toml").read_bytes(),
        )
    else:
        remedy = (
            f"write {inbox.parent / 'sources' / (name + '.toml')}, rename the folder to one of "
            f"{', '.join(shipped_sources())}, or take it out of the month"
        )
        raise InputRefusedError(Fault(name, "no source file describes the records in this folder", remedy))
    try:
        return file, tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputRefusedError(Fault(file, f"not valid TOML: {error}", "mend the file")) from error


def _merged(base: object, own: object) -> object:
    """A table of one's own adds to the extended one's, key by key; anything else replaces it."""
    return {**base, **own} if isinstance(base, dict) and isinstance(own, dict) else own


def load_source(inbox: Path, name: str) -> SourceSpec:
    """The source of that name, with what it `extends` filled in. Raises InputRefusedError."""
    file, content = _read(inbox, name)
    base = content.get("extends")
    if base is not None:
        if base not in shipped_sources():
            remedy = f"extend one of {', '.join(shipped_sources())}"
            raise InputRefusedError(
                Fault(file, "the source extends an unknown one", remedy, None, "extends", str(base))
            )
        shipped = tomllib.loads((files("schemas") / "sources" / f"{base}.toml").read_text(encoding="utf-8"))
        content = {**shipped, **{key: _merged(shipped.get(key), value) for key, value in content.items()}}
    return parse_source(file, name, content)
