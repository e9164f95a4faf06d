from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.inbox import Intake, Reader, Tools, hear
from gateway.notices import pause
from gateway.outbox.carriers import Evidence, InboundText, Receipt

A, X, Y = "4100000011", "+8613800374443", "+8613300335193"


def receipt(message: UUID | None, state: Any, *, code: str | None = None, sid: str = "SM1", **more: Any) -> Receipt:
    return Receipt(message_id=message, carrier_id=sid, state=state, error_code=code, raw_status=str(state), **more)


async def test_a_repeat_is_stored_once(town: Any) -> None:
    await asyncio.gather(*(town.stores(X, "你好", "SM1") for _ in range(20)))
    await town.stores(X, "另一句话，同一个编号", "SM1")
    assert await town.values("SELECT text FROM inbound") == ["你好"]


async def test_many_at_once_are_all_there_when_they_are_acknowledged(town: Any) -> None:
    await asyncio.gather(*(town.stores(X, f"第{n}条", f"SM{n}") for n in range(700)))
    assert await town.values("SELECT count(*) FROM inbound") == [700]


@pytest.mark.parametrize(
    "text",
    [
        "a\x00b",
        "\ud83d",
        "前\udc00后",
        "\ufffe\uffff",
        "', drop table inbound; --",
        "\u202e反\u202c",
        "",
        " \n\t",
        "龘" * 12_000,
    ],
)
async def test_whatever_was_said_is_kept_and_dealt_with(town: Any, text: str) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    inbound = await town.hears(X, text)
    assert inbound["state"] in ("done", "triage")
    kept = inbound["text"] if inbound["raw"] is None else json.loads(inbound["raw"])["Body"][0]
    assert kept == text


async def test_neighbours_of_what_cannot_be_stored_are_stored(town: Any) -> None:
    hostile = InboundText(carrier_id="SM\ud800", sender="\x00", recipient="\udfff", text="\x00", raw={})
    await asyncio.gather(town.stores(X, "好", "SM1"), town.intake.text(hostile), town.stores(Y, "行", "SM2"))
    assert await town.values("SELECT count(*) FROM inbound") == [3]


async def test_numbers_are_stored_as_the_archive_writes_them(town: Any) -> None:
    await town.stores("138 0037 4443", "好", "SM1")
    await town.stores("10086", "您的余额不足", "SM2")
    assert await town.values("SELECT sender FROM inbound ORDER BY carrier_id") == [X, "10086"]


async def test_what_cannot_be_understood_is_kept_with_its_bytes_for_a_person(town: Any) -> None:
    for _ in range(2):
        await town.intake.unreadable(b"\xff\x00 not a form", channel="sms")
    while await town.reader.round():
        pass
    assert await town.rows("SELECT raw, state, sender FROM inbound") == [
        {"raw": b"\xff\x00 not a form", "state": "triage", "sender": None}
    ]


async def test_receipts_move_messages_and_unknown_ones_are_kept_once(town: Any) -> None:
    await town.household(A, X)
    message = await town.text(X, "arrears", [A], state="sent")
    stray = uuid4()
    await asyncio.gather(
        town.intake.receipt(receipt(message, "delivered")),
        town.intake.receipt(receipt(message, "sent")),
        town.intake.receipt(receipt(stray, "delivered")),
        town.intake.receipt(receipt(stray, "delivered")),
        town.intake.receipt(receipt(None, "failed", sid="SM9")),
        town.intake.receipt(receipt(message, None)),
    )
    await town.intake.receipt(receipt(stray, "delivered"))
    assert await town.values("SELECT state FROM message") == ["delivered"]
    assert sorted(await town.values("SELECT message_id FROM unknown_receipt")) == sorted([str(stray), "SM9"])


async def test_two_readers_deal_with_each_text_once_and_in_order(town: Any) -> None:
    numbers = [f"+861380037{n:04d}" for n in range(12)]
    for index, number in enumerate(numbers):
        account = f"41{index:08d}"
        await town.household(account, number)
        await town.invite(number, account, f"WO{index}")
        for turn, text in enumerate(("5", "4", "3")):
            await town.stores(number, text, f"SM{index}-{turn}")
            town.clock.on(seconds=1)
    readers = [Reader(town.database, town.clock, town.tools) for _ in range(3)]
    while any(await asyncio.gather(*(reader.round() for reader in readers))):
        pass
    assert set(await town.values("SELECT state FROM inbound")) == {"done"}
    assert await town.values("SELECT score FROM evaluation") == [3] * 12
    histories = await town.values("SELECT history::text FROM evaluation")
    assert {tuple(entry["score"] for entry in json.loads(history)) for history in histories} == {(5, 4)}


