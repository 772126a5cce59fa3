"""Machine code is made ahead: what is compiled then is all that a month needs."""

from __future__ import annotations

from types import ModuleType

import polars as pl
import pytest

from flows.compile_ahead import compile_details, compile_look_ups, compile_reading
from schemas.source_spec import CANONICAL_COLUMNS
from tests.prefix_tables import with_tables
from tests.properties.test_usual_details import CALL, LANGUAGES, frame
from tests.properties.test_usual_lines import DIRECTORY, MONTH
from tests.unit.transforms.test_usual_calls import LAYOUT, USUAL
from transforms import (
    usual_bytes,
    usual_columns,
    usual_details,
    usual_lines,
    usual_numbers,
    usual_prefixes,
    usual_texts,
    usual_times,
    usual_words,
)
from transforms.prefixes import ENTRY_SCHEMA, NEVER, OPEN_SECOND, build_prefix_index, match_numbers
from transforms.usual_calls import read_usual

READING = (usual_bytes, usual_lines, usual_words, usual_times, usual_numbers, usual_columns)
DETAILS = (usual_texts, usual_details)
LOOK_UPS = (usual_prefixes,)
ENTRY = {"scope": 0, "prefix": "1", "from_second": 0, "to_second": OPEN_SECOND, "row": 0, "preference": 0}
ASKED = pl.LazyFrame({"scope": [0, -1], "number": ["+12125550100", "+2"], "second": [0, 0]})


def _signatures() -> dict[str, list[object]]:
    """By function, for what kinds of inputs it was compiled."""
    return {
        f"{module.__name__}.{name}": list(function.signatures)
        for module in (*READING, *DETAILS, *LOOK_UPS)
        for name, function in vars(module).items()
        if hasattr(function, "signatures")
    }


def test_a_month_compiles_nothing_more() -> None:
    assert compile_reading() == 2
    assert compile_details() == 1
    assert compile_look_ups() == 1
    ahead = _signatures()
    line = ",".join(USUAL[name] for name in CANONICAL_COLUMNS).encode() + b"\n"
    assert read_usual(line, 1, 2, LAYOUT, DIRECTORY, MONTH).calls.height == 1
    assert usual_details.account_texts(frame(CALL), LANGUAGES) is not None
    for after in (0, NEVER):
        index = with_tables(build_prefix_index(pl.DataFrame([ENTRY], schema=ENTRY_SCHEMA)), after)
        assert match_numbers(index._replace(by_machine_code=True), ASKED).to_list() == [0, None]
    assert _signatures() == ahead


@pytest.mark.parametrize("module", [*READING, *DETAILS, *LOOK_UPS], ids=lambda module: module.__name__)
def test_no_function_counts_who_holds_an_array(module: ModuleType) -> None:
    """Where numba does, beside a branch, it costs more than the work (DECISIONS.md)."""
    options = [function.targetoptions for function in vars(module).values() if hasattr(function, "targetoptions")]
    assert all(option["_nrt"] is False and option["nogil"] for option in options)
    assert options
