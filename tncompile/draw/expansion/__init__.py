"""From a network to a graph to draw: what is a node, and where wires run to."""
