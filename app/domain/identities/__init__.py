"""Accounts of other account systems that stand for one of ours (OpenID Connect)."""
