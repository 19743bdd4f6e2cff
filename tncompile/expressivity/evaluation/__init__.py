"""Bounds from below: values at random points modulo primes, singular values, flows of digits."""
