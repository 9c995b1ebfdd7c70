"""Commands of `ocop`, one module for each part of running the system; `app/cli.py` puts them together."""
