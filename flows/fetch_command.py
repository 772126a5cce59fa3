"""`tollbook fetch`: what is published on S3, in a folder that every command and tool reads."""

from __future__ import annotations

from flows.options import DONE, NamedOutput, console


def fetch(address: str, /, *, output: NamedOutput) -> int:
    """Bring what is published in a warehouse on S3 into a folder, or an earlier copy in it up to date.

    What is there already is not fetched again. The copy is for reading: runs publish in the warehouse on S3.

    Parameters
    ----------
    address
        The warehouse, like s3://billing/tollbook.
    output
        Folder of the copy: empty, or a copy of this warehouse.

    Examples
    --------
    tollbook fetch s3://billing/tollbook -o data/fetched
        Then `tollbook sql --warehouse data/fetched`, or any tool on data/fetched/tollbook.duckdb.
    """
    from flows.fetch import fetch_warehouse

    fetched = fetch_warehouse(address, output)
    what = "is up to date" if fetched.is_unchanged else "is fetched"
    line = f"{address} {what}: {fetched.runs:,} runs up to {fetched.newest}. Read it with --warehouse {output}"
    console().print(line, soft_wrap=True)
    return DONE
