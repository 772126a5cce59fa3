"""`tollbook report`: the report of a published run, made again and compared with the one that was published."""

from __future__ import annotations

from flows.options import DONE, WAREHOUSE, Output, Warehouse, console
from flows.settings import parse_month
from schemas.faults import Fault, InputRefusedError


def report(
    month: str,
    /,
    *,
    run: str | None = None,
    output: Output = None,
    warehouse: Warehouse = WAREHOUSE,
) -> int:
    """Make the report of a published run again, byte for byte, and say where it is.

    Parameters
    ----------
    month
        Invoice month, like 2020-02.
    run
        A rerun of the month, by its id; the run that issued the invoices if not named.
    output
        File to write; if not named, the page among the run's files is checked, and put back where it is gone.

    Examples
    --------
    tollbook report 2020-02
        Where the page is, and whether it is as it was published.
    tollbook report 2020-02 -o february.html
        A copy to send on.
    """
    from flows.report.again import made_again, restored
    from flows.report.files import REPORT

    if output is not None and output.is_dir():
        raise InputRefusedError(Fault("--output", "this is a folder", f"name a file in it, like {output / REPORT}"))
    made = made_again(warehouse, parse_month(month), run)
    if output is None:
        told = f"report of {made.run_id}: {restored(made)}"
    else:
        made.write(output)
        told = f"report of {made.run_id} written to {output}"
    console().print(told, soft_wrap=True)
    return DONE
