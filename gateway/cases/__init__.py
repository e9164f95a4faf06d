"""Cases: what customers raise, the work orders it became, and what must not wait."""

from __future__ import annotations

from gateway.cases.alerts import Danger, raise_alert
from gateway.cases.clusters import gather
from gateway.cases.notes import note
from gateway.cases.raising import Opened, Raised, open_or_join, take_back, told

__all__ = ["Danger", "Opened", "Raised", "gather", "note", "open_or_join", "raise_alert", "take_back", "told"]
