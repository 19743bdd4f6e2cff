"""What a `.tn` text from a stranger may ask for."""

import sys

INSTANCES = 2_000_000  # members of a family, rows of a loop
RECURSIVE_LETS = 100_000  # members of a family of lets that refer to each other
LET_DEPTH = 40  # lets that are opened one inside the other
LOOP_STEPS = 100_000_000  # loop steps tried, over the whole text
INTEGER = 2**63  # extents and every intermediate integer stay below
LIST_ITEMS = 1_000_000
NESTING = 200
LARGEST_DOUBLE = sys.float_info.max
