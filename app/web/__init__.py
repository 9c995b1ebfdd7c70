"""The HTML door: pages that work without script; no rule and no SQL lives here."""

from importlib import import_module
from pkgutil import iter_modules

from fastapi import APIRouter

# Verification answers at the root of the site, so its patterns are tried last.
_LAST = ("verification",)


def routers() -> list[APIRouter]:
    """Return the router of every module of this door, in a fixed order."""
    names = sorted(
        (module.name for module in iter_modules(__path__)), key=lambda name: (name in _LAST, name)
    )
    modules = (import_module(f"{__name__}.{name}") for name in names)
    return [module.router for module in modules if hasattr(module, "router")]
