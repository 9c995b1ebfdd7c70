"""Councils: rounds, councils, meetings, blind score sheets, and results that can be recomputed."""
