from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from gateway.house import House
from gateway.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from gateway.kernel.ids import new_id
from gateway.kernel.settings import Settings
from gateway.notices import Draft
from tests.notices.conftest import Town

A, B = "+8613800000001", "+8613800000002"


async def people(town: Town) -> None:
    await town.account(A, owes="10")
    await town.account(A, owes="20")
    await town.account(B, owes="30")
    await town.account(owes="40")


async def test_a_preview_tells_what_will_happen_and_keeps_nothing(town: Town) -> None:
    await people(town)
    notice = await town.draft()
    seen = await town.house.notices.preview(notice)
    assert (seen.audience, seen.messages, seen.segments, dict(seen.withheld)) == (4, 2, 2, {"no_contact": 1})
    assert {sample.accounts for sample in seen.samples} == {1, 2}
    assert all(A not in sample.to_masked for sample in seen.samples)
    assert await town.messages() == [] and (await town.row(notice))["state"] == "draft"
    await town.approve(notice)
    await town.house.notice_runner.compose_next()
    messages = await town.messages(notice)
    assert Counter(message["state"] for message in messages) == {"queued": seen.messages, "withheld": 1}
    assert {message["body"] for message in messages if message["body"]} == {sample.body for sample in seen.samples}


async def test_a_notice_needs_a_second_person(town: Town) -> None:
    notice = await town.draft()
    with pytest.raises(Forbidden):
        await town.approve(notice, "key:clerk")
    assert (await town.row(notice))["state"] == "draft"
    await town.approve(notice, "key:clerk", two_people=True)
    assert (await town.row(notice))["state"] == "approved"


async def test_it_is_approved_once(town: Town) -> None:
    notice = await town.draft()
    await town.approve(notice)
    with pytest.raises(Conflict, match="approved"):
        await town.approve(notice)


async def test_a_kind_that_needs_no_approval_is_approved_at_once(town: Town) -> None:
    house = House(Settings(_env_file=None, auto_approve=["arrears"]), town.database, town.clock)
    async with town.database.session() as session:
        notice = await house.notices.draft(
            session, Draft(kind="arrears", about={"billing_month": "202510"}), actor="key:clerk"
        )
        await session.commit()
    row = await town.row(notice)
    assert (row["state"], row["approved_by"]) == ("approved", "policy:AUTO_APPROVE")


