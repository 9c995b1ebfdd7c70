"""The invented world of `ocop run`: real products as sources tell of them, invented people and papers.

Everything happens through the real actions, by those who may, at times a calendar could have had.
"""
