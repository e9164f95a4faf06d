"""Contact checks: is this number still the account's? Asked of contacts without recent proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.archive.trust import asking
from gateway.kernel.clock import Clock
from gateway.kernel.errors import InvalidInput
from gateway.notices.kinds import Moment, PlainKind, Row, Saying

_TEMPLATE: Final = "contact_confirm"


# A link may be asked about where it has no proof, and its number was not asked lately or too often in vain.
_DUE: Final = f"""{{link}}.is_default AND {{link}}.state IN ('unverified', 'verified')
  AND {{link}}.questioned_at IS NULL
  AND ({{link}}.verified_at IS NULL OR {{link}}.verified_at < ($1::jsonb ->> 'proven_since')::timestamptz
       OR EXISTS (SELECT 1 FROM link_judgement judged WHERE judged.link_id = {{link}}.id AND judged.action = 'ask'
                    AND judged.at > {{link}}.verified_at))
  AND (SELECT CASE WHEN count(*) = 0 THEN true
                   WHEN count(*) FILTER (WHERE past.at > coalesce(answered.at, '-infinity')) = 0
                     THEN max(past.at) <= ($1::jsonb ->> 'quiet_if_answered')::timestamptz
                   ELSE count(*) FILTER (WHERE past.at > coalesce(answered.at, '-infinity')) < {asking.MOST_ROUTINE}
                     AND max(past.at) <= ($1::jsonb ->> 'quiet')::timestamptz END
       FROM contact_check past
       CROSS JOIN (SELECT {asking.ANSWERED_AT.format(point="{link}.contact_point_id")} AS at) AS answered
       WHERE past.contact_point_id = {{link}}.contact_point_id
         AND past.at > ($1::jsonb ->> 'counted_since')::timestamptz
         AND past.at < ($1::jsonb ->> 'at')::timestamptz)"""


#: The year is divided into so many turns.
TURNS: Final = 52
# With a turn given, every number comes once a year; but a link more likely wrong than right, or of which the last
# judgement says to ask, comes at once.
_IN_TURN: Final = f"""($1::jsonb -> 'turn' IS NULL OR link.contact_point_id % {TURNS} = ($1::jsonb ->> 'turn')::int
  OR EXISTS (SELECT 1 FROM link_trust doubted WHERE doubted.link_id = link.id AND doubted.probability < 0.5)
  OR EXISTS (SELECT 1 FROM link_judgement judged WHERE judged.link_id = link.id AND judged.action = 'ask'))"""


class ContactChecks(PlainKind):
    """Usable contacts of the accounts named, or (`due`) default contacts without proof in 18 months, or of which
    evidence that came since says that they should be asked about.

    Each link is asked about by itself: a number can be right for one account and wrong for another. Of a number
    that is due for several accounts the one is asked about that is the least certain, since its answer saves most;
    the others come when that one was answered.
    """

    name = "contact_confirm"
    template = _TEMPLATE
    merges = False
    gone = "superseded"
    subjects = f"""
SELECT link.id AS subject_id, link.account_id, 'contact_check:' || link.id AS ground,
       link.contact_point_id::bigint AS own_point, account.account_no
FROM contact_link link JOIN account ON account.id = link.account_id
JOIN contact_point point ON point.id = link.contact_point_id
WHERE link.state IN ('unverified', 'verified') AND link.questioned_at IS NULL
  AND point.state = 'active' AND point.line <> 'landline' AND account.status <> 'closed' AND (
    ($1::jsonb -> 'accounts') ? account.account_no
    OR ($1::jsonb -> 'due' = 'true' AND {_IN_TURN} AND {_DUE.format(link="link")} AND NOT EXISTS (
      SELECT 1 FROM contact_link rival LEFT JOIN link_trust rivals ON rivals.link_id = rival.id
      WHERE rival.contact_point_id = link.contact_point_id AND rival.id <> link.id
        AND (abs(coalesce(rivals.probability, 0.5) - 0.5), rival.id) < (
          SELECT abs(coalesce(own.probability, 0.5) - 0.5), link.id
          FROM (SELECT link.id) AS this (id) LEFT JOIN link_trust own ON own.link_id = this.id)
        AND {_DUE.format(link="rival")})))
"""

    def __init__(self, clock: Clock, trust_lasts: Callable[[], timedelta]) -> None:
        self._clock = clock
        self._trust_lasts = trust_lasts

    def parse(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        accounts, due = asked.get("accounts"), asked.get("due")
        if bool(accounts) == bool(due):
            raise InvalidInput("either accounts or due is needed, and not both", field="accounts")
        turn = asked.get("turn")
        if turn is not None and (accounts or type(turn) is not int or not 0 <= turn < TURNS):
            raise InvalidInput(f"a turn of what is due, from 0 to {TURNS - 1}", field="turn")
        if accounts is None:
            now = self._clock.now()
            return {
                "due": True,
                **({} if turn is None else {"turn": turn}),
                "at": now.isoformat(),
                "proven_since": (now - self._trust_lasts()).isoformat(),
                "counted_since": (now - asking.SPAN).isoformat(),
                "quiet": (now - asking.APART).isoformat(),
                "quiet_if_answered": (now - asking.APART_ANSWERED).isoformat(),
            }
        if not isinstance(accounts, list) or not all(isinstance(one, str) for one in accounts):
            raise InvalidInput("a list of account numbers is needed", field="accounts")
        return {"accounts": accounts}

    def say(self, subjects: Sequence[Row], moment: Moment) -> Saying:
        return Saying(_TEMPLATE, {"account_tail": subjects[0]["account_no"]})

    async def written(self, connection: Any, notice: Any, told: Sequence[tuple[Row, Any]], now: datetime) -> None:
        """Note who was asked, so that nobody is asked without end."""
        await asking.note(connection, [(row["point_id"], row["link_id"]) for row, _ in told if row["point_id"]], now)
