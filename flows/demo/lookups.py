"""What every call of one demo is looked up in."""

from typing import NamedTuple

import polars as pl

from flows.demo.callers import Callers
from flows.demo.clock import day_texts, hour_lots, time_texts
from flows.demo.other_parties import kinds_by_lot, number_patterns


class Lookups(NamedTuple):
    """What every call is looked up in; the same for all calls of one demo."""

    seed: int
    callers: Callers
    patterns: pl.DataFrame
    kinds: pl.Series
    hours: pl.Series
    days: pl.Series
    times: pl.Series


def lookups_of(callers: Callers, seed: int) -> Lookups:
    """The lookup tables of a demo lookups."""
    return Lookups(seed, callers, number_patterns(), kinds_by_lot(), hour_lots(), day_texts(), time_texts())
