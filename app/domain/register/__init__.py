"""The public register: search, entries, and what changed."""
