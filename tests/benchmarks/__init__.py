"""Measurements of one run, printed as ratios: `make benchmark`, never part of `make test`."""
