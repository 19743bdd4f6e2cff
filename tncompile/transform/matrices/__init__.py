"""Transforms that turn a score into a matrix or a tensor: grid, probe, open legs."""
