"""All tests: machine code is kept for the next run, as the program keeps it."""

from __future__ import annotations

from flows.compiled_code import keep_compiled
from transforms.machine_code import is_available

if is_available():
    keep_compiled()
