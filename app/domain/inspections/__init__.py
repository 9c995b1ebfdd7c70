"""Checks after recognition (26/2026/QĐ-TTg art. 9): plans, checklists, findings, corrections, conclusions."""
