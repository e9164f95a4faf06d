"""Versions of the policy: kept whole, checked whole, in force on every node."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.kernel.errors import Conflict, InvalidInput, NotFound
from gateway.notices import Draft
from gateway.notices.policies import document_of, merged, table_of
from gateway.notices.policy import PolicyTable
from gateway.outbox.claiming import Late
from gateway.outbox.hours import HoursClass
from gateway.outbox.second_looks import put_off
from tests.notices.conftest import Town

HOME = ZoneInfo("Asia/Shanghai")
STANDARD = PolicyTable(mask_unproven=True)


def test_a_table_comes_back_from_its_document_and_what_is_fixed_stays() -> None:
    document = document_of(STANDARD)
    table = table_of(document, STANDARD, 7)
    assert document_of(table) == document
    assert (table.version, table.mask_unproven) == ("7", True)
    assert replace(table, version="1", hours=STANDARD.hours) == STANDARD
    assert "beyond_refusal" not in document and "consent_classes" not in document


def test_a_change_is_laid_over_what_is_there() -> None:
    changes = {"hours": {"service": {"opens": "09:30:00"}}, "tones": {"sensitive": None, "group": "official"}}
    table = table_of(merged(document_of(STANDARD), changes), STANDARD, 2)
    assert table.hours.openings[HoursClass.SERVICE].opens == time(9, 30)
    assert table.hours.openings[HoursClass.SERVICE].closes == time(20)
    assert table.tones == {"vulnerable": "warm", "group": "official"}
    assert table.arrears_gap == timedelta(hours=72)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"nonsense": 1}, "policy.nonsense"),
        ({"ladder": {"legal": {"notice_dayz": 5}}}, "policy.ladder.legal.notice_dayz"),
        ({"hours": {"service": {"opens": "八点"}}}, "policy.hours.service.opens"),
        ({"hours": {"service": {"opens": "21:00:00"}}}, "policy.hours.service.closes"),
        ({"hours": {"arrears": None}}, "policy.hours"),
        ({"arrears_gap": "three days"}, "policy.arrears_gap"),
        ({"survey_gap": "-P1D"}, "policy.survey_gap"),
        ({"trust_lasts": "PT0S"}, "policy.trust_lasts"),
        ({"one_person_approves": -1}, "policy.one_person_approves"),
        ({"halt_failures": 0}, "policy.halt_failures"),
        ({"halt_share": 20}, "policy.halt_share"),
        ({"tones": {"vip": "rude"}}, "policy.tones.vip"),
        ({"tones": {"大客户": "warm"}}, "policy.tones"),
        ({"person_instead": {"nobody": ["arrears"]}}, "policy.person_instead"),
        ({"ladder": {"legal": {"notice_days": 2}}}, "policy.ladder.legal.notice_days"),
        ({"ladder": {"rates": {"residential": "0.01"}}}, "policy.ladder.rates.residential"),
        ({"beyond_refusal": ["N"]}, "policy.beyond_refusal"),
        ({"channels": [{"segment": "大客户", "channels": ["sms"]}]}, "policy.channels"),
        ({"channels": [{"segment": "vip", "channels": []}]}, "policy.channels"),
        (
            {"outages": {"reminders": [{"step": "eve", "before": "P1D", "unless_told_within": "PT6H"}]}},
            "policy.outages.reminders",
        ),
        (
            {"outages": {"reminders": [{"step": "month", "before": "P30D", "unless_told_within": "PT6H"}]}},
            "policy.outages.reminders.0.step",
        ),
        ({"outages": {"first": "19:00:00"}}, "policy.outages.last"),
        ({"outages": {"confirm_soon": "PT0S"}}, "policy.outages"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        table_of(merged(document_of(STANDARD), changes), STANDARD, 2)
    assert [error.field for error in refused.value.errors] == [field]


async def put(town: Town, changes: dict[str, Any], base: int | None = None) -> None:
    async with town.database.session() as session:
        await town.house.policy.put(session, changes, why="夏季作息", base=base, actor="key:admin")
        await session.commit()


def test_the_timetable_of_outages_is_a_part_of_it() -> None:
    week = {"step": "week", "before": "P10D", "unless_told_within": "P1D"}
    table = table_of(merged(document_of(STANDARD), {"outages": {"reminders": [week]}}), STANDARD, 2)
    (reminder,) = table.outages.reminders
    assert (reminder.step, reminder.before) == ("week", timedelta(days=10))
    assert table.outages.statutory == STANDARD.outages.statutory
    assert table_of(document_of(table), STANDARD, 3).outages == table.outages


async def test_versions_are_kept_and_the_newest_is_in_force(town: Town) -> None:
    book = town.house.policy
    async with town.database.session() as session:
        own = await book.version(session, None)
    assert (own.version, own.in_force, own.made_by) == (1, True, "the product")
    await put(town, {"arrears_gap": "P5D"})
    await put(town, {"survey_gap": "P60D"}, base=2)
    with pytest.raises(Conflict):
        await put(town, {"survey_gap": "P10D"}, base=2)
    with pytest.raises(InvalidInput):
        await put(town, {})
    async with town.database.session() as session:
        versions = await book.versions(session, before=None, limit=10)
        assert [(one.version, one.in_force) for one in versions] == [(3, True), (2, False), (1, False)]
        assert (versions[0].why, versions[0].made_by) == ("夏季作息", "key:admin")
        assert [one.version for one in await book.versions(session, before=3, limit=1)] == [2]
        assert (await book.version(session, 2)).policy["arrears_gap"] == "P5D"
        with pytest.raises(NotFound):
            await book.version(session, 4)
    assert book().version == "1"
    async with town.database.connection() as connection:
        await book.refresh(connection)
        entries = await connection.fetch("SELECT * FROM audit_entry WHERE action = 'policy changed' ORDER BY id")
    assert (book().version, book().arrears_gap, book().survey_gap) == ("3", timedelta(days=5), timedelta(days=60))
    assert [entry["subject"] for entry in entries] == ["policy:2", "policy:3"]


async def test_a_message_keeps_the_version_that_decided_on_it(town: Town) -> None:
    await town.account("+8613800000001", owes="86.50")
    await town.account(owes="10.00")
    await put(town, {"hours": {"arrears": {"closes": "10:00:00"}}})
    async with town.database.connection() as connection:
        await town.house.policy.refresh(connection)
    notice = await town.compose()
    told, withheld = await town.messages(notice)
    if told["state"] == "withheld":
        told, withheld = withheld, told
    assert told["decision"].endswith("deferred to the next opening of 08:00–10:00, not on public holidays (policy 2)")
    assert withheld["decision"] == "the account has no contact (policy 2)"


async def in_force(town: Town, changes: dict[str, Any]) -> None:
    await put(town, changes)
    async with town.database.connection() as connection:
        await town.house.policy.refresh(connection)


async def test_new_hours_hold_for_what_waits_already(town: Town) -> None:
    """What was to leave in the evening is put off once the evening is closed; what may leave at any hour is not."""
    account = await town.account("+8613800000001")
    evening = town.clock.now() + timedelta(days=1, hours=9, minutes=30)
    about = {"values": {"text": "迁址。"}, "audience": {"accounts": [account]}}
    async with town.database.session() as session:
        draft = Draft(kind="announcement", about=about, not_before=evening)
        notice = await town.house.notices.draft(session, draft, actor="key:clerk")
        await session.commit()
    await town.approve(notice)
    assert await town.house.notice_runner.compose_next(only=notice)
    (waits,) = await town.messages(notice)
    assert waits["not_before"] == evening < waits["closes_at"]
    await in_force(town, {"hours": {"arrears": {"closes": "18:00:00"}}})
    assert await town.messages(notice) == [waits]
    await in_force(town, {"hours": {"service": {"closes": "18:00:00"}}})
    (waits,) = await town.messages(notice)
    assert waits["closes_at"] <= evening
    late = [Late(waits["id"], waits["hours"], waits["zone"], waits["expires_at"])]
    await put_off(town.database, late, now=evening, region="CN", hours=town.house.policy().hours)
    (waits,) = await town.messages(notice)
    assert waits["not_before"].astimezone(HOME).strftime("%H:%M") == "08:00" and waits["not_before"] > evening

    async with town.database.work() as work:
        await work.execute("UPDATE message SET closes_at = NULL")
        await work.commit()
    await in_force(town, {"hours": {"service": {"closes": "17:00:00"}}})
    assert [one["closes_at"] for one in await town.messages(notice)] == [None]


async def test_a_channel_that_nobody_opened_cannot_be_chosen(town: Town) -> None:
    with pytest.raises(InvalidInput, match="pigeon"):
        await put(town, {"channels": [{"segment": "vip", "channels": ["pigeon", "sms"]}]})


async def test_who_answers_for_a_disconnection_is_a_member_of_staff(town: Town) -> None:
    async with town.database.work() as work:
        await work.execute("INSERT INTO staff_member (staff_no, name) VALUES ('E000001', '周主任')")
        await work.commit()
    await put(town, {"ladder": {"legal": {"heads": ["E000001"]}}})
    with pytest.raises(InvalidInput, match="E404") as refused:
        await put(town, {"ladder": {"legal": {"heads": ["E000001", "E404"]}}})
    assert [error.field for error in refused.value.errors] == ["policy.ladder.legal.heads"]


async def test_the_tone_follows_the_segment_where_nobody_asked_for_one(town: Town) -> None:
    await town.account("+8613800000001", owes="86.50")
    async with town.database.work() as work:
        await work.execute("UPDATE customer SET segment = 'group'")
        await work.commit()
    await put(town, {"tones": {"group": "official"}})
    async with town.database.connection() as connection:
        await town.house.policy.refresh(connection)
    (told,) = await town.messages(await town.compose())
    assert "违约金" in told["body"] and "忙" not in told["body"]
    town.clock.on(days=4)
    (asked,) = await town.messages(await town.compose(tone="warm"))
    assert "忙" in asked["body"]
