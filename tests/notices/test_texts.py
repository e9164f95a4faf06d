"""Texts that are edited: kept by version, in force on every node, never a reason not to start."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from gateway.kernel.database import Database, Listener
from gateway.kernel.errors import Conflict, Forbidden, InvalidInput
from gateway.notices.texts import CHANGED, Proposed, TextKeeper, Texts
from gateway.notices.wording import TextKey, Wording, version_of
from gateway.outbox import approvals, lanes
from gateway.outbox.lanes import LaneSpec
from tests.notices.conftest import SteadyClock, Town

A = "+8613800000001"
NOW = datetime(2025, 11, 4, 2, 0, tzinfo=UTC)
APOLOGY = TextKey("apology", "zh-CN")


def proposed(key: TextKey, old: str, new: str, wording: Wording) -> Proposed:
    """The shipped text with other words in it."""
    template = wording.find(key)
    assert template is not None and old in template.source
    return Proposed(key=key, source=template.source.replace(old, new))


class Editing:
    """One node's texts, and what people do with them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = SteadyClock(NOW)
        self.wording = Wording.load()
        self.keeper = TextKeeper(database, self.clock, self.wording)
        self.texts = Texts(self.clock, self.keeper, self.wording)

    async def draft(self, *texts: Proposed, actor: str = "key:clerk") -> UUID:
        async with self.database.session() as session:
            revision = await self.texts.draft(session, texts, note="clearer", actor=actor)
            await session.commit()
        return revision

    async def approve(self, revision: UUID, actor: str = "key:head", *, two_people: bool = False) -> None:
        async with self.database.session() as session:
            await self.texts.approve(session, revision, actor=actor, two_people=two_people)
            await session.commit()

    async def edit(self, *texts: Proposed) -> UUID:
        revision = await self.draft(*texts)
        await self.approve(revision)
        return revision

    def says(self, key: TextKey = APOLOGY) -> str:
        template = self.wording.find(key)
        assert template is not None
        return template.body

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        async with self.database.work() as work:
            return await work.fetch(statement, *values)


@pytest.fixture
async def editing(database: Database) -> AsyncIterator[Editing]:
    editing = Editing(database)
    await editing.keeper.start()
    yield editing


async def test_every_version_of_the_release_is_kept_once(editing: Editing) -> None:
    await editing.keeper.start()
    rows = await editing.rows("SELECT name, language, tone, version, source FROM template_version")
    assert {(TextKey(*row[:3]), row["version"], row["source"]) for row in rows} == {
        (template.key, template.version, template.source) for template in editing.wording.templates
    }


async def test_an_approved_text_is_in_force_and_the_old_one_can_be_read(editing: Editing) -> None:
    before = editing.wording.find(APOLOGY)
    assert before is not None
    change = proposed(APOLOGY, "非常抱歉", "十分抱歉", editing.wording)
    revision = await editing.draft(change)
    assert "非常抱歉" in editing.says()
    with pytest.raises(Forbidden):
        await editing.approve(revision, "key:clerk")
    await editing.approve(revision)
    assert "十分抱歉" in editing.says()
    assert change.source is not None
    rows = await editing.rows(
        "SELECT version, source FROM template_version WHERE name = 'apology' AND language = 'zh-CN'"
    )
    assert {(row["version"], row["source"]) for row in rows} == {
        (before.version, before.source),
        (version_of(change.source), change.source),
    }
    (entry,) = await editing.rows("SELECT * FROM audit_entry WHERE action = 'texts approved'")
    assert entry["actor"] == "key:head" and before.version in entry["before"]
    assert version_of(change.source) in entry["after"]
    with pytest.raises(Conflict, match="approved already"):
        await editing.approve(revision)


async def test_one_person_who_counts_as_two_may_approve(editing: Editing) -> None:
    revision = await editing.draft(proposed(APOLOGY, "非常抱歉", "十分抱歉", editing.wording))
    await editing.approve(revision, "key:clerk", two_people=True)
    assert "十分抱歉" in editing.says()


async def test_what_is_not_committed_is_not_in_force(editing: Editing) -> None:
    revision = await editing.draft(proposed(APOLOGY, "非常抱歉", "十分抱歉", editing.wording))
    async with editing.database.session() as session:
        await editing.texts.approve(session, revision, actor="key:head", two_people=False)
    assert "非常抱歉" in editing.says()
    await editing.keeper.reload()
    assert "非常抱歉" in editing.says()


async def test_a_text_goes_back_to_the_release(editing: Editing) -> None:
    await editing.edit(proposed(APOLOGY, "非常抱歉", "十分抱歉", editing.wording))
    await editing.edit(Proposed(key=APOLOGY, source=None))
    assert "非常抱歉" in editing.says()
    assert await editing.rows("SELECT 1 FROM template_revision_text WHERE in_force") == []


