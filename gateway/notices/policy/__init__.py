"""May we send this text to this recipient, and when: one pure decision (domain notes §7).

`decide` takes what is known of the recipient, what is to be said, what was said before, and the moment; it
answers `SendAt`, `Withhold` with a reason of the contract, or `Expire`, each with its reason in words. Every
number in it comes from a `PolicyTable`, which an admin may replace and which carries a version.
"""

from __future__ import annotations

from gateway.notices.policy.contacts import channels_for, choose_link, goes_on_to, is_proven
from gateway.notices.policy.deciding import decide, is_paused
from gateway.notices.policy.table import (
    DEFAULT,
    REASONS,
    ROLES,
    USUAL,
    ByChannel,
    Matter,
    Policy,
    PolicyTable,
    Reason,
    Role,
    Tone,
)
from gateway.notices.policy.values import (
    FRESH,
    Decision,
    Expire,
    History,
    Link,
    Paused,
    Recipient,
    SendAt,
    Wish,
    Withhold,
)

__all__ = [
    "DEFAULT",
    "FRESH",
    "REASONS",
    "ROLES",
    "USUAL",
    "ByChannel",
    "Decision",
    "Expire",
    "History",
    "Link",
    "Matter",
    "Paused",
    "Policy",
    "PolicyTable",
    "Reason",
    "Recipient",
    "Role",
    "SendAt",
    "Tone",
    "Wish",
    "Withhold",
    "channels_for",
    "choose_link",
    "decide",
    "goes_on_to",
    "is_paused",
    "is_proven",
]
