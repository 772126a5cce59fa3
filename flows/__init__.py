"""The only code that writes, and that knows paths, the clock, the environment and Prefect."""
