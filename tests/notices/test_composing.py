from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from gateway.house import House
from gateway.kernel.settings import Settings
from gateway.notices import Asked, NoticeRunner, Taken
from gateway.outbox import stop_grounds
from gateway.outbox.claiming import Late
from gateway.outbox.hours import STANDARD_HOURS
from gateway.outbox.second_looks import put_off
from tests.notices.conftest import Town

A, B, C = "+8613800000001", "+8613800000002", "+8613800000003"


def reasons(messages: list[Any]) -> dict[str, str]:
    return {
        account: message["withheld_reason"]
        for message in messages
        if message["state"] == "withheld"
        for account in message["accounts"]
    }


def small_runner(town: Town, chunk: int) -> NoticeRunner:
    house = town.house
    return NoticeRunner(
        town.database, town.clock, house.composer, house.notice_kinds, house.finder, house.policy, chunk=chunk
    )


async def test_one_text_for_a_person_with_several_accounts(town: Town) -> None:
    first = await town.account(A, owes="100.00")
    second = await town.account(A, owes="50.50")
    other = await town.account(B, owes="10")
    messages = await town.messages(await town.compose())
    assert sorted(message["accounts"] for message in messages) == [[first, second], [other]]
    merged = next(message for message in messages if len(message["accounts"]) == 2)
    assert merged["to_address"] == A
    assert "150.50元" in merged["body"] and first[-4:] in merged["body"] and "2户" in merged["body"]
    assert merged["state"] == "queued" and merged["kind"] == "arrears" and merged["purpose"] == "billing"
    assert merged["not_before"] == town.clock.now() and merged["closes_at"] == datetime(2025, 11, 4, 12, tzinfo=UTC)


async def test_whoever_gets_nothing_has_a_row_that_says_why(town: Town) -> None:
    expected = {
        await town.account(owes="1"): "no_contact",
        await town.account({"address": A, "state": "suspended"}, owes="1"): "misdirected",
        await town.account({"address": A, "state": "revoked"}, owes="1"): "revoked",
        await town.account({"address": B, "line": "landline"}, owes="1"): "invalid_number",
        await town.account({"address": "+8613800000009", "point_state": "unreachable"}, owes="1"): "unreachable",
        await town.account(C, owes="1", vulnerable="dialysis"): "visit_instead",
        await town.account(C, owes="1", vip=True): "visit_instead",
        await town.account(C, owes="1", sms_opt_out=True): "opted_out",
        await town.account("+8613800000010", owes="1"): "opted_out",
    }
    await town.refuse("+8613800000010", "billing")
    notice = await town.compose()
    messages = await town.messages(notice)
    assert reasons(messages) == expected
    assert all(message["decision"] for message in messages)
    assert (await town.row(notice))["audience"] == len(expected) == (await town.row(notice))["composed"]


async def test_a_wrong_default_passes_the_text_to_the_next_contact(town: Town) -> None:
    account = await town.account(
        {"address": A, "state": "suspended"},
        {"address": B, "role": "relative"},
        {"address": C, "role": "payer"},
        owes="1",
    )
    (message,) = await town.messages(await town.compose())
    assert message["accounts"] == [account] and message["to_address"] == C


async def test_a_refusal_of_another_purpose_stops_nothing(town: Town) -> None:
    await town.account(A, owes="1")
    await town.refuse(A, "service")
    (message,) = await town.messages(await town.compose())
    assert message["state"] == "queued"


async def test_a_subject_of_any_kind_can_be_looked_up_by_an_index(town: Town) -> None:
    """Composing asks for each recipient's: a cast would have it go through the whole table each time."""
    async with town.database.work() as work:
        await work.execute("SET LOCAL enable_seqscan = off")
        for name, kind in town.house.notice_kinds.items():
            subjects = kind.subjects.replace("$1", "(SELECT '{}'::jsonb)")
            plan = await work.fetch(f"EXPLAIN SELECT * FROM ({subjects}) AS every WHERE subject_id = 7::bigint")
            asked = [row[0] for row in plan if "= '7'::bigint" in row[0]]
            assert asked and not any(")::bigint = '7'" in line for line in asked), (name, asked)


async def test_at_night_it_waits_for_the_morning(town: Town) -> None:
    town.clock.on(hours=12)
    await town.account(A, owes="1")
    (message,) = await town.messages(await town.compose())
    assert message["not_before"] == datetime(2025, 11, 5, tzinfo=UTC)


