"""Dossiers: the application of one product, its self-assessment and evidence, the commune's report."""
