"""The kinds of notice about outages: whom each concerns, what is said, and who was told what.

Every text rests on the outage as it stood: the ground is `outage:ID@REVISION`, and a change stops it (promise
P3). A notice is composed again for each step; each time it brings everybody up to date who is not, so that a
crash, a change in the middle, or a second notice about the same outage tells nobody twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.kernel.database import copy
from gateway.kernel.errors import Conflict, InvalidInput
from gateway.notices.kinds import Moment, NoticeKind, PlainKind, Row, Saying
from gateway.notices.outages import confirming, overlapping, saying, scopes
from gateway.notices.outages.timetable import Timetables, next_due, usual
from gateway.notices.policy import Wish

#: States of a message in which it was told, or may have been.
_TOLD: Final = "('sending', 'uncertain', 'sent', 'delivered')"

#: It went, or would have gone, to somebody else, and there is a contact left that can be told that supply is off.
_ASTRAY: Final = """(
    o.state IN ('announced', 'active') AND r.affected
    AND (m.withheld_reason IN ('misdirected', 'revoked') OR EXISTS (
      SELECT 1 FROM message_account part JOIN contact_link l ON l.id = part.link_id
      WHERE part.id = m.id AND part.account_id = r.account_id AND l.state IN ('suspended', 'revoked')))
    AND EXISTS (
      SELECT 1 FROM contact_link l WHERE l.account_id = r.account_id AND l.state IN ('verified', 'unverified')
        AND l.questioned_at IS NULL)
  ) IS TRUE"""

# `told` is what the account was told last; `latest` is the last that was said or is about to be, or was withheld
# for a reason that still holds: who has that needs nothing more. What went, or should have gone, through a contact
# that was found to be somebody else's told the account nothing. Where failures are sent again, they do not count.
_WHO: Final = """
SELECT r.account_id AS subject_id, r.account_id, 'outage:' || o.outage_no || '@' || o.revision AS ground,
       CASE WHEN told.said = 'off' THEN told.contact_point_id::bigint END AS own_point"""
_WHAT: Final = """,
       o.id AS outage_id, o.outage_no, o.kind AS outage_kind, o.state AS outage_state, o.short_notice, o.starts_at,
       o.ends_at, o.crew_at, o.restored_at, o.reason, o.revision, o.telling_revision, r.affected,
       a.manager_no, CASE WHEN area.kind = 'line' THEN line.name ELSE area.name END AS area, line.name AS line,
       told.said AS told_said, told.revision AS told_revision, told.message_id AS told_message,
       told.contact_point_id::bigint AS told_point, past.starts_at AS told_starts_at, past.ends_at AS told_ends_at,
       past.reason AS told_reason,
       changed.at AS changed_at, others.off_again, others.off_later,
       EXISTS (SELECT 1 FROM outage_report said WHERE said.outage_id = o.id AND said.account_id = r.account_id)
         AS reported"""
# Of an outage of which nobody was told anything yet, nobody's past is looked up. Accounts are looked up from those of
# the outage and never the other way round, which a planner that believes in few of them may find as cheap.
_FROM: Final = f"""
FROM (
  SELECT *, EXISTS (SELECT 1 FROM outage_told WHERE outage_told.outage_id = outage.id) AS spoken_of
  FROM outage WHERE outage_no = $1::jsonb ->> 'outage_id' OFFSET 0
) AS o
JOIN outage_account r ON r.outage_id = o.id
JOIN LATERAL (SELECT * FROM account WHERE account.id = r.account_id OFFSET 0) AS a ON true
LEFT JOIN LATERAL (
  SELECT t.said, t.revision, t.message_id, m.contact_point_id, coalesce(m.sent_at, m.not_before) AS at
  FROM outage_told t JOIN message m ON m.id = t.message_id
  WHERE o.spoken_of AND t.outage_id = o.id AND t.account_id = r.account_id AND m.state IN {_TOLD} AND NOT {_ASTRAY}
  ORDER BY t.message_id DESC LIMIT 1
) AS told ON true
LEFT JOIN LATERAL (
  SELECT t.said, t.revision FROM outage_told t JOIN message m ON m.id = t.message_id
  WHERE o.spoken_of AND t.outage_id = o.id AND t.account_id = r.account_id AND (
    m.state IN {_TOLD} OR m.state = 'queued' AND t.revision = o.revision
    OR m.state IN ('failed', 'undelivered') AND NOT $1::jsonb ? 'resends' OR m.state = 'expired'
    OR m.state = 'withheld' AND m.withheld_reason NOT IN ('superseded', 'recovered'))
    AND NOT {_ASTRAY}
  ORDER BY t.message_id DESC LIMIT 1
) AS latest ON true"""
_FACTS_FROM: Final = f"""
JOIN outage_revision changed ON changed.outage_id = o.id AND changed.revision = o.revision
LEFT JOIN transformer_area area ON area.id = a.transformer_area_id
LEFT JOIN feeder line ON line.id = area.feeder_id
LEFT JOIN outage_revision past ON past.outage_id = o.id AND past.revision = told.revision
LEFT JOIN LATERAL ({overlapping.OTHERS}) AS others ON true"""
_OF_OUTAGE: Final = """
WHERE (a.status <> 'closed' OR told.said IS NOT NULL)
"""
_WANTED: Final = """
  AND CASE
    WHEN o.state IN ('restored', 'cancelled') OR NOT r.affected THEN
      $1::jsonb -> 'follow' = 'true' AND told.said = 'off' AND latest.said = 'off'
    WHEN latest.said = 'off' AND latest.revision >= o.telling_revision THEN
      told.said = 'off' AND told.at < ($1::jsonb ->> 'unless_told_since')::timestamptz
    ELSE $1::jsonb -> 'follow' = 'true' OR told.said IS NULL OR told.said <> 'off'
  END
