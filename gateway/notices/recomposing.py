"""Composing anew: a queued text that speaks for several accounts, some of which must not be told any more.

The rest is still true and still wanted: the text is written again without them, and each one left out gets a
row of its own that says why (nothing is silently left out).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.archive.links import STOPPED
from gateway.archive.segments import COLUMNS, segments_of
from gateway.kernel.clock import Clock
from gateway.kernel.ids import new_id
from gateway.kernel.segments import count
from gateway.notices.kinds import Moment, NoticeKind, kind_of
from gateway.notices.policy import Policy
from gateway.notices.wording import Wording
from gateway.outbox import AccountPart, NewMessage, insert

_PARTS: Final = f"""
SELECT a.position, a.account_id, a.account_no, a.link_id, a.ground,
       CASE WHEN link.state = 'revoked' THEN 'revoked' WHEN link.id IS NOT NULL THEN 'misdirected'
            ELSE stop.reason END AS reason
FROM message_account a
LEFT JOIN contact_link link ON link.id = a.link_id AND {STOPPED}
LEFT JOIN ground_stop stop ON stop.ground = a.ground
WHERE a.id = $1 ORDER BY a.position
"""


class Recomposer:
    """Writes queued texts of notices again, from the facts as they are now."""

    def __init__(
        self, wording: Wording, clock: Clock, kinds: Mapping[str, NoticeKind], zone: ZoneInfo, policy: Policy
    ) -> None:
        self._wording = wording
        self._clock = clock
        self._kinds = kinds
        self._zone = zone
        self._policy = policy

    async def __call__(self, connection: Any, messages: Sequence[UUID]) -> None:
        """Write `messages` again in the connection's transaction; those no longer queued are left as they are."""
        for message_id in messages:
            message = await connection.fetchrow(
                """SELECT m.*, n.kind AS notice_kind, n.about, n.tone FROM message m JOIN notice n ON n.id = m.notice_id
                   WHERE m.id = $1 AND m.state = 'queued' FOR UPDATE OF m""",
                message_id,
            )
            if message is not None:
                await self._one(connection, message)

    async def of_grounds(self, connection: Any, grounds: Sequence[str]) -> None:
        """Write again whatever is queued on these grounds: their facts have changed (a part was paid)."""
        rows = await connection.fetch(
            """SELECT DISTINCT a.id FROM message_account a JOIN message m USING (id)
               WHERE a.ground = ANY($1::text[]) AND m.state = 'queued' ORDER BY a.id""",
            list(grounds),
        )
        await self(connection, [row["id"] for row in rows])

    async def _one(self, connection: Any, message: Any) -> None:
        now = self._clock.now()
        kind = kind_of(self._kinds, {"kind": message["notice_kind"], "about": message["about"]})
        parts = await connection.fetch(_PARTS, message["id"])
        left_out = [part for part in parts if part["reason"] is not None]
        facts = await connection.fetch(
            f"""SELECT s.*, a.language, $5::bigint AS point_id, {COLUMNS.format(now="$4")}
                FROM ({kind.facts}) s JOIN account a ON a.id = s.account_id
                WHERE s.account_id = ANY($2::bigint[]) AND s.ground = ANY($3::text[]) ORDER BY s.subject_id""",
            message["about"] if isinstance(message["about"], str) else json.dumps(message["about"]),
            [part["account_id"] for part in parts if part["reason"] is None],
            [part["ground"] for part in parts if part["reason"] is None],
            now,
            message["contact_point_id"],
        )
        still = {fact["ground"] for fact in facts}
        gone = [part for part in parts if part["reason"] is None and part["ground"] not in still]
        keep = [part for part in parts if part["reason"] is None and part["ground"] in still]
        out = [(part, part["reason"] or kind.gone) for part in (*left_out, *gone)]
        if not keep:
            await self._withhold_whole(connection, message, out[0][1], now)
            return
        masked = message["template"].endswith("_masked")
        saying = kind.say(facts, Moment(now=now, zone=self._zone, leaves=message["not_before"], masked=masked))
        tone = message["tone"] or self._policy().tone_of(segments_of(facts[0]))
        template = self._wording.named(saying.template, facts[0]["language"], tone)
        body = template.render(saying.values, self._zone)
        await connection.execute(
            "UPDATE message SET body = $2, segments = $3, template = $4, template_version = $5 WHERE id = $1",
            message["id"],
            body,
            count(body).parts,
            template.name,
            template.version,
        )
        await connection.execute(
            "DELETE FROM message_account WHERE id = $1 AND position = ANY($2::smallint[])",
            message["id"],
            [part["position"] for part, _ in out],
        )
        # The account that a text names first stands at position 0, whoever was taken out.
        await connection.execute(
            """UPDATE message_account SET position = 0 WHERE id = $1
               AND position = (SELECT min(position) FROM message_account WHERE id = $1)""",
            message["id"],
        )
        await insert(connection, [self._left_out(message, part, reason, now) for part, reason in out])
        await connection.execute(
            "INSERT INTO message_event (id, at, kind, detail) VALUES ($1, $2, 'recomposed', $3)",
            message["id"],
            now,
            f"written again for {len(keep)} of {len(parts)} accounts",
        )

    async def _withhold_whole(self, connection: Any, message: Any, reason: str, now: Any) -> None:
        await connection.execute(
            "UPDATE message SET state = 'withheld', withheld_reason = $2 WHERE id = $1", message["id"], reason
        )
        await connection.execute(
            "INSERT INTO message_event (id, at, kind, detail) VALUES ($1, $2, 'withheld', $3)",
            message["id"],
            now,
            f"nothing of it holds any more: {reason}",
        )

    def _left_out(self, message: Any, part: Any, reason: str, now: Any) -> NewMessage:
        return NewMessage(
            id=new_id(now),
            notice_id=message["notice_id"],
            contact_point_id=message["contact_point_id"],
            to_address=message["to_address"],
            template=message["template"],
            template_version=message["template_version"],
            kind=message["kind"],
            klass=message["klass"],
            purpose=message["purpose"],
            body="",
            segments=0,
            withheld_reason=reason,
            decision=f"taken out of a text for several accounts: {reason}",
            hours=message["hours"],
            zone=message["zone"],
            created_at=now,
            not_before=now,
            expires_at=message["expires_at"],
            accounts=[AccountPart(part["account_id"], part["account_no"], part["link_id"], part["ground"])],
        )
