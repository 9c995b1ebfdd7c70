"""Pieces of the test run: real PostgreSQL, a real browser, and a loud word on what could not run."""
