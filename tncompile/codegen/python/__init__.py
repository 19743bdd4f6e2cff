"""The parts of Python's syntax that generated modules are made of, and the names and numbers in them."""
