"""`python -m duls` is `duls`."""

from duls.cli import main

main()
