"""What a worker says of itself when it is asked whether it is fit for a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import cluster_units
from flows.cluster_units import PrefectSide, look_around, prefect_libraries

NOWHERE = "http://127.0.0.1:9/api"


def problems(folder: Path, prefect: PrefectSide | None) -> list[str]:
    """What a worker that sees the warehouse finds in its way."""
    marker = folder / "marker"
    marker.write_text("token", encoding="utf-8")
    return [problem for problem, _ in look_around(marker, "token", [folder], prefect).problems]


def test_a_worker_of_a_run_without_prefect_asks_for_no_server(tmp_path: Path) -> None:
    assert problems(tmp_path, None) == []


def test_a_worker_that_cannot_reach_the_prefect_server_says_so(tmp_path: Path) -> None:
    found = problems(tmp_path, PrefectSide(NOWHERE, prefect_libraries()))
    assert found == [f"does not reach the Prefect server {NOWHERE} (Connection refused)"]


def test_a_worker_of_another_prefect_or_python_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_units, "why_silent", lambda _: None)
    found = problems(tmp_path, PrefectSide(NOWHERE, "Prefect 3.0.0, Python 3.11"))
    assert found == [f"runs {prefect_libraries()}, and the flow Prefect 3.0.0, Python 3.11"]
