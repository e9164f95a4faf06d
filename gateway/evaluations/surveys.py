"""Surveys over closed work orders: every one that qualifies is asked about, by rule and not by hand (promise P6).

The invitation is written for each event, asked or not; where nobody is asked, its message says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.kernel.errors import InvalidInput
from gateway.notices import Moment, PlainKind, Row, Saying

#: How the service is named to the customer, by the class of the work order.
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
    },
}


class Surveys(PlainKind):
    """Work orders closed in a span of time, each asked about once.

    Commitments are left out: they are the utility's own reminders inside another order, no service of their own.
    Whoever called is asked, where the archive knows that number for the account; otherwise the account's usual
    contact.
    """

    name = "survey"
    template = "survey"
    merges = False
    gone = "superseded"
    subjects = """
SELECT w.id AS subject_id, w.account_id, 'work_order:' || w.work_order_no AS ground, point.id AS own_point,
       w.work_order_no, w.kind AS service, w.opened_at, w.team_code, w.handler_no
FROM work_order w LEFT JOIN contact_point point ON point.kind = 'phone' AND point.address = w.caller_number
WHERE w.closed_at >= ($1::jsonb ->> 'closed_from')::timestamptz
  AND w.closed_at < ($1::jsonb ->> 'closed_to')::timestamptz
  AND w.kind <> 'commitment'
  AND NOT EXISTS (SELECT 1 FROM invitation i WHERE i.event_kind = 'work_order' AND i.event_ref = w.work_order_no)
"""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def parse(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        start, end = self._moment(asked, "closed_from"), self._moment(asked, "closed_to")
        if end <= start:
            raise InvalidInput("the span ends before it begins", field="closed_to")
        return {"closed_from": start.isoformat(), "closed_to": end.isoformat()}

    def _moment(self, asked: Mapping[str, Any], name: str) -> datetime:
        value = asked.get(name)
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError as error:
            raise InvalidInput("a date or a time is needed, such as 2025-03-01T00:00:00+08:00", field=name) from error
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=self._zone)

    def say(self, subjects: Sequence[Row], moment: Moment) -> Saying:
        order = subjects[0]
        words = _SERVICE["en" if str(order["language"] or "").startswith("en") else "zh"]
        return Saying(
            "survey",
            {
                "service": words.get(order["service"], order["service"]),
                "opened_on": order["opened_at"].astimezone(moment.zone).date(),
            },
        )

    async def written(self, connection: Any, notice: Any, told: Sequence[tuple[Row, Any]], now: datetime) -> None:
        """Write the invitations down: the team and person of the service, frozen as they were."""
        await connection.execute(
            """INSERT INTO invitation
                 (event_kind, event_ref, account_id, team_code, person_no, notice_id, message_id, invited_at)
               SELECT 'work_order', w.work_order_no, w.account_id, w.team_code, w.handler_no, $3, asked.message_id, $4
               FROM unnest($1::bigint[], $2::uuid[]) AS asked(work_order_id, message_id)
               JOIN work_order w ON w.id = asked.work_order_id
               ON CONFLICT (event_kind, event_ref) DO NOTHING""",
            [row["id"] for row, _ in told],
            [message_id for _, message_id in told],
            notice["id"],
            now,
        )
