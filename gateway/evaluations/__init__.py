"""Evaluations: invitations, scores and how many were never asked."""

from __future__ import annotations

from gateway.evaluations.inviting import open_invitations
from gateway.evaluations.recording import Answer, Recorded, asked_about, record, withdraw

__all__ = ["Answer", "Recorded", "asked_about", "open_invitations", "record", "withdraw"]
