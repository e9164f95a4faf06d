"""Evidence is judged when it comes, whatever brings it, and the verdict is kept with the link."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.archive import evidence
from gateway.archive.signals import Sign
from gateway.inbox.numbers import hear
from gateway.outbox.carriers import Evidence
from gateway.outbox.settling import Told
from tests.inbox.conftest import Town

A, B = "4100000011", "4100000022"
X = "+8613800374443"


async def judgements(town: Town) -> dict[str, tuple[str, bool]]:
    rows = await town.rows(
        """SELECT a.account_no, j.action, j.doubtful FROM link_judgement j
           JOIN contact_link l ON l.id = j.link_id JOIN account a ON a.id = l.account_id"""
    )
    return {row["account_no"]: (row["action"], row["doubtful"]) for row in rows}


async def told(town: Town, kind: str, account_no: str | None = None, **ago: Any) -> None:
    at = town.clock.now()
    async with town.database.work() as work:
        point = await work.value("SELECT id FROM contact_point WHERE address = $1", X)
        account = await work.value("SELECT id FROM account WHERE account_no = $1", account_no or "")
        sign = Sign(contact_point_id=point, account_id=account, kind=kind, at=at - timedelta(**ago), evidence={})
        await evidence.take(work.connection, [sign], at)
        await work.commit()


async def test_a_reply_is_judged_for_the_accounts_it_speaks_of(town: Town) -> None:
    await town.household(A, X)
    await town.household(B, X)
    await town.text(X, "contact_confirm", [A])
    await town.hears(X, "2")
    assert await judgements(town) == {A: ("suspend", False)}


async def test_receipts_are_judged_as_they_come(town: Town) -> None:
    await town.household(A, X)
    message = await town.text(X, "arrears", [A], state="undelivered")
    (point,) = await town.values("SELECT id FROM contact_point")
    for hours, expected in ((0, "watch"), (48, "watch"), (24 * 20, "watch")):
        town.clock.on(hours=hours)
        async with town.database.work() as work:
            item = Told(
                message_id=message,
                contact_point_id=point,
                evidence=Evidence.TEMPORARY,
                code="30003",
                at=town.clock.now(),
            )
            await hear(work.connection, [item])
            await work.commit()
        assert await judgements(town) == {A: (expected, False)}
    assert await town.values("SELECT state FROM contact_point") == ["unreachable"], "dead, and never a wrong person"


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        ("lookup", "ask"),
        ("lookup_mismatch", "ask"),
        ("lookup_match", "nothing"),
        ("silence", "watch"),
        ("blocked", "nothing"),
    ],
)
async def test_one_piece_of_evidence(town: Town, kind: str, action: str) -> None:
    await town.household(A, X)
    await told(town, kind)
    assert await judgements(town) == {A: (action, False)}


async def test_what_was_weighed_when_the_link_was_confirmed_counts_no_more(town: Town) -> None:
    await town.household(A, X)
    await told(town, "lookup", hours=2)
    assert await judgements(town) == {A: ("ask", False)}
    await town.do("UPDATE contact_link SET state = 'verified', verified_at = $1", town.clock.now() - timedelta(hours=1))
    await told(town, "temporary")
    assert await judgements(town) == {A: ("watch", False)} or await judgements(town) == {A: ("nothing", False)}


async def test_a_not_me_from_a_number_that_pays_is_stopped_and_for_a_person(town: Town) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    await told(town, "paid_after_reminder", A, days=20)
    inbound = await town.hears(X, "打错了,我不是王强")
    assert inbound["state"] == "triage" and "a person judges" in inbound["remark"]
    assert await town.states() == {f"{A} {X}": "suspended"}
    assert await judgements(town) == {A: ("suspend", True)}
    hints = (await town.values("SELECT hints::text FROM correction"))[0]
    assert '"doubtful": true' in hints


async def test_a_corrections_checklist_names_follow_ups(town: Town) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    await town.do(
        """INSERT INTO followup (id, account_id, manager_no, planned_for, topic, channel, made_at, made_by)
           SELECT gen_random_uuid(), id, 'E7', '2025-12-01', '季度回访', 'visit', now(), 'test' FROM account"""
    )
    await town.hears(X, "打错了,我不是王强")
    (case,) = await town.values("SELECT id FROM correction")
    async with town.database.session() as session:
        concerned = await town.corrections.concerned(session, case)
        left = await town.corrections.left(session, case)
    assert "followup:visit" in {one.kind for one in concerned}
    assert {one.kind for one in left} == {"undecided"}, "a plan keeps no correction open"


async def test_many_who_hear_of_the_same_numbers_at_once_wait_for_each_other_in_one_order(town: Town) -> None:
    await town.household(A, X)
    await town.household(B, "+8613800375554")
    messages = [await town.text(X, "arrears", [A]), await town.text("+8613800375554", "arrears", [B])]
    points = await town.values("SELECT id FROM contact_point ORDER BY address = $1 DESC", X)
    items = [
        Told(message_id=message, contact_point_id=point, evidence=Evidence.TEMPORARY, code="30003", at=town.clock.now())
        for message, point in zip(messages, points, strict=True)
    ]

    async def heard(told: list[Told]) -> None:
        async with town.database.work() as work:
            await hear(work.connection, told)
            await work.commit()

    await asyncio.gather(*(heard(told) for _ in range(4) for told in (items, items[::-1])))
    assert await town.values("SELECT count(*) FROM signal") == [16]


@pytest.mark.parametrize(
    ("evidence_of", "code", "times", "line"),
    [(Evidence.MALFORMED, "21211", 1, "invalid"), (Evidence.NO_SMS, "21614", 2, "landline")],
)
async def test_a_number_that_no_text_can_reach_is_written_to_no_more_and_asked_about(
    town: Town, evidence_of: Evidence, code: str, times: int, line: str
) -> None:
    await town.household(A, X)
    message = await town.text(X, "arrears", [A], state="undelivered")
    (point,) = await town.values("SELECT id FROM contact_point")
    for turn in range(1, times + 1):
        assert await town.values("SELECT reason FROM correction") == []
        async with town.database.work() as work:
            item = Told(
                message_id=message, contact_point_id=point, evidence=evidence_of, code=code, at=town.clock.now()
            )
            await hear(work.connection, [item])
            await work.commit()
        town.clock.on(hours=25 * turn)
    assert await town.values("SELECT reason FROM correction") == ["invalid_format"]
    assert await town.values("SELECT line FROM contact_point") == [line]
    assert await town.states() == {f"{A} {X}": "unverified"}, "no text reaches it, and nobody said that it is wrong"
