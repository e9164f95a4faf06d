"""Ratings that tests look at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gateway.evaluations import Answer, attach, qualify, record
from gateway.kernel.ids import new_id

from ..world import NOW, World, example


async def judged(world: World, ref: str, score: int, **facts: Any) -> None:
    """A service that was ended yesterday and given a score."""
    async with world.database.work() as work:
        at = NOW - timedelta(days=1)
        account = await work.value("SELECT id FROM account WHERE account_no = $1", facts["account_no"])
        invitation = await qualify(
            work.connection, event_kind="work_order", event_ref=ref, service="fault_repair", account_id=account,
            team_code=facts.get("team", "TM0001"), person_no=facts.get("person", "E000001"), occurred_at=at, at=at,
            zone=world.house.settings.zone,
        )  # fmt: skip
        if invitation is None:
            await work.commit()
            return
        if not facts.get("asked", True):
            await work.commit()
            return
        message = new_id(at)
        await attach(work.connection, invitation, message, at)
        await record(
            work.connection,
            Answer(
                message_id=message, inbound_id=None, contact_point_id=None, channel="phone", at=NOW, score=score,
                comment=facts.get("comment"),
            ),
        )  # fmt: skip
        await work.commit()


@example("/evaluations/answers/{id}")
async def answer(world: World) -> str:
    if "answer" not in world.made:
        await judged(world, "GD0900", 2, account_no=world.accounts["东湖区"][5], comment="等了两天才来")
        async with world.database.work() as work:
            world.made["answer"] = await work.value(
                """SELECT e.id FROM evaluation e JOIN invitation i ON i.id = e.invitation_id
                   WHERE i.event_ref = 'GD0900'"""
            )
    assert world.made["answer"] is not None
    return f"/evaluations/answers/{world.made['answer']}"


@example("/evaluations/teams/{team}")
async def team(world: World) -> str:
    await answer(world)
    return "/evaluations/teams/TM0001"


@example("/evaluations/people/{person}")
async def person(world: World) -> str:
    await answer(world)
    return "/evaluations/people/E000001"
