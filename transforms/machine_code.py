"""Functions as machine code, where the library that makes it is installed (the extra `fast`; DECISIONS.md)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., object])


@cache
def is_available() -> bool:
    """Whether functions can be compiled here."""
    try:
        import_module("numba")
    except ImportError:
        return False
    return True


def compiled(function: Function) -> Function:
    """The function compiled when it is first called, and kept on disk for the next process where there is a place.

    It lets other threads run. What it takes and gives are whole numbers and arrays of them.
    """
    from numba import njit

    try:
        made = njit(nogil=True, cache=True)(function)
    except RuntimeError:  # neither beside the module nor in the user's own cache can anything be written
        made = njit(nogil=True)(function)
    return cast(Function, made)


def inlined(function: Function) -> Function:
    """A part of compiled functions: it becomes theirs, so that what it takes is not handed over call by call."""
    from numba import njit

    return cast(Function, njit(inline="always")(function))
