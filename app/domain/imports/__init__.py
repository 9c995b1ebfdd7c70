"""Bringing the past in: workbooks of producers, products and certificates, checked and then applied."""
