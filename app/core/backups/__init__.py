"""Backups: pieces named by their hash, a manifest written last, and the way back from them.

Nothing here knows what the program is about: whoever calls says which tables count and what is to be told.
"""
