"""Tests of checks after recognition."""
