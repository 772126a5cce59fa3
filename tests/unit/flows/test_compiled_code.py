"""What is compiled is kept for the modules as they are: never taken for others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows import compiled_code
from flows.compiled_code import MODULES, digest_of, keep_compiled, place_for
from transforms import usual_bytes, usual_words


def test_another_state_of_any_module_is_another_digest(tmp_path: Path) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text("LIMIT = 1\n", encoding="utf-8")
    before = digest_of(tmp_path)
    assert digest_of(tmp_path) == before
    (tmp_path / "a.py").write_text("LIMIT = 2\n", encoding="utf-8")
    changed = digest_of(tmp_path)
    (tmp_path / "a.py").rename(tmp_path / "c.py")
    assert len({before, changed, digest_of(tmp_path)}) == 3


@pytest.mark.parametrize("function", [usual_words.parse_accounts, usual_bytes.word_at])
def test_functions_are_kept_by_the_digest(function: Any) -> None:
    folder = keep_compiled()
    assert folder is not None
    assert folder.name == f"machine-code-{digest_of(MODULES)}"
    assert Path(function._cache.cache_path).is_relative_to(folder)


def test_a_place_that_is_named_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "named"))
    assert place_for("1") == tmp_path / "named" / "machine-code-1"


def test_where_the_modules_cannot_be_written_the_users_cache_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "__pycache__").write_bytes(b"")
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(compiled_code, "MODULES", tmp_path)
    monkeypatch.setattr(compiled_code, "USER_CACHE", tmp_path / "of-user")
    assert place_for("1") == tmp_path / "of-user" / "machine-code-1"
    monkeypatch.setattr(compiled_code, "USER_CACHE", tmp_path / "__pycache__")
    assert place_for("1") is None


def test_what_was_compiled_of_other_modules_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, other, foreign = (tmp_path / name for name in ("machine-code-1", "machine-code-2", "numba"))
    for folder in (kept, other, foreign):
        folder.mkdir()
        (folder / "a.nbi").write_bytes(b"")
    monkeypatch.setattr(compiled_code, "keep_compiled", lambda: kept)
    compiled_code.sweep_other_states()
    assert sorted(tmp_path.iterdir()) == [kept, foreign]
