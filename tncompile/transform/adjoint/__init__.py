"""The gradient of a flat network, as a network."""
