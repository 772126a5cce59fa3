"""Write rate version 2020.1: `python -m rate_tables.build [--output FOLDER]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from rate_tables.build.numbering_plan import numbering_plan
from rate_tables.build.version_folder import VERSION, write_version


def main() -> None:
    """Write the version and say what was written and what was cut."""
    parser = argparse.ArgumentParser(prog="python -m rate_tables.build", description=__doc__)
    shipped = Path(__file__).parent.parent / VERSION
    parser.add_argument("--output", type=Path, default=shipped, help=f"folder to write (default: {shipped.name})")
    output: Path = parser.parse_args().output
    for name, row_count in write_version(output).items():
        print(f"{row_count:>7,} rows  {name}")
    mixed = numbering_plan().mixed
    print(
        f"{sum(code.mixed_count for code in mixed)} prefixes of {len(mixed)} calling codes hold numbers "
        "of two kinds or countries,"
    )
    print("and have the label of most of their numbers; digits of the national number looked at where not 7:")
    print(
        "  " + ", ".join(f"+{code.calling_code}: {code.national_digits}" for code in mixed if code.national_digits != 7)
    )


if __name__ == "__main__":
    main()
