"""Where the nodes of a graph stand."""
