"""Where the demo's customers sit and whom they call: small literal tables.

Sources: area codes of the North American numbering plan from NANPA's public list of codes; country, area and
mobile codes from the national numbering plans as ITU-T lists them (E.164) and the libphonenumber project
restates them; Brazilian mobile numbers with the ninth digit from Anatel's plan. Weights are made up.
"""

from typing import NamedTuple

HOMES = ("US", "CA", "BR")
CALLING_CODES = {"US": 1, "CA": 1, "BR": 55}
LANGUAGE_BY_REGION = {"QC": "fr"}

AREA_CODES_BY_REGION: dict[tuple[str, str], tuple[int, ...]] = {
    ("US", "NY"): (212, 646, 917),
    ("US", "CA"): (213, 310, 415),
    ("US", "TX"): (214, 512, 713),
    ("US", "FL"): (305, 407, 813),
    ("US", "IL"): (312, 773),
    ("US", "WA"): (206, 425),
    ("US", "GA"): (404, 770),
    ("US", "MA"): (617, 508),
    ("US", "PR"): (787, 939),
    ("CA", "ON"): (416, 647, 613),
    ("CA", "QC"): (514, 438, 418),
    ("CA", "BC"): (604, 778, 250),
    ("BR", "SP"): (11, 19),
    ("BR", "RJ"): (21, 24),
}
PLANS_BY_COUNTRY = {
    "US": ("us-essential", "us-team", "us-unlimited", "us-metered"),
    "CA": ("ca-team", "ca-unlimited"),
    "BR": ("br-equipe", "br-basico"),
}


class NumberRange(NamedTuple):
    """Numbers of one stem: the E.164 digits that are given, how many more are drawn, and a share."""

    stem: int
    tail_digits: int
    weight: int = 1


def _north_american(area_codes: tuple[int, ...], weight: int = 1) -> list[NumberRange]:
    """Numbers in exchanges 2xx to 4xx; those of the demo's own customers are in 6xx to 8xx."""
    return [NumberRange((1000 + code) * 10 + 2 + code % 3, 6, weight) for code in area_codes]


def _brazilian(area_code: int) -> list[NumberRange]:
    """Fixed lines 3xxx-xxxx and mobiles 9 8xxx-xxxx of one area."""
    return [NumberRange(55_00_3 + area_code * 10, 7), NumberRange(55_00_98 + area_code * 100, 7, 2)]


DOMESTIC: dict[str, list[NumberRange]] = {
    "US": _north_american(
        (
            *(201, 202, 203, 206, 212, 213, 214, 215, 216, 248, 303, 305, 310, 312, 313, 314, 404, 407, 410),
            *(412, 415, 425, 469, 480, 502, 503, 504, 512, 515, 602, 612, 614, 615, 617, 619, 646, 702, 703),
            *(704, 713, 714, 770, 773, 801, 804, 813, 816, 845, 901, 913, 917, 919, 972),
        ),
        weight=3,
    )
    + _north_american((787, 939), weight=6)
    + [NumberRange(stem, 4) for stem in (1340774, 1671472, 1684633, 1670234)],
    "CA": _north_american((204, 250, 306, 403, 416, 418, 438, 506, 514, 604, 613, 647, 709, 778, 780, 902, 905)),
    "BR": [
        item
        for code in (11, 11, 19, 21, 21, 24, 27, 31, 41, 47, 48, 51, 61, 62, 71, 81, 85, 91)
        for item in _brazilian(code)
    ],
}

