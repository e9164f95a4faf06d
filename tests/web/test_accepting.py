"""Single messages in groups: what befalls one of a group befalls none of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from gateway.kernel.database import Database
from gateway.kernel.errors import LamplighterError, Unavailable
from gateway.notices import Asked, Taken
from gateway.web.accepting import SingleMessages
from gateway.web.idempotency import Earlier
from tests.web.conftest import StandingClock, StandInMessages

TEXT: dict[str, Any] = {"template": "announcement", "values": {"text": "今晚八点检修"}}


class OfNoUseForAccounts(StandInMessages):
    def __init__(self, error: Exception) -> None:
        self.error = error

    async def accept(
        self, connection: Any, asked: Sequence[Asked], *, now: datetime, wake: bool = True
    ) -> list[Taken | LamplighterError]:
        if any(one.account_no is not None for one in asked):
            raise self.error
        return await super().accept(connection, asked, now=now, wake=wake)


@pytest.mark.parametrize(
    ("error", "told"), [(RuntimeError("broken"), RuntimeError), (ConnectionResetError("gone"), Unavailable)]
)
async def test_what_was_written_is_neither_refused_nor_written_again_for_the_sake_of_another(
    database: Database, error: Exception, told: type[Exception]
) -> None:
    singles = SingleMessages(database, StandingClock(), OfNoUseForAccounts(error))
    singles.start()
    try:
        first, second, third = await asyncio.gather(
            singles.take(Asked(to="+8613812345670", **TEXT), None),
            singles.take(Asked(account_no="0001", **TEXT), None),
            singles.take(Asked(to="+8613812345671", **TEXT), None),
            return_exceptions=True,
        )
    finally:
        await singles.close()
    assert isinstance(first, Earlier) and isinstance(third, Earlier)
    assert isinstance(second, told)
    async with database.work() as work:
        assert await work.value("SELECT count(*) FROM message") == 2
