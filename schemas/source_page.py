"""The page "bring up a new switch": what a source's TOML can say, from the keys themselves.

`python -m schemas.source_page` shows it; `make docs` keeps it as `schemas/sources/README.md`.
"""

from __future__ import annotations

import sys

from schemas.source_keys import KEYS, Key
from schemas.source_spec import ANSWER_TIME, CANONICAL_COLUMNS, REQUIRED_COLUMNS

_INTRODUCTION = """# Sources: bring up a new switch

Written by `make docs` from the keys that are read; a test keeps it fresh. Do not edit it by hand.

| owns | does not own |
|---|---|
| the description of each switch's records, one TOML a switch | code: another switch is another file |

A source is a folder of the month's inbox and a TOML of its name: `inbox/2020-01/east/*.csv` is read by
`sources/east.toml` beside the inbox, else by the file here. What a layout is and what a site has to set stand at the
head of each file here.

1. Take a file of the switch. `tollbook sources list` shows the layouts that are known; one that comes near is extended.
2. Write `data/sources/east.toml`:

   ```toml
   extends = "freepbx"                 # all that holds of the layout holds here, key by key
   description = "The switch in the east"
   default_country = "US"              # numbers without + are looked up by its dialing plan

   [time]
   zone = "America/New_York"           # the switch's clock is local ...
   twice = "first"                     # ... and 01:30 of a day in November is the first one

   [fields]
   account_id = ["{accountcode}", "{userfield}"]

   [[set_aside]]                       # calls to the echo test are none
   reason = "not_a_call"
   when = { dst = ["*43", "s"] }
   ```

3. `tollbook sources check FILE --source east --rows 5 --country US` shows how the first rows are understood, field by
   field, what would be rejected and why, and which columns nothing uses. With `--contracts data/contracts` accounts
   are judged too. Repeat until nothing is rejected that should not be.
4. Put the files into `data/inbox/<month>/east/` and `tollbook ingest <month>`.

Nothing is guessed: a date's order is the one of the format, an hour that a local clock shows twice or never is rejected
unless `time.twice` and `time.never` say what to take (each is a warning then, `local_hour_twice` and
`local_hour_never`), and a row that no rule of the source fits is rejected with its reason and kept. Of the two readings
of an end or an answer, the one is taken that its call's seconds lead to.

**Templates.** A field is filled from columns in braces: `"{src}"`, `"{uniqueid}/{sequence}"`, a constant text, `"{#3}"`
for the third column, `"{variables.uuid}"` for a key in a key of JSON (`"{callflow.0.uuid}"` in a list). It is empty
where one of its columns is. Of a list, the first filled one counts. `{ text = "{remote}", when = { type = "in" } }`
holds only in rows where the column has the word (one or a list, whatever the case; `""` is an empty cell), `unless`
where it has not: so parties are swapped with the direction, and an answer is told from a code. A field that is
not named is empty; without `[fields]` the columns have the names of the fields. `[]` takes a field away from a source
that is extended.

**Fields**: """
_AFTER_FIELDS = """

Calls that a record is not, or that another record bills, are set aside: rows that fit `[[set_aside]]` end as `rejected`
with the reason `not_a_call` or `other_leg`, before anything else is asked of them but that they are no `malformed_row`.
Comments, like blank lines and header lines, are no rows.
"""


def _fields() -> str:
    needed = ", ".join(f"`{name}`" for name in REQUIRED_COLUMNS)
    others = ", ".join(f"`{name}`" for name in (*CANONICAL_COLUMNS, ANSWER_TIME) if name not in REQUIRED_COLUMNS)
    return (
        f'{needed} are needed (no `duration_seconds` with `duration.unit = "times"`); {others} may be empty. Where '
        f"`{ANSWER_TIME}` is given, a duration is compared with the time from there to the end. Units: seconds."
    )


def _row(key: Key) -> str:
    meaning = key.meaning if not key.allowed else f"{key.meaning} ({', '.join(key.allowed)})"
    cells = (f"`{key.name}`", key.default or "must be given", meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _section(table: str) -> str:
    title = "Top of the file" if not table else f"`[[{table}]]`" if table == "set_aside" else f"`[{table}]`"
    rows = "\n".join(_row(key) for key in KEYS if key.table == table)
    return f"\n## {title}\n\n| key | without it | meaning |\n|---|---|---|\n{rows}\n"


def source_page() -> str:
    """The whole page."""
    tables = dict.fromkeys(key.table for key in KEYS)
    return _INTRODUCTION + _fields() + _AFTER_FIELDS + "".join(_section(table) for table in tables)


if __name__ == "__main__":
    sys.stdout.write(source_page())
