"""Scoring without network: packs that open anywhere, their answer files, and sheets on paper."""
