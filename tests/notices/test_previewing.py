from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from gateway.kernel.errors import Conflict, Forbidden
from gateway.notices import Draft
from gateway.notices.control import Notices
from gateway.notices.halting import halt
from gateway.notices.policy import PolicyTable
from gateway.notices.tables import Notice
from gateway.web.console.because import Because
from gateway.web.console.wording import catalogue
from tests.notices.conftest import Town

A, B, C = "+8613800000001", "+8613800000002", "+8613800000003"


async def settle(town: Town, notice: UUID, state: str, limit: int, code: str | None = None) -> None:
    """Let the first texts of a notice that still wait end in a state."""
    async with town.database.work() as work:
        await work.execute(
            """UPDATE message SET state = $2, error_code = $4, sent_at = $5 WHERE id IN (
                 SELECT id FROM message WHERE notice_id = $1 AND state = 'queued' ORDER BY id LIMIT $3)""",
            notice,
            state,
            limit,
            code,
            town.clock.now(),
        )
        await work.commit()


async def resend(town: Town, notice: UUID) -> UUID:
    async with town.database.session() as session:
        again = await town.house.notices.resend(session, notice, actor="key:clerk")
        await session.commit()
    return again


async def test_a_preview_counts_numbers_segments_and_what_they_cost(town: Town) -> None:
    await town.account(A, owes="10")
    await town.account(B, owes="20")
    await town.account(B, owes="30")
    seen = await town.house.notices.preview(await town.draft())
    assert (seen.audience, seen.recipients, seen.messages) == (3, 2, 2)
    assert seen.cost == seen.segments * Decimal("0.05") > 0


async def test_a_preview_says_who_would_be_told_twice_on_one_day(town: Town) -> None:
    told, other = await town.account(A, owes="10"), await town.account(B, owes="20")
    await town.compose("announcement", {"values": {"text": "迁址。"}, "audience": {"accounts": [told]}})
    seen = await town.house.notices.preview(await town.draft())
    assert seen.twice_a_day == 1
    (twice,) = seen.twice_samples
    assert twice.kinds == ("announcement",) and A not in twice.to_masked
    town.clock.on(days=1)
    assert (await town.house.notices.preview(await town.draft())).twice_a_day == 0
    assert other


async def test_two_texts_of_one_notice_to_one_number_count_once(town: Town) -> None:
    for amount in ("10", "20", "30"):
        await town.account(A, owes=amount)
    async with town.database.work() as work:
        await work.execute("UPDATE bill SET overdue = false")
        await work.commit()
    seen = await town.house.notices.preview(await town.draft("bill"))
    assert (seen.messages, seen.recipients, seen.twice_a_day) == (3, 1, 1)


@pytest.mark.parametrize(
    ("kind", "about"),
    [("arrears", None), ("announcement", {"values": {"text": "迁址。"}, "audience": {"everyone": True}})],
)
async def test_resending_reaches_only_those_who_were_not_reached(
    town: Town, kind: str, about: dict[str, Any] | None
) -> None:
    failed = await town.account(A, owes="10")
    undelivered = await town.account(B, owes="20")
    await town.account(C, owes="30")
    notice = await town.compose(kind, about)
    await settle(town, notice, "failed", 1)
    await settle(town, notice, "undelivered", 1)
    await settle(town, notice, "delivered", 1)
    town.clock.on(minutes=10)
    again = await resend(town, notice)
    assert (await town.house.notices.preview(again)).audience == 2
    assert [message["notice_id"] for message in await town.messages()] == [notice] * 3
    await town.approve(again)
    assert await town.house.notice_runner.compose_next(only=again)
    messages = await town.messages(again)
    assert {message["accounts"][0] for message in messages} == {failed, undelivered}
    assert {message["state"] for message in messages} == {"queued"}


async def test_what_was_sent_again_is_not_sent_a_third_time(town: Town) -> None:
    """Whoever asks twice, of the notice or of what sent it again, reaches those alone who were never reached."""
    about = {"values": {"text": "迁址。"}, "audience": {"everyone": True}}
    await town.account(A)
    fails_twice = await town.account(B)
    notice = await town.compose("announcement", about)
    await settle(town, notice, "failed", 2)
    again = await resend(town, notice)
    with pytest.raises(Conflict, match=f"{again} sends its failures again"):
        await resend(town, notice)
    await town.approve(again)
    assert await town.house.notice_runner.compose_next(only=again)
    with pytest.raises(Conflict, match="nothing"):
        await resend(town, notice)
    await settle(town, again, "delivered", 1)
    await settle(town, again, "undelivered", 1)
    await town.house.notice_runner.finish()
    town.clock.on(days=2)
    third = await resend(town, again)
    assert (await town.house.notices.preview(third)).audience == 1
    await town.approve(third)
    assert await town.house.notice_runner.compose_next(only=third)
    (message,) = await town.messages(third)
    assert (message["accounts"], message["state"]) == ([fails_twice], "queued")
    async with town.database.session() as session:
        kept = await session.get(Notice, third)
    assert kept is not None and kept.about["resends"] == str(notice)


