"""Exact ranks, their bounds, and the dimension of what a network can represent."""
