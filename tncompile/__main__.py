"""`python -m tncompile` is `tnc`."""

from tncompile.cli import main

main()
