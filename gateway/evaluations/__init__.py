"""Evaluations: invitations, scores and how many were never asked."""

from __future__ import annotations

from gateway.evaluations.deciding import Ratings
from gateway.evaluations.inviting import answered, attach, begin, frozen_for, invitation_for, open_invitations, qualify
from gateway.evaluations.recording import Answer, Recorded, answers_since, asked_about, carry_over, record, withdraw
from gateway.evaluations.reviewing import handled_accounts, must_not_be_rated_by, must_not_have_handled, must_not_steer

__all__ = [
    "Answer",
    "Ratings",
    "Recorded",
    "answered",
    "answers_since",
    "asked_about",
    "attach",
    "begin",
    "carry_over",
    "frozen_for",
    "handled_accounts",
    "invitation_for",
    "must_not_be_rated_by",
    "must_not_have_handled",
    "must_not_steer",
    "open_invitations",
    "qualify",
    "record",
    "withdraw",
]
