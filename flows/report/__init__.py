"""The run's report: its figures gathered once, and a page made of them."""
