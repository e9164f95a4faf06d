"""Succeeding: where a text goes on whose channel failed it (the outbox asks; `gateway.outbox.failover`).

It goes on to the same person: a contact point of another kind that stands on every account the text speaks for,
in the role it was meant for. What the policy would keep from that contact it keeps from it here too; a refusal
given on the contact that failed is the person's, and goes with them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.archive.links import IN_EFFECT
from gateway.archive.segments import COLUMNS
from gateway.notices.audience import REACH, TRUST, link_of, recipient_of
from gateway.notices.holds import HOLD
from gateway.notices.policy import FRESH, Decision, Policy, SendAt, Wish, Withhold, choose_link, decide
from gateway.outbox.carriers import kind_of_point
from gateway.outbox.failover import Ended, Successor
from gateway.outbox.hours import HoursClass

_CONTACTS: Final = f"""
SELECT asked.message, asked.failed, a.id AS account_id, a.sms_opt_out, {COLUMNS.format(now="$4")},
       link.id AS link_id, link.role, {IN_EFFECT} AS state, link.is_default, link.verified_at, link.needs_proof,
       point.id AS point_id, point.kind AS point_kind, point.address, point.line, point.state AS point_state,
       staff.id IS NOT NULL AS of_staff, {TRUST}, quiet.begins AS quiet_from, quiet.ends AS quiet_to,
       ARRAY(SELECT purpose FROM opt_out WHERE contact_point_id IN (point.id, asked.failed)) AS opt_outs,
       ARRAY(SELECT purpose FROM consent WHERE contact_point_id = point.id AND ended_at IS NULL) AS consents,
       hold.reason AS hold_reason, hold.words AS hold_words, hold.expires_at AS hold_until
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS asked(message, failed, account)
JOIN account a ON a.id = asked.account
JOIN contact_link link ON link.account_id = a.id
JOIN {REACH}
JOIN contact_point point ON point.id = reach.id
LEFT JOIN contact_hours quiet ON quiet.contact_point_id = point.id
LEFT JOIN staff_member staff ON staff.phone = point.address
LEFT JOIN link_trust ON link_trust.link_id = link.id
{HOLD}
ORDER BY asked.message, a.id, link.id, point.id
"""
# A number that is blocked has possibly refused (domain notes §7): no way round it is sought.
_BLOCKED: Final = """
SELECT s.evidence ->> 'message_id' AS message FROM signal s
WHERE s.contact_point_id = ANY($1::bigint[]) AND s.kind = 'blocked'
  AND s.evidence ->> 'message_id' = ANY($2::text[])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Successors:
    """Decides where texts go on, by the policy as it is now."""

    region: str
    policy: Policy

    async def __call__(self, connection: Any, ended: Sequence[Ended], now: datetime) -> Mapping[UUID, Successor | str]:
        """Where each of `ended` goes on, or in words why it does not."""
        asked = [(one.id, one.contact_point_id, part.account_id) for one in ended for part in one.accounts]
        contacts: dict[UUID, list[Any]] = defaultdict(list)
        if asked:
            for row in await connection.fetch(_CONTACTS, *(list(column) for column in zip(*asked, strict=True)), now):
                contacts[row["message"]].append(row)
        points = [one.contact_point_id for one in ended if one.contact_point_id is not None]
        rows = await connection.fetch(_BLOCKED, points, [str(one.id) for one in ended])
        blocked = {row["message"] for row in rows}
        return {
            one.id: "it was blocked there, which may be a refusal"
            if str(one.id) in blocked
            else self._next(one, contacts[one.id], now)
            for one in ended
        }

    def _next(self, ended: Ended, contacts: Sequence[Any], now: datetime) -> Successor | str:
        why = "no other channel that it may use is open"
        for channel in ended.channels:
            found = self._on(ended, channel, contacts, now)
            if isinstance(found, Successor):
                return found
            why = found
        return why

    def _on(self, ended: Ended, channel: str, contacts: Sequence[Any], now: datetime) -> Successor | str:
        """The successor on one channel, or why there is none."""
        accounts = [part.account_id for part in ended.accounts]
        # A chat that was unlinked meanwhile is found no more; the link that it went out through is.
        through = {part.account_id: part.link_id for part in ended.accounts}
        meant = {
            row["account_id"]: row["role"]
            for row in contacts
            if row["point_id"] == ended.contact_point_id or row["link_id"] == through.get(row["account_id"])
        }
        points: dict[int, dict[int, Any]] = defaultdict(dict)
        for row in contacts:
            if row["point_kind"] == kind_of_point(channel) and row["role"] == meant.get(row["account_id"]):
                points[row["point_id"]][row["account_id"]] = row
        points.pop(ended.contact_point_id or 0, None)
        whole = [rows for rows in points.values() if rows.keys() == set(accounts)]
        if not whole:
            return f"the person has no contact by {channel} for all that it speaks for"
        chosen = choose_link([link_of(rows[accounts[0]]) for rows in whole], self.policy())
        if isinstance(chosen, Withhold):
            return f"not by {channel}: {chosen.because}"
        rows = points[chosen.contact_point_id]
        decisions = [self._decision(ended, rows[account], now) for account in accounts]
        for decision in decisions:
            if not isinstance(decision, SendAt):
                return f"not by {channel}: {decision.because}"
            if decision.masked:
                return f"not by {channel}: it names an amount, and the contact is unproven"
        go = decisions[0]
        assert isinstance(go, SendAt)
        return Successor(
            channel=channel,
            contact_point_id=chosen.contact_point_id,
            address=rows[accounts[0]]["address"],
            not_before=go.at,
            closes_at=go.closes,
            because=self.policy().signed(f"{go.because}; by {channel}, as {ended.channel} failed"),
            links={account: rows[account]["link_id"] for account in accounts},
        )

    def _decision(self, ended: Ended, row: Any, now: datetime) -> Decision:
        wish = Wish(
            kind=ended.kind,
            klass=ended.klass,
            purpose=ended.purpose,
            hours=HoursClass(ended.hours),
            expires_at=ended.expires_at,
        )
        recipient = recipient_of(row, (link_of(row),), ZoneInfo(ended.zone), self.region)
        return decide(recipient, wish, FRESH, now, self.policy())
