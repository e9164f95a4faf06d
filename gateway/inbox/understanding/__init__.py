"""Understanding replies: what customers mean, in their own words, safely.

Pure: text and context in, a reading out; no I/O, no clock, no database. Where a careful person would
hesitate, the reading abstains; danger is flagged even so.

    normalise → phrases (clauses, mood, negation, quotation) → policy (of the table `rules_*`, what is worth
    trying) → scores → settle → weighing (what rules heard against what the text is like)
"""

from __future__ import annotations

from gateway.inbox.understanding.dialogue import read_dialogue
from gateway.inbox.understanding.jsonlines import read_lines
from gateway.inbox.understanding.reader import VERSION, read, warm
from gateway.inbox.understanding.values import INTENTS, KINDS, Context, Reading, Turn

__all__ = ["INTENTS", "KINDS", "VERSION", "Context", "Reading", "Turn", "read", "read_dialogue", "read_lines", "warm"]
