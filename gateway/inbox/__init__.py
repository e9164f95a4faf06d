"""The inbox: what customers say, how it is read, and what it causes.

The door opens room by room: who wants the pure reader alone (`lamplighter read`) does not load the database
with it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gateway.inbox.answers import Answers, Recipient
    from gateway.inbox.consenting import only_about_texts, resume_purpose
    from gateway.inbox.consenting import stop as stop_purpose
    from gateway.inbox.heard import Tools
    from gateway.inbox.intake import WAKE, Intake
    from gateway.inbox.numbers import hear
    from gateway.inbox.proofs import Proofs
    from gateway.inbox.reader import Reader
    from gateway.inbox.triage import Inbox
    from gateway.inbox.unheard import note_unheard

__all__ = [
    "WAKE",
    "Answers",
    "Inbox",
    "Intake",
    "Proofs",
    "Reader",
    "Recipient",
    "Tools",
    "hear",
    "note_unheard",
    "only_about_texts",
    "resume_purpose",
    "stop_purpose",
]

_HOMES = {
    "WAKE": "intake",
    "Answers": "answers",
    "Inbox": "triage",
    "Intake": "intake",
    "Proofs": "proofs",
    "Reader": "reader",
    "Tools": "heard",
    "Recipient": "answers",
    "hear": "numbers",
    "note_unheard": "unheard",
    "only_about_texts": "consenting",
    "resume_purpose": "consenting",
    "stop_purpose": "consenting",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), "stop" if name == "stop_purpose" else name)
