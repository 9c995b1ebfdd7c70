"""Tests: see README.md for what to test where."""
