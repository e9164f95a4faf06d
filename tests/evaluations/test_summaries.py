from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.evaluations.summaries import Scores, compare, summary
from gateway.kernel.ids import new_id
from tests.notices.conftest import Town, town, wording

__all__ = ["town", "wording"]


async def asked(
    town: Town,
    state: str,
    number: int = 1,
    *,
    reason: str | None = None,
    score: int | None = None,
    answers: bool | None = None,
    solved: bool | None = None,
    team: str = "T1",
    kind: str = "fault_repair",
) -> None:
    """So many services that were asked about, and what became of it."""
    now = town.clock.now()
    async with town.database.work() as work:
        for _ in range(number):
            message, order = new_id(now), f"W{new_id(now)}"
            await work.execute(
                """INSERT INTO message (id, template, template_version, kind, klass, purpose, body, segments, state,
                     withheld_reason, hours, zone, created_at, not_before)
                   VALUES ($1, 'survey', '1', 'survey', 'S', 'service', '', 1, $2, $3, 'day', 'UTC', $4, $4)""",
                message,
                state,
                reason,
                now,
            )
            await work.execute(
                "INSERT INTO work_order (work_order_no, kind, opened_at) VALUES ($1, $2, $3)", order, kind, now
            )
            invitation = await work.value(
                """INSERT INTO invitation (event_kind, event_ref, team_code, message_id, invited_at, occurred_at)
                   VALUES ('work_order', $1, $2, $3, $4, $4) RETURNING id""",
                order,
                team,
                message,
                now,
            )
            if answers or score is not None:
                await work.execute(
                    """INSERT INTO evaluation (id, invitation_id, score, solved, at, channel)
                       VALUES ($1, $2, $3, $4, $5, 'sms')""",
                    new_id(now),
                    invitation,
                    score,
                    solved,
                    now,
                )
        await work.commit()


async def groups(town: Town, by: Any = "team") -> list[Scores]:
    async with town.database.session() as session:
        return await summary(session, by, since=None, until=None, zone="Asia/Shanghai", now=town.clock.now())


def shares(found: Sequence[Scores]) -> dict[str | None, float | None]:
    return {one.key: one.csat.share if one.csat else None for one in found}


async def test_every_service_is_sent_waiting_or_skipped_with_a_code(town: Town) -> None:
    await asked(town, "delivered", 4, score=5)
    await asked(town, "delivered", 2)
    await asked(town, "sent", 1, answers=True, solved=False)
    await asked(town, "undelivered")
    await asked(town, "queued", 3)
    await asked(town, "withheld", 2, reason="opted_out")
    await asked(town, "withheld", 1, reason="no_contact")
    await asked(town, "withheld", 5, reason="surveyed_recently")
    await asked(town, "expired")
    (team,) = await groups(town)
    funnel = team.funnel
    assert (funnel.eligible, funnel.invitable, funnel.sent, funnel.delivered) == (20, 12, 8, 6)
    assert (funnel.answered, funnel.usable, funnel.waiting) == (5, 4, 3)
    assert funnel.skipped == {"1": 2, "2": 1, "3": 5, "5": 1}
    assert funnel.sent + funnel.waiting + sum(funnel.skipped.values()) == funnel.eligible
    assert team.solved is not None and team.solved.share == 0.8 and team.not_solved == 1
    await asked(town, "failed", 2)
    (team,) = await groups(town)
    assert team.funnel.skipped["5"] == 3 and team.not_invited["failed"] == 2
    assert team.invited == team.funnel.sent + team.funnel.waiting


async def test_the_weighted_share_undoes_a_kinder_mix(town: Town) -> None:
    """Both teams please alike by type of service; only their mixes differ."""
    for team, repairs, thefts in (("T1", 20, 10), ("T2", 10, 20)):
        await asked(town, "delivered", repairs, score=5, team=team)
        await asked(town, "delivered", thefts, score=1, team=team, kind="report")
    one, other = await groups(town)
    assert one.csat is not None and other.csat is not None and one.csat.share > other.csat.share
    assert one.weighted == other.weighted and one.weighted is not None and one.weighted.share == 0.5


async def test_groups_are_compared_only_with_scores_enough_and_never_ranked(town: Town) -> None:
    await asked(town, "delivered", 40, score=5, team="T2")
    await asked(town, "delivered", 40, score=2, team="T1")
    await asked(town, "delivered", 29, score=1, team="T3")
    found = await groups(town)
    compared = compare(found)
    assert [one.key for one in compared] == ["T1", "T2"]
    assert all(one.differs for one in compared) and compared[0].others_n == 40
    assert shares(found) == {"T1": 0.0, "T2": 1.0, "T3": 0.0}


async def test_alike_groups_do_not_differ(town: Town) -> None:
    for team, good, bad in (("T1", 30, 10), ("T2", 28, 12)):
        await asked(town, "delivered", good, score=4, team=team)
        await asked(town, "delivered", bad, score=2, team=team)
    assert [one.differs for one in compare(await groups(town))] == [False, False]


async def test_types_of_service_and_organisations_add_up_to_the_same(town: Town) -> None:
    async with town.database.work() as work:
        await work.execute(
            "INSERT INTO team (code, name, district) VALUES ('T1', '一班', '东湖区'), ('T2', '二班', '东湖区')"
        )
        await work.commit()
    await asked(town, "delivered", 3, score=5, team="T1")
    await asked(town, "delivered", 2, score=3, team="T2", kind="complaint")
    assert shares(await groups(town, "type")) == {"complaint": 0.0, "fault_repair": 1.0}
    assert shares(await groups(town, "organisation")) == {"东湖区": 0.6}
