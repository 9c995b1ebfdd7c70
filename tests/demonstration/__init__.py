"""The invented world of `ocop run`."""
