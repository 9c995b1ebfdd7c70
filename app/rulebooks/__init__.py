"""The law as data: regimes, the 26 rubrics, council rules; and the pure arithmetic that reads them.

Owns `data/` (one complete file per legal document), `sources.yaml` (the register of documents),
`lock.yaml` (the hash of every published file), `model` (frozen types), `loader` (reads, validates,
caches) and `scoring` (answers to points, stars and reasons).
"""
