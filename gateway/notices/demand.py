"""Demand response: a request to use less for some hours, to those who asked to be asked (domain notes S4.10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.kernel.clock import Clock
from gateway.kernel.errors import InvalidInput
from gateway.notices.announcing import ACCOUNTS_DRAWN, audience_of, know_places
from gateway.notices.kinds import Moment, NoticeKind, PlainKind, Row, Saying

_NEVER = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


@dataclass(frozen=True)
class DemandResponse(PlainKind):
    """One text a number for some hours; the purpose has a consent of its own, without which nobody is told."""

    clock: Clock
    starts_at: datetime = _NEVER
    ends_at: datetime = _NEVER

    name = "demand_response"
    template = "demand_response"
    merges = True
    gone = "superseded"
    subjects = ACCOUNTS_DRAWN

    def parse(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        starts_at, ends_at = _moment(asked, "starts_at"), _moment(asked, "ends_at")
        if ends_at <= starts_at:
            raise InvalidInput("it ends before it starts", field="ends_at")
        if starts_at <= self.clock.now():
            raise InvalidInput("it has begun already", field="starts_at")
        audience = audience_of(asked)
        return {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat(), "audience": audience}

    async def drafted(self, connection: Any, notice: UUID, about: Mapping[str, Any], now: datetime) -> None:
        """Raises InvalidInput for an audience in places that the archive does not know."""
        await know_places(connection, about["audience"])

    def of(self, about: Mapping[str, Any]) -> NoticeKind:
        return DemandResponse(self.clock, _moment(about, "starts_at"), _moment(about, "ends_at"))

    def say(self, subjects: Sequence[Row], moment: Moment) -> Saying:
        values = {"starts_at": self.starts_at, "ends_at": self.ends_at}
        return Saying("demand_response", values, expires_at=self.starts_at)


def _moment(asked: Mapping[str, Any], name: str) -> datetime:
    value = asked.get(name)
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError as error:
        raise InvalidInput("a time is needed, such as 2025-07-01T14:00:00+08:00", field=name) from error
    if moment.tzinfo is None:
        raise InvalidInput("a time needs its offset from UTC", field=name)
    return moment
