"""Audit: what happened, by whom, when; append-only, each event chained to the one before by hash."""
