"""fees.csv, usf_factors.csv, usf_shares.csv and taxes.csv.

Fees are EXAMPLES. USF factors are facts. Tax rates are the general sales taxes on 2020-01-01 (facts), put
to an example use: what a state or city takes from telephone service is often another tax, and a carrier
replaces these rows by its own.
"""

from __future__ import annotations

from rate_tables.build.international_rates import FIRST_DAY

FEE_COLUMNS = [
    "fee",
    "country",
    "region",
    "currency",
    "basis",
    "amount",
    "categories",
    "effective_from",
    "effective_to",
]
FACTOR_COLUMNS = ["country", "quarter", "factor_percent", "source"]
SHARE_COLUMNS = ["country", "category", "interstate_share_percent", "effective_from", "effective_to"]
TAX_COLUMNS = [
    "country",
    "region",
    "tax",
    "label_en",
    "label_fr",
    "percent",
    "effective_from",
    "effective_to",
]

_TELEPHONE = "service_charge;phone_numbers;overage;domestic_premium;toll_free;international"
_FEES = (
    ("rrf", "CA", "*", "CAD", "per_device", "0.50", ""),
    ("rrf", "US", "*", "USD", "per_device", "1.25", ""),
    ("rrf", "US", "CA", "USD", "flat", "4.95", ""),
    ("slrrf", "US", "*", "USD", "percent", "3.5", _TELEPHONE),
    ("slrrf", "US", "NY", "USD", "per_device", "0.85", ""),
    ("slrrf", "US", "TX", "USD", "flat", "2.50", ""),
)

_USAC = "usac.org contribution factors"
_FACTORS = (
    ("2019Q1", "20.0", f"FCC DA 18-1249; {_USAC}"),
    ("2019Q2", "18.8", f"FCC DA 19-178; {_USAC}"),
    ("2019Q3", "24.4", f"FCC DA 19-559; {_USAC}"),
    ("2019Q4", "25.0", f"FCC DA 19-910; {_USAC}"),
    ("2020Q1", "21.2", f"FCC DA 19-1266; {_USAC}"),
    ("2020Q2", "19.6", f"FCC DA 20-269; {_USAC}"),
    ("2020Q3", "26.5", f"FCC DA 20-617; {_USAC}"),
    ("2020Q4", "27.1", f"FCC DA 20-1075; {_USAC}"),
    ("2021Q1", "31.8", f"FCC DA 20-1480; {_USAC}"),
    ("2021Q2", "33.4", f"FCC DA 21-308; {_USAC}"),
    ("2021Q3", "31.8", f"FCC DA 21-676; {_USAC}"),
    ("2021Q4", "29.1", f"FCC DA 21-1134; {_USAC}"),
    ("2022Q1", "25.2", f"FCC DA 21-1550; {_USAC}"),
    ("2022Q2", "23.8", f"FCC DA 22-268; {_USAC}"),
    ("2022Q3", "33.0", f"FCC DA 22-623; {_USAC}"),
    ("2022Q4", "28.9", f"FCC DA 22-946; {_USAC}"),
    ("2023Q1", "32.6", f"FCC DA 22-1286; {_USAC}"),
    ("2023Q2", "29.0", f"FCC DA 23-216; {_USAC}"),
    ("2023Q3", "29.2", f"FCC DA 23-507; {_USAC}"),
    ("2023Q4", "34.5", f"FCC DA 23-843; {_USAC}"),
    ("2024Q1", "34.6", f"FCC DA 23-1156; {_USAC}"),
    ("2024Q2", "32.8", f"FCC DA 24-257; {_USAC}"),
    ("2024Q3", "34.4", f"FCC DA 24-557; {_USAC}"),
    ("2024Q4", "35.8", f"FCC DA 24-924; {_USAC}"),
    ("2025Q1", "36.3", "secondary: mondaq.com 1680090"),
    ("2025Q2", "36.6", "secondary: mondaq.com 1637982 and broadbandbreakfast.com"),
    ("2025Q3", "36.0", "secondary: mondaq.com 1637982 and broadbandbreakfast.com"),
    ("2025Q4", "38.1", "secondary: mondaq.com 1680090"),
    ("2026Q1", "37.6", "FCC DA 25-1026"),
    ("2026Q2", "37.0", "FCC DA 26-218; secondary: digitalliberty.net"),
)
"""Every quarter known from 2019 on; the ones after the version's date let later months be tried with it."""

