"""Tests of the law as data: documents, lock, arithmetic, and cases an official can read."""
