"""Runs that are killed, starved and disturbed at random moments."""
