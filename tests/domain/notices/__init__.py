"""Notices: written with the change, told once, and sent until they arrive."""
