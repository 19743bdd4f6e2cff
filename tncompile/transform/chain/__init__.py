"""Linear recurrences as logarithmic trees of products of matrices."""
