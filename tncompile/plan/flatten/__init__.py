"""The contraction order: rules brought to the flat forms, two factors each."""
