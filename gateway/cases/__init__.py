"""Cases: what customers raise, the work orders it became, and what must not wait."""

from __future__ import annotations

from gateway.cases.alerts import Danger, raise_alert
from gateway.cases.closing import asked_by_message, confirm, of_order
from gateway.cases.clusters import gather
from gateway.cases.commitments.of_cases import deny
from gateway.cases.explaining import explained, unexplained
from gateway.cases.notes import note
from gateway.cases.raising import Opened, Raised, open_or_join, reopen, take_back, told
from gateway.cases.thanking import thank

__all__ = [
    "Danger",
    "Opened",
    "Raised",
    "asked_by_message",
    "confirm",
    "deny",
    "explained",
    "gather",
    "note",
    "of_order",
    "open_or_join",
    "raise_alert",
    "reopen",
    "take_back",
    "thank",
    "told",
    "unexplained",
]