async def test_hours_and_holidays_are_those_of_the_address(town: Town) -> None:
    """Nine in the morning of the 11th of November is seven in Urumqi, and Veterans Day where that is kept."""
    town.clock.at = datetime(2025, 11, 11, 1, tzinfo=UTC)
    await town.account(A, owes="1")
    west = await town.account(B, owes="1")
    await town.account(C, owes="1")
    async with town.database.work() as work:
        for number, column, value in ((B, "time_zone", "Asia/Urumqi"), (C, "calendar", "US")):
            await work.execute(
                f"""UPDATE premise SET {column} = $2 FROM account a JOIN contact_link link ON link.account_id = a.id
                    JOIN contact_point point ON point.id = link.contact_point_id
                    WHERE a.premise_id = premise.id AND point.address = $1""",
                number,
                value,
            )
        await work.commit()
    messages = {message["to_address"]: message for message in await town.messages(await town.compose())}
    left = {number: (message["not_before"], message["zone"]) for number, message in messages.items()}
    assert left == {
        A: (town.clock.at, "Asia/Shanghai"),
        B: (datetime(2025, 11, 11, 2, tzinfo=UTC), "Asia/Urumqi"),
        C: (datetime(2025, 11, 12, tzinfo=UTC), "Asia/Shanghai"),
    }
    # Put off once more, it waits for the same day.
    late = Late(messages[C]["id"], "arrears", "Asia/Shanghai", None)
    evening = datetime(2025, 11, 10, 12, 30, tzinfo=UTC)
    await put_off(town.database, [late], now=evening, region="CN", hours=STANDARD_HOURS)
    (message,) = [message for message in await town.messages() if message["to_address"] == C]
    assert message["not_before"] == datetime(2025, 11, 12, tzinfo=UTC)
    news = Asked(account_no=west, template="announcement", values={"text": "东湖营业厅周六迁址。"})
    async with town.database.work() as work:
        (taken,) = await town.house.acceptor.accept(work.connection, [news], now=town.clock.at)
        await work.commit()
    assert isinstance(taken, Taken)
    (single,) = [message for message in await town.messages() if message["id"] == taken.id]
    assert (single["not_before"], single["zone"]) == (datetime(2025, 11, 11, 2, tzinfo=UTC), "Asia/Urumqi")


async def test_a_second_reminder_within_72_hours_is_withheld(town: Town) -> None:
    account = await town.account(A, owes="1")
    await town.compose()
    town.clock.on(hours=71)
    assert reasons(await town.messages(await town.compose())) == {account: "frequency_cap"}
    town.clock.on(hours=2)
    (message,) = await town.messages(await town.compose())
    assert message["state"] == "queued"


@pytest.mark.parametrize(("language", "words"), [("zh", "电费"), ("en", "Acct")])
async def test_the_text_is_in_the_account_s_language(town: Town, language: str, words: str) -> None:
    await town.account(A, owes="1", language=language)
    (message,) = await town.messages(await town.compose(tone="official"))
    assert words in message["body"]


async def test_what_is_paid_between_finding_and_telling_is_not_told(town: Town) -> None:
    paid, open_ = await town.account(A, owes="1"), await town.account(A, owes="2")
    notice = await town.draft()
    await town.approve(notice)
    runner = small_runner(town, 10)
    async with town.database.connection() as reader:
        row = dict(await reader.fetchrow("SELECT * FROM notice WHERE id = $1", notice))
        await runner.find(reader, row, town.house.notice_kinds["arrears"], None)
    async with town.database.work() as work:
        await work.execute(
            """UPDATE bill SET settled_at = now(), paid = amount FROM account a
               WHERE a.id = account_id AND account_no = $1""",
            paid,
        )
        await work.commit()
    assert await runner.compose_next(only=notice)
    messages = await town.messages(notice)
    assert reasons(messages) == {paid: "paid"}
    assert [message["accounts"] for message in messages if message["state"] == "queued"] == [[open_]]


async def test_a_stopped_part_is_written_out_of_the_text(town: Town) -> None:
    paid, open_ = await town.account(A, owes="30"), await town.account(A, owes="12")
    notice = await town.compose()
    async with town.database.work() as work:
        await work.execute("UPDATE bill SET settled_at = now() WHERE amount = 30")
        assert await stop_grounds(work.connection, [f"bill:{paid}:202510"], reason="paid", at=town.clock.now()) == 0
        (message,) = await work.fetch("SELECT id FROM message WHERE notice_id = $1", notice)
        await town.house.recomposer(work.connection, [message["id"]])
        await work.commit()
    messages = await town.messages(notice)
    assert reasons(messages) == {paid: "paid"}
    (text,) = [message for message in messages if message["state"] == "queued"]
    assert text["accounts"] == [open_] and "12.00元" in text["body"] and paid[-4:] not in text["body"]