FOREIGN: dict[str, list[NumberRange]] = {
    "US": _north_american((206, 212, 305, 415, 617, 713), weight=4),
    "CA": _north_american((416, 514, 604, 403), weight=6),
    "BR": [NumberRange(55113, 7, 2), NumberRange(551198, 7, 5), NumberRange(552199, 7, 3)],
    "GB": [NumberRange(44207, 7, 8), NumberRange(4477, 8, 8)],
    "FR": [NumberRange(3314, 7, 5), NumberRange(336, 8, 5)],
    "DE": [NumberRange(49305, 7, 4), NumberRange(49151, 8, 4)],
    "MX": [NumberRange(5255, 8, 8), NumberRange(5281, 8, 4)],
    "IN": [NumberRange(91222, 7, 3), NumberRange(9198, 8, 6)],
    "ES": [NumberRange(3491, 7, 2), NumberRange(346, 8, 2)],
    "IT": [NumberRange(39066, 7, 2), NumberRange(39347, 7, 2)],
    "PT": [NumberRange(35121, 7, 2), NumberRange(35191, 7, 2)],
    "NL": [NumberRange(3120, 7, 2), NumberRange(3161, 7, 2)],
    "BE": [NumberRange(322, 7), NumberRange(3247, 7)],
    "CH": [NumberRange(4144, 7), NumberRange(4179, 7)],
    "AT": [NumberRange(431, 7), NumberRange(43664, 7)],
    "SE": [NumberRange(468, 7), NumberRange(4670, 7)],
    "DK": [NumberRange(4533, 6), NumberRange(4520, 6)],
    "IE": [NumberRange(3531, 7), NumberRange(35387, 7)],
    "PL": [NumberRange(4822, 7), NumberRange(48601, 6)],
    "GR": [NumberRange(30210, 7), NumberRange(30697, 7)],
    "RU": [NumberRange(7495, 7), NumberRange(7916, 7)],
    "KZ": [NumberRange(7727, 7), NumberRange(7701, 7)],
    "UA": [NumberRange(38044, 7), NumberRange(38067, 7)],
    "TR": [NumberRange(90212, 7), NumberRange(90532, 7)],
    "IL": [NumberRange(9723, 7), NumberRange(97254, 7)],
    "AE": [NumberRange(9714, 7), NumberRange(97150, 7)],
    "CN": [NumberRange(86216, 7), NumberRange(86138, 8, 2)],
    "HK": [NumberRange(8522, 7), NumberRange(8529, 7)],
    "JP": [NumberRange(813, 8), NumberRange(8190, 8)],
    "KR": [NumberRange(822, 8), NumberRange(8210, 8)],
    "SG": [NumberRange(656, 7), NumberRange(659, 7)],
    "PH": [NumberRange(6328, 7), NumberRange(63917, 7, 2)],
    "AU": [NumberRange(612, 8), NumberRange(614, 8)],
    "NZ": [NumberRange(649, 7), NumberRange(6421, 7)],
    "ZA": [NumberRange(2711, 7), NumberRange(2782, 7)],
    "NG": [NumberRange(234803, 7, 2)],
    "EG": [NumberRange(202, 8), NumberRange(2010, 8)],
    "AR": [NumberRange(5411, 8), NumberRange(54911, 8)],
    "CL": [NumberRange(562, 8), NumberRange(569, 8)],
    "CO": [NumberRange(571, 7), NumberRange(57310, 7, 2)],
    "PE": [NumberRange(511, 7), NumberRange(519, 8)],
    "BS": [NumberRange(12423, 6)],
    "JM": [NumberRange(18765, 6, 2)],
    "DO": [NumberRange(18092, 6, 2)],
    "": [NumberRange(88163, 7), NumberRange(87077, 7)],
}

PREMIUM: dict[str, list[NumberRange]] = {
    "US": [NumberRange(1787555, 4, 3), NumberRange(1900, 7, 1)],
    "CA": [NumberRange(1900, 7)],
    "BR": [NumberRange(55300, 7)],
}
TOLL_FREE: dict[str, list[NumberRange]] = {
    "US": [NumberRange(18002, 6, 2), NumberRange(18332, 6), NumberRange(18773, 6), NumberRange(18884, 6)],
    "CA": [NumberRange(18002, 6, 2), NumberRange(18662, 6), NumberRange(18553, 6)],
    "BR": [NumberRange(558002, 6)],
}
OWN_TOLL_FREE_STEMS = {"US": (1800, 1833, 1844, 1855, 1877), "CA": (1866, 1888), "BR": (55800,)}

SHORT_CODES = {"US": 411, "CA": 411, "BR": 102}
EMERGENCY_NUMBERS = {"US": 911, "CA": 911, "BR": 190}
VOICEMAIL_FEATURE_CODE = 98

BRAZILIAN_CARRIER_CODES = (15, 21, 41)
