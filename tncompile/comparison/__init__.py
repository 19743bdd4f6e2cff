"""Architectures compared: what each can express, at what cost, and the width one needs to do what another does."""