async def test_a_bill_paid_in_part_is_told_with_what_is_left(town: Town) -> None:
    account = await town.account(A, owes="30")
    notice = await town.compose()
    async with town.database.work() as work:
        await work.execute("UPDATE bill SET paid = 10")
        await town.house.recomposer.of_grounds(work.connection, [f"bill:{account}:202510"])
        await work.commit()
    (message,) = await town.messages(notice)
    assert "20.00元" in message["body"] and "30.00" not in message["body"]


@pytest.mark.parametrize("seed", range(4))
async def test_interrupted_at_any_moment_nobody_is_told_twice_or_left_out(town: Town, seed: int) -> None:
    draw = Random(seed)
    owing = [await town.account(f"+86138000{draw.randrange(14):05d}", owes="5") for _ in range(40)]
    notice = await town.draft()
    await town.approve(notice)
    for _ in range(60):
        runner = small_runner(town, draw.choice([1, 3, 7]))
        composing = asyncio.create_task(runner.compose_next(only=notice))
        await asyncio.sleep(draw.random() * 0.03)
        composing.cancel()
        with suppress(asyncio.CancelledError):
            await composing
    while await small_runner(town, 7).compose_next(only=notice):
        pass
    messages = await town.messages(notice)
    assert Counter(account for message in messages for account in message["accounts"]) == dict.fromkeys(owing, 1)
    told = Counter(message["to_address"] for message in messages if message["state"] == "queued")
    assert set(told.values()) == {1}
    assert (await town.row(notice))["composed"] == len(owing)


async def test_two_nodes_compose_one_notice_once(town: Town) -> None:
    owing = [await town.account(f"+861380000{number:04d}", owes="5") for number in range(30)]
    notice = await town.draft()
    await town.approve(notice)
    await asyncio.gather(*(small_runner(town, 4).compose_next() for _ in range(3)))
    messages = await town.messages(notice)
    assert Counter(account for message in messages for account in message["accounts"]) == dict.fromkeys(owing, 1)


async def test_more_accounts_than_a_chunk_behind_one_number_are_one_text(town: Town) -> None:
    owing = [await town.account(A, owes="1") for _ in range(9)] + [await town.account(B, owes="1")]
    notice = await town.draft()
    await town.approve(notice)
    assert await small_runner(town, 2).compose_next()
    messages = await town.messages(notice)
    assert sorted(len(message["accounts"]) for message in messages) == [1, 9]
    assert sorted(account for message in messages for account in message["accounts"]) == sorted(owing)


async def test_unproven_contacts_hear_no_amount_where_that_is_asked(town: Town) -> None:
    proven = {"address": B, "state": "verified", "verified_at": town.clock.now() - timedelta(days=30)}
    await town.account(A, owes="86.50")
    await town.account(proven, owes="86.50")
    house = House(Settings(_env_file=None, mask_unproven=True), town.database, town.clock)
    notice = await town.draft()
    await town.approve(notice)
    assert await house.notice_runner.compose_next()
    texts = {message["to_address"]: message["body"] for message in await town.messages(notice)}
    assert "86.50" not in texts[A] and "86.50" in texts[B]


async def test_an_account_is_reminded_once_in_a_while_whichever_of_its_contacts_is_chosen(town: Town) -> None:
    moved = await town.account(A, B, owes="10")
    beside = await town.account(B, owes="20")
    await town.compose()
    async with town.database.work() as work:
        await work.execute(
            """UPDATE contact_link SET is_default = NOT is_default
               WHERE account_id = (SELECT id FROM account WHERE account_no = $1)""",
            moved,
        )
        await work.execute("UPDATE message SET state = 'delivered', sent_at = not_before WHERE state = 'queued'")
        await work.commit()
    town.clock.on(days=1)
    second = await town.messages(await town.compose())
    assert reasons(second) == {moved: "frequency_cap", beside: "frequency_cap"}
    town.clock.on(days=3)
    (text,) = [message for message in await town.messages(await town.compose()) if message["state"] == "queued"]
    assert (text["to_address"], sorted(text["accounts"])) == (B, sorted([moved, beside]))
