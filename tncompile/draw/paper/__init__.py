"""A laid out graph on paper: shapes, wires, colours, and the formats it is written in."""
