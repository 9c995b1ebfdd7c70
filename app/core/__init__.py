"""Tools that know nothing of OCOP: settings, database, clock, refusals, files, signing."""
