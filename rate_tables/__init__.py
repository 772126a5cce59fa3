"""Versions of the rate tables, and the module that finds, verifies and loads one."""
