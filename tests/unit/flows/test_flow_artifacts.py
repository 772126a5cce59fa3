"""What a person sees on a screen, as a page of markdown."""

from __future__ import annotations

from rich.table import Table

from flows.flow_artifacts import MarkdownPage


def _table(*rows: tuple[str, str]) -> Table:
    table = Table(title="Calls")
    table.add_column("call")
    table.add_column("cost", justify="right")
    for row in rows:
        table.add_row(*row)
    return table


def test_a_table_is_a_table_with_its_figures_to_the_right() -> None:
    page = MarkdownPage()
    page.print(_table(("c1", "1,234.50"), ("c2", "-0.067500")))
    assert page.markdown == ("### Calls\n\n| call | cost |\n| --- | ---: |\n| c1 | 1,234.50 |\n| c2 | -0.067500 |\n")


def test_text_is_a_paragraph() -> None:
    page = MarkdownPage()
    page.print("nothing differs.", soft_wrap=True)
    page.print("The invoices stay.")
    assert page.markdown == "nothing differs.\n\nThe invoices stay.\n"


def test_no_cell_breaks_the_table_or_the_page() -> None:
    page = MarkdownPage()
    page.print(_table(("a|b\nc", "<script>")))
    assert page.markdown.splitlines()[-1] == "| a\\|b c | &lt;script> |"


def test_telephone_numbers_lose_all_but_their_last_digits() -> None:
    page = MarkdownPage()
    page.print(_table(("2125550177", "12125550177")))
    page.print("asked by +44 20 7123 4567")
    assert "******0177 | *******0177" in page.markdown
    assert "asked by ********4567" in page.markdown
