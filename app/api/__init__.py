"""The JSON door, /api/v1: tokens in, problems out; no rule and no SQL lives here."""

from importlib import import_module
from pkgutil import iter_modules

from fastapi import APIRouter


def routers() -> list[APIRouter]:
    """Return the router of every module of this door, by name."""
    modules = (import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__))
    return [module.router for module in modules if hasattr(module, "router")]
