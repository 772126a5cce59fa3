"""Where machine code is kept between processes: by the modules that it was made of, and never taken for others."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import transforms
from transforms.machine_code import keep_in

MODULES = Path(transforms.__file__ or "").parent
USER_CACHE = Path("~/.cache/tollbook")


def digest_of(folder: Path) -> str:
    """Of all modules of a folder: a constant or a function of one becomes part of what is compiled of another."""
    found = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def place_for(digest: str) -> Path | None:
    """A folder that can be written: where NUMBA_CACHE_DIR says, beside the modules, or in the user's cache."""
    named = os.environ.get("NUMBA_CACHE_DIR")
    for place in [Path(named)] if named else [MODULES / "__pycache__", USER_CACHE.expanduser()]:
        folder = place / f"machine-code-{digest}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return None


@cache
def keep_compiled() -> Path | None:
    """What is compiled from now on is kept, for this state of the modules alone; None where nothing can be written.

    numba looks at the file of a function, and would take it as it was compiled before another file changed. To be
    called before a module of machine code is imported: what such modules compile else is kept nowhere.
    """
    folder = place_for(digest_of(MODULES))
    if folder is not None:
        keep_in(str(folder))
    return folder


def sweep_other_states() -> None:
    """What was compiled of other states of the modules, by an installation before this one, is removed."""
    kept = keep_compiled()
    for folder in kept.parent.glob("machine-code-*") if kept is not None else ():
        if folder != kept:
            shutil.rmtree(folder, ignore_errors=True)
