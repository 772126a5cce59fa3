"""What others may not read, and what logs may not say."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from flows.confidential import confidential_files, make_read_only, mask_error, masked
from schemas.faults import Fault, InputRefusedError


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("number ('+12125550100'); mend it", "number ('*******0100'); mend it"),
        ("item +442071234567 of account a1", "item ********4567 of account a1"),
        ("dialled 0012125550100.", "dialled *********0100."),
        ("dialled +1 (212) 555-0100 today", "dialled *******0100 today"),
        ("extension 2001, emergency 911", "extension 2001, emergency 911"),
        ("run 2020-02-6a985eb12ca92127", "run 2020-02-6a985eb12ca92127"),
        ("2020-01/calls.csv, line 1234567", "2020-01/calls.csv, line ***4567"),
        ("2020-01-15 10:30:00 and 2020-01", "2020-01-15 10:30:00 and 2020-01"),
        ("12345678 bytes stand in the file and 2345678 rows", "12345678 bytes stand in the file and 2345678 rows"),
    ],
)
def test_of_a_number_the_last_four_digits_are_shown(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_notes_of_an_error_are_masked() -> None:
    error = ValueError("cannot read")
    error.add_note("on worker there: +12125550100")
    mask_error(error)
    assert error.__notes__ == ["on worker there: *******0100"]


def test_an_error_and_what_it_came_of_are_masked() -> None:
    try:
        try:
            raise ValueError("cannot read +12125550100")
        except ValueError as error:
            raise InputRefusedError(Fault("phones.csv", "twice", "keep one", 3, "number", "+12125550100")) from error
    except InputRefusedError as refused:
        mask_error(refused)
        assert "2125550100" not in f"{refused} {refused.faults} {refused.__cause__}"
        assert str(refused) == "phones.csv, line 3, column number: twice ('*******0100'); keep one"


@pytest.mark.parametrize(
    ("umask", "file_mode", "folder_mode"), [(0, 0o640, 0o750), (0o022, 0o640, 0o750), (0o077, 0o600, 0o700)]
)
def test_files_are_0640_and_folders_0750_at_most(umask: int, file_mode: int, folder_mode: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        with confidential_files():
            (tmp_path / "folder").mkdir()
            (tmp_path / "file").write_text("x", encoding="utf-8")
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("file", "folder")]
    assert modes == [file_mode, folder_mode]
    make_read_only(tmp_path / "file")
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == file_mode & 0o440
