"""Surveys over what was served in a span: every event that was drawn is asked about, by rule and not by hand (promise
P6), at the number that was frozen at the event and at no other.

Every event has its row, asked or not; where nobody is asked, the row or its message says why.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.evaluations.noting import SOURCES, Events
from gateway.evaluations.programmes import programmes
from gateway.evaluations.reviewing import must_not_steer
from gateway.kernel.acting import require
from gateway.kernel.errors import InvalidInput
from gateway.notices import Moment, PlainKind, Row, Saying
from gateway.outbox.sweeping import withhold

#: How the service is named to the customer.
_SERVICE: Final[Mapping[str, Mapping[str, str]]] = {
    "zh": {
        "fault_repair": "报修",
        "complaint": "投诉",
        "opinion": "意见",
        "consultation": "咨询",
        "report": "举报",
        "service_request": "服务申请",
        "suggestion": "建议",
        "praise": "表扬",
        "new_connection": "新装用电",
        "case": "诉求",
        "restoration": "停电抢修",
    },
    "en": {
        "fault_repair": "repair",
        "complaint": "complaint",
        "opinion": "opinion",
        "consultation": "enquiry",
        "report": "report",
        "service_request": "service request",
        "suggestion": "suggestion",
        "praise": "praise",
        "new_connection": "connection",
        "case": "request",
        "restoration": "power cut",
    },
}


def service_words(language: str | None, service: str) -> str:
    """How a service is named to a customer."""
    return _SERVICE["en" if str(language or "").startswith("en") else "zh"].get(service, service)


#: What a survey asks about where its draft names nothing else: the hotline's orders.
_USUAL: Final = ("work_order",)


class Surveys(PlainKind):
    """Services that ended in a span of time, each asked about once if it was drawn.

    Commitments are left out: they are the utility's own reminders inside another order, no service of their own.
    """

    name = "survey"
    template = "survey"
    merges = False
    strict = True
    gone = "superseded"
    subjects = """
SELECT i.id AS subject_id, i.account_id, i.event_kind || ':' || i.event_ref AS ground,
       CASE WHEN i.frozen_at IS NOT NULL THEN coalesce(i.contact_point_id, 0) END AS own_point, i.service, i.began_at
FROM invitation i
WHERE i.occurred_at >= ($1::jsonb ->> 'closed_from')::timestamptz
  AND i.occurred_at < ($1::jsonb ->> 'closed_to')::timestamptz
  AND i.qualified_at IS NOT NULL AND i.drawn AND i.skipped IS NULL AND i.message_id IS NULL
  AND i.event_kind = ANY (ARRAY(SELECT jsonb_array_elements_text(
        coalesce($1::jsonb -> 'events', '["work_order"]'::jsonb))))
"""

    def __init__(self, events: Events, zone: ZoneInfo) -> None:
        self._events = events
        self._zone = zone

    async def may_steer(self, session: AsyncSession, now: datetime) -> None:
        """See `NoticeKind`: nobody whose work is rated, whether by their role or in fact."""
        require(session, "evaluations:invite")
        await must_not_steer(session, now)

    def parse(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        start, end = self._moment(asked, "closed_from"), self._moment(asked, "closed_to")
        if end <= start:
            raise InvalidInput("the span ends before it begins", field="closed_to")
        span: dict[str, Any] = {"closed_from": start.isoformat(), "closed_to": end.isoformat()}
        return span | ({"events": sorted(set(asked["events"]) & SOURCES.keys())} if "events" in asked else {})

    def _moment(self, asked: Mapping[str, Any], name: str) -> datetime:
        value = asked.get(name)
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError as error:
            raise InvalidInput("a date or a time is needed, such as 2025-03-01T00:00:00+08:00", field=name) from error
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=self._zone)

    async def begin(self, connection: Any, notice: Mapping[str, Any], now: datetime) -> None:
        """Note and draw what nobody has noted yet, and let the span count."""
        about = notice["about"]
        about = json.loads(about) if isinstance(about, str) else about
        if "events" in about:
            # The clock's own: it noted all there is, and said what counts, before it drafted this.
            return
        since, until = datetime.fromisoformat(about["closed_from"]), datetime.fromisoformat(about["closed_to"])
        await self._events.note(connection, now, since=since, until=until, kinds=_USUAL)
        await self._events.qualify(connection, now, since=since, until=until, fresh=since, kinds=_USUAL)

    def say(self, subjects: Sequence[Row], moment: Moment) -> Saying:
        order = subjects[0]
        return Saying(
            "survey",
            {
                "service": service_words(order["language"], order["service"]),
                "opened_on": order["began_at"].astimezone(moment.zone).date(),
            },
        )

    async def written(self, connection: Any, notice: Any, told: Sequence[tuple[Row, Any]], now: datetime) -> None:
        """Put down which text asks, until when an answer is waited for and when the reminder is due.

        Whoever left an event out while its text was being written is heard: that text does not leave.
        """
        table = list((await programmes(connection)).values())
        await connection.execute(
            """UPDATE invitation i SET message_id = asked.message_id, notice_id = $3, invited_at = $4,
                 answer_by = coalesce(m.not_before, $4) + make_interval(hours => p.answer),
                 remind_at = CASE WHEN p.remind > 0 AND m.state = 'queued'
                             THEN coalesce(m.not_before, $4) + make_interval(hours => p.remind) END
               FROM unnest($1::bigint[], $2::uuid[]) AS asked(id, message_id)
               LEFT JOIN message m ON m.id = asked.message_id,
                 unnest($5::text[], $6::int[], $7::int[]) AS p(code, answer, remind)
               WHERE i.id = asked.id AND i.message_id IS NULL AND i.skipped IS NULL
                 AND p.code = coalesce(i.programme, 'order')""",
            [row["id"] for row, _ in told],
            [message_id for _, message_id in told],
            notice["id"],
            now,
            [one.code for one in table],
            [one.answer_hours for one in table],
            [one.remind_hours for one in table],
        )
        late = await connection.fetch(
            """SELECT asked.message_id FROM unnest($1::bigint[], $2::uuid[]) AS asked(id, message_id)
               JOIN invitation i ON i.id = asked.id GROUP BY 1
               HAVING bool_and(i.skipped IS NOT NULL AND i.message_id IS NULL)""",
            [row["id"] for row, _ in told],
            [message_id for _, message_id in told],
        )
        if late:
            texts = [row["message_id"] for row in late]
            await withhold(connection, texts, reason="superseded", at=now, words="the event was left out meanwhile")
