"""Bounds from above: colourings of the graph, found by maximum flow."""
