"""The table of rights, and the application tried against it."""
