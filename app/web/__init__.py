"""The HTML door: pages that work without script; no rule and no SQL lives here."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from fastapi import APIRouter

from app.http.fast_lane import ScanLane

# Verification answers at the root of the site, so its patterns are tried last.
_LAST = ("verification",)


def routers() -> list[APIRouter]:
    """Return the router of every module of this door, in a fixed order."""
    return [module.router for module in _modules() if hasattr(module, "router")]


def scan_lanes() -> list[ScanLane]:
    """Return the short ways to the pages that scans open (see http/fast_lane.py)."""
    return [lane for module in _modules() for lane in getattr(module, "scan_lanes", ())]


@cache
def _modules() -> tuple[ModuleType, ...]:
    names = sorted(
        (module.name for module in iter_modules(__path__)), key=lambda name: (name in _LAST, name)
    )
    return tuple(import_module(f"{__name__}.{name}") for name in names)
