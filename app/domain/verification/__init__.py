"""Verification: the answer to «what does this stamp say today?», for buyers, inspectors and shops."""