async def test_behind_a_text_that_another_node_holds_the_senders_next_ones_wait(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    await town.stores(X, "好的", "SM1")
    town.clock.on(seconds=1)
    await town.stores(X, "谢谢", "SM2")
    await town.stores(Y, "好的", "SM3")
    async with town.database.work() as elsewhere:
        await elsewhere.execute("SELECT FROM inbound WHERE carrier_id = 'SM1' FOR UPDATE")
        await town.reader.round()
        states = await town.values("SELECT state FROM inbound ORDER BY carrier_id")
    assert states[:2] == ["received", "received"]
    assert states[2] != "received"
    while await town.reader.round():
        pass
    assert set(await town.values("SELECT state FROM inbound WHERE sender = $1", X)) == {"done"}


async def test_a_reaction_that_breaks_leaves_its_text_to_a_person_and_the_rest_go_on(town: Any) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            return getattr(town.tools.answers, name)

        async def apologise(self, *_: Any) -> None:
            raise ZeroDivisionError

    await town.household(A, X)
    await town.household("4100000022", Y)
    await town.text(X, "arrears", [A])
    await town.text(Y, "arrears", ["4100000022"])
    await town.stores(X, "打错了", "SM1")
    await town.stores(Y, "好的", "SM2")
    await town.stores(X, "谢谢", "SM3")
    broken = Tools(answers=Broken(), region="CN", pause=pause, outages=town.tools.outages)  # type: ignore[arg-type]
    reader = Reader(town.database, town.clock, broken)
    while await reader.round():
        pass
    assert await town.rows("SELECT state, remark FROM inbound ORDER BY carrier_id") == [
        {"state": "triage", "remark": "could not be dealt with: ZeroDivisionError"},
        {"state": "done", "remark": None},
        {"state": "done", "remark": None},
    ]
    assert set((await town.states()).values()) == {"unverified"}
    assert await town.values("SELECT id FROM correction") == []


async def test_intake_closes_with_everything_committed(town: Any) -> None:
    intake = Intake(town.database, town.clock, hear)
    running = asyncio.create_task(intake.run())
    text = InboundText(carrier_id="SM1", sender=X, recipient="", text="好", raw={})
    waiting = asyncio.create_task(intake.text(text))
    await asyncio.sleep(0)
    await intake.close()
    await waiting
    assert await town.values("SELECT text FROM inbound") == ["好"]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def fails(town: Any, evidence: Evidence, code: str) -> None:
    """A text to the number comes back with `evidence`."""
    message = await town.text(X, "arrears", [A], state="sent")
    await town.intake.receipt(receipt(message, "undelivered", code=code, evidence=evidence))


async def point(town: Any) -> Any:
    return (await town.values("SELECT state FROM contact_point WHERE address = $1", X))[0]


async def test_an_unallocated_number_is_dead_after_two_bounces_a_day_apart(town: Any) -> None:
    await town.household(A, X)
    await fails(town, Evidence.UNALLOCATED, "30005")
    town.clock.on(hours=23)
    await fails(town, Evidence.UNALLOCATED, "30005")
    assert await point(town) == "active"
    town.clock.on(hours=1)
    await fails(town, Evidence.UNALLOCATED, "30005")
    assert await point(town) == "unreachable"
    assert await town.values("SELECT reason FROM correction") == ["bounce"]
    assert await town.states() == {f"{A} {X}": "unverified"}
    assert await town.values("SELECT kind FROM signal") == ["unallocated"] * 3
    town.clock.on(days=2)
    await fails(town, Evidence.UNALLOCATED, "30005")
    assert len(await town.values("SELECT id FROM correction")) == 1


async def test_a_phone_switched_off_is_dead_only_after_weeks_without_a_delivery(town: Any) -> None:
    await town.household(A, X)
    for days in (0, 7, 8):
        town.clock.on(days=days)
        await fails(town, Evidence.TEMPORARY, "30003")
    assert await point(town) == "unreachable"


async def test_a_delivery_in_between_starts_the_count_again(town: Any) -> None:
    await town.household(A, X)
    await fails(town, Evidence.TEMPORARY, "30003")
    town.clock.on(days=7)
    await town.text(X, "arrears", [A], state="delivered")
    for days in (1, 8):
        town.clock.on(days=days)
        await fails(town, Evidence.TEMPORARY, "30003")
    assert await point(town) == "active"


async def test_who_writes_from_a_dead_number_has_it_back(town: Any) -> None:
    await town.household(A, X)
    await fails(town, Evidence.UNALLOCATED, "30005")
    town.clock.on(hours=25)
    await fails(town, Evidence.UNALLOCATED, "30005")
    await town.hears(X, "好的")
    assert await point(town) == "active"


@pytest.mark.parametrize(
    ("evidence", "kind"),
    [(Evidence.MALFORMED, "malformed"), (Evidence.NO_SMS, "no_sms"), (Evidence.BLOCKED, "blocked")],
)
async def test_other_evidence_is_only_kept(town: Any, evidence: Evidence, kind: str) -> None:
    await town.household(A, X)
    for _ in range(3):
        await fails(town, evidence, "21211")
        town.clock.on(days=10)
    assert await town.values("SELECT DISTINCT kind FROM signal") == [kind]
    assert await point(town) == "active"


async def test_a_refusal_given_to_the_carrier_refuses_all(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "outage_planned", [A], state="queued")
    await fails(town, Evidence.OPTED_OUT, "21610")
    assert await town.values("SELECT purpose FROM opt_out") == ["all"]
    assert await town.queued(X) == []
