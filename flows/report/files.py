"""The report among a run's files: the figures and the page made of them."""

from __future__ import annotations

from pathlib import Path

from flows.files import write_json, write_text
from flows.report.facts import Facts

REPORT, FACTS = "report.html", "report.json"


def write_report(facts: Facts, folder: Path) -> None:
    """`report.json` and `report.html` in the folder of the run."""
    from flows.report.page import report_page  # Jinja is not waited for by who publishes nothing

    write_json(facts, folder / FACTS)
    write_text(report_page(facts), folder / REPORT)


def prepare_report() -> None:
    """What the page is made with is loaded: a tenth of a second that a run can spend beside the reading of calls."""
    from flows.report.charts import drawing_library
    from flows.report.page import load_templates

    drawing_library()
    load_templates()
