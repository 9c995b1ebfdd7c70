"""The demonstration world behind the whole application, built once for each module."""

from tests.journeys.conftest import world

__all__ = ["world"]
