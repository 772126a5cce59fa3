"""Contracts are read whole or refused with every bad row of every table (contract §3)."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import polars as pl
import pytest

from flows.contract_reader import Contracts, checked_contracts, read_contract_files
from rate_tables.versions import RateTables
from schemas.faults import InputRefusedError
from schemas.rate_files import CHARGES, DIALING_PLANS, PLANS, POLICY, RATE_TABLES
from schemas.text_tables import TableSpec, empty_table, read_csv_table

TABLES = {
    "accounts.csv": """\
account_id,name,country,region,plan_id,service_start,billing_start,free_months,contract_end,buyout_fee,\
cancel_requested_on,low_usage_allowed,tax_exempt_from,tax_exempt_until,language,invoice_recipients,receipt_recipient
maple,Maple Dental,US,NY,us-team,2019-01-31,,1,2020-12-31,250.00,,2,2020-01-01,2020-06-30,,\
a@example.com;b@example.com,
cedar,"Cedar, Inc.",CA,QC,ca-team,,2019-05-01,,,,2020-01-05,,,,fr,c@example.com,r@example.com
""",
    "account_plans.csv": "account_id,plan_id,effective_from\nmaple,us-metered,2020-02-01\n",
    "account_items.csv": """\
account_id,item_id,charge_code,quantity,start_date,cancel_requested_on,low_usage,billing_group,extension
maple,i1,phone,12,2019-02-01,,true,North,101
cedar,i1,phone,3,2019-06-01,2019-12-20,,,
""",
    "phone_numbers.csv": """\
account_id,number,kind,charge_code,start_date,cancel_requested_on,billing_group
cedar,+14165550100,two_way,did,2019-06-01,,
maple,+14165550100,two_way,did,2020-02-01,,
maple,+18005550100,toll_free,did,2019-06-01,,
""",
    "one_time_charges.csv": """\
account_id,charge_id,charge_date,charge_code,description,quantity,unit_price
maple,c1,2020-01-10,phone,Credit,-1,10.50
cedar,c1,2020-01-10,phone,List price,1,
cedar,c2,2020-01-10,phone,Negative,1,-3.25
""",
    "equipment_returns.csv": """\
account_id,rma_id,description,price,shipped_on,received_on,verified_on,provisioning_fee,missing_parts_fee
maple,r1,Phone,100.00,2020-01-01,2020-01-31,2020-02-02,,
""",
}
RATES = {
    PLANS.name: """\
plan_id,effective_from,currency,included_minutes,included_per,included_countries,overage_rate,minimum_seconds,\
increment_seconds,rounding,low_usage_discount_percent,effective_to
us-team,,USD,,,,,,,,,
us-metered,,USD,,,,,,,,,
ca-team,,CAD,,,,,,,,,
""",
    CHARGES.name: """\
plan_id,currency,charge_code,effective_from,category,is_phone,label_en,label_fr,price,effective_to
*,USD,phone,,service_charge,true,Phone,Téléphone,24.95,
*,USD,did,,phone_numbers,,Number,Numéro,4.95,
*,USD,setup,,one_time,,Setup,Installation,99.00,
""",
    DIALING_PLANS.name: """\
country,calling_code,international_prefix,national_prefix,national_lengths,carrier_code_digits,\
emergency_numbers,short_codes
US,1,011,1,10,,911,411
CA,1,011,1,10,,911,411
""",
    POLICY.name: """\
