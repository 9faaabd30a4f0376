"""python -m emailq."""

from emailq.cli import main

main()
