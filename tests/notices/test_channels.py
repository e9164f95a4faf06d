"""A notice that may use several channels: the first choice each contact has, and where it may go on."""

from __future__ import annotations

import pytest

from gateway.kernel.errors import InvalidInput
from tests.notices.conftest import Town

PHONE, OTHER = "+8613800000001", "+8613800000002"


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


async def test_a_channel_that_nobody_opened_is_refused(town: Town) -> None:
    with pytest.raises(InvalidInput, match="telegram"):
        await town.draft(channels=["sms", "telegram"])
