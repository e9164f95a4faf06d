"""All tables of the house under one metadata, for migrations and for holding models and migrations equal."""

from __future__ import annotations

from bots import tables as bots
from gateway.archive import chat_tables as chats
from gateway.archive import correction_tables as corrections
from gateway.archive import tables as archive
from gateway.archive import upstream_tables as upstream
from gateway.archive.trust import tables as trust
from gateway.cases import tables as cases
from gateway.cases.commitments import tables as commitments
from gateway.cases.warnings import tables as warnings
from gateway.evaluations import tables as evaluations
from gateway.followups import tables as followups
from gateway.inbox import tables as inbox
from gateway.kernel import tables as kernel
from gateway.kernel.database import Base
from gateway.notices import tables as notices
from gateway.notices.outages import tables as outages
from gateway.notices.texts import tables as texts
from gateway.outbox import tables as outbox
from gateway.retention import tables as retention
from gateway.staff import tables as staff

__all__ = [
    "archive",
    "bots",
    "cases",
    "chats",
    "commitments",
    "corrections",
    "evaluations",
    "followups",
    "inbox",
    "kernel",
    "metadata",
    "notices",
    "outages",
    "outbox",
    "retention",
    "staff",
    "texts",
    "trust",
    "upstream",
    "warnings",
]

metadata = Base.metadata
