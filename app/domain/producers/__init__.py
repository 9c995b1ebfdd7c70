"""Producers: cooperatives, groups, enterprises, farms and households that take part (chủ thể OCOP)."""
