"""Certificates, and their verification by code that shares nothing with what made them."""
