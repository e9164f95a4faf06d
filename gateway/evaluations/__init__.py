"""Evaluations: invitations, scores and how many were never asked."""

from __future__ import annotations

from gateway.evaluations.inviting import answered, invite, open_invitations
from gateway.evaluations.recording import Answer, Recorded, asked_about, carry_over, record, withdraw

__all__ = [
    "Answer",
    "Recorded",
    "answered",
    "asked_about",
    "carry_over",
    "invite",
    "open_invitations",
    "record",
    "withdraw",
]
