"""Measurements: speed, scaling and exactness, recorded in RESULTS.md."""
