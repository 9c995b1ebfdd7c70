"""Typed builders that reach a state through the real actions."""
