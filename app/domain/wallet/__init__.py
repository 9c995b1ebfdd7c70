"""A producer's papers: one paper serves many dossiers, and is renewed where they are still open."""
