"""From a flat network to loops and batched steps."""
