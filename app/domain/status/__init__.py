"""Status: what stamps and certificates are worth, as lists that whoever has no network can keep."""
