"""What the routes of follow-ups have in common."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, StringConstraints

from gateway.web.routing import Route

TAG: Final = "followups"

StaffNo = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
Said = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
Channel = Literal["visit", "phone", "sms", "chat"]


def _day(value: object) -> object:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError("a day is written YYYY-MM-DD") from None
    return value


Day = Annotated[date, BeforeValidator(_day)]


def route(method: str, path: str, handler: Any, scope: str, summary: str, answer: Any, **more: Any) -> Route:
    """A route of follow-ups."""
    return Route(
        method=method, path=path, handler=handler, scope=scope, tag=TAG, summary=summary, answer=answer, **more
    )
