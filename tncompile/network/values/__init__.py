"""Sizes, numbers and lets: evaluation of expressions over the rows of loops."""
