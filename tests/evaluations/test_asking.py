"""What the clock asks: everything that was drawn, once, with one reminder and the questions of its programme."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.evaluations.ledger import events
from gateway.evaluations.programmes import change
from gateway.evaluations.summaries import summary
from tests.evaluations.conftest import CLOSED, Desk

A, B, C = "+8613800000001", "+8613800000002", "+8613800000003"


async def _programme(desk: Desk, code: str, **changes: Any) -> None:
    async with desk.town.database.work() as work:
        await change(
            work.connection, code, changes, version=1, reason="test", at=desk.town.clock.now(), actor="key:quality"
        )
        await work.commit()


async def test_the_clock_asks_about_every_order_that_was_closed(desk: Desk) -> None:
    await desk.began()
    await desk.order("OLD", await desk.town.account(C), closed=CLOSED - timedelta(days=3))
    await desk.order("W1", await desk.town.account(A))
    await desk.order("W2", await desk.town.account(B), closed=None)
    await desk.order("W3", await desk.town.account())
    await desk.imported()
    await desk.due()
    found = await desk.invitations()
    assert {ref: row["state"] for ref, row in found.items()} == {
        "OLD": None,
        "W1": "queued",
        "W2": None,
        "W3": "withheld",
    }
    # What ended before the gateway asked about anything does not count, and what is under way does not count yet.
    assert [found[ref]["qualified_at"] is None for ref in ("OLD", "W1", "W2", "W3")] == [True, False, True, False]
    await desk.due()
    assert len(await desk.town.messages()) == 2


async def test_what_is_told_of_too_late_is_counted_and_not_asked(desk: Desk) -> None:
    await desk.began()
    desk.town.clock.on(days=20)
    await desk.order("W1", await desk.town.account(A))
    await desk.imported()
    await desk.due()
    assert (await desk.invitations())["W1"]["skipped"] == "late"
    async with desk.town.database.session() as session:
        (team,) = await summary(
            session, "team", since=None, until=None, zone="Asia/Shanghai", now=desk.town.clock.now()
        )
    assert team.funnel.skipped == {"5": 1} and team.funnel.eligible == 1


async def test_there_is_one_reminder_and_its_answer_is_the_invitation_s(desk: Desk) -> None:
    await desk.began()
    await desk.order("W1", await desk.town.account(A))
    await desk.order("W2", await desk.town.account(B))
    await desk.due()
    await desk.sent()
    first = (await desk.invitations())["W2"]
    assert await desk.answer(first["message_id"], score=5) is not None
    for _ in range(4):
        desk.town.clock.on(hours=25)
        await desk.due()
        await desk.sent()
    texts = await desk.town.messages()
    assert [(text["template"], text["to_address"]) for text in texts] == [
        ("survey", A),
        ("survey", B),
        ("survey_reminder", A),
    ]
    assert "11月4日" in texts[2]["body"] and "报修" in texts[2]["body"]
    await desk.answer(texts[2]["id"], score=2)
    (asked,) = await desk.rows("SELECT e.score, i.event_ref FROM evaluation e JOIN invitation i ON i.id = "
                               "e.invitation_id WHERE e.score = 2")  # fmt: skip
    assert asked["event_ref"] == "W1"


async def test_a_programme_asks_two_or_three_questions_one_after_the_other(desk: Desk) -> None:
    await desk.began()
    await _programme(desk, "repair", asks=("why", "solved"))
    await desk.order("W1", await desk.town.account(A))
    await desk.order("W2", await desk.town.account(B))
    await desk.due()
    await desk.sent()
    found = await desk.invitations()
    await desk.answer(found["W1"]["message_id"], score=1)
    await desk.answer(found["W2"]["message_id"], score=5, solved=True)
    await desk.due()
    await desk.sent()
    solved = (await desk.town.messages())[-1]
    assert (solved["template"], solved["to_address"]) == ("survey_solved", A)
    await desk.due()
    assert (await desk.town.messages())[-1]["id"] == solved["id"]
    await desk.answer(solved["id"], solved=False)
    await desk.due()
    await desk.sent()
    why = (await desk.town.messages())[-1]
    assert (why["template"], why["to_address"]) == ("survey_why", A)
    await desk.answer(why["id"], comment="等了一天没人来")
    await desk.due()
    assert len(await desk.town.messages()) == 4
    (said,) = await desk.rows("SELECT score, solved, comment, why FROM evaluation WHERE score = 1")
    assert tuple(said) == (1, False, None, "等了一天没人来")


async def test_cases_connections_and_restorations_qualify_too(desk: Desk) -> None:
    await desk.began()
    await _programme(desk, "restoration", rate=1.0)
    one, two, three = [await desk.town.account(number) for number in (A, B, C)]
    await desk.order("W1", one, kind="service_request", subtype="高压新装")
    now = desk.town.clock.now()
    await desk.rows(
        """INSERT INTO "case" (id, klass, topic, state, subject, matter, account_id, unit, owner_no, summary,
                               opened_at, opened_by, due_at, closed_at, closed_by)
           SELECT gen_random_uuid(), 'complaint', topic, 'closed', 'account:' || topic, 'x', id, 'TM0002', 'E000002',
                  '', $2, 'customer', $2, $2, 'staff'
           FROM account, unnest(ARRAY['service', 'low_score']) AS topic WHERE account_no = $1""",
        two,
        now - timedelta(hours=1),
    )
    await desk.rows(
        """WITH o AS (INSERT INTO outage (outage_no, kind, state, starts_at, restored_at, announced_at, created_at,
                        created_by)
             VALUES ('F1', 'fault', 'restored', $2, $2, $2, $2, 'x') RETURNING id),
           a AS (INSERT INTO outage_account (outage_id, account_id)
             SELECT o.id, account.id FROM o, account WHERE account_no = $1 RETURNING 1)
           SELECT count(*) FROM a""",
        three,
        now - timedelta(hours=2),
    )
    await desk.due()
    found = {row["event_kind"]: row for row in (await desk.invitations()).values()}
    assert {kind: (row["service"], row["state"]) for kind, row in found.items()} == {
        "work_order": ("new_connection", "queued"),
        "case": ("case", "queued"),
        "restoration": ("restoration", "queued"),
    }
    assert (found["case"]["team_code"], found["case"]["person_no"]) == ("TM0002", "E000002")
    assert found["restoration"]["event_ref"] == f"F1:{three}"
    await desk.due()
    assert len(await desk.town.messages()) == 3


async def test_a_contact_changed_near_the_event_is_flagged(desk: Desk) -> None:
    await desk.began()
    for number, address in (("W1", A), ("W2", B)):
        await desk.order(number, await desk.town.account(address))
    await desk.due()
    await desk.rows("UPDATE contact_link SET state = 'suspended' WHERE id = (SELECT min(id) FROM contact_link)")
    desk.town.clock.on(hours=2)
    await desk.due()
    found = await desk.invitations()
    assert (found["W1"]["flags"], found["W2"]["flags"]) == (["contacts_changed"], [])


@pytest.mark.parametrize(
    ("by", "days", "flags"),
    [
        ("staff:E000001", 1, ["contacts_changed", "handler_proposed"]),
        ("staff:E000002", 1, ["contacts_changed"]),
        ("staff:E000001", 9, []),
    ],
)
async def test_an_edit_shortly_before_an_event_is_flagged(desk: Desk, by: str, days: int, flags: list[str]) -> None:
    """Done before the order was heard of, it cannot be refused; it is seen, and by whom it was done."""
    account = await desk.town.account(A)
    await desk.rows(
        """INSERT INTO correction (id, state, reason, account_id, opened_at, opened_by, due_at, applied_at, applied_by)
           SELECT gen_random_uuid(), 'applied', 'staff_report', id, $1, $2, $1, $1, $2 FROM account""",
        CLOSED - timedelta(days=days),
        by,
    )
    await desk.rows(
        """INSERT INTO correction_link (correction_id, link_id, before_case)
           SELECT c.id, l.id, '{}' FROM correction c, contact_link l"""
    )
    await desk.began()
    await desk.order("W1", account)
    await desk.imported()
    await desk.due()
    desk.town.clock.on(hours=2)
    await desk.due()
    assert sorted((await desk.invitations())["W1"]["flags"]) == flags


async def test_what_is_not_drawn_is_skipped_with_its_code_and_waits_for_nothing(desk: Desk) -> None:
    await _programme(desk, "repair", rate=0.0)
    await desk.began()
    await desk.order("W1", await desk.town.account(A))
    await desk.due()
    async with desk.town.database.work() as work:
        nobody: Any = dict.fromkeys(("before", "kind", "ref", "day", "team"))
        (event,) = await events(work.connection, **nobody, limit=9)
    assert (event.state, event.code, event.reason) == ("skipped", "6", "not_drawn")


async def test_a_case_of_a_number_that_no_account_has_is_counted(desk: Desk) -> None:
    """Written down without an account, it is asked about nobody; it is skipped with a code and not left out."""
    await desk.began()
    await desk.rows(
        """INSERT INTO "case" (id, klass, topic, subject, matter, unit, owner_no, summary, opened_at, opened_by, due_at,
                               state, closed_at, closed_by)
           VALUES (gen_random_uuid(), 'complaint', '服务行为', 'number:+8613800000077', '服务行为', 'TM0001', 'E000001',
                   'x', $1, 'x', $1, 'closed', $1, 'x')""",
        CLOSED,
    )
    await desk.due()
    ((_, found),) = (await desk.invitations()).items()
    assert (found["event_kind"], found["state"], found["withheld_reason"]) == ("case", "withheld", "no_contact")


async def test_praise_reaches_the_person_praised_once_and_when_the_month_is_over(desk: Desk) -> None:
    await desk.began()
    said = {"W1": (5, "师傅很好，点赞"), "W2": (2, "态度还算热情，但是没修好"), "W3": (5, None)}
    for place, number in enumerate(said):
        await desk.order(number, await desk.town.account(f"+861380000000{place}"))
    await desk.due()
    await desk.sent()
    for row in await desk.rows("SELECT event_ref, message_id FROM invitation"):
        score, comment = said[row["event_ref"]]
        await desk.answer(row["message_id"], score=score, comment=comment)
    await desk.due()
    praise = "SELECT words, unit, owner_no FROM task WHERE kind = 'praise'"
    assert await desk.rows(praise) == []
    for days in (30, 1):
        desk.town.clock.on(days=days)
        await desk.due()
    assert [tuple(row) for row in await desk.rows(praise)] == [("praise: 师傅很好，点赞", "TM0001", "E000001")]


async def test_a_case_is_no_service_of_whoever_raised_it_and_is_laid_at_nobody_elses_door(desk: Desk) -> None:
    """Raised for oneself; raised for somebody and closed oneself; handed over just before it was closed; joined by
    the customer, who came with it too."""
    await desk.began()
    await desk.town.account(A)
    now = desk.town.clock.now()
    await desk.rows("INSERT INTO team (code, name) VALUES ('T9', '九班')")
    await desk.rows(
        """INSERT INTO staff_member (staff_no, name, team_id)
           SELECT no, no, team.id FROM team, unnest(ARRAY['E81', 'E82']) AS no WHERE code = 'T9'"""
    )
    await desk.rows(
        """INSERT INTO "case" (id, klass, topic, subject, matter, account_id, unit, first_owner, owner_no, summary,
                               opened_at, opened_by, due_at)
           SELECT gen_random_uuid(), 'enquiry', matter, 'account:1', matter, account.id, 'customer_service', first,
                  first, '', $1, by, $1
           FROM account, (VALUES ('own', 'E81', 'staff:E81'), ('for', 'E82', 'staff:E81'), ('over', 'E81', 'customer'),
                                 ('joined', 'E81', 'staff:E81')) AS made(matter, first, by)""",
        now - timedelta(hours=3),
    )
    await desk.rows(
        """INSERT INTO case_event (case_id, at, kind, by, inbound_id)
           SELECT id, $1, CASE matter WHEN 'own' THEN 'confirmed' ELSE 'joined' END, 'customer', gen_random_uuid()
           FROM "case" WHERE matter IN ('own', 'joined')""",
        now,
    )
    await desk.due()
    await desk.rows(
        """UPDATE "case" SET state = 'closed', closed_at = $1, closed_by = 'customer', asked_by = 'staff:E81',
             confirmation = 'confirmed', owner_no = CASE matter WHEN 'over' THEN 'E82' ELSE owner_no END""",
        now,
    )
    desk.town.clock.on(hours=1)
    await desk.due()
    found = await desk.rows(
        """SELECT k.matter, i.person_no, i.team_code, i.skipped
           FROM invitation i JOIN "case" k ON k.id::text = i.event_ref ORDER BY k.matter"""
    )
    assert [(row["matter"], row["person_no"], row["skipped"]) for row in found] == [
        ("for", "E81", "self_raised"),
        ("joined", "E81", None),
        ("over", "E81", None),
        ("own", "E81", "self_raised"),
    ]
    assert [row["team_code"] for row in found] == ["T9", "customer_service", "T9", "customer_service"]
    # Who makes a habit of it is seen: beside the funnel, as a code of its own and as a share.
    (one,) = [one for one in await desk.summary("person") if one.key == "E81"]
    assert (one.eligible, one.self_raised, one.self_raised_share) == (4, 2, 0.5)
    assert one.funnel.skipped["7"] == one.not_invited["self_raised"] == 2
