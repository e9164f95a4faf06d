"""The outbox: messages on their way, claimed, handed over once, settled, stopped when stopped."""

from __future__ import annotations

from gateway.outbox.messages import AccountPart, NewMessage, insert, priority_of
from gateway.outbox.stopping import resume_grounds, stop_grounds, stop_links, stop_purposes

__all__ = [
    "AccountPart",
    "NewMessage",
    "insert",
    "priority_of",
    "resume_grounds",
    "stop_grounds",
    "stop_links",
    "stop_purposes",
]
