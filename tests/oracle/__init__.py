"""An independent re-rating of a month, from the specification alone, in plain Python and exact fractions.

It shares no code with the program: where both agree, two readings of the same rules agree.
"""

from .month import RatedMonth, rerate

__all__ = ["RatedMonth", "rerate"]
