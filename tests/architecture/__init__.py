"""Rules of the house that a machine can check, beside the import contracts of pyproject.toml."""
