"""Evaluations: invitations, scores and how many were never asked."""

from __future__ import annotations

from gateway.evaluations.recording import Answer, Recorded, record

__all__ = ["Answer", "Recorded", "record"]
