"""`python -m flows` is `tollbook`."""

from flows.cli import main

main()
