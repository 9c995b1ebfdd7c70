"""Tests of scoring without network."""