@pytest.mark.parametrize(
    ("kind", "about", "more", "field"),
    [
        ("arears", {}, {}, "kind"),
        ("arrears", {}, {}, "billing_month"),
        ("arrears", {"billing_month": "2025-10"}, {}, "billing_month"),
        ("arrears", {"billing_month": "202513"}, {}, "billing_month"),
        ("arrears", {"billing_month": "202510"}, {"tone": "angry"}, "tone"),
        ("arrears", {"billing_month": "202510"}, {"channels": ["pigeon"]}, "channels"),
        ("survey", {"closed_from": "soon"}, {}, "closed_from"),
        ("survey", {"closed_from": "2025-10-02", "closed_to": "2025-10-01"}, {}, "closed_to"),
        ("announcement", {"values": {}}, {}, "values.text"),
        ("announcement", {"values": {"text": "x"}}, {}, "audience"),
        ("announcement", {"values": {"text": "x"}, "audience": {"everyone": False}}, {}, "audience.everyone"),
        ("announcement", {"values": {"text": "x"}, "audience": {"planet": ["Mars"]}}, {}, "audience.planet"),
        ("announcement", {"values": {"text": "x"}, "audience": {"feeders": "F1"}}, {}, "audience.feeders"),
        ("announcement", {"values": {"text": "x"}, "audience": {"feeders": ["F0"]}}, {}, "audience.feeders[0]"),
        ("announcement", {"values": {"text": "x"}, "audience": {"districts": ["东湖区"]}}, {}, "audience.districts[0]"),
        ("announcement", {"template": "nothing", "values": {}}, {}, "template"),
        ("announcement", {"template": "legal_notice", "values": {}, "audience": {"everyone": True}}, {}, "template"),
        ("announcement", {"template": "survey", "values": {}, "audience": {"everyone": True}}, {}, "template"),
        ("announcement", {"template": "verification", "values": {}, "audience": {"everyone": True}}, {}, "template"),
        ("contact_confirm", {}, {}, "accounts"),
    ],
)
async def test_a_malformed_draft_names_its_field(
    town: Town, kind: str, about: dict[str, Any], more: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        async with town.database.session() as session:
            await town.house.notices.draft(session, Draft(kind=kind, about=about, **more), actor="key:clerk")
    assert [error.field for error in refused.value.errors] == [field]


async def test_a_draft_that_would_expire_before_it_may_leave_is_refused(town: Town) -> None:
    with pytest.raises(InvalidInput, match="expire"):
        await town.draft(expires_at=town.clock.now() - timedelta(minutes=1))


async def test_pausing_keeps_back_and_resuming_lets_go(town: Town) -> None:
    await people(town)
    notice = await town.compose()
    async with town.database.session() as session:
        await town.house.notices.pause(session, notice, actor="key:clerk", remark="wrong month")
        await session.commit()
    async with town.database.connection() as connection:
        assert (
            await connection.fetchval("SELECT reason FROM ground_stop WHERE ground = $1", f"notice:{notice}")
            == "paused"
        )
    async with town.database.session() as session:
        await town.house.notices.resume(session, notice, actor="key:clerk")
        await session.commit()
    async with town.database.connection() as connection:
        assert not await connection.fetchval("SELECT EXISTS (SELECT 1 FROM ground_stop)")
    assert (await town.row(notice))["state"] == "sending"


async def test_a_notice_paused_before_it_was_composed_goes_on_afterwards(town: Town) -> None:
    await people(town)
    notice = await town.draft()
    await town.approve(notice)
    async with town.database.session() as session:
        await town.house.notices.pause(session, notice, actor="key:clerk")
        await session.commit()
    assert not await town.house.notice_runner.compose_next()
    async with town.database.session() as session:
        await town.house.notices.resume(session, notice, actor="key:clerk")
        await session.commit()
    assert await town.house.notice_runner.compose_next()
    assert len(await town.messages(notice)) == 3


async def test_cancelling_ends_what_is_queued(town: Town) -> None:
    await people(town)
    notice = await town.compose()
    async with town.database.session() as session:
        await town.house.notices.cancel(session, notice, actor="key:clerk")
        await session.commit()
    assert Counter(message["state"] for message in await town.messages(notice)) == {"cancelled": 2, "withheld": 1}
    assert await town.house.notice_runner.clear() == 0
    async with town.database.session() as session:
        with pytest.raises(Conflict):
            await town.house.notices.resume(session, notice, actor="key:clerk")


async def test_recipients_of_a_notice_cancelled_while_composing_are_cleared_away(town: Town) -> None:
    await people(town)
    notice = await town.draft()
    await town.approve(notice)
    async with town.database.work() as work:
        await work.execute(
            "INSERT INTO notice_recipient (notice_id, told_at, subject_id) SELECT $1, n, n FROM generate_series(1,9) n",
            notice,
        )
        await work.commit()
    assert await town.house.notice_runner.clear() == 0
    async with town.database.session() as session:
        await town.house.notices.cancel(session, notice, actor="key:clerk")
        await session.commit()
    assert await town.house.notice_runner.clear() == 9
    assert await town.house.notice_runner.clear() == 0


async def test_it_is_done_when_nothing_is_left_to_leave(town: Town) -> None:
    await people(town)
    notice = await town.compose()
    assert await town.house.notice_runner.finish() == 0
    async with town.database.work() as work:
        await work.execute("UPDATE message SET state = 'sent' WHERE state = 'queued'")
        await work.commit()
    assert await town.house.notice_runner.finish() == 1
    assert (await town.row(notice))["state"] == "done"


async def test_every_step_leaves_an_audit_entry(town: Town) -> None:
    notice = await town.compose()
    async with town.database.work() as work:
        rows = await work.fetch(
            "SELECT actor, action FROM audit_entry WHERE subject = $1 ORDER BY id", f"notice:{notice}"
        )
    assert [tuple(row) for row in rows] == [("key:clerk", "notice drafted"), ("key:head", "notice approved")]


async def test_an_unknown_notice_is_not_found(town: Town) -> None:
    with pytest.raises(NotFound):
        await town.house.notices.preview(new_id(town.clock.now()))


async def test_an_announcement_reaches_its_audience_once_a_number(town: Town) -> None:
    east = await town.account(A)
    await town.account(A, status="closed")
    other = await town.account(B)
    everybody = await town.compose("announcement", {"values": {"text": "迁址。"}, "audience": {"everyone": True}})
    assert {message["accounts"][0] for message in await town.messages(everybody)} == {east, other}
    one = await town.compose("announcement", {"values": {"text": "只此一户。"}, "audience": {"accounts": [other]}})
    (message,) = await town.messages(one)
    assert message["accounts"] == [other] and message["body"].endswith("只此一户。")


async def test_contact_checks_ask_whoever_has_no_recent_proof(town: Town) -> None:
    proven = {"address": A, "state": "verified", "verified_at": town.clock.now() - timedelta(days=10)}
    faded = {"address": B, "state": "verified", "verified_at": town.clock.now() - timedelta(days=600)}
    await town.account(proven)
    due = await town.account(faded)
    notice = await town.compose("contact_confirm", {"due": True})
    (message,) = await town.messages(notice)
    assert message["accounts"] == [due] and message["kind"] == "contact_confirm"
