"""Who sends the invoices, as the carrier's file says."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from flows.invoice_pdf.seller import NEUTRAL, Seller, load_sellers
from schemas.faults import InputRefusedError

TWO = """
[[seller]]
effective_from = 2020-03-01
name = "New Name Inc."
address = ["2 New Street"]

[[seller]]
name = " Old Name Inc. "
tax_numbers = ["GST 1", "QST 2"]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "seller.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_invoice_keeps_the_seller_of_its_day(tmp_path: Path) -> None:
    sellers = load_sellers(write(tmp_path, TWO), is_named=True)
    assert sellers.on(dt.date(2020, 2, 29)) == Seller("Old Name Inc.", tax_numbers=("GST 1", "QST 2"))
    assert sellers.on(dt.date(2020, 3, 1)) == Seller("New Name Inc.", address=("2 New Street",))


def test_a_day_before_the_first_seller_is_refused(tmp_path: Path) -> None:
    sellers = load_sellers(write(tmp_path, TWO.split("\n\n")[0]), is_named=True)
    with pytest.raises(InputRefusedError, match="no \\[\\[seller\\]\\] is in force on 2020-02-29"):
        sellers.on(dt.date(2020, 2, 29))


def test_without_a_file_the_seller_is_neutral_but_a_named_file_must_be_there(tmp_path: Path) -> None:
    assert load_sellers(tmp_path / "seller.toml", is_named=False) == NEUTRAL
    with pytest.raises(FileNotFoundError):
        load_sellers(tmp_path / "seller.toml", is_named=True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name = ", "is not TOML"),
        ('name = "A"', "something else than"),
        ("[[seller]]\nname = ' '", "column name: a [[seller]] has no name"),
        ('[[seller]]\nname = "A"\nadress = ["x"]', "column adress: is no setting of a seller"),
        ('[[seller]]\nname = "A"\naddress = "x"', "column address: is no list of texts"),
        ('[[seller]]\nname = "A"\nphone = 1', "column phone: is no text"),
        ('[[seller]]\nname = "A"\neffective_from = "2020-01-01"', "column effective_from: is no date"),
        ('[[seller]]\nname = "A"\n[[seller]]\nname = "B"', "two [[seller]] have the same effective_from"),
    ],
)
def test_a_fault_of_the_file_is_told_with_its_setting(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputRefusedError) as refused:
        load_sellers(write(tmp_path, text), is_named=True)
    assert told in str(refused.value)


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputRefusedError) as refused:
        load_sellers(write(tmp_path, "[[seller]]\nphone = 1\nfax = 2"), is_named=True)
    assert [fault.column for fault in refused.value.faults] == ["fax", "name", "phone"]
