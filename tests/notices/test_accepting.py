from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import time, timedelta
from typing import Any

import pytest

from gateway.kernel.errors import InvalidInput, LamplighterError
from gateway.notices import Asked, Taken
from gateway.outbox import NewMessage
from tests.notices.conftest import Town

A, B = "+8613800000001", "+8613800000002"
NEWS = {"template": "announcement", "values": {"text": "东湖营业厅周六迁址。"}}


async def accept(town: Town, *asked: Asked) -> list[Taken | LamplighterError]:
    """Accept messages; those to numbers are judged alone before, which must come to the same."""
    acceptor, now = town.house.acceptor, town.clock.now()
    async with town.database.steady() as connection:
        judged = await acceptor.judged(connection, [one for one in asked if one.account_no is None], now=now)
    async with town.database.work() as work:
        answers = await acceptor.accept(work.connection, asked, now=now)
        await work.commit()
    accepted = [answer for one, answer in zip(asked, answers, strict=True) if one.account_no is None]
    assert [_told(one) for one in judged] == [_told(one) for one in accepted]
    return answers


def _told(result: NewMessage | Taken | LamplighterError) -> tuple[str, str | None]:
    if isinstance(result, LamplighterError):
        return str(result), None
    return result.state, result.withheld_reason


async def test_a_message_to_an_account_goes_to_its_contact(town: Town) -> None:
    account = await town.account(A)
    (taken,) = await accept(town, Asked(account_no=account, reference="R-1", **NEWS))
    assert isinstance(taken, Taken) and taken.state == "queued"
    (message,) = await town.messages()
    assert message["id"] == taken.id
    assert (message["to_address"], message["accounts"], message["reference"]) == (A, [account], "R-1")
    assert message["body"] == "【国网供电】东湖营业厅周六迁址。" and message["segments"] == 1


async def test_a_message_to_a_number_makes_the_number_known(town: Town) -> None:
    (taken,) = await accept(town, Asked(to="138 0000 0007", **NEWS))
    assert isinstance(taken, Taken) and taken.state == "queued"
    (message,) = await town.messages()
    assert message["to_address"] == "+8613800000007" and message["contact_point_id"] and message["accounts"] == []


@pytest.mark.parametrize(
    ("contact", "reason"),
    [
        ({"address": A, "state": "suspended"}, "misdirected"),
        ({"address": A, "state": "revoked"}, "revoked"),
        ({"address": A, "point_state": "unreachable"}, "unreachable"),
        ({"address": A, "line": "landline"}, "invalid_number"),
    ],
)
async def test_who_must_not_be_told_gets_a_withheld_message(town: Town, contact: dict[str, Any], reason: str) -> None:
    account = await town.account(contact)
    by_account, by_number = await accept(town, Asked(account_no=account, **NEWS), Asked(to=A, **NEWS))
    assert isinstance(by_account, Taken) and (by_account.state, by_account.withheld_reason) == ("withheld", reason)
    assert isinstance(by_number, Taken) and (by_number.state, by_number.withheld_reason) == ("withheld", reason)


async def test_a_number_that_is_right_for_one_account_is_reached(town: Town) -> None:
    await town.account({"address": A, "state": "suspended"})
    await town.account({"address": A, "role": "payer"})
    (taken,) = await accept(town, Asked(to=A, **NEWS))
    assert isinstance(taken, Taken) and taken.state == "queued"


async def test_a_legal_text_opens_a_task_for_paper_beside_it(town: Town) -> None:
    account = await town.account(A)
    legal = town.house.wording.named("legal_notice", "zh-CN")
    await town.refuse(A, "all")
    values = {name: variable.example for name, variable in legal.variables.items()}
    taken, _ = await accept(
        town, Asked(account_no=account, template="legal_notice", values=values), Asked(to=B, **NEWS)
    )
    assert isinstance(taken, Taken) and taken.state == "queued", "the law stands above a refusal"
    async with town.database.work() as work:
        (task,) = await work.fetch("SELECT t.*, a.account_no FROM task t JOIN account a ON a.id = t.account_id")
    assert (task["kind"], task["subject"], task["account_no"]) == ("paper_notice", f"message:{taken.id}", account)
    assert task["due_at"] == town.clock.now() + timedelta(days=1)


