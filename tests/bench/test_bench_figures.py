"""What the bench does with its figures: JSON that is gone on with, tables, a page that is fresh, a plot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.bench import results as kept
from tests.bench.chart import chart_svg
from tests.bench.compare.ways import OUR_MATCHING, POSTGRES_PREFIX
from tests.bench.months import calls_of, size_text
from tests.bench.page import BEGIN, END, NOTHING, region, with_region
from tests.bench.processes import BenchFailure
from tests.bench.stage_clock import stage_seconds
from tests.bench.tables import compare_table, faults, money, month_end_table, stages_table, tables

HERE = Path(__file__).parent


def month_end(calls: int, **other: Any) -> dict[str, Any]:
    lines = [{"currency": "USD", "lines": 3, "differing": 0, "published_cents": "950", "rerated_cents": "950"}]
    check = {"calls": 7, "published_calls": 7, "calls_differing": 0, "lines": lines, "is_same_in_every_round": True}
    return {
        "calls": calls,
        "csv_bytes": 85 * calls,
        "rounds": [{}, {}, {}],
        "floor_seconds": 8.0,
        "seconds": 20.0,
        "ratio": 2.5,
        "floor_peak_mib": 700.0,
        "peak_mib": 1024.0,
        "stages": {"start and opening": 1.0, "ingest": 19.0},
        "check": check,
    } | other


def compared(*amounts: int) -> dict[str, Any]:
    names = ((OUR_MATCHING, 0.2), (POSTGRES_PREFIX, 25.0))
    ways = [
        {
            "way": name,
            "title": name,
            "load_seconds": 1.0,
            "seconds": seconds,
            "peak_mib": 512.0,
            "amount_micros": amount,
            "priced": 9,
            "unpriced": 1,
            "counted": "all",
        }
        for (name, seconds), amount in zip(names, amounts, strict=True)
    ]
    return {"calls": 1_000_000, "prefixes": 50_000, "ways": ways, "skipped": {"pandas": "it is not installed"}}


def full() -> dict[str, Any]:
    found = kept.empty()
    prefixes = {"calls": 10, "prefixes": 5, "entries": 7, "build_seconds": 0.5, "read_seconds": 1.0}
    for size in (10_000_000, 1_000_000):
        kept.keep(found, "month_end", month_end(size), None)
        kept.keep(found, "ingest", month_end(size), None)
    kept.keep(found, "prefixes", prefixes | {"seconds": 2.0, "ratio": 2.0}, None)
    kept.keep(found, "compare", compared(5, 5), None)
    return found


@pytest.mark.parametrize(
    ("text", "calls", "shown"),
    [("1M", 1_000_000, "1 M"), ("100k", 100_000, "100 k"), ("50m", 50_000_000, "50 M"), ("1234", 1234, "1,234")],
)
def test_sizes_are_read_and_shown(text: str, calls: int, shown: str) -> None:
    assert (calls_of(text), size_text(calls)) == (calls, shown)


@pytest.mark.parametrize("text", ["0", "-1M", "M", "1.5M", ""])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        calls_of(text)


def test_stages_add_up_to_the_whole() -> None:
    found = stage_seconds({"ingest": 14.0, "rate": 17.5}, begun_at=11.0, began_at=10.0, ended_at=20.0)
    assert found == {"start and opening": 1.0, "ingest": 3.0, "rate": 3.5, "ending": 2.5}
    assert sum(found.values()) == 10.0


def test_figures_are_kept_by_size_and_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    first = kept.read(path)
    kept.keep(first, "month_end", month_end(10_000_000), path)
    kept.keep(first, "month_end", month_end(1_000_000, seconds=4.0), path)
    again = kept.read(path)
    kept.keep(again, "month_end", month_end(1_000_000, seconds=3.0), path)
    found = kept.read(path)["month_end"]
    assert {size: entry["seconds"] for size, entry in found.items()} == {"1000000": 3.0, "10000000": 20.0}
    assert list(found) == ["1000000", "10000000"]
    assert {*found["1000000"]["measured"]} == {"on", "program", "versions"}
    assert [name.name for name in tmp_path.iterdir()] == ["results.json"]


def test_figures_of_another_machine_are_not_mixed_in(tmp_path: Path) -> None:
    found = kept.empty()
    kept.refuse_other_machine(found, None)
    found["machine"] |= {"cores": 999}
    with pytest.raises(BenchFailure, match="another machine; remove it, or name another file with --json"):
        kept.refuse_other_machine(found, tmp_path / "results.json")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"machine": 1}'])
def test_a_file_that_holds_no_figures_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BenchFailure, match=r"other\.json does not hold figures of the bench"):
        kept.read(path)


def test_the_table_of_the_month_end_has_the_figures() -> None:
    (row,) = month_end_table({"10000000": month_end(10_000_000)}).rows
    assert row == ("10 M", "3", "850 MB", "8.00", "20.00", "2.50", "500,000", "2.00", "1.00 GiB", "equal: 7 calls")


def test_the_table_of_the_stages_has_their_share() -> None:
    rows = stages_table({"10000000": month_end(10_000_000)}).rows
    assert rows == [("start and opening", "1.00 (5%)"), ("ingest", "19.00 (95%)")]


def test_the_comparison_is_told_in_times_of_our_matching_step() -> None:
    table = compare_table(compared(12_000_345, 12_000_345))
    assert [row[4] for row in table.rows] == ["1.0", "125.0"]
    assert [row[6] for row in table.rows] == ["12.000345", "12.000345"]
    assert table.about.endswith("All total amounts are equal.")


def test_amounts_are_shown_by_integers_alone() -> None:
    assert money(2**53 * 1_000_000 + 1) == "9,007,199,254,740,992.000001"
    assert money([1, 2]) == "0.000001, 0.000002"


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({"is_same_in_every_round": False}, 1),
        ({"calls_differing": 1}, 1),
        ({"published_calls": 8}, 1),
        ({"calls": 0, "published_calls": 0}, 1),
        ({}, 0),
    ],
)
def test_a_month_whose_amounts_differ_is_a_fault(figures: dict[str, Any], told: int) -> None:
    found = full()
    found["month_end"]["1000000"]["check"] |= figures
    assert len(faults(found)) == told
    assert ("DIFFERENT" in region(found)) == bool(told)


def test_ways_whose_amounts_differ_are_a_fault_that_shows_both() -> None:
    found = full() | {"compare": compared(1, 2)}
    (fault,) = faults(found)
    assert "0.000001" in fault
    assert "0.000002" in fault
    assert "THE AMOUNTS DIFFER." in next(table.about for table in tables(found) if "instead" in table.title)


def test_the_page_has_every_table_the_machine_and_what_was_skipped() -> None:
    text = region(full(), "month-end.svg")
    titles = [line for line in text.splitlines() if line.startswith("### ")]
    assert titles == [f"### {table.title}" for table in tables(full())]
    assert len(titles) == 5
    assert "![Time and memory of a month end over its number of calls](month-end.svg)" in text
    assert "- pandas: skipped, it is not installed." in text
    assert f"{kept.empty()['machine']['cores']} cores" in text


def test_only_what_is_between_the_markers_is_written() -> None:
    page = f"# Mine\n\n{BEGIN}\nold\n{END}\n\nBelow.\n"
    assert with_region(page, "new") == f"# Mine\n\n{BEGIN}\nnew\n{END}\n\nBelow.\n"
    assert with_region("# Mine\n", "new") == f"# Mine\n\n{BEGIN}\nnew\n{END}\n"
    assert with_region("", "new") == f"{BEGIN}\nnew\n{END}\n"


def test_the_page_in_the_docs_is_what_the_figures_beside_it_make() -> None:
    page = (HERE / "README.md").read_text(encoding="utf-8")
    figures = kept.read(HERE / "results.json" if (HERE / "results.json").exists() else None)
    plot = "month-end.svg" if (HERE / "month-end.svg").exists() else None
    assert with_region(page, region(figures, plot)) == page


def test_a_page_without_figures_says_so() -> None:
    assert region(kept.empty(), "month-end.svg") == NOTHING


def test_the_plot_is_the_same_again_and_has_every_size_and_line() -> None:
    svg = chart_svg(full())
    assert svg == chart_svg(full())
    root = ElementTree.fromstring(svg)
    texts = {"".join(node.itertext()).strip() for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"1 M", "10 M", "Time of a month end", "Memory of a month end", "seconds"} <= texts
    assert {"month end", "floor F", "goal: 2.5 × F"} <= texts
    assert "<script" not in svg
    assert "<!--" not in svg


def test_the_plot_can_be_drawn_of_one_size() -> None:
    found = kept.empty()
    kept.keep(found, "month_end", month_end(1000), None)
    assert ElementTree.fromstring(chart_svg(found)).tag.endswith("svg")


def test_figures_are_json_without_loss() -> None:
    assert json.loads(json.dumps(full())) == full()
