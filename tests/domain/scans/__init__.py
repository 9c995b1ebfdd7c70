"""Scans are counted, looked at and forgotten."""