"""
#: What is drafted: each kind says of which outages, and in which states, there is something to tell.
_TELLS_OF: Final[Mapping[str, tuple[str | None, frozenset[str]]]] = {
    "outage_planned": ("planned", frozenset({"announced", "active"})),
    "outage_fault": ("fault", frozenset({"active"})),
    "restoration": (None, frozenset({"restored"})),
}
#: The kinds of notice there are about outages.
OUTAGE_NOTICES: Final = tuple(_TELLS_OF)
_TEMPLATES: Final[Mapping[str, str]] = {
    "update": "outage_update",
    "restored": "restoration",
    "cancelled": "outage_update_cancelled",
}


class OutageTexts(PlainKind):
    """Notices of one of the kinds `outage_planned`, `outage_fault` and `restoration`.

    `about` holds `outage_id`, `follow`, and once the outage has moved on the `step` that is told of, with
    `unless_told_since` for reminders.
    """

    merges = True
    gone = "superseded"
    outlives = True
    subjects = _WHO + _WHAT + _FROM + _FACTS_FROM + _OF_OUTAGE + _WANTED
    audience = _WHO + _FROM + _OF_OUTAGE + _WANTED

    def __init__(
        self, name: str, zone: ZoneInfo, region: str, *, step: str = "announce", timetable: Timetables = usual
    ) -> None:
        self.name = name
        self.step = step
        self.template = _TEMPLATES.get(step, name)
        self._zone = zone
        self._region = region
        self._timetable = timetable

    @property
    def facts(self) -> str:
        return _WHO + _WHAT + _FROM + _FACTS_FROM + _OF_OUTAGE

    def parse(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        outage_no = asked.get("outage_id")
        if not isinstance(outage_no, str) or not outage_no:
            raise InvalidInput("the outage is named by its outage_id", field="outage_id")
        follow = asked.get("follow")
        if follow not in (None, True, False):
            raise InvalidInput("it is true or false", field="follow")
        about: dict[str, Any] = {"outage_id": outage_no, "follow": follow is not False}
        if self.name == "restoration":
            # What it tells is the end: there is nothing to follow, and those told before are whom it is for.
            about |= {"follow": True, "step": "restored"}
        return about

    def of(self, about: Mapping[str, Any]) -> NoticeKind:
        step = about.get("step", "announce")
        return OutageTexts(self.name, self._zone, self._region, step=step, timetable=self._timetable)

    def lock(self, notice: Mapping[str, Any]) -> str:
        """Notices about one outage are composed one after another: the later sees whom the earlier told."""
        about = notice["about"]
        return f"outage:{(json.loads(about) if isinstance(about, str) else about)['outage_id']}"

    def parts(self, subjects: Sequence[Row]) -> Sequence[Sequence[Row]]:
        return saying.parts(subjects)

    def wish(self, subjects: Sequence[Row], usual: Wish, now: datetime) -> Wish:
        return saying.wish(subjects, usual, now, self._zone, self._region)

    def say(self, subjects: Sequence[Row], moment: Moment) -> Saying:
        return saying.say(subjects, self.step, moment, self._timetable())

    def supersedes(self, subject: Row) -> UUID | None:
        """See `previewing.Superseding`."""
        return saying.replaces(subject)

    async def drafted(self, connection: Any, notice: UUID, about: Mapping[str, Any], now: datetime) -> None:
        """Bind the notice to its outage. Raises InvalidInput for an outage unknown or of another kind, and
        Conflict for one of which there is nothing of this kind to tell."""
        outage = await connection.fetchrow("SELECT * FROM outage WHERE outage_no = $1", about["outage_id"])
        if outage is None:
            raise InvalidInput(f"there is no outage {about['outage_id']}", field="outage_id")
        kind, states = _TELLS_OF[self.name]
        if kind not in (None, outage["kind"]):
            raise InvalidInput(f"{about['outage_id']} is a {outage['kind']} outage", field="outage_id")
        if outage["state"] not in states:
            raise Conflict(f"the outage is {outage['state']}: there is nothing to tell of that kind")
        follows = about["follow"] and self.name != "restoration"
        table, planned = self._timetable(), self.name == "outage_planned"
        due = next_due(outage["starts_at"], now, self._zone, table) if planned else None
        await connection.execute(
            "INSERT INTO outage_notice (notice_id, outage_id, follows, next_step, next_at) VALUES ($1, $2, $3, $4, $5)",
            notice,
            outage["id"],
            follows,
            due.step if due and follows else None,
            due.at if due and follows else None,
        )

    async def begin(self, connection: Any, notice: Mapping[str, Any], now: datetime) -> None:
        """Write down whom the outage takes in by the grid as it is now."""
        about = notice["about"]
        outage_no = (json.loads(about) if isinstance(about, str) else about)["outage_id"]
        await scopes.call_the_roll(
            connection, await connection.fetchval("SELECT id FROM outage WHERE outage_no = $1", outage_no)
        )

    async def goes_on(self, connection: Any, notice: UUID) -> bool:
        """Whether it follows an outage that is not over."""
        return bool(
            await connection.fetchval(
                """SELECT f.follows AND o.state IN ('announced', 'active') FROM outage_notice f
                   JOIN outage o ON o.id = f.outage_id WHERE f.notice_id = $1""",
                notice,
            )
        )

    async def written(self, connection: Any, notice: Any, told: Sequence[tuple[Row, Any]], now: datetime) -> None:
        """Keep who was told what; see to those whom a text alone is not enough for."""
        known = [(row, message) for row, message in told if row["subject_id"] is not None]
        if not known:
            return
        await overlapping.hold_still(connection)
        await copy(
            connection,
            "outage_told",
            ("outage_id", "account_id", "message_id", "revision", "said", "step"),
            [
                (
                    row["outage_id"],
                    row["account_id"],
                    message,
                    row["revision"],
                    saying.SAID[saying.turn_of(row)],
                    self.step,
                )
                for row, message in known
            ],
        )
        await overlapping.take_over_debts(connection, known)
        await overlapping.silence_new(connection, known, now)
        await confirming.see_to(connection, known, self.step, now, self._timetable())
