"""The inbox: what customers say, how it is read, and what it causes."""

from __future__ import annotations

from gateway.inbox.answers import Answers
from gateway.inbox.heard import Tools
from gateway.inbox.intake import WAKE, Intake
from gateway.inbox.numbers import hear
from gateway.inbox.reader import Reader
from gateway.inbox.triage import Inbox

__all__ = ["WAKE", "Answers", "Inbox", "Intake", "Reader", "Tools", "hear"]
