"""What is kept how long. Each room says what of its own may go (`forgetting.py`); here is when, and who decided so."""

from __future__ import annotations

from gateway.retention.rules import HOLDS, Rule, Statements

__all__ = ["HOLDS", "Rule", "Statements"]
