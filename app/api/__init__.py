"""The JSON door, /api/v1: tokens in, problems out; no rule and no SQL lives here."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from fastapi import APIRouter
from starlette.routing import BaseRoute

from app.http.fast_lane import ScanLane


def routers() -> list[APIRouter]:
    """Return the router of every module of this door, by name."""
    return [module.router for module in _modules() if hasattr(module, "router")]


def fast_lanes(prefix: str) -> list[BaseRoute]:
    """Return the short ways to the answers that are asked for most (see http/fast_lane.py)."""
    lanes = (lane for module in _modules() for lane in getattr(module, "fast_lanes", ()))
    return [lane.below(prefix) for lane in lanes]


def scan_lanes(prefix: str) -> list[ScanLane]:
    """Return the short ways to what scans ask (see http/fast_lane.py)."""
    makers = (maker for module in _modules() for maker in getattr(module, "scan_lanes", ()))
    return [maker(prefix) for maker in makers]


@cache
def _modules() -> tuple[ModuleType, ...]:
    return tuple(import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
