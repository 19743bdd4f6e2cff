"""What was measured, as tables, as JSON and as a plot."""
