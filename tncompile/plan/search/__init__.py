"""The search for the cheapest order of one contraction."""
