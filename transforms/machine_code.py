"""Functions as machine code, where the library that makes it is installed (the extra `fast`; DECISIONS.md)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import TypeVar

Function = TypeVar("Function", bound=Callable[..., object])


@cache
def is_available() -> bool:
    """Whether functions can be compiled here."""
    try:
        import_module("numba")
    except ImportError:
        return False
    return True


def keep_in(folder: str) -> None:
    """What is decorated from now on is kept in this folder when it is compiled, and taken from there."""
    vars(import_module("numba.core.config"))["CACHE_DIR"] = folder


def _made(function: Function, *, is_inlined: bool) -> Function:
    """Without counts of who holds an array, which cost more than the work: whoever calls holds what it hands over."""
    from numba import config, njit

    made_with: Callable[..., Callable[[Function], Function]] = njit
    options = {"nogil": True, "forceinline": is_inlined, "_nrt": False, "cache": bool(vars(config)["CACHE_DIR"])}
    return made_with(**options)(function)


def compiled(function: Function) -> Function:
    """The function compiled when it is first called, and kept for the next process where `keep_in` named a place.

    It lets other threads run. What it takes and gives are whole numbers and arrays of them; it makes no array.
    """
    return _made(function, is_inlined=False)


def inlined(function: Function) -> Function:
    """A part of compiled functions: it becomes theirs, so that what it takes is not handed over call by call."""
    return _made(function, is_inlined=True)
