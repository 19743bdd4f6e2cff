"""What a `.tn` text from a stranger may ask for."""

INSTANCES = 2_000_000  # members of a family, rows of a loop
LOOP_STEPS = 100_000_000  # loop steps tried, over the whole text
INTEGER = 2**63  # extents and every intermediate integer stay below
LIST_ITEMS = 1_000_000
NESTING = 200
