"""Stamps: orders, batches, signed tokens, custody; what is printed on a pack."""
