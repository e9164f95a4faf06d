"""A notice that may use several channels: the first choice each contact has, and where it may go on."""

from __future__ import annotations

import pytest

from gateway.kernel.errors import InvalidInput
from gateway.notices import Composer, Finder, NoticeRunner
from gateway.notices.policy import ByChannel, PolicyTable
from tests.notices.conftest import Town

PHONE, OTHER = "+8613800000001", "+8613800000002"


def by_policy(town: Town, table: PolicyTable) -> NoticeRunner:
    """What composes by another policy than the house's."""
    house, zone = town.house, town.house.settings.zone
    composer = Composer(house.wording, zone=zone, region="CN", policy=lambda: table)
    finder = Finder(zone=zone, region="CN", policy=lambda: table)
    return NoticeRunner(town.database, town.clock, composer, house.notice_kinds, finder, lambda: table)


async def test_each_is_told_on_the_first_channel_that_he_has(town: Town) -> None:
    both = await town.account(PHONE, "7001", owes="86.40")
    await town.account(OTHER, owes="12.00")
    async with town.database.work() as work:
        await work.execute("UPDATE contact_point SET kind = 'telegram' WHERE address = '7001'")
        await work.commit()
    notice = await town.draft()
    async with town.database.work() as work:
        await work.execute('UPDATE notice SET channels = \'["telegram", "sms"]\' WHERE id = $1', notice)
        await work.commit()
    await town.approve(notice)
    assert await town.house.notice_runner.compose_next(only=notice)
    told = {message["to_address"]: message for message in await town.messages(notice)}
    assert {to: (one["channel"], one["fallback"], one["segments"] > 0) for to, one in told.items()} == {
        "7001": ("telegram", ["sms"], True),
        OTHER: ("sms", None, True),
    }
    assert told["7001"]["accounts"] == [both]


async def test_a_chat_is_no_number(town: Town) -> None:
    """A notice that names no channel goes by SMS, and somebody who only has a chat has no contact for it."""
    await town.account("7001", owes="86.40")
    async with town.database.work() as work:
        await work.execute("UPDATE contact_point SET kind = 'telegram'")
        await work.commit()
    notice = await town.compose()
    (message,) = await town.messages(notice)
    assert (message["state"], message["withheld_reason"]) == ("withheld", "no_contact")


async def test_the_channel_follows_the_segment_where_the_notice_names_none(town: Town) -> None:
    """Composed beside the house, which has no chat open yet."""
    watched = await town.account(PHONE, "7001", owes="86.40", sensitive=True)
    await town.account(OTHER, "7002", owes="12.00")
    async with town.database.work() as work:
        await work.execute("UPDATE contact_point SET kind = 'telegram' WHERE address LIKE '7%'")
        await work.commit()
    runner = by_policy(town, PolicyTable(channels=(ByChannel(segment="sensitive", channels=("telegram", "sms")),)))
    notice = await town.draft()
    await town.approve(notice)
    assert await runner.compose_next(only=notice)
    told = {message["to_address"]: (message["channel"], message["fallback"]) for message in await town.messages(notice)}
    assert told == {"7001": ("telegram", ["sms"]), OTHER: ("sms", None)}
    assert watched
    # What somebody asked for goes before it.
    town.clock.on(days=4)
    notice = await town.draft(channels=["sms"])
    await town.approve(notice)
    assert await runner.compose_next(only=notice)
    assert {message["to_address"] for message in await town.messages(notice)} == {PHONE, OTHER}


async def test_a_channel_that_nobody_opened_is_refused(town: Town) -> None:
    with pytest.raises(InvalidInput, match="telegram"):
        await town.draft(channels=["sms", "telegram"])
