"""The script that makes rate version 2020.1: `python -m rate_tables.build` (see rate_tables/README.md)."""