setting,effective_from,value,unit,source,effective_to
cancellation_notice_days,2000-01-01,10,days,guide,
""",
}


def rate_table(spec: TableSpec) -> pl.DataFrame:
    if spec.name not in RATES:
        return empty_table(spec)
    table = read_csv_table(RATES[spec.name].encode(), spec, spec.name)
    assert table.faults == []
    return table.rows


@pytest.fixture(scope="module")
def rates() -> RateTables:
    tables = {spec.name: rate_table(spec) for spec in RATE_TABLES}
    return RateTables("test", dt.date(2020, 1, 1), "0" * 64, Path(), **tables)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    contracts = tmp_path / "contracts"
    contracts.mkdir()
    for file, text in TABLES.items():
        (contracts / file).write_text(text)
    return contracts


def refusal(folder: Path, rates: RateTables) -> list[str]:
    with pytest.raises(InputRefusedError) as refused:
        checked_contracts(read_contract_files(folder), rates)
    return [str(fault) for fault in refused.value.faults]


def test_sound_contracts_are_read_typed(folder: Path, rates: RateTables) -> None:
    contracts = checked_contracts(read_contract_files(folder), rates)
    maple = contracts.accounts.row(0, named=True)
    assert (maple["service_start"], maple["billing_start"]) == (dt.date(2019, 1, 31), None)
    assert (maple["buyout_fee_micros"], maple["free_months"], maple["language"]) == (250_000_000, 1, "en")
    assert maple["invoice_recipients"] == ["a@example.com", "b@example.com"]
    assert contracts.accounts["name"][1] == "Cedar, Inc."
    assert contracts.account_items["low_usage"].to_list() == [True, False]
    assert contracts.one_time_charges["quantity"].to_list() == [-1, 1, 1]
    assert contracts.one_time_charges["unit_price_micros"].to_list() == [10_500_000, None, -3_250_000]


def test_the_hash_of_each_file_read_is_kept(folder: Path, rates: RateTables) -> None:
    files = checked_contracts(read_contract_files(folder), rates).files
    assert sorted(files) == sorted(TABLES)
    content = (folder / "accounts.csv").read_bytes()
    assert files["accounts.csv"] == hashlib.sha256(content).hexdigest()


def test_only_accounts_is_required(folder: Path, rates: RateTables) -> None:
    for file in TABLES.keys() - {"accounts.csv"}:
        (folder / file).unlink()
    contracts = checked_contracts(read_contract_files(folder), rates)
    assert contracts.accounts.height == 2
    assert contracts.phone_numbers.is_empty()
    assert contracts.phone_numbers.schema["start_date"] == pl.Date
    (folder / "accounts.csv").unlink()
    assert refusal(folder, rates) == [
        "contracts/accounts.csv: is missing; write the table of accounts, as .csv or .parquet"
    ]


def test_a_missing_folder_is_refused(tmp_path: Path, rates: RateTables) -> None:
    assert "there is no such folder" in refusal(tmp_path / "nowhere", rates)[0]


def as_parquet(folder: Path, table: str) -> None:
    frame = pl.read_csv(folder / f"{table}.csv", try_parse_dates=True, infer_schema_length=None)
    floats = [name for name, dtype in frame.schema.items() if dtype.is_float()]
    frame.with_columns(pl.col(floats).cast(pl.Decimal(18, 2))).write_parquet(folder / f"{table}.parquet")


def test_parquet_tables_read_as_their_csv_does(folder: Path, rates: RateTables) -> None:
    from_csv = checked_contracts(read_contract_files(folder), rates)
    for file in TABLES:
        as_parquet(folder, file.removesuffix(".csv"))
        (folder / file).unlink()
    from_parquet = checked_contracts(read_contract_files(folder), rates)
    for name in set(Contracts._fields) - {"files", "contents"}:
        assert getattr(from_parquet, name).drop("line").equals(getattr(from_csv, name).drop("line"))
    assert sorted(from_parquet.files)[0] == "account_items.parquet"


def test_an_optional_column_may_be_left_out(folder: Path, rates: RateTables) -> None:
    path = folder / "account_items.csv"
    items = pl.read_csv(path, infer_schema=False).drop("extension", "billing_group")
    items.write_csv(path)
    assert (
        checked_contracts(read_contract_files(folder), rates).account_items["billing_group"].to_list()
        == [""] * items.height
    )


def test_a_misspelt_optional_column_is_refused(folder: Path, rates: RateTables) -> None:
    path = folder / "account_items.csv"
    path.write_text(path.read_text().replace("billing_group", "billing_grp"))
    (fault,) = refusal(folder, rates)
    assert "line 1, column billing_group: the column is missing" in fault


def test_a_table_in_both_forms_is_refused(folder: Path, rates: RateTables) -> None:
    as_parquet(folder, "account_items")
    assert refusal(folder, rates) == [
        "contracts/account_items.csv: account_items.csv and account_items.parquet are both there; keep one"
    ]


def test_a_parquet_file_that_is_none_is_refused(folder: Path, rates: RateTables) -> None:
    (folder / "account_plans.csv").rename(folder / "account_plans.parquet")
    assert "contracts/account_plans.parquet: is not a Parquet file" in refusal(folder, rates)[0]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("accounts", "maple,Maple", ".maple,Maple", "line 2, column account_id: is not an account id"),
        ("accounts", "cedar,", "maple,", "line 3, column account_id: repeats the key of line 2 ('maple')"),
        ("accounts", "US,NY", "PR,", "line 2, column country: has no dialing plan ('PR')"),
        ("accounts", "us-team", "us-tem", "line 2, column plan_id: is no plan ('us-tem')"),
        (
            "accounts",
            "2019-01-31",
            "2019-02-31",
            "line 2, column service_start: is not a date ('2019-02-31')",
        ),
        ("accounts", "2019-01-31", "", "line 2, column billing_start: has no start; give billing_start or"),
        ("accounts", ",1,2020-12-31", ",-1,2020-12-31", "line 2, column free_months: is negative ('-1')"),
        ("accounts", "2020-06-30", "2019-12-31", "column tax_exempt_until: is before tax_exempt_from"),
        ("accounts", ",fr,", ",de,", "line 3, column language: is not one of en, fr ('de')"),
        ("accounts", "c@example.com", "", "line 3, column invoice_recipients: is empty"),
        ("accounts", "c@example.com", "a@b;b@b;c@b;d@b;e@b;f@b", "column invoice_recipients: holds 6 items"),
        ("accounts", "c@example.com", "c.example.com", "column invoice_recipients: holds 'c.example.com'"),
        ("accounts", "r@example.com", "r@a.com;s@a.com", "column receipt_recipient: is not one mail address"),
        ("accounts", "250.00", "-250", "line 2, column buyout_fee: is negative"),
        ("account_plans", "2020-02-01", "2020-02-02", "column effective_from: is not the 1st of a month"),
        ("account_plans", "us-metered", "us-none", "line 2, column plan_id: is no plan ('us-none')"),
        (
            "account_plans",
            "us-metered",
            "ca-team",
            "changes the account's currency from USD to CAD ('ca-team')",
        ),
        ("account_plans", "maple", "oak", "line 2, column account_id: is no account ('oak')"),
        ("account_items", "maple,i1,phone", "maple,i1,fone", "column charge_code: is no charge ('fone')"),
        ("account_items", "maple,i1,phone", "maple,i1,setup", "column charge_code: is a charge that is billed once"),
        ("phone_numbers", "toll_free,did", "toll_free,setup", "column charge_code: is a charge that is billed once"),
        ("account_items", "phone,12", "phone,-12", "line 2, column quantity: is negative ('-12')"),
        ("account_items", "phone,12", "phone,1000001", "line 2, column quantity: is too high"),
        ("account_items", "2019-02-01", "", "line 2, column start_date: is empty"),
        ("account_items", "cedar,i1", "maple,i1", "line 3, column item_id: repeats the key of line 2 ('i1')"),
        ("phone_numbers", "+18005550100", "18005550100", "column number: is not an E.164 number"),
        ("phone_numbers", "+18005550100", "+1800555010012345", "column number: is not an E.164 number"),
        ("phone_numbers", "toll_free", "freephone", "line 4, column kind: is not one of toll_free"),
        ("one_time_charges", "c2", "c1", "line 4, column charge_id: repeats the key of line 3 ('c1')"),
        ("one_time_charges", "-3.25", "-3.2500001", "column unit_price: has more than 6 decimals"),
        ("equipment_returns", "2020-01-31", "2019-12-31", "received_on: is before shipped_on ('2019-12-31')"),
        (
            "equipment_returns",
            "2020-02-02",
            "2020-01-30",
            "verified_on: is before received_on ('2020-01-30')",
        ),
        ("equipment_returns", "2020-01-31", "", "verified_on: is without received_on ('2020-02-02')"),
        ("equipment_returns", "maple", "oak", "line 2, column account_id: is no account ('oak')"),
    ],
)
def test_one_bad_row_refuses_the_contract(
    folder: Path, rates: RateTables, file: str, old: str, new: str, said: str
) -> None:
    path = folder / f"{file}.csv"
    assert TABLES[path.name].count(old) >= 1
    path.write_text(TABLES[path.name].replace(old, new, 1))
    faults = [fault for fault in refusal(folder, rates) if f"/{file}.csv" in fault]
    assert len(faults) == 1
    assert said in faults[0]


def test_every_bad_row_of_every_table_is_listed(folder: Path, rates: RateTables) -> None:
    spoil = {"accounts": ("us-team", "x"), "account_items": ("true", "yes"), "phone_numbers": ("did", "dit")}
    for table, (old, new) in spoil.items():
        path = folder / f"{table}.csv"
        path.write_text(path.read_text().replace(old, new))
    assert [fault.partition(":")[0] for fault in refusal(folder, rates)] == [
        "contracts/account_items.csv, line 2, column low_usage",
        "contracts/accounts.csv, line 2, column plan_id",
        "contracts/phone_numbers.csv, line 2, column charge_code",
        "contracts/phone_numbers.csv, line 3, column charge_code",
        "contracts/phone_numbers.csv, line 4, column charge_code",
    ]


def test_rows_of_an_account_that_could_not_be_read_are_not_blamed(folder: Path, rates: RateTables) -> None:
    path = folder / "accounts.csv"
    path.write_text(path.read_text().replace("maple,Maple Dental,", "maple,"))
    (fault,) = refusal(folder, rates)
    assert fault.startswith("contracts/accounts.csv, line 2: has 16 fields and the header 17")


def test_a_missing_column_is_one_fault_and_not_one_a_row(folder: Path, rates: RateTables) -> None:
    path = folder / "accounts.csv"
    path.write_text(path.read_text().replace("service_start", "service_begin"))
    (fault,) = refusal(folder, rates)
    assert "line 1, column service_start: the column is missing" in fault


def test_a_request_to_cancel_before_the_first_policy_is_refused(folder: Path, rates: RateTables) -> None:
    """Each row is named, not the first day alone: it may as well be a slip of the pen."""
    for file, day in (("account_items", "2019-12-20"), ("accounts", "2020-01-05")):
        path = folder / f"{file}.csv"
        path.write_text(path.read_text().replace(day, "1999-12-20"))
    said = "column cancel_requested_on: is a day on which policy.csv has no row of cancellation_notice_days in force"
    item, account = refusal(folder, rates)
    assert f"contracts/account_items.csv, line 3, {said} ('1999-12-20'); mend the day" in item
    assert f"contracts/accounts.csv, line 3, {said} ('1999-12-20'); mend the day" in account


def test_contracts_whose_accounts_are_a_header_alone_are_one_fault(folder: Path, rates: RateTables) -> None:
    path = folder / "accounts.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    assert refusal(folder, rates) == ["contracts/accounts.csv: holds no account; write one row an account"]


def test_a_misspelt_column_is_shown_as_it_stands(folder: Path, rates: RateTables) -> None:
    path = folder / "accounts.csv"
    path.write_text(path.read_text().replace("receipt_recipient", "receipt_recipent"))
    (fault,) = refusal(folder, rates)
    assert "column receipt_recipient: the column is missing; receipt_recipent is no column of the table" in fault
