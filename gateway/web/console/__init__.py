"""The console: pages for the people who fix, plan and watch. See `docs/console.md`."""

from __future__ import annotations

from gateway.web.console.registry import PAGES
from gateway.web.console.serving import Console

__all__ = ["PAGES", "Console"]
