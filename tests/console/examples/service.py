"""Cases, commitments and follow-ups that tests look at."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from gateway.cases.commitments.keeping import NewCommitment
from gateway.cases.keeping import NewCase
from gateway.cases.warnings.cards import NewCard
from gateway.followups import Change, Plan

from ..world import NOW, World, example


async def case_of(world: World, at: int = 0) -> UUID:
    """A case on an account of the first district, handed on once."""
    key = f"case-{at}"
    if key not in world.made:
        async with world.database.session() as session:
            opened = await world.house.cases.open(
                session,
                NewCase(
                    klass="complaint",
                    topic="billing",
                    summary="三月电费比上月多一倍，要求核对，电话 13800138000",
                    account_no=world.accounts["东湖区"][at],
                ),
                actor="staff:SUPERVISOR",
            )
            await world.house.cases.assign(
                session, opened.id, unit="billing", owner_no=None, note="请核对表底", actor="staff:SUPERVISOR"
            )
            await session.commit()
        world.made[key] = opened.id
    made: UUID = world.made[key]
    return made


@example("/cases/{id}")
async def case(world: World) -> str:
    await promise(world)
    return f"/cases/{await case_of(world)}"


@example("/commitments/{id}")
async def promise(world: World) -> str:
    case_id = await case_of(world)
    if "promise" not in world.made:
        async with world.database.session() as session:
            world.made["promise"] = await world.house.commitments.make(
                session,
                NewCommitment(what="周五前答复核对结果", due_at=NOW + timedelta(days=3), case_id=case_id),
                actor="staff:SUPERVISOR",
            )
            await session.commit()
    return f"/commitments/{world.made['promise']}"


async def planned(world: World, topic: str, days: int = 0) -> UUID:
    """A visit to an account of the first district."""
    async with world.database.session() as session:
        (made, *_) = await world.house.followups.plan(
            session,
            Plan(
                account_no=world.accounts["东湖区"][1],
                planned_for=(NOW + timedelta(days=days)).date(),
                topic=topic,
                manager_no="ACCOUNT-MANAGER",
            ),
            actor="staff:ACCOUNT-MANAGER",
        )
        await session.commit()
    return made


@example("/plans/deputies/{id}")
async def deputy(world: World) -> str:
    if "deputy" not in world.made:
        async with world.database.session() as session:
            world.made["deputy"] = await world.house.deputies.name(
                session, manager_no="ACCOUNT-MANAGER", deputy_no="REVIEWER", first_day=NOW.date(), last_day=NOW.date(),
                reason="休假", actor="staff:ACCOUNT-MANAGER",
            )  # fmt: skip
            await session.commit()
    return f"/plans/deputies/{world.made['deputy']}"


@example("/plans/{id}")
async def plan(world: World) -> str:
    if "plan" not in world.made:
        world.made["plan"] = await planned(world, "季度用电安全走访")
        await planned(world, "变压器增容方案沟通", 3)
    return f"/plans/{world.made['plan']}"


@example("/calls/{id}")
async def call(world: World) -> str:
    if "call" not in world.made:
        visit = await planned(world, "峰谷电价说明")
        async with world.database.session() as session:
            await world.house.followups.change(
                session, visit, Change(state="done", outcome="已当面说明"), actor="staff:ACCOUNT-MANAGER"
            )
            await session.commit()
        async with world.database.work() as work:
            world.made["call"] = await work.value("SELECT id FROM independent_followup WHERE followup_id = $1", visit)
    assert world.made["call"] is not None
    return f"/calls/{world.made['call']}"


@example("/supervision-cards/{id}")
async def card(world: World) -> str:
    if "card" not in world.made:
        async with world.database.session() as session:
            world.made["card"] = await world.house.cards.issue(
                session,
                NewCard(
                    words="核实东湖区低分原因并回复客户", issuer="SUPERVISOR", doer="E000001", checker="REVIEWER",
                    due_at=NOW + timedelta(days=3),
                ),
                actor="staff:SUPERVISOR",
            )  # fmt: skip
            await session.commit()
    return f"/supervision-cards/{world.made['card']}"


@example("/warnings/{id}")
async def warning(world: World) -> str:
    if "warning" not in world.made:
        async with world.database.session() as session:
            world.made["warning"] = await world.house.warnings.raise_by_hand(
                session, kind="typical", subject="抄表差错", words="东湖区抄表差错增多", unit="TM0002",
                due_at=NOW + timedelta(days=3), actor="staff:SUPERVISOR",
            )  # fmt: skip
            await session.commit()
    return f"/warnings/{world.made['warning']}"
