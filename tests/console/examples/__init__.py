"""Where tests look for pages with a place in their address, subject by subject; each module uses `example`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules


def load() -> None:
    """Import every module here, so that its examples are known."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
