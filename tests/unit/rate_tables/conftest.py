"""A small rate version that a test can write, spoil in one place, and load."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

RATING = "rate_per_minute,connection_fee,minimum_seconds,increment_seconds,rounding,effective_to"
POLICY = """\
setting,effective_from,value,unit,source,effective_to
issue_day_last,2000-01-01,7,day,guide,
due_days,2000-01-01,15,days,guide,
autopay_day,2000-01-01,10,day,guide,
dispute_days,2000-01-01,15,days,guide,
start_day_billed,2000-01-01,false,,guide,
cancellation_notice_days,2000-01-01,10,days,guide,
low_usage_minimum_phones,2000-01-01,20,phones,guide,
restocking_percent,2000-01-01,25,%,guide,
return_window_days,2000-01-01,30,days,guide,
"""
TABLES = {
    "international_rates.csv": f"""\
currency,prefix,effective_from,destination,country,line_type,{RATING}
USD,55,2019-01-01,Brazil,BR,fixed,0.0185,,,,,2020-01-16
USD,55,2020-01-16,Brazil,BR,fixed,0.0195,,,,,
USD,5511,,Brazil - Sao Paulo,BR,fixed,,,,,,
""",
    "premium_prefixes.csv": f"""\
country,currency,plan_id,prefix,effective_from,published_prefix,description,{RATING}
US,USD,*,1787555,2019-01-01,787555,Puerto Rico chat,0.5,,,,,
BR,BRL,*,55300,2019-01-01,0300,Servico 0300,0.4,,30,6,up,
""",
    "toll_free_rates.csv": f"""\
country,currency,origin_prefix,effective_from,{RATING}
US,USD,,2019-01-01,0.019,,,,,
""",
    "plans.csv": """\
plan_id,effective_from,currency,included_minutes,included_per,included_countries,overage_rate,\
minimum_seconds,increment_seconds,rounding,low_usage_discount_percent,effective_to
us-team,2019-01-01,USD,200,device,,0.02,,,,12.5,
us-unlimited,2019-01-01,USD,,,CA;MX,,,,,,
ca-team,2019-01-01,CAD,750,account,US,0.02,,,,,
""",
    "charges.csv": """\
plan_id,currency,charge_code,effective_from,category,is_phone,label_en,label_fr,price,effective_to
*,USD,phone,2019-01-01,service_charge,true,Phone,Téléphone,24.95,
*,USD,did,2019-01-01,phone_numbers,,Number,Numéro,4.95,
*,USD,goodwill,2019-01-01,credits,,Goodwill,Geste commercial,,
""",
    "fees.csv": """\
fee,country,region,currency,effective_from,basis,amount,categories,effective_to
rrf,US,*,USD,2019-01-01,percent,3.5,service_charge;overage,
slrrf,US,NY,USD,2019-01-01,per_device,1.25,,
""",
    "usf_factors.csv": "country,quarter,factor_percent,source\nUS,2020Q1,21.2,notice\n",
    "usf_shares.csv": """\
country,category,effective_from,interstate_share_percent,effective_to
US,service_charge,2019-01-01,64.9,
""",
    "taxes.csv": """\
country,region,tax,effective_from,label_en,label_fr,percent,effective_to
CA,*,gst,2008-01-01,GST,TPS,5,
CA,QC,qst,2013-01-01,QST,TVQ,9.975,
""",
    "numbering_plan.csv": "prefix,country,region,kind\n1787,US,PR,geographic\n800,,,special\n",
    "dialing_plans.csv": """\
country,calling_code,international_prefix,national_prefix,national_lengths,carrier_code_digits,\
emergency_numbers,short_codes
US,1,011,1,10,,911,411;611
BR,55,00,0,10;11,2,190;192,
CA,1,011,1,10,,911,411
""",
    "policy.csv": POLICY,
}
WriteVersion = Callable[..., Path]


@pytest.fixture
def write_version(tmp_path: Path) -> WriteVersion:
    """A writer of version folders: the tables above, one text of one file replaced, and their hashes."""

    def write(
        name: str = "2020.1",
        published_on: str = "2020-01-01",
        spoil: tuple[str, str, str] = ("", "", ""),
    ) -> Path:
        file_to_spoil, old, new = spoil
        assert not old or TABLES[file_to_spoil].count(old) == 1
        folder = tmp_path / name
        folder.mkdir()
        manifest = [f'version = "{name}"', f"published_on = {published_on}", 'note = "a test"']
        for file, text in TABLES.items():
            content = (text.replace(old, new) if file == file_to_spoil else text).encode()
            (folder / file).write_bytes(content)
            rows = len(content.splitlines()) - 1
            manifest += ["", f'[files."{file}"]', f"rows = {rows}"]
            manifest.append(f'sha256 = "{hashlib.sha256(content).hexdigest()}"')
        (folder / "manifest.toml").write_text("\n".join(manifest) + "\n")
        return tmp_path

    return write
