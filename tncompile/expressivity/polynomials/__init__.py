"""Scores as graphs of polynomials: read from tables, refined, with the symmetries that they have."""
