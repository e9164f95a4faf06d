"""A year in which nobody stirred is kept as evidence, weak as it is, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.inbox import note_unheard
from gateway.inbox.unheard import TURNS
from tests.inbox.conftest import Town

A, B = "4100000011", "4100000022"
X, Y = "+8613800374443", "+8613300335193"


async def looked(town: Town) -> list[Any]:
    """What is kept after every number has had its night."""
    for _ in range(TURNS):
        town.clock.on(days=1)
        async with town.database.work() as work:
            await note_unheard(work.connection, town.clock.now())
            await work.commit()
    return await town.rows(
        """SELECT a.account_no, s.evidence::text AS evidence FROM signal s JOIN account a ON a.id = s.account_id
           WHERE s.kind = 'silence' ORDER BY s.id"""
    )


async def told_for_a_year(town: Town, *, texts: int = 5) -> None:
    for account, number in ((A, X), (B, Y)):
        await town.household(account, number)
    for _ in range(texts):
        for account, number in ((A, X), (B, Y)):
            await town.text(number, "arrears", [account])
        town.clock.on(days=70)
    town.clock.on(days=366 - 70 * texts)


async def test_who_never_stirred_in_a_year_is_noted_once(town: Town) -> None:
    await told_for_a_year(town)
    assert await town.hears(Y, "好的")
    noted = await looked(town)
    assert [row["account_no"] for row in noted] == [A] and '"texts": 5' in noted[0]["evidence"]
    assert len(await looked(town)) == 1, "the same silence is no new one"


@pytest.mark.parametrize(
    "stirs",
    [
        "UPDATE contact_link SET state = 'verified', verified_at = $1",
        "UPDATE contact_point SET line = 'landline' WHERE $1::timestamptz IS NOT NULL",
        """INSERT INTO signal (contact_point_id, kind, at, evidence)
           SELECT id, 'paid_after_reminder', $1, '{}' FROM contact_point""",
        "UPDATE message SET state = 'undelivered', delivered_at = NULL WHERE $1::timestamptz IS NOT NULL",
    ],
)
async def test_whatever_stirs_or_cannot_is_no_silence(town: Town, stirs: str) -> None:
    await told_for_a_year(town)
    await town.do(stirs, town.clock.now() - timedelta(days=3))
    assert await looked(town) == []


async def test_a_few_texts_or_a_short_time_say_nothing(town: Town) -> None:
    await told_for_a_year(town, texts=3)
    assert await looked(town) == []
