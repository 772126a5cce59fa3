"""Both parties of a call as the switch writes them, and the direction that it tells."""

import polars as pl

from flows.demo.lookups import Lookups
from flows.demo.other_parties import SLOTS, CallKind, pattern_row
from flows.demo.splitmix import scaled_below


def is_kind(*kinds: CallKind) -> pl.Expr:
    """The call is meant to be of one of these kinds."""
    return pl.col("kind").is_in([kind.value for kind in kinds])


def add_other_party(calls: pl.DataFrame, lookups: Lookups) -> pl.DataFrame:
    """Calls with the other party's number as written: E.164, or in three of ten as it is dialled at home."""
    slot = scaled_below(pl.col("draw_2"), SLOTS)
    rows = calls.select(row=pattern_row(pl.col("home_index"), pl.col("kind"), slot))["row"]
    patterns = lookups.patterns.select(pl.all().gather(rows))
    number = pl.col("first_number") + scaled_below(pl.col("draw_3"), pl.col("number_count"))
    is_dialled = scaled_below(pl.col("draw_9"), 10) < 3
    head = pl.when(is_dialled).then("dialled_head").otherwise("e164_head")
    taken_off = pl.when(is_dialled).then("dialled_taken_off").otherwise(0).cast(pl.UInt64)
    return (
        calls.hstack(patterns)
        .with_columns(other_party=pl.concat_str(head, (number - taken_off).cast(pl.String)))
        .drop(patterns.columns)
    )


def _extension() -> pl.Expr:
    return (2000 + scaled_below(pl.col("draw_8"), 40)).cast(pl.String)


def add_own_party(calls: pl.DataFrame, lookups: Lookups) -> pl.DataFrame:
    """Calls with the account's own number as written: some without calling code, some as an extension."""
    is_toll_free = is_kind(CallKind.INBOUND_TOLL_FREE)
    is_inbound = is_kind(CallKind.INBOUND, CallKind.INBOUND_TOLL_FREE)
    offset = (
        pl.when(is_toll_free)
        .then(pl.col("direct_count"))
        .when(is_inbound)
        .then(scaled_below(pl.col("draw_8"), pl.col("direct_count")))
        .otherwise(scaled_below(pl.col("draw_8"), pl.col("two_way_count")))
    )
    numbers = lookups.callers.numbers.gather(calls.select(row=pl.col("first_own") + offset)["row"])
    number = pl.col("own_number")
    is_national = (scaled_below(pl.col("draw_6"), 10) == 9) & (number // 10**10 == pl.col("calling_code"))
    is_extension = is_kind(CallKind.INTERNAL) | (~is_inbound & (scaled_below(pl.col("draw_6"), 10) < 2))
    written = (
        pl.when(is_extension)
        .then((2100 + scaled_below(pl.col("draw_8"), 40)).cast(pl.String))
        .when(is_national)
        .then((number % 10**10).cast(pl.String))
        .otherwise(pl.concat_str(pl.lit("+"), number.cast(pl.String)))
    )
    return calls.with_columns(numbers).with_columns(own_party=written)


def place_parties(calls: pl.DataFrame) -> pl.DataFrame:
    """Calls with source, destination and declared direction; one of twenty inbound callers is anonymous."""
    is_inbound = is_kind(CallKind.INBOUND, CallKind.INBOUND_TOLL_FREE)
    is_internal = is_kind(CallKind.INTERNAL)
    is_anonymous = is_inbound & (scaled_below(pl.col("draw_6"), 20) == 0)
    is_silent = scaled_below(pl.col("draw_4"), 100_000) % 5 == 0
    return calls.with_columns(
        source_number=pl.when(is_anonymous).then(None).when(is_inbound).then("other_party").otherwise("own_party"),
        destination_number=pl.when(is_inbound)
        .then("own_party")
        .when(is_internal)
        .then(_extension())
        .otherwise("other_party"),
        direction=pl.when(is_silent)
        .then(None)
        .when(is_inbound)
        .then(pl.lit("inbound"))
        .when(is_internal)
        .then(pl.lit("internal"))
        .otherwise(pl.lit("outbound")),
    )
