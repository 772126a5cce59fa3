"""What the random rate versions are made of: prefixes, prices, plans, charges, columns."""

from __future__ import annotations

from collections.abc import Sequence

VERSION = "2020.0-random"
Cells = Sequence[str]

NUMBERING = """
1212 US NY geographic|1415 US CA geographic|1512 US TX geographic|1787 US PR geographic
1939 US PR geographic|1340 US VI geographic|1416 CA ON geographic|1514 CA QC geographic
1604 CA BC geographic|1876 JM - geographic|1809 DO - geographic|1800 - - toll_free|1888 - - toll_free
1900 - - premium|1976 - - premium|1411 US - special|5511 BR SP geographic|55119 BR SP mobile
5521 BR RJ geographic|55300 BR - special|55500 BR - special|55800 BR - toll_free|55900 BR - premium
7495 RU MOW geographic|7812 RU SPE geographic|79 RU - mobile|7800 RU - toll_free|7803 RU - premium
77 KZ - geographic|7701 KZ - mobile|4420 GB ENG geographic|44161 GB ENG geographic|447 GB - mobile
44800 GB - toll_free|449 GB - premium|441534 JE - geographic|447797 JE - mobile|49 DE - geographic
4915 DE - mobile|33 FR - geographic|336 FR - mobile|52 MX - geographic|521 MX - mobile|881 - - special
8816 - - special|881612345678901 - - special|800 - - toll_free|353 IE - geographic
"""
DECK = """
1 12 1212 1415 1512 1787 1876 18765 1809 1411 7 77 7701 77011 7495 79 3 33 336 3361 33612 4 44 447 4477
447797 4420 441534 49 4915 49151 491512 52 521 5 55 55119 551198 5511 5521 881 8816 881612345678901
88161234567890 800 8001 80012345 9
"""
PREMIUM = {
    ("US", "USD"): "787555 1787555|900 1900|1900555 1900555|212976 1212976|21297655 121297655|411 1411",
    ("CA", "CAD"): "900 1900|416976 1416976|1604976 1604976",
    ("CA", "USD"): "900 1900|416976 1416976",
    ("BR", "BRL"): "0300 55300|0300123 55300123|0500 55500|11900 5511900",
    ("GB", "USD"): "09 449|098 4498|4498765 4498765",
}
TOLL_FREE = (("US", "USD"), ("CA", "CAD"), ("CA", "USD"), ("BR", "BRL"), ("GB", "USD"))
ORIGINS = ("", "1", "1787", "18", "1212", "44", "447", "55", "5511")
RATING = (
    ("", "", ""),
    ("", "", ""),
    ("0", "60", "nearest"),
    ("30", "6", "up"),
    ("60", "60", "up"),
    ("30", "60", "up"),
    ("1", "1", "up"),
    ("0", "1", "up"),
    ("0", "6", "nearest"),
    ("10", "7", "nearest"),
    ("", "", "up"),
)
RATES = ("0.0185", "0.01", "0.012345", "0.000001", "0", "0.0000", "1.5", "0.333333", "0.07", "2.999999")
FEES = ("", "", "", "0", "0.05", "0.123456")
# plan, currency, minutes, per, included countries: those of one currency can follow one another.
PLANS = (
    ("us-basic", "USD", "100", "account", ""),
    ("us-small", "USD", "7", "account", "CA"),
    ("us-device", "USD", "4", "device", "CA;MX"),
    ("us-open", "USD", "", "account", "CA"),
    ("ca-basic", "CAD", "30", "account", "US"),
    ("ca-device", "CAD", "3", "device", ""),
    ("br-basic", "BRL", "15", "account", ""),
    ("br-open", "BRL", "", "account", ""),
)
# code, category, is a phone, price
CHARGES = (
    ("phone", "service_charge", "true", "24.95"),
    ("phone-x", "service_charge", "true", "9.33333"),
    ("ata", "service_charge", "false", "10.00"),
    ("paging", "service_charge", "", "0.00"),
    ("did-two-way", "phone_numbers", "", "1.25"),
    ("did-inbound", "phone_numbers", "false", "0.995"),
    ("did-toll-free", "phone_numbers", "", "5.00"),
    ("did-international", "phone_numbers", "", "7.77"),
    ("seat", "contact_center", "false", "89.00"),
    ("rented-phone", "rentals", "false", "3.50"),
    ("caller-id-change", "one_time", "false", "15.00"),
    ("setup", "one_time", "false", "49.00"),
    ("rma_late_return", "one_time", "false", "6.00"),
)
CURRENCIES = ("USD", "CAD", "BRL")
DIALING = (
    ("US", "1", "011", "1", "10", "", "911;112", "211;411;988"),
    ("CA", "1", "011", "1", "10", "0", "911", "211;411"),
    ("BR", "55", "00", "0", "10;11", "2", "190;192;193", "102"),
    ("RU", "7", "810", "8", "10", "", "112;101;102;103", ""),
    ("GB", "44", "00", "0", "9;10", "", "999;112", "101;111"),
)
SHARES = "service_charge overage included_minutes domestic_premium toll_free"
HEADERS = {
    "international_rates": "currency prefix effective_from destination country line_type"
    " rate_per_minute connection_fee minimum_seconds increment_seconds rounding"
    " effective_to",
    "premium_prefixes": "country currency plan_id prefix effective_from published_prefix description"
    " rate_per_minute connection_fee minimum_seconds increment_seconds rounding"
    " effective_to",
    "toll_free_rates": "country currency origin_prefix effective_from rate_per_minute"
    " connection_fee minimum_seconds increment_seconds rounding effective_to",
    "plans": "plan_id effective_from currency included_minutes included_per"
    " included_countries overage_rate minimum_seconds increment_seconds rounding"
    " low_usage_discount_percent effective_to",
    "charges": "plan_id currency charge_code effective_from category is_phone label_en label_fr price effective_to",
    "fees": "fee country region currency effective_from basis amount categories effective_to",
    "usf_factors": "country quarter factor_percent source",
    "usf_shares": "country category effective_from interstate_share_percent effective_to",
    "taxes": "country region tax effective_from label_en label_fr percent effective_to",
    "numbering_plan": "prefix country region kind",
    "dialing_plans": "country calling_code international_prefix national_prefix national_lengths"
    " carrier_code_digits emergency_numbers short_codes",
    "policy": "setting effective_from value unit source effective_to",
}
