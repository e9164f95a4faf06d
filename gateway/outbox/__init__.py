"""The outbox: messages on their way, claimed, handed over once, settled, stopped when stopped."""

from __future__ import annotations

from gateway.outbox.claiming import keep_new_hours, new_openings
from gateway.outbox.messages import AccountPart, NewMessage, insert, priority_of
from gateway.outbox.stopping import (
    cancel_notice,
    give_up_at,
    pause_notice,
    resume_grounds,
    resume_notice,
    stop_grounds,
    stop_links,
    stop_purposes,
)
from gateway.outbox.waiting import waiting

__all__ = [
    "AccountPart",
    "NewMessage",
    "cancel_notice",
    "give_up_at",
    "insert",
    "keep_new_hours",
    "new_openings",
    "pause_notice",
    "priority_of",
    "resume_grounds",
    "resume_notice",
    "stop_grounds",
    "stop_links",
    "stop_purposes",
    "waiting",
]