async def test_the_same_text_goes_once_in_a_day(town: Town) -> None:
    await town.account(A)
    await accept(town, Asked(to=A, **NEWS))
    town.clock.on(hours=23)
    (again,) = await accept(town, Asked(to=A, **NEWS))
    assert isinstance(again, Taken) and again.withheld_reason == "duplicate"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (Asked(**NEWS), "to"),
        (Asked(to=A, account_no="1", **NEWS), "to"),
        (Asked(to="12", **NEWS), "to"),
        (Asked(to="王强", **NEWS), "to"),
        (Asked(account_no="9999999999", **NEWS), "account_no"),
        (Asked(to=A, template="nothing"), "template"),
        (Asked(to=A, template="announcement"), "values.text"),
        (Asked(to=A, template="announcement", values={"text": "x", "more": 1}), "values.more"),
        (Asked(to=A, channel="pigeon", **NEWS), "channel"),
    ],
)
async def test_what_is_malformed_names_its_field_and_spares_its_neighbours(
    town: Town, asked: Asked, field: str
) -> None:
    refused, fine = await accept(town, asked, Asked(to=B, **NEWS))
    assert isinstance(refused, InvalidInput) and [error.field for error in refused.errors] == [field]
    assert isinstance(fine, Taken) and fine.state == "queued"
    assert len(await town.messages()) == 1


async def test_many_share_one_transaction(town: Town) -> None:
    answers = await accept(town, *(Asked(to=f"1390000{number:04d}", **NEWS) for number in range(1, 301)))
    assert all(isinstance(answer, Taken) for answer in answers)
    assert [message["id"] for message in await town.messages()] == [
        answer.id for answer in answers if isinstance(answer, Taken)
    ]


async def test_a_text_that_ages_expires_when_it_no_longer_holds(town: Town) -> None:
    account = await town.account(A)
    code = {"code": "407512", "minutes": 10, "account_tail": account}
    later = town.clock.now() + timedelta(hours=1)
    await accept(
        town,
        Asked(account_no=account, template="verification", values=code, not_before=later),
        Asked(account_no=account, template="verification", values={**code, "code": "1"}, expires_at=later),
        Asked(account_no=account, **NEWS),
    )
    assert [message["expires_at"] for message in await town.messages()] == [later + timedelta(minutes=30), later, None]


async def test_a_number_that_somebody_else_makes_known_meanwhile_is_known_to_both(town: Town) -> None:
    """Two nodes, or two groups of one, meet the same new number: whoever waits for the other sees its row."""
    first = town.database.work()
    async with first:
        await town.house.acceptor.accept(first.connection, [Asked(to=B, **NEWS)], now=town.clock.now())
        other = {**NEWS, "values": {"text": "西湖营业厅周日迁址。"}}
        second = asyncio.create_task(accept(town, Asked(to=B, **other)))
        async with town.database.connection() as connection:
            while not await connection.fetchval("SELECT true FROM pg_locks WHERE NOT granted"):
                assert not second.done()
        await first.commit()
    (taken,) = await second
    assert isinstance(taken, Taken) and taken.state == "queued"
    assert len({message["contact_point_id"] for message in await town.messages()}) == 1


async def test_what_is_judged_together_is_judged_as_if_alone(town: Town) -> None:
    """What a group has in common is decided once: never over what two of it have not in common."""
    now = town.clock.now()
    numbers = [f"+861380000001{turn}" for turn in range(10)]
    for number, facts in zip(
        numbers,
        (
            {},
            {},
            {},
            {"state": "suspended"},
            {"point_state": "unreachable"},
            {"line": "landline"},
            {"verified_at": now},
            {"role": "agent", "is_default": False},
            {},
        ),
        strict=False,
    ):
        await town.account({"address": number, **facts})
    await town.account(numbers[6])
    await town.refuse(numbers[0], "service")
    await town.refuse(numbers[1], "outage")
    async with town.database.work() as work:
        await work.execute(
            "INSERT INTO contact_hours (contact_point_id, begins, ends, at, source)"
            " SELECT id, $2, $3, $4, 'test' FROM contact_point WHERE address = $1",
            numbers[2], time(9), time(12), now,
        )  # fmt: skip
        await work.commit()
    changes: list[dict[str, Any]] = [
        {},
        {"not_before": now + timedelta(hours=20)},
        {"expires_at": now + timedelta(minutes=1)},
        {"goes_on": True},
        {"channel": "sms"},
        {"language": "en"},
        {"reference": "R-1"},
        {"values": {"text": "东湖营业厅周六迁址。" * 30}},
        {"template": "nothing"},
    ]
    asked = [
        Asked(to=number, **{**NEWS, **change})
        for change in changes
        for number in (*numbers, "+862787654321", "+12125552368")
    ]
    acceptor = town.house.acceptor
    async with town.database.steady() as connection:
        together = [_all_of(one) for one in await acceptor.judged(connection, asked, now=now)]
        alone = [_all_of(one) for item in asked for one in await acceptor.judged(connection, [item], now=now)]
    assert together == alone
    assert len({(told.get("state"), told.get("withheld_reason"), told.get("decision")) for told in together}) > 8


def _all_of(result: NewMessage | LamplighterError) -> dict[str, Any]:
    """All of a message but its identifier; a number that nobody knows is one like another."""
    if isinstance(result, LamplighterError):
        return {"refused": str(result)}
    told = {**asdict(result), "state": result.state}
    return {**told, "id": None, "contact_point_id": max(told["contact_point_id"] or 0, 0)}
