"""Scans: what was asked about stamps, counted without following anybody; copies; scratch codes."""
