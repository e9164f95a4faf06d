"""Follow-ups: the account managers' plan and the independent follow-up."""

from __future__ import annotations

from gateway.followups.asking import Asking, Outcome
from gateway.followups.concerning import open_followups
from gateway.followups.due import REMINDER, DueFollowups
from gateway.followups.importing import FOLLOWUPS
from gateway.followups.importing_people import DEPUTIES, VISIT_PROGRAMMES
from gateway.followups.planning import Change, Followups, Plan
from gateway.followups.series import Onwards, Series
from gateway.followups.standing_in import Deputies

__all__ = [
    "DEPUTIES",
    "FOLLOWUPS",
    "REMINDER",
    "VISIT_PROGRAMMES",
    "Asking",
    "Change",
    "Deputies",
    "DueFollowups",
    "Followups",
    "Onwards",
    "Outcome",
    "Plan",
    "Series",
    "open_followups",
]
