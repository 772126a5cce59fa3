"""Billed call details written again by a rerun beside the published files: the proof of rule 12.2, file by file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flows.comparison import Comparison
from flows.files import read_json, sha256_of
from flows.settings import month_text

DETAILS_AGAIN = "details.json"
"""In a bucket's folder: SHA-256 of each file written again; in the result's: how they compare with the published."""
_ANOTHER = "written again it is another file"
_NOT_DUE = "the published file is not due any more"
_NOT_PUBLISHED = "a file is due, and none was published"
_GONE = "the published file is gone; restore it from a copy of the warehouse"
_ALTERED = "the published file was altered since; restore it from a copy of the warehouse"


def _why_different(again: str | None, listed: str | None, path: Path) -> str | None:
    """Why an account's file is not proved; None where the published bytes are those written again, or none is due."""
    if listed is None:
        return None if again is None else _NOT_PUBLISHED
    if not path.is_file():
        return _GONE
    if sha256_of(path) != listed:
        return _ALTERED
    if again is None:
        return _NOT_DUE
    return None if again == listed else _ANOTHER


def details_proof(found: Comparison, folders: list[Path]) -> dict[str, Any]:
    """How many files of the rerun's accounts were compared, how many are equal byte by byte, and why others are not.

    `folders`: of the buckets, with what was written again. sha256: of equal files, where accounts were named.
    """
    again: dict[str, str] = {}
    for folder in folders:
        again |= read_json(folder / DETAILS_AGAIN)["sha256"]
    month, published = found.month, found.published_calls
    usage_month = month_text(month.usage_month)
    compared, different, equal = 0, {}, {}
    for account in found.accounts:
        name = f"details/{usage_month}/{account}.csv"
        listed, written = published.listed_sha256(name), again.get(f"{account}.csv")
        if listed is None and written is None:
            continue
        compared += 1
        why = _why_different(written, listed, month.settings.warehouse / name)
        if why is None and listed is not None:
            equal[account] = listed
        else:
            different[account] = why
    proof = {"compared": compared, "equal": len(equal), "different": different}
    is_named = month.rerun is not None and month.rerun.accounts is not None
    return {**proof, "sha256": equal} if is_named else proof


def proof_sentences(proof: dict[str, Any], usage_month: str) -> list[str]:
    """The proof as it is told: one sentence for all that is equal, one for each that is not."""
    if proof["compared"] == 0:
        return [f"billed call details of {usage_month}: none were published, and none are due."]
    said = f"billed call details of {usage_month}, written again: {proof['equal']:,} of {proof['compared']:,} files"
    told = [f"{said} byte for byte as published."]
    hashes: dict[str, str] = proof.get("sha256", {})
    told += [f"  {account}.csv, SHA-256 {sha256}" for account, sha256 in hashes.items()]
    return told + [f"  {account}.csv differs: {why}." for account, why in proof["different"].items()]
