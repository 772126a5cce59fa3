"""Call details are confidential: who may read what is written, and what no log may say."""

from __future__ import annotations

import os
import re
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from schemas.faults import Fault, InputRefusedError

OTHERS_MAY_NOT = 0o027
"""Files are 0640 and folders 0750 at most: the group reads, all others do nothing."""
_COUNTED = "bytes|rows|records|calls|seconds"
_NUMBER = re.compile(
    rf"(?<![0-9A-Za-z_.:/-])\+?[0-9](?:[0-9]|[ ().-]{{1,2}}(?=[0-9])){{6,18}}(?![0-9A-Za-z_:/-])(?! (?:{_COUNTED})\b)"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?")
SHOWN_DIGITS = 4


class _Umask:
    """The umask is the process's: the first thread that needs it stricter sets it, the last one puts it back."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.holders = 0
        self.before = 0

    def hold(self) -> None:
        with self.lock:
            if self.holders == 0:
                self.before = os.umask(0o077)
                os.umask(self.before | OTHERS_MAY_NOT)
            self.holders += 1

    def let_go(self) -> None:
        with self.lock:
            self.holders -= 1
            if self.holders == 0:
                os.umask(self.before)


_umask = _Umask()


@contextmanager
def confidential_files() -> Iterator[None]:
    """While this lasts, in any thread, no file or folder is made that others may read; a stricter umask stays."""
    _umask.hold()
    try:
        yield
    finally:
        _umask.let_go()


def make_read_only(path: Path) -> None:
    """Nobody may write the file, and those who might not read it still may not."""
    path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o440)


def _mask(found: re.Match[str]) -> str:
    text = found.group()
    digits = sum(letter.isdigit() for letter in text)
    if digits < 7 or _DATE.fullmatch(text):
        return text
    return "*" * (digits - SHOWN_DIGITS) + "".join(letter for letter in text if letter.isdigit())[-SHOWN_DIGITS:]


def masked(text: str) -> str:
    """The text with all but the last four digits of every telephone number in it hidden.

    A number is 7 digits or more, with or without `+` and separators; dates, hashes, decimals and counts are none.
    """
    return _NUMBER.sub(_mask, text)


def _masked_fault(fault: Fault) -> Fault:
    value = None if fault.value is None else masked(fault.value)
    return replace(
        fault, file=masked(fault.file), problem=masked(fault.problem), remedy=masked(fault.remedy), value=value
    )


def mask_error(error: BaseException) -> None:
    """The error, and those that it came of, without telephone numbers: what is raised in a flow run is kept in logs."""
    seen: set[int] = set()
    here: BaseException | None = error
    while here is not None and id(here) not in seen:
        seen.add(id(here))
        if isinstance(here, InputRefusedError):
            here.faults = tuple(_masked_fault(fault) for fault in here.faults)
        here.args = tuple(masked(part) if isinstance(part, str) else part for part in here.args)
        if notes := getattr(here, "__notes__", None):
            here.__notes__ = [masked(note) for note in notes]
        here = here.__cause__ or here.__context__


@contextmanager
def masked_errors() -> Iterator[None]:
    """Errors leave the block without telephone numbers."""
    try:
        yield
    except BaseException as error:
        mask_error(error)
        raise
