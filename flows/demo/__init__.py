"""A synthetic month of any size, for `tollbook demo`, the tests and the bench."""

from flows.demo.month import DemoSummary, make_demo

__all__ = ["DemoSummary", "make_demo"]
