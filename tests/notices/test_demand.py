"""Requests to use less: a purpose of their own, told to those alone who asked for it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from gateway.archive import consents
from gateway.kernel.errors import InvalidInput
from tests.notices.conftest import MORNING, Town

A, B, C = "+8613800000001", "+8613800000002", "+8613800000003"


async def consent(town: Town, number: str, purpose: str) -> None:
    async with town.database.session() as session:
        await consents.give(
            session, number, purpose, source="counter", evidence="form 7", actor="key:clerk", at=town.clock.now()
        )
        await session.commit()


async def test_only_who_asked_for_it_is_told(town: Town) -> None:
    asked = await town.account(A)
    await town.account(B)
    await town.account(C)
    await consent(town, A, "demand_response")
    await consent(town, C, "advice")
    starts_at = MORNING + timedelta(hours=5)
    about = {
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=2)).isoformat(),
        "audience": {"everyone": True},
    }
    notice = await town.compose("demand_response", about)
    messages = await town.messages(notice)
    assert Counter((m["state"], m["withheld_reason"]) for m in messages) == {
        ("queued", None): 1,
        ("withheld", "not_consented"): 2,
    }
    (told,) = [m for m in messages if m["state"] == "queued"]
    assert (told["accounts"], told["kind"], told["purpose"]) == ([asked], "demand_response", "demand_response")
    assert "11月4日15时至17时" in told["body"] and told["expires_at"] == starts_at
    # A second one a day later is no advertisement, and is not capped as one.
    again = {**about, "starts_at": (starts_at + timedelta(days=1)).isoformat(),
             "ends_at": (starts_at + timedelta(days=1, hours=2)).isoformat()}  # fmt: skip
    counted = Counter(m["state"] for m in await town.messages(await town.compose("demand_response", again)))
    assert counted == {"queued": 1, "withheld": 2}


async def test_a_refusal_of_it_stops_nothing_else(town: Town) -> None:
    await town.account(A, owes="10")
    await consent(town, A, "demand_response")
    await town.refuse(A, "demand_response")
    assert [m["state"] for m in await town.messages(await town.compose())] == ["queued"]


@pytest.mark.parametrize(
    ("about", "field"),
    [
        ({}, "starts_at"),
        ({"starts_at": "2025-11-04T15:00:00+08:00", "ends_at": "2025-11-04T14:00:00+08:00"}, "ends_at"),
        ({"starts_at": "2025-11-04T09:00:00+08:00", "ends_at": "2025-11-04T14:00:00+08:00"}, "starts_at"),
        ({"starts_at": "2025-11-04T15:00:00+08:00", "ends_at": "2025-11-04T17:00:00+08:00"}, "audience"),
        (
            {
                "starts_at": "2025-11-04T15:00:00+08:00",
                "ends_at": "2025-11-04T17:00:00+08:00",
                "audience": {"everyone": True, "transformer_areas": ["T404"]},
            },
            "audience.transformer_areas[0]",
        ),
    ],
)
async def test_a_request_that_cannot_be_names_its_field(town: Town, about: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await town.draft("demand_response", {"x": "y", **about})
    assert [error.field for error in refused.value.errors] == [field]
