"""Misuse: what the public reports about stars and stamps, and what became of it."""
