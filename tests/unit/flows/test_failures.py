"""What the system refuses is told in a sentence, whichever library met it."""

from __future__ import annotations

import errno
from pathlib import Path

import polars as pl
import pytest

from flows.failures import system_refusal
from flows.files import write_parquet


@pytest.mark.parametrize(
    ("error", "part", "is_refused"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/w/a"), "/w/a: no space is left on the device", False),
        (OSError(errno.EROFS, "Read-only file system", "/w/a"), "/w/a: the file system is read-only", True),
        (FileNotFoundError(errno.ENOENT, "No such file", "/w/a"), "/w/a: no such file or folder", True),
        (PermissionError(errno.EACCES, "Permission denied", "/w/a"), "/w/a: permission denied", True),
        (pl.exceptions.ComputeError("underlying IO error: No space left (os error 28)"), "no space is left", False),
        (pl.exceptions.ComputeError("Permission denied (os error 13)"), "permission denied", True),
    ],
)
def test_the_system_refusal_is_told_with_its_remedy(error: Exception, part: str, is_refused: bool) -> None:
    refusal = system_refusal(error)
    assert refusal is not None
    assert (part in refusal.sentence, "start again" in refusal.sentence) == (True, True)
    assert refusal.is_refused == is_refused


@pytest.mark.parametrize("error", [ValueError("os error 28"), pl.exceptions.ComputeError("invalid thrift"), OSError()])
def test_any_other_error_is_none_of_the_systems(error: Exception) -> None:
    assert system_refusal(error) is None


def test_a_file_that_polars_could_not_write_for_want_of_space_fails_with_the_systems_own_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def starved(*_: object, **__: object) -> None:
        raise pl.exceptions.ComputeError("parquet: File out of specification: Invalid thrift: transport error")

    def full(path: Path, _: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(pl.DataFrame, "write_parquet", starved)
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        write_parquet(pl.DataFrame({"a": [1]}), tmp_path / "a.parquet")
    assert list(tmp_path.iterdir()) == []
