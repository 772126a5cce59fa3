"""Pandera's second look at every typed table of a month, before anything of it is published."""

from __future__ import annotations

from flows.contract_reader import Contracts
from rate_tables.versions import RateTables
from schemas.contract_files import CONTRACT_TABLES
from schemas.rate_files import RATE_TABLES
from schemas.text_guards import guarded


def guard_tables(rates: RateTables, contracts: Contracts) -> None:
    """Nothing where the readers kept their promises; a SchemaErrors from here is a programmer's error."""
    for spec in RATE_TABLES:
        guarded(getattr(rates, spec.name), spec)
    for spec in CONTRACT_TABLES:
        guarded(getattr(contracts, spec.name), spec)
