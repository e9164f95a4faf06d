from __future__ import annotations

from tests.inbox.conftest import town, wording

__all__ = ["town", "wording"]
