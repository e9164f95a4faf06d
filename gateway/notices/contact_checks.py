"""Contact checks: is this number still the account's? Asked of contacts without recent proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from gateway.kernel.clock import Clock
from gateway.kernel.errors import InvalidInput
from gateway.notices.kinds import Moment, PlainKind, Row, Saying

_TEMPLATE: Final = "contact_confirm"


class ContactChecks(PlainKind):
    """Usable contacts of the accounts named, or (`due`) every default contact without proof in 18 months.

    Each link is asked about by itself: a number can be right for one account and wrong for another.
    """

    name = "contact_confirm"
    template = _TEMPLATE
    merges = False
    gone = "superseded"
    subjects = """
SELECT link.id::bigint AS subject_id, link.account_id, 'contact_check:' || link.id AS ground,
       link.contact_point_id::bigint AS own_point, account.account_no
FROM contact_link link JOIN account ON account.id = link.account_id
JOIN contact_point point ON point.id = link.contact_point_id
WHERE link.state IN ('unverified', 'verified') AND point.state = 'active' AND point.line <> 'landline'
  AND account.status <> 'closed' AND (
    ($1::jsonb -> 'accounts') ? account.account_no
    OR ($1::jsonb -> 'due' = 'true' AND link.is_default
        AND (link.verified_at IS NULL OR link.verified_at < ($1::jsonb ->> 'proven_since')::timestamptz)))
"""

    def __init__(self, clock: Clock, trust_lasts: Callable[[], timedelta]) -> None:
        self._clock = clock
        self._trust_lasts = trust_lasts

    def parse(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        accounts, due = asked.get("accounts"), asked.get("due")
        if bool(accounts) == bool(due):
            raise InvalidInput("either accounts or due is needed, and not both", field="accounts")
        if accounts is None:
            return {"due": True, "proven_since": (self._clock.now() - self._trust_lasts()).isoformat()}
        if not isinstance(accounts, list) or not all(isinstance(one, str) for one in accounts):
            raise InvalidInput("a list of account numbers is needed", field="accounts")
        return {"accounts": accounts}

    def say(self, subjects: Sequence[Row], moment: Moment) -> Saying:
        return Saying(_TEMPLATE, {"account_tail": subjects[0]["account_no"]})
