"""The calls of the demo's month, each found from its index alone, a column at a time."""

import polars as pl

from flows.demo.clock import (
    BRAZIL_OFFSET_SECONDS,
    EASTERN_OFFSET_SECONDS,
    SECONDS_A_DAY,
    SECONDS_AN_HOUR,
)
from flows.demo.lookups import Lookups
from flows.demo.other_parties import CallKind
from flows.demo.parties import add_other_party, add_own_party, is_kind, place_parties
from flows.demo.places import HOMES
from flows.demo.splitmix import drawn_words, high_half, low_half, scaled_below, stream_key

CANONICAL_COLUMNS = (
    "call_id",
    "account_id",
    "direction",
    "source_number",
    "destination_number",
    "start_time",
    "duration_seconds",
    "disposition",
)
FIRST_CALL_NUMBER = 1_000_000_000
OPENING_SECONDS = 300
OPENING_CALLS = (
    (0, CallKind.INTERNATIONAL),
    (0, CallKind.PREMIUM),
    (0, CallKind.INBOUND_TOLL_FREE),
    (0, CallKind.DOMESTIC),
    (1, CallKind.DOMESTIC),  # a plan without minutes: overage
    (1, CallKind.INBOUND_TOLL_FREE),
    (2, CallKind.INTERNATIONAL),
    (3, CallKind.PREMIUM),
    (5, CallKind.DOMESTIC),
)
_BRAZIL = HOMES.index("BR")
_PER_HUNDRED_THOUSAND = 100_000


def draw_words(indexes: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Indexes with ten independent 32-bit draws, draw_0 to draw_9."""
    streams = [drawn_words(stream_key(seed, stream), pl.col("index")).alias(f"w{stream}") for stream in range(5)]
    halves = [
        half(pl.col(f"w{stream}")).alias(f"draw_{2 * stream + offset}")
        for stream in range(5)
        for offset, half in enumerate((high_half, low_half))
    ]
    return indexes.with_columns(streams).select("index", *halves)


def choose_account_and_kind(draws: pl.DataFrame, lookups: Lookups) -> pl.DataFrame:
    """Draws with the call's account (its row of `callers.accounts`) and kind; opening calls are given."""
    weight_ends = lookups.callers.weight_ends
    aims = draws.select(
        weight=scaled_below(pl.col("draw_0"), weight_ends[-1]),
        lot=scaled_below(pl.col("draw_1"), lookups.kinds.len()),
    )
    account = weight_ends.search_sorted(aims["weight"], side="right").cast(pl.UInt64)
    chosen = draws.with_columns(account.alias("account"), lookups.kinds.gather(aims["lot"]).alias("kind"))
    accounts = lookups.callers.accounts
    for index, (wanted, kind) in enumerate(OPENING_CALLS):
        if draws["index"][0] <= index <= draws["index"][-1]:
            is_it = pl.col("index") == index
            chosen = chosen.with_columns(
                account=pl.when(is_it).then(pl.lit(wanted % accounts.height)).otherwise("account").cast(pl.UInt64),
                kind=pl.when(is_it).then(pl.lit(kind.value)).otherwise("kind").cast(pl.UInt64),
            )
    own = accounts.select(pl.all().gather(chosen["account"]))
    has_none = is_kind(CallKind.INBOUND_TOLL_FREE) & (pl.col("toll_free_count") == 0)
    return pl.concat([chosen, own], how="horizontal").with_columns(
        kind=pl.when(has_none).then(pl.lit(CallKind.INBOUND.value)).otherwise("kind").cast(pl.UInt64)
    )


def add_duration_and_disposition(calls: pl.DataFrame) -> pl.DataFrame:
    """Calls with seconds, most of them few: one of ten up to an hour, one of 100,000 more than a day."""
    lot = scaled_below(pl.col("draw_7"), _PER_HUNDRED_THOUSAND)
    is_opening = pl.col("index") < len(OPENING_CALLS)
    u = pl.col("draw_5") // 2**12  # 20 bits: its cube fits
    cubed = u * u * u
    answered_seconds = (
        pl.when(is_opening)
        .then(pl.lit(OPENING_SECONDS, dtype=pl.UInt64))
        .when(lot == 50_000)
        .then(SECONDS_A_DAY + scaled_below(pl.col("draw_5"), SECONDS_AN_HOUR))
        .when(lot % 10 == 9)
        .then(1 + u * 3600 // 2**20)
        .otherwise(1 + (cubed // 2**30) * 600 // 2**30)
    )
    is_answered = is_opening | (lot >= 8_000)
    return calls.with_columns(
        duration_seconds=pl.when(is_answered).then(answered_seconds).otherwise(0),
        disposition=pl.when(lot >= 97_000)
        .then(None)
        .when(is_answered)
        .then(pl.lit("answered"))
        .when(lot < 5_000)
        .then(pl.lit("no_answer"))
        .when(lot < 7_000)
        .then(pl.lit("busy"))
        .otherwise(pl.lit("failed")),
    )


def add_start_time(calls: pl.DataFrame, lookups: Lookups) -> pl.DataFrame:
    """Calls with their start as written: in UTC, or for one of twenty with the home country's offset."""
    lot = calls.select(lot=scaled_below(pl.col("draw_4"), lookups.hours.len()))["lot"]
    hours = lookups.hours.gather(lot)
    second = pl.col("hour") * SECONDS_AN_HOUR + scaled_below(pl.col("draw_4") * 2**16 % 2**32, SECONDS_AN_HOUR)
    is_local = scaled_below(pl.col("draw_9"), 1000) % 20 == 7
    is_brazilian = pl.col("home_index") == _BRAZIL
    offset = pl.when(is_brazilian).then(BRAZIL_OFFSET_SECONDS).otherwise(EASTERN_OFFSET_SECONDS)
    clock = calls.with_columns(hours).select(
        start_second=second.cast(pl.Int64),
        written_second=SECONDS_A_DAY + second.cast(pl.Int64) + pl.when(is_local).then(offset).otherwise(0),
        zone=pl.when(~is_local).then(pl.lit("Z")).when(is_brazilian).then(pl.lit("-03:00")).otherwise(pl.lit("-05:00")),
    )
    day = lookups.days.gather(clock["written_second"] // SECONDS_A_DAY)
    time = lookups.times.gather(clock["written_second"] % SECONDS_A_DAY)
    return calls.with_columns(clock["start_second"], day, time, clock["zone"]).with_columns(
        start_time=pl.concat_str("day_text", "time_text", "zone")
    )


def calls_at(indexes: pl.Series, lookups: Lookups) -> pl.DataFrame:
    """The calls of these indexes (UInt64, rising): the canonical columns, then `start_second` and `account`.

    Grain: one row an index, order kept. Empty cells are null; duration_seconds is whole seconds.
    """
    draws = draw_words(indexes.to_frame("index"), lookups.seed)
    return (
        draws.pipe(choose_account_and_kind, lookups)
        .pipe(add_other_party, lookups)
        .pipe(add_own_party, lookups)
        .pipe(place_parties)
        .pipe(add_duration_and_disposition)
        .pipe(add_start_time, lookups)
        .with_columns(
            call_id=pl.concat_str(pl.lit("c"), (FIRST_CALL_NUMBER + pl.col("index")).cast(pl.String)),
            duration_seconds=pl.col("duration_seconds").cast(pl.Int64),
        )
        .select(*CANONICAL_COLUMNS, "start_second", "account")
    )
