"""Credentials: what a certificate says, signed for machines with the keys of the stamps.

A credential is an extract of the register, sealed: a phone or a shop checks it without asking us. It
does not know what happened since; whoever needs that opens the register entry it names.
"""
