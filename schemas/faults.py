"""What is wrong with an input, as values: every fault is listed, none stops the search for the next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing in one input that a person has to mend."""

    file: str
    problem: str
    remedy: str
    line: int | None = None
    column: str | None = None
    value: str | None = None

    def __str__(self) -> str:
        """One sentence: where, what, and what to do."""
        where = self.file
        if self.line is not None:
            where += f", line {self.line}"
        if self.column is not None:
            where += f", column {self.column}"
        shown = "" if self.value is None else f" ({self.value!r})"
        return f"{where}: {self.problem}{shown}; {self.remedy}"


class InputRefusedError(Exception):
    """The input or the call is refused and nothing was changed (exit code 2)."""

    def __init__(self, faults: Iterable[Fault] | Fault) -> None:
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type[InputRefusedError], tuple[tuple[Fault, ...]]]:
        """Between processes it goes as its faults."""
        return type(self), (self.faults,)


class ControlFailedError(Exception):
    """A control of rule 13 does not balance: nothing was published (exit code 3)."""


def refuse_if_any(faults: Iterable[Fault]) -> None:
    """Raise with all faults, in order of file and line, if there is at least one."""
    listed = sorted(faults, key=lambda fault: (fault.file, fault.line or 0, fault.column or ""))
    if listed:
        raise InputRefusedError(listed)