async def test_who_was_reached_on_the_next_channel_is_not_sent_to_again(town: Town) -> None:
    await town.account(A, owes="10")
    await town.account(B, owes="20")
    notice = await town.compose()
    await settle(town, notice, "failed", 2)
    async with town.database.work() as work:
        # The successor of the first: a message of its own in the same notice.
        await work.execute("CREATE TEMP TABLE next ON COMMIT DROP AS SELECT * FROM message ORDER BY id LIMIT 1")
        await work.execute(
            "CREATE TEMP TABLE part ON COMMIT DROP AS SELECT p.* FROM message_account p JOIN next USING (id)"
        )
        for table in ("next", "part"):
            await work.execute(f"UPDATE {table} SET id = (overlay(id::text PLACING 'f' FROM 36))::uuid")
        await work.execute("UPDATE next SET state = 'delivered'")
        await work.execute("INSERT INTO message SELECT * FROM next")
        await work.execute("INSERT INTO message_account SELECT * FROM part")
        await work.commit()
    assert (await town.house.notices.preview(await resend(town, notice))).audience == 1


async def test_what_was_paid_meanwhile_is_not_sent_again(town: Town) -> None:
    await town.account(A, owes="10")
    await town.account(B, owes="10")
    notice = await town.compose()
    await settle(town, notice, "failed", 2)
    async with town.database.work() as work:
        await work.execute("UPDATE bill SET settled_at = $1 WHERE id = (SELECT min(id) FROM bill)", town.clock.now())
        await work.commit()
    assert (await town.house.notices.preview(await resend(town, notice))).audience == 1


async def test_a_notice_without_failures_or_unsent_has_nothing_to_send_again(town: Town) -> None:
    await town.account(A, owes="10")
    with pytest.raises(Conflict, match="draft"):
        await resend(town, await town.draft())
    with pytest.raises(Conflict, match="nothing"):
        await resend(town, await town.compose())


class Few:
    """A town in which ten texts wait, and a policy that halts at three failures if they are a fifth."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.table = PolicyTable(halt_failures=3, halt_share=0.2)

    async def composed(self) -> UUID:
        for number in range(20):
            await self.town.account(f"+86138000001{number:02d}", owes="10")
        return await self.town.compose()

    async def halted(self) -> list[UUID]:
        async with self.town.database.work() as work:
            halted = await halt(work.connection, self.table, self.town.clock.now())
            await work.commit()
        return halted


@pytest.fixture
def few(town: Town) -> Few:
    return Few(town)


async def test_a_notice_that_fails_too_often_pauses_itself_and_says_so(town: Town, few: Few) -> None:
    notice = await few.composed()
    await settle(town, notice, "failed", 2, "30006")
    assert await few.halted() == []
    await settle(town, notice, "undelivered", 1, "30006")
    assert await few.halted() == [notice]
    row = await town.row(notice)
    assert row["state"] == "paused"
    assert row["remark"] == "paused by itself: 3 of 3 texts failed, most often with the carrier's code 30006"
    async with town.database.work() as work:
        (entry,) = await work.fetch("SELECT * FROM audit_entry WHERE actor = 'policy:halt'")
    assert entry["subject"] == f"notice:{notice}"
    assert await few.halted() == []


async def test_what_had_left_as_a_whole_before_it_failed_says_so_and_stays_done(town: Town, few: Few) -> None:
    notice = await few.composed()
    await settle(town, notice, "delivered", 20)
    await town.house.notice_runner.finish()
    assert await few.halted() == []
    async with town.database.work() as work:
        await work.execute(
            """UPDATE message SET state = 'undelivered', error_code = '30007'
               WHERE id IN (SELECT id FROM message ORDER BY id LIMIT 5)"""
        )
        await work.commit()
    assert await few.halted() == [notice]
    row = await town.row(notice)
    words = "5 of 20 texts failed, most often with the carrier's code 30007"
    assert (row["state"], row["remark"]) == ("done", words)
    assert await few.halted() == []
    said = Because(catalogue())
    assert said.say("zh-CN", words) == "20 条中有 5 条失败，最多的运营商代码是 30007"
    assert said.say("zh-CN", f"paused by itself: {words}").startswith("自动暂停：20 条")


async def test_failures_that_are_few_among_many_do_not_halt(town: Town, few: Few) -> None:
    notice = await few.composed()
    await settle(town, notice, "delivered", 14)
    await settle(town, notice, "failed", 3)
    assert await few.halted() == []
    await settle(town, notice, "failed", 1)
    assert await few.halted() == [notice]


async def test_failures_count_anew_once_a_person_let_it_go_on(town: Town, few: Few) -> None:
    notice = await few.composed()
    await settle(town, notice, "failed", 3)
    assert await few.halted() == [notice]
    async with town.database.session() as session:
        await town.house.notices.resume(session, notice, actor="key:head")
        await session.commit()
    assert await few.halted() == []
    await settle(town, notice, "failed", 2)
    assert await few.halted() == []
    await settle(town, notice, "failed", 1)
    assert await few.halted() == [notice]


@pytest.mark.parametrize(("size", "alone"), [(2, True), (3, False)])
async def test_a_small_notice_is_approved_by_one_person(town: Town, size: int, alone: bool) -> None:
    for number in range(size):
        await town.account(f"+86138000001{number:02d}", owes="10")
    house: Any = town.house
    notices = Notices(
        town.database,
        town.clock,
        house.notice_kinds,
        house.previewer,
        lambda: PolicyTable(one_person_approves=2),
        auto_approve=(),
    )
    async with town.database.session() as session:
        notice = await notices.draft(
            session, Draft(kind="arrears", about={"billing_month": "202510"}), actor="key:clerk"
        )
        if alone:
            await notices.approve(session, notice, actor="key:clerk", two_people=False)
        else:
            with pytest.raises(Forbidden):
                await notices.approve(session, notice, actor="key:clerk", two_people=False)
        await session.commit()
    assert (await town.row(notice))["state"] == ("approved" if alone else "draft")