_SHARES = (
    ("domestic_premium", "64.9"),
    ("included_minutes", "64.9"),
    ("international", "100"),
    ("overage", "64.9"),
    ("phone_numbers", "64.9"),
    ("service_charge", "64.9"),
    ("toll_free", "64.9"),
)
"""Rule 8.2: 64.9 % is the safe harbour for interconnected VoIP (FCC 06-94); other categories count 0."""

_US_STATES = (
    "AL 4 AR 6.5 AZ 5.6 CA 7.25 CO 2.9 CT 6.35 DC 6 FL 6 GA 4 HI 4 IA 6 ID 6 IL 6.25 IN 7 KS 6.5 KY 6 "
    "LA 4.45 MA 6.25 MD 6 ME 5.5 MI 6 MN 6.875 MO 4.225 MS 7 NC 4.75 ND 5 NE 5.5 NJ 6.625 NM 5.125 NV 6.85 "
    "NY 4 OH 5.75 OK 4.5 PA 6 PR 10.5 RI 7 SC 6 SD 4.5 TN 7 TX 6.25 UT 6.1 VA 5.3 VT 6 WA 6.5 WI 5 WV 6 WY 4"
)
"""State → general sales tax in percent on 2020-01-01 (Tax Foundation, State and Local Sales Tax Rates,
January 2020; Puerto Rico: the Commonwealth's IVU). AK, DE, MT, NH and OR have none."""
_GST = ("gst", "GST", "TPS", "5")
_HST = ("hst", "HST", "TVH")
_PST = ("pst", "PST", "TVP")
_CANADA = (
    *((region, *_GST, FIRST_DAY, "") for region in ("AB", "BC", "MB", "NT", "NU", "QC", "SK", "YT")),
    *((region, *_HST, "15", FIRST_DAY, "") for region in ("NB", "NL", "NS", "PE")),
    ("ON", *_HST, "13", FIRST_DAY, ""),
    ("QC", "qst", "QST", "TVQ", "9.975", FIRST_DAY, ""),
    ("BC", *_PST, "7", FIRST_DAY, ""),
    ("SK", *_PST, "6", FIRST_DAY, ""),
    ("MB", "rst", "RST", "TVD", "8", FIRST_DAY, "2019-07-01"),
    ("MB", "rst", "RST", "TVD", "7", "2019-07-01", ""),
)
"""Canada Revenue Agency, Revenu Québec and the provinces; Manitoba's tax fell to 7 % on 1 July 2019."""
_OTHERS = (
    ("BR", "*", "iss", "ISS (example)", "ISS (exemple)", "5"),
    ("BR", "SP", "iss", "ISS (example)", "ISS (exemple)", "2.9"),
    (
        "US",
        "NY",
        "mctd",
        "Commuter district tax (example)",
        "Taxe du district de transport (exemple)",
        "0.375",
    ),
)


def fees() -> list[dict[str, str]]:
    """One row a fee, country and region; a region's own row replaces `*` (rule 8.1)."""
    return [dict(zip(FEE_COLUMNS, (*fee, FIRST_DAY, ""), strict=True)) for fee in _FEES]


def usf_factors() -> list[dict[str, str]]:
    """One row a quarter of the United States."""
    return [dict(zip(FACTOR_COLUMNS, ("US", *factor), strict=True)) for factor in _FACTORS]


def usf_shares() -> list[dict[str, str]]:
    """One row a category that counts for the USF."""
    return [dict(zip(SHARE_COLUMNS, ("US", *share, FIRST_DAY, ""), strict=True)) for share in _SHARES]


def taxes() -> list[dict[str, str]]:
    """One row a country, region and tax."""
    words = _US_STATES.split()
    states = zip(words[::2], words[1::2], strict=True)
    rows = [
        *(("US", state, "state", "State tax", "Taxe d’État", percent, FIRST_DAY, "") for state, percent in states),
        *(("CA", *row) for row in _CANADA),
        *((*row, FIRST_DAY, "") for row in _OTHERS),
    ]
    return [dict(zip(TAX_COLUMNS, row, strict=True)) for row in sorted(rows, key=_tax_key)]


def _tax_key(row: tuple[str, ...]) -> tuple[str, str, str, str]:
    return row[0], row[1], row[2], row[-2]
