"""`Schedule` → Python text, through `ast`."""
