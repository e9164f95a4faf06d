"""What the inbox asks about outages: which one explains that there is no supply, what is said of it, who confirms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.kernel import audit
from gateway.notices.kinds import Moment, Saying
from gateway.notices.outages import confirming, overlapping, saying
from gateway.notices.outages.keeping import ground
from gateway.notices.outages.timetable import Timetables, usual

#: How far ahead a planned outage answers a question about outages.
_AHEAD: Final = timedelta(days=7)

# Outages that an account hangs on: those under way first (the one with the latest estimate, since supply is back
# only then), then those to come, then those just over.
_OF_ACCOUNT: Final = """
SELECT o.*, a.id AS account_id, a.account_no, a.language, line.name AS line,
       CASE WHEN area.kind = 'line' THEN line.name ELSE area.name END AS area,
       CASE WHEN o.state = 'active' OR o.state = 'announced' AND o.starts_at <= $2 THEN 0
            WHEN o.state = 'announced' THEN 1 ELSE 2 END AS rank
FROM account a
LEFT JOIN transformer_area area ON area.id = a.transformer_area_id
LEFT JOIN feeder line ON line.id = area.feeder_id
JOIN outage_scope s ON s.feeder_id = area.feeder_id OR s.transformer_area_id = area.id OR s.account_id = a.id
JOIN outage o ON o.id = s.outage_id
WHERE a.id = ANY($1::bigint[]) AND (
  o.state = 'active' AND (o.kind = 'fault' OR o.ends_at > $2 - $3::interval)
  OR o.state = 'announced' AND o.starts_at <= $2 + $4::interval
  OR o.state = 'restored' AND o.restored_at > $2 - $3::interval)
ORDER BY rank, CASE WHEN o.state <> 'active' THEN o.starts_at END, o.ends_at DESC NULLS FIRST, o.id DESC LIMIT 1
"""
_REPORT: Final = """
INSERT INTO outage_report (outage_id, account_id, inbound_id, at) VALUES ($1, $2, $3, $4)
ON CONFLICT (outage_id, account_id) DO NOTHING RETURNING true
"""
_ANSWER: Final = """
UPDATE outage_report SET answered_revision = $3
WHERE outage_id = $1 AND account_id = $2 AND answered_revision < $3 RETURNING true
"""


@dataclass(frozen=True, slots=True)
class Known:
    """An outage that an account hangs on, as far as a reply needs it."""

    row: Mapping[str, Any]

    @property
    def outage_no(self) -> str:
        """Its name."""
        name: str = self.row["outage_no"]
        return name

    @property
    def matter(self) -> str:
        """What a case about it is about."""
        return saying.reference(self.outage_no)

    @property
    def under_way(self) -> bool:
        """Whether it explains that there is no supply now."""
        return bool(self.row["rank"] == 0)

    @property
    def just_over(self) -> bool:
        """Whether it ended a short while ago."""
        return bool(self.row["rank"] == 2)

    @property
    def to_come(self) -> bool:
        """Whether it is planned and has not begun."""
        return bool(self.row["rank"] == 1)

    @property
    def account(self) -> tuple[int, str]:
        """The account that hangs on it."""
        return self.row["account_id"], self.row["account_no"]

    @property
    def ground(self) -> str:
        """What a text about it rests on."""
        return ground(self.outage_no, self.row["revision"])


class OutageDesk:
    """Answers the inbox's questions about outages; each call works in the connection's transaction."""

    def __init__(self, zone: ZoneInfo, timetable: Timetables = usual) -> None:
        self._zone = zone
        self._timetable = timetable

    async def known(self, connection: Any, accounts: Sequence[int], at: datetime) -> Known | None:
        """The outage that explains most about these accounts: under way, soon to come, or just over."""
        row = await connection.fetchrow(_OF_ACCOUNT, list(accounts), at, self._timetable().explains_after, _AHEAD)
        return Known(row) if row is not None else None

    def say(self, known: Known, language: str | None, at: datetime) -> Saying:
        """What is said of it to somebody who asks."""
        moment = Moment(now=at, zone=self._zone, leaves=at)
        return saying.explain({**known.row, "language": language or known.row["language"]}, moment)

    async def report(self, connection: Any, known: Known, *, inbound_id: UUID, actor: str, at: datetime) -> None:
        """Note that a customer of this outage says that supply is off: from now on he is told at any hour."""
        outage, account = known.row["id"], known.row["account_id"]
        if await connection.fetchval(_REPORT, outage, account, inbound_id, at):
            await audit.write(
                connection,
                at=at,
                actor=actor,
                action="outage.reported",
                subject=known.matter,
                after={"account_no": known.row["account_no"], "inbound_id": str(inbound_id)},
            )

    async def wants_answer(self, connection: Any, known: Known) -> bool:
        """Whether the reporter has not had this outage's estimate in answer yet; then he is about to."""
        return bool(await connection.fetchval(_ANSWER, known.row["id"], known.row["account_id"], known.row["revision"]))

    async def answered(self, connection: Any, known: Known, message: UUID) -> None:
        """Keep that a message told the reporter of it, so that he is told its end too."""
        await overlapping.hold_still(connection)
        await connection.execute(
            """INSERT INTO outage_told (outage_id, account_id, message_id, revision, said, step)
               VALUES ($1, $2, $3, $4, 'off', 'update')""",
            known.row["id"],
            known.row["account_id"],
            message,
            known.row["revision"],
        )

    async def confirm(self, connection: Any, message: UUID, *, actor: str, at: datetime) -> list[str]:
        """Note that an important user confirmed a text; the outages it was about."""
        return await confirming.confirmed(connection, message, actor=actor, at=at)