async def test_another_node_hears_of_it(editing: Editing) -> None:
    other = Editing(editing.database)
    listener = Listener(editing.database.url, {CHANGED: other.keeper.wake})
    listening = asyncio.Event()
    tasks = [asyncio.create_task(other.keeper.run()), asyncio.create_task(listener.run(listening))]
    try:
        await listening.wait()
        await editing.edit(proposed(APOLOGY, "非常抱歉", "十分抱歉", editing.wording))
        async with asyncio.timeout(10):
            while "十分抱歉" not in other.says():
                await asyncio.sleep(0.01)
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_a_new_text_comes_in_all_languages_or_not_at_all(editing: Editing) -> None:
    zh, en = TextKey("announcement_move", "zh-CN"), TextKey("announcement_move", "en")
    head = (
        "---\nkind: announcement\nclass: N\npurpose: service\nlanguage: {}\nhours: service\nvariables:\n"
        '  hall: {{type: text, example: "{}", longest: "{}"}}\n---\n{}'
    )
    chinese = Proposed(
        key=zh, source=head.format("zh-CN", "东湖厅", "东湖开发区营业厅", "搬迁通知：{{ hall }}已搬迁。")
    )
    english = Proposed(key=en, source=head.format("en", "Donghu", "Donghu", "Notice: the hall {{ hall }} has moved."))
    with pytest.raises(InvalidInput, match="is missing in en") as caught:
        await editing.draft(chinese)
    assert [fault.field for fault in caught.value.errors] == ["texts[0].source"]
    await editing.edit(chinese, english)
    assert (
        editing.wording.named("announcement_move", "en").render({"hall": "East"}).endswith("the hall East has moved.")
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("您的反馈收到了", "您多次欠费", "it blames the reader: 多次欠费"),
        ("hours: any", "hours: service", "the program relies on hours of apology"),
        ("kind: apology", "kind: survey", "the program relies on kind of apology"),
        ("hours: any", "hours: any\ncodes: {'8': broken_commitment}", "declares a reply of 8"),
        ("您的反馈收到了", "{{ name }}您的反馈收到了", "the variable name is used and not declared"),
        ("---\n", "", "must begin with front matter"),
    ],
)
async def test_a_wrong_text_is_refused_with_its_place(editing: Editing, old: str, new: str, told: str) -> None:
    change = proposed(APOLOGY, old, new, editing.wording)
    with pytest.raises(InvalidInput) as caught:
        await editing.draft(proposed(TextKey("apology", "en"), "sorry", "truly sorry", editing.wording), change)
    assert any(told in fault.message and fault.field == "texts[1].source" for fault in caught.value.errors)
    assert await editing.rows("SELECT 1 FROM template_revision") == []
    async with editing.database.session() as session:
        (seen,) = await editing.texts.preview(session, [change])
    assert any(told in finding.message for finding in seen.findings)


async def test_texts_that_fit_no_more_when_approved_are_refused(editing: Editing) -> None:
    """Two revisions, each right alone: the second to be approved meets what the first has put in force."""
    zh, en = TextKey("bill_other", "zh-CN"), TextKey("bill_other", "en")
    head = "---\nkind: bill\nclass: N\npurpose: billing\nlanguage: {}\nhours: {}\n---\n{}"
    first = await editing.draft(
        Proposed(key=zh, source=head.format("zh-CN", "service", "电费通知")),
        Proposed(key=en, source=head.format("en", "service", "A bill")),
    )
    second = await editing.draft(
        Proposed(key=zh, source=head.format("zh-CN", "arrears", "电费通知")),
        Proposed(key=en, source=head.format("en", "arrears", "A bill")),
    )
    await editing.approve(first)
    third = await editing.draft(Proposed(key=zh, source=head.format("zh-CN", "service", "电费到了")))
    await editing.approve(second)
    with pytest.raises(Conflict, match="do not fit any more"):
        await editing.approve(third)


async def test_an_edit_that_the_release_cannot_use_is_left_out_and_the_gateway_starts(editing: Editing) -> None:
    await editing.edit(
        proposed(APOLOGY, "非常抱歉", "十分抱歉", editing.wording),
        proposed(TextKey("survey", "zh-CN"), "回复数字即可", "回个数字即可", editing.wording),
    )
    async with editing.database.work() as work:
        await work.execute(
            "UPDATE template_version SET source = replace(source, 'hours: any', 'hours: never') WHERE name = 'apology'"
        )
        await work.commit()
    other = Editing(editing.database)
    await other.keeper.start()
    assert "非常抱歉" in other.says()
    assert "回个数字即可" in other.says(TextKey("survey", "zh-CN"))


async def test_a_carrier_that_approves_texts_is_asked_first(editing: Editing) -> None:
    async with editing.database.connection() as connection:
        await lanes.ensure(
            connection,
            LaneSpec(
                name="cmpp",
                channel="sms",
                carrier="cmpp",
                sender="10690",
                rate=0,
                concurrency=1,
                approved_templates=True,
            ),
        )
    change = proposed(APOLOGY, "非常抱歉", "十分抱歉", editing.wording)
    assert change.source is not None
    revision = await editing.draft(change)
    with pytest.raises(Conflict, match="cmpp takes approved texts only, and has not approved apology"):
        await editing.approve(revision)
    async with editing.database.session() as session:
        await editing.texts.approved_by_carrier(
            session,
            name="apology",
            version=version_of(change.source),
            carrier="cmpp",
            carrier_template_id="T-7",
            state="approved",
            reason=None,
            actor="key:clerk",
        )
        await session.commit()
    await editing.approve(revision)
    assert "十分抱歉" in editing.says()
    async with editing.database.connection() as connection:
        (word,) = await approvals.of_template(connection, "apology")
    assert (word["state"], word["carrier_template_id"]) == ("approved", "T-7")


async def test_messages_name_the_version_they_were_made_from(town: Town, editing: Editing) -> None:
    town.house.composer._wording = town.house.recomposer._wording = editing.wording
    account = await town.account(A, owes="10")
    first = await town.compose()
    await editing.edit(proposed(TextKey("arrears", "zh-CN", "warm"), "电费", "电费款", editing.wording))
    town.clock.on(days=4)
    second = await town.compose()
    for notice in (first, second):
        (message,) = await town.messages(notice)
        assert message["accounts"] == [account]
        (kept,) = await editing.rows(
            "SELECT source FROM template_version WHERE name = $1 AND version = $2",
            message["template"],
            message["template_version"],
        )
        assert ("电费款" in kept["source"]) is ("电费款" in message["body"]) is (notice == second)
