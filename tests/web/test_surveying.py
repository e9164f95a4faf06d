"""Who is asked is nobody's to choose, and what a rating is worth is decided outside the unit: over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gateway.archive.corrections import Corrections
from gateway.evaluations import must_not_be_rated_by, must_not_have_handled
from gateway.evaluations.drawing import digest_of, draw
from gateway.kernel.errors import Forbidden, InvalidInput
from gateway.kernel.ids import new_id
from gateway.outbox.stopping import stop_links
from gateway.staff import keys, members
from gateway.staff.keys import SCOPES
from gateway.staff.roles import GRANTED, RATED, ROLES, STEERING, at_odds, scopes_of
from gateway.web.api import ROUTES
from tests.web.conftest import NOW, ROOT, House

MESSAGE = UUID("019a0000-0000-7000-8000-000000000001")
SECRET_WORDS = "王师傅收了红包还骂人"


@dataclass
class Utility:
    """A house with two teams, an account, and events of E1 of T1: one answered badly, one that waits."""

    house: House
    evaluation: UUID

    async def key(self, role: str, staff_no: str | None = None) -> str:
        async with self.house.database.session() as session:
            made = await keys.create(
                session,
                name=f"{role} {staff_no}",
                scopes=sorted(GRANTED[role]),
                at=NOW,
                actor="cli:test",
                staff_no=staff_no,
            )
            await session.commit()
        return made

    async def rows(self, query: str, *values: Any) -> list[Any]:
        async with self.house.database.work() as work:
            found = await work.fetch(query, *values)
            await work.commit()
        return found

    async def events(self) -> list[Any]:
        return [dict(row) for row in await self.rows("SELECT * FROM invitation ORDER BY id")]


@pytest.fixture
async def utility(house: House) -> Utility:
    evaluation = new_id(NOW)
    async with house.database.connection() as connection:
        await connection.execute(
            """INSERT INTO team (id, code, name) VALUES (1, 'T1', '一班'), (2, 'T2', '二班');
               INSERT INTO staff_member (staff_no, name, team_id)
                 VALUES ('E1', '甲', 1), ('E2', '乙', 1), ('E9', '丙', 2), ('Q1', '丁', 2);
               INSERT INTO customer (id, name) VALUES (1, '王强');
               INSERT INTO premise (id, address) VALUES (1, '锦绣街1号');
               INSERT INTO account (id, account_no, customer_id, premise_id, holder_name)
                 VALUES (1, '4100000039', 1, 1, '王强');
               INSERT INTO contact_point (id, address) VALUES (1, '+8613900000001');
               INSERT INTO contact_link (account_id, contact_point_id, role, is_default) VALUES (1, 1, 'holder', true);
               INSERT INTO draw_seed (day, seed, digest, made_at)
                 VALUES ('2025-10-18', 'old', 'x', now()), ('2025-10-20', 'today', 'y', now())"""
        )
        await connection.execute(
            """INSERT INTO message (id, template, template_version, kind, klass, purpose, body, segments, state, hours,
                 zone, created_at, not_before, contact_point_id, to_address)
               VALUES ($1, 'survey', '1', 'survey', 'S', 'service', '请评价', 1, 'delivered', 'service', 'UTC', $2, $2,
                       1, '+8613900000001')""",
            MESSAGE,
            NOW,
        )
        await connection.execute(
            """INSERT INTO invitation (event_kind, event_ref, account_id, team_code, person_no, service, message_id,
                 invited_at, began_at, occurred_at, qualified_at, programme, programme_version, seed_day, draw, rate,
                 drawn, drawn_at, frozen_at, contact_point_id)
               SELECT 'work_order', ref, 1, 'T1', 'E1', 'fault_repair', message, $2, $2, $2, $2, 'repair', 1,
                      '2025-10-18', 0.25, 1, true, $2, $2, 1
               FROM unnest(ARRAY['W1', 'W2'], ARRAY[$1::uuid, NULL]) AS event(ref, message)""",
            MESSAGE,
            NOW - timedelta(days=2),
        )
        await connection.execute(
            """INSERT INTO evaluation (id, invitation_id, score, comment, at, channel)
               SELECT $1, id, 1, $2, $3, 'sms' FROM invitation WHERE event_ref = 'W1'""",
            evaluation,
            SECRET_WORDS,
            NOW,
        )
    return Utility(house, evaluation)


#: What somebody who is rated might try: to have a survey sent, kept back, put off, sent elsewhere, or struck.
ATTEMPTS: Any = [
    ("POST", "/notices", {"kind": "survey", "closed_from": "2025-10-18", "closed_to": "2025-10-18"}),
    ("POST", "/notices/{notice}/approve", {}),
    ("POST", "/notices/{notice}/pause", {}),
    ("POST", "/notices/{notice}/resume", None),
    ("POST", "/notices/{notice}/cancel", {}),
    ("POST", "/notices/{notice}/resend", None),
    ("POST", "/messages", {"account_no": "4100000039", "template": "survey", "values": {}}),
    ("POST", "/messages/batch", {"messages": [{"to": "13900000001", "template": "survey", "values": {}}]}),
    ("POST", "/evaluations/events/leave-out", {"kind": "work_order", "ref": "W2", "reason": "客户不方便"}),
    ("PATCH", "/evaluations/programmes/repair", {"version": 1, "rate": 0.0, "reason": "忙"}),
    ("GET", "/evaluations/seeds", None),
    ("GET", "/evaluations/events", None),
    ("POST", "/evaluations/{evaluation}/review", {"counts": False, "words": "不真实"}),
    ("POST", "/corrections", {"account_no": "4100000039", "reason": "staff_report", "evidence": "客户换号",
                              "new_contacts": [{"number": "13800000009", "role": "holder"}]}),
    ("POST", "/imports?kind=work_orders", None),
    ("POST", "/imports?kind=contacts", None),
    ("PUT", "/policy", {"changes": {"survey_gap": "P3650D"}, "why": "x"}),
    ("POST", "/contacts/13900000001/consents", {}),
    ("POST", "/outbox/anything", None),
    ("POST", "/cases", {"class": "complaint", "topic": "low_score", "summary": "x", "account_no": "4100000039"}),
    ("POST", "/cases/{case}/judge", {"topic": " Low_Score ", "note": "不想让人问"}),
    ("POST", "/inbound/{case}/resolve", {"intents": ["ack"]}),
    ("PATCH", "/followups/{plan}", {"state": "cancelled"}),
    ("PATCH", "/followups/{plan}", {"state": "done", "outcome": "已走访", "deputy": "E9"}),
    ("POST", "/followups/{plan}/end-series", None),
    ("POST", "/followups/independent/{case}/outcome", {"by": "E1", "reached": True, "score": 5}),
    ("PUT", "/accounts/4100000039/segments/sensitive", {"reason": "x", "owner": "E1"}),
    ("DELETE", "/contacts/13900000001/consents/advice", None),
    ("POST", "/sandbox/clock", {"advance": "P30D"}),
    # A call of one's own, to use up the span in which the customer is asked once: for oneself, or for somebody else.
    ("POST", "/followups", {"account_no": "4100000039", "planned_for": "2025-10-20", "topic": "回访",
                            "channel": "phone", "manager": "E1"}),
    ("POST", "/followups", {"account_no": "4100000039", "planned_for": "2025-10-20", "topic": "回访",
                            "channel": "phone", "manager": "E9"}),
    ("POST", "/followups", {"account_no": "4100000039", "planned_for": "2025-10-20", "topic": "季度走访",
                            "rule": "FREQ=MONTHLY", "manager": "E1"}),
    # Standing in for somebody makes their plans one's own.
    ("POST", "/followups/deputies", {"manager": "E9", "deputy": "E1", "first_day": "2025-10-20",
                                     "last_day": "2025-12-31"}),
    ("POST", "/followups/deputies", {"manager": "E9", "deputy": "E2", "first_day": "2025-10-20",
                                     "last_day": "2025-12-31"}),
]  # fmt: skip


@pytest.mark.parametrize("role", RATED)
async def test_no_route_lets_the_rated_choose_who_is_asked(utility: Utility, role: str) -> None:
    house, key = utility.house, await utility.key(role, "E1")
    drafted = await house.call(
        "POST", "/notices", json={"kind": "survey", "closed_from": "2025-10-18", "closed_to": "2025-10-18"}, expect=201
    )
    case, plan = new_id(NOW), new_id(NOW)
    await utility.rows(
        """INSERT INTO "case" (id, klass, topic, subject, matter, unit, summary, opened_at, opened_by, due_at,
                               account_id)
           VALUES ($1, 'complaint', '服务行为', 'account:1', '服务行为', 'T1', 'x', $2, 'x', $2, 1)""",
        case,
        NOW,
    )
    await utility.rows(
        """INSERT INTO followup (id, account_id, manager_no, planned_for, topic, channel, made_at, made_by)
           VALUES ($1, 1, 'E9', '2025-11-03', '迎峰度夏', 'visit', now(), 'x')""",
        plan,
    )
    names = {"notice": drafted["id"], "evaluation": str(utility.evaluation), "case": str(case), "plan": str(plan)}
    before = await utility.events()
    for method, path, body in ATTEMPTS:
        options = {} if body is None else {"json": body}
        headers = {"Authorization": f"Bearer {key}"}
        async with house.client.request(method, f"/api/v1{path.format(**names)}", headers=headers, **options) as answer:
            said = await answer.text()
            why = "by rule and draw" in said or "customers said in a survey" in said
            assert answer.status in (403, 404, 405) or why, (method, path, answer.status, said)
            assert answer.status not in (404, 405) or "outbox" in path or "policy" in path
    assert await utility.events() == before
    assert await utility.rows("SELECT * FROM message WHERE id <> $1", MESSAGE) == []


def test_the_rated_hold_no_scope_that_steers() -> None:
    assert set(SCOPES) >= STEERING
    for role in RATED:
        assert not STEERING & GRANTED[role]


@pytest.mark.parametrize("rated", RATED)
def test_no_other_role_gives_the_rated_a_say(rated: str) -> None:
    for other in ROLES:
        assert not STEERING & scopes_of([rated, other]), other
        assert (at_odds([other, rated]) is None) == (other in RATED), other
    assert at_odds(["reviewer", "supervisor"]) is None and scopes_of(["admin"]) == GRANTED["admin"]


async def test_nobody_is_given_a_rated_role_and_one_that_steers(utility: Utility) -> None:
    async with utility.house.database.session() as session:
        wanted: Any = {"sign_in": "E1", "name": None, "organisation": None, "password": "Lanzhou-2025-x"}
        wanted |= {"must_change": False, "clock": utility.house.clock, "actor": "cli:test"}
        for roles in (["handler", "admin"], ["supervisor", "account_manager"]):
            with pytest.raises(InvalidInput, match="no say in who is asked"):
                await members.add(session, roles=roles, **wanted)
        staff_id = await members.add(session, roles=["handler", "account_manager"], **wanted)
        with pytest.raises(InvalidInput, match="no say in who is asked"):
            await members.change(
                session, staff_id, roles=["handler", "auditor"], organisation=None, clock=utility.house.clock, actor="x"
            )


async def test_whoever_handled_something_steers_nothing_whatever_role_they_hold(utility: Utility) -> None:
    """A head who takes an order himself: the programmes of surveys and of visits are another's until a month later."""
    house = utility.house
    own, other = await utility.key("admin", "E1"), await utility.key("admin", "E9")
    lower = {"version": 1, "rate": 0.5, "reason": "忙"}
    for path, body in (("/evaluations/programmes/repair", lower), ("/followups/programmes/visit1", {"active": False})):
        problem = await house.call("PATCH", path, key=own, json=body, expect=403)
        assert "no say in who is asked" in problem["detail"]
        await house.call("PATCH", path, key=other, json=body)
    await house.call(
        "POST", "/evaluations/events/leave-out", key=own, json={"kind": "work_order", "ref": "W2", "reason": "x"},
        expect=403,
    )  # fmt: skip
    house.clock.at = NOW + timedelta(days=40)
    await house.call("PATCH", "/evaluations/programmes/repair", key=own, json={**lower, "version": 2})


async def test_even_who_may_send_texts_sends_no_survey(utility: Utility) -> None:
    house = utility.house
    async with house.database.session() as session:
        clerk = await keys.create(session, name="clerk", scopes=["messages:send"], at=NOW, actor="cli:test")
        await session.commit()
    by_hand = {"to": "13900000001", "template": "survey_reminder", "values": {}}
    await house.call("POST", "/messages", key=clerk, json=by_hand, expect=403)
    batch = await house.call("POST", "/messages/batch", key=clerk, json={"messages": [by_hand]}, expect=202)
    assert "by rule and draw" in batch["items"][0]["errors"][0]["message"]


def test_every_text_that_asks_for_a_rating_is_named_a_survey() -> None:
    texts = [*(Path(__file__).parents[2] / "templates").glob("*/*.txt")]
    asking = {path.stem for path in texts if "\nkind: survey\n" in path.read_text(encoding="utf-8")}
    assert asking and all(name.startswith("survey") for name in asking)


async def test_whoever_handled_an_event_changes_no_contact_of_that_customer(utility: Utility) -> None:
    house = utility.house
    real = Corrections(house.clock, stop_links, guard=must_not_have_handled)
    object.__setattr__(house.services, "corrections", real)
    wrong = {"account_no": "4100000039", "reason": "staff_report", "evidence": "客户换号"}
    own, other = await utility.key("archive_admin", "E1"), await utility.key("archive_admin", "E9")
    problem = await house.call("POST", "/corrections", key=own, json=wrong, expect=403)
    assert "W1" in problem["detail"] or "W2" in problem["detail"]
    opened = await house.call("POST", "/corrections", key=other, json=wrong, expect=201)
    decided = {"links": [{"account_no": "4100000039", "number": "+8613900000001", "decision": "revoke"}]}
    path = f"/corrections/{opened['id']}"
    for deed, body in (("apply", decided), ("dismiss", {}), ("revert", {})):
        await house.call("POST", f"{path}/{deed}", key=own, json=body, expect=403)
    house.clock.at = NOW + timedelta(days=40)
    await house.call("POST", "/corrections", key=own, json=wrong, expect=201)


async def test_whoever_is_rated_does_not_read_what_was_answered(utility: Utility) -> None:
    """Kept out by being read as something else: whoever did the work, and their team, settle no reply to a survey."""
    async with utility.house.database.work() as work:
        await must_not_be_rated_by(work.connection, "E9", MESSAGE)
        await must_not_be_rated_by(work.connection, "E1", None)
        for unit in ("E1", "E2"):
            with pytest.raises(Forbidden, match="W1"):
                await must_not_be_rated_by(work.connection, unit, MESSAGE)


@pytest.mark.parametrize("role", RATED)
async def test_nobody_reads_a_single_answer_about_themselves(utility: Utility, role: str) -> None:
    """Every list and every summary that the role opens, and no word and no score of it anywhere."""
    house, key = utility.house, await utility.key(role, "E1")
    # A colleague reads it no sooner: those who are rated see figures, and of a month that is over.
    colleague = await utility.key(role, "E9")
    assert (await house.call("GET", "/evaluations", key=colleague))["items"] == []
    await house.call("GET", f"/evaluations/{utility.evaluation}", key=colleague, expect=404)
    assert (await house.call("GET", "/evaluations", key=key))["items"] == []
    await house.call("GET", f"/evaluations/{utility.evaluation}", key=key, expect=404)
    for by in ("person", "team", "month", "type", "organisation"):
        summed = await house.call("GET", f"/evaluations/summary?by={by}", key=key)
        assert summed["items"] == []  # the month is not over
    house.clock.at = NOW + timedelta(days=40)
    for by in ("person", "team", "month", "type", "organisation"):
        for one in (await house.call("GET", f"/evaluations/summary?by={by}&since=2025-10-18T00:00:00Z", key=key))[
            "items"
        ]:
            assert (one["shown"], one["distribution"], one["csat"], one["mean"]) == (False, None, None, None)
    for route in ROUTES:
        if route.method != "GET" or route.scope not in GRANTED[role]:
            continue
        path = route.path.format(account_no="4100000039", number="13900000001", id=utility.evaluation, code="x",
                                 purpose="service", name="survey", outage_id="x", version=1, month="202510",
                                 stage="x", serial="1", token="x")  # fmt: skip
        headers = {"Authorization": f"Bearer {key}"}
        async with house.client.get(f"/api/v1{path}", headers=headers) as answer:
            assert SECRET_WORDS not in await answer.text(), route.path
    # What the customer said of the follow-up stands on a case, which is others' to read.
    await utility.rows(
        """INSERT INTO "case" (id, klass, topic, subject, matter, unit, summary, opened_at, opened_by, due_at)
           SELECT gen_random_uuid(), klass, topic, 'account:1', matter, 'x', $1, $2, 'customer', $2
           FROM (VALUES ('opinion', 'low_score', 'followup:F1'), ('complaint', 'service', 'work_order:W1'))
             AS said(klass, topic, matter)""",
        SECRET_WORDS,
        NOW,
    )
    await utility.rows(
        """INSERT INTO invitation (event_kind, event_ref, account_id, person_no) VALUES ('followup', 'F1', 1, 'E1')"""
    )
    for statement in (
        """INSERT INTO commitment (id, kind, topic, what, case_id, account_id, unit, made_at, made_by, due_at)
           SELECT gen_random_uuid(), 'contact', 'low_score', $1, id, 1, 'x', $2, 'x', $2 FROM "case" """,
        """INSERT INTO task (id, kind, subject, account_id, unit, words, opened_at, opened_by, due_at)
           SELECT gen_random_uuid(), 'commitment_due', 'commitment:' || id, 1, 'x', $1, $2, 'x', $2 FROM commitment""",
        """INSERT INTO task (id, kind, subject, account_id, unit, words, opened_at, opened_by, due_at)
           SELECT gen_random_uuid(), 'case_urgent', 'case:' || id, 1, 'x', $1, $2, 'x', $2 FROM "case" """,
    ):
        await utility.rows(statement, SECRET_WORDS, NOW)
    await house.call(
        "POST", f"/evaluations/{utility.evaluation}/challenge",
        json={"by": "E2", "grounds": SECRET_WORDS, "evidence": "x"}, expect=201,
    )  # fmt: skip
    await utility.rows(
        """INSERT INTO outside_score (source, ref, "on", team_code, person_no, score, best, comment)
           VALUES ('card', '1', '2025-10-18', 'T1', 'E1', 1, 5, $1)""",
        SECRET_WORDS,
    )
    # Whatever role they hold beside it: who looks after ratings reads those of others.
    for every in (key, await utility.key("supervisor", "E1"), await utility.key("admin", "E1")):
        for route in ROUTES:
            if route.method != "GET" or "{" in route.path or route.path.startswith(("/audit", "/sandbox")):
                continue
            headers = {"Authorization": f"Bearer {every}"}
            async with house.client.get(f"/api/v1{route.path}", headers=headers) as answer:
                assert SECRET_WORDS.encode() not in await answer.read(), route.path
    for path in ("/cases/export", "/commitments/export", "/evaluations/export", "/evaluations/challenges/export"):
        async with house.client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {ROOT}"}) as answer:
            assert SECRET_WORDS in await answer.text(), path
    for path in ("/cases", "/commitments", "/tasks"):
        assert (await house.call("GET", path, key=key))["items"] == [], path
        assert len((await house.call("GET", path, key=colleague))["items"]) > 0, path
    for case in (await house.call("GET", "/cases"))["items"]:
        await house.call("GET", f"/cases/{case['id']}", key=key, expect=404)
    # Somebody else reads it.
    assert (await house.call("GET", f"/evaluations/{utility.evaluation}"))["comment"] == SECRET_WORDS


async def test_whoever_may_read_replies_reads_none_about_their_own_work(utility: Utility) -> None:
    house = utility.house
    await utility.rows(
        """INSERT INTO inbound (id, channel, carrier_id, sender, text, received_at, state, answers)
           VALUES (gen_random_uuid(), 'sms', 'SM1', '+8613900000001', $1, $2, 'done', $3)""",
        SECRET_WORDS,
        NOW,
        MESSAGE,
    )
    own, other = await utility.key("archive_admin", "E1"), await utility.key("archive_admin", "E9")
    (heard,) = (await house.call("GET", "/inbound", key=other))["items"]
    assert (await house.call("GET", "/inbound", key=own))["items"] == []
    await house.call("GET", f"/inbound/{heard['id']}", key=own, expect=404)


async def test_no_text_tells_somebody_how_their_own_work_was_rated(utility: Utility) -> None:
    """That one was sent says it: a low score alone is asked why, and told that somebody will ring."""
    house = utility.house
    why, again, told = new_id(NOW), new_id(NOW), new_id(NOW)
    for message, kind, replaces in ((why, "survey", None), (again, "survey", why), (told, "case_progress", None)):
        await utility.rows(
            """INSERT INTO message (id, template, template_version, kind, klass, purpose, body, segments, state, hours,
                 zone, created_at, not_before, contact_point_id, to_address, replaces)
               VALUES ($1, $2, '1', $2, 'S', 'service', '您的评价收到了，没做好', 1, 'delivered', 'service', 'UTC', $3,
                       $3, 1, '+8613900000001', $4)""",
            message,
            kind,
            NOW,
            replaces,
        )
    await utility.rows(
        """INSERT INTO invitation_text (message_id, invitation_id, asks, at)
           SELECT $1, id, 'why', $2 FROM invitation WHERE event_ref = 'W1'""",
        why,
        NOW,
    )
    case, task = new_id(NOW), new_id(NOW)
    await utility.rows(
        """INSERT INTO "case" (id, klass, topic, subject, matter, unit, summary, opened_at, opened_by, due_at)
           VALUES ($1, 'opinion', 'low_score', 'account:1', 'work_order:W1', 'x', 'x', $2, 'customer', $2)""",
        case,
        NOW,
    )
    await utility.rows(
        "INSERT INTO case_event (case_id, at, kind, by, message_id) VALUES ($1, $2, 'told', 'x', $3)", case, NOW, told
    )
    await utility.rows(
        """INSERT INTO task (id, kind, subject, account_id, unit, words, opened_at, opened_by, due_at)
           VALUES ($1, 'case_urgent', $2, 1, 'x', 'x', $3, 'x', $3)""",
        task,
        f"case:{case}",
        NOW,
    )
    own, other = await utility.key("account_manager", "E1"), await utility.key("account_manager", "E9")
    assert len((await house.call("GET", "/messages", key=other))["items"]) == 4
    assert (await house.call("GET", "/messages", key=own))["items"] == []
    assert (await house.call("GET", "/messages?kind=case_progress", key=own))["items"] == []
    paths = [f"/messages/{one}" for one in (MESSAGE, why, again, told)] + [f"/tasks/{task}"]
    for path in paths:
        await house.call("GET", path, key=other)
        await house.call("GET", path, key=own, expect=404)


async def test_a_challenge_is_decided_outside_the_unit_and_stays_visible(utility: Utility) -> None:
    house, rated = utility.house, f"/evaluations/{utility.evaluation}"
    contested = {"grounds": "客户把停电时长算到抢修班头上", "evidence": "工单与GPS记录"}
    await house.call("POST", f"{rated}/challenge", json={**contested, "by": "E9"}, expect=403)
    await house.call("POST", f"{rated}/challenge", json=contested, expect=422)
    supervisor = await utility.key("supervisor", "E2")
    opened = await house.call("POST", f"{rated}/challenge", key=supervisor, json=contested, expect=201)
    assert (opened["state"], opened["team"], opened["by"], opened["event_ref"]) == ("open", "T1", "E2", "W1")
    await house.call("POST", f"{rated}/challenge", json={**contested, "by": "E1"}, expect=409)
    decide = f"/evaluations/challenges/{opened['id']}/decide"
    for unit in ("E1", "E2"):
        await house.call("POST", decide, json={"by": unit, "uphold": True, "decision": "同意"}, expect=403)
    reviewer = await utility.key("reviewer", "E9")
    await house.call("POST", decide, key=reviewer, json={"by": "Q1", "uphold": True, "decision": "x"}, expect=403)
    decided = await house.call("POST", decide, key=reviewer, json={"uphold": True, "decision": "停电由外力破坏"})
    assert (decided["state"], decided["reviewer"]) == ("upheld", "E9")
    await house.call("POST", decide, key=reviewer, json={"uphold": False, "decision": "x"}, expect=409)
    kept = await house.call("GET", rated)
    assert (kept["state"], kept["score"], kept["comment"]) == ("annulled", 1, SECRET_WORDS)
    (team,) = (await house.call("GET", "/evaluations/summary?by=team"))["items"]
    assert (team["n"], team["contested"], team["funnel"]["annulled"], team["funnel"]["answered"]) == (0, 1, 1, 1)
    assert [one["id"] for one in (await house.call("GET", "/evaluations/challenges?state=upheld"))["items"]] == [
        opened["id"]
    ]


async def test_an_answer_set_apart_counts_when_somebody_outside_says_so(utility: Utility) -> None:
    house, rated = utility.house, f"/evaluations/{utility.evaluation}"
    await house.call("POST", f"{rated}/review", json={"by": "E9", "counts": True, "words": "x"}, expect=409)
    await utility.rows("UPDATE evaluation SET state = 'quarantined', suspicions = '{burst}'")
    assert len((await house.call("GET", "/evaluations?state=quarantined"))["items"]) == 1
    (team,) = (await house.call("GET", "/evaluations/summary?by=team"))["items"]
    assert (team["n"], team["funnel"]["quarantined"]) == (0, 1)
    await house.call("POST", f"{rated}/review", json={"by": "E2", "counts": True, "words": "x"}, expect=403)
    reviewed = await house.call("POST", f"{rated}/review", json={"by": "E9", "counts": True, "words": "电话核实"})
    assert (reviewed["state"], reviewed["suspicions"], reviewed["review"]) == ("counted", ["burst"], "电话核实")
    (team,) = (await house.call("GET", "/evaluations/summary?by=team"))["items"]
    assert (team["n"], team["funnel"]["quarantined"]) == (1, 0)


async def test_an_event_is_left_out_with_code_four_by_somebody_outside(utility: Utility) -> None:
    house = utility.house
    asked = {"kind": "work_order", "ref": "W2", "reason": "涉警案件"}
    await house.call("POST", "/evaluations/events/leave-out", json={**asked, "by": "E2"}, expect=403)
    await house.call("POST", "/evaluations/events/leave-out", json={**asked, "by": "E9"})
    await house.call("POST", "/evaluations/events/leave-out", json={**asked, "by": "E9"}, expect=409)
    await house.call("POST", "/evaluations/events/leave-out", json={**asked, "ref": "W1", "by": "E9"}, expect=409)
    await house.call("POST", "/evaluations/events/leave-out", json={**asked, "ref": "W?", "by": "E9"}, expect=404)
    ends = {
        one["ref"]: (one["state"], one["code"]) for one in (await house.call("GET", "/evaluations/events"))["items"]
    }
    assert ends == {"W1": ("sent", None), "W2": ("skipped", "4")}
    (team,) = (await house.call("GET", "/evaluations/summary?by=team"))["items"]
    assert team["funnel"]["skipped"] == {"4": 1}


async def test_an_auditor_draws_again_and_finds_the_same(utility: Utility) -> None:
    house, key = utility.house, await utility.key("auditor")
    told = {one["day"]: one for one in (await house.call("GET", "/evaluations/seeds", key=key))["items"]}
    assert told["2025-10-20"]["seed"] is None and told["2025-10-18"]["seed"] == "old"
    assert len(digest_of("old")) == 64
    (event,) = (await house.call("GET", "/evaluations/events?ref=W1&day=2025-10-18", key=key))["items"]
    assert event["draw"] == 0.25 and event["rate"] == 1 and event["drawn"]
    assert 0 <= draw(told["2025-10-18"]["seed"], event["kind"], event["ref"]) < 1


async def test_programmes_are_read_and_changed_in_versions(utility: Utility) -> None:
    house, key = utility.house, await utility.key("admin")
    table = {one["code"]: one for one in (await house.call("GET", "/evaluations/programmes", key=key))["items"]}
    assert table["repair"]["rate"] == 1 and table["restoration"]["rate"] == 0.1
    change = {"version": 1, "rate": 0.5, "asks": ["why", "solved"], "reason": "先试一半"}
    changed = await house.call("PATCH", "/evaluations/programmes/repair", key=key, json=change)
    assert (changed["version"], changed["rate"], changed["asks"]) == (2, 0.5, ["solved", "why"])
    await house.call("PATCH", "/evaluations/programmes/repair", key=key, json=change, expect=409)
    wrong = {"version": 2, "remind_hours": 100, "reason": "x"}
    problem = await house.call("PATCH", "/evaluations/programmes/repair", key=key, json=wrong, expect=422)
    assert problem["errors"][0]["field"] == "remind_hours"
    await house.call("PATCH", "/evaluations/programmes/none", key=key, json=change, expect=404)


async def test_a_summary_comes_as_a_file_and_as_a_picture(utility: Utility) -> None:
    house = utility.house
    headers = {"Authorization": f"Bearer {await utility.key('auditor')}"}
    for ending, kind, begins in (
        ("csv", "text/csv", b"\xef\xbb\xbfkey,name,eligible"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK"),
        ("svg", "image/svg+xml", b"<svg"),
    ):
        async with house.client.get(f"/api/v1/evaluations/summary.{ending}?by=team", headers=headers) as answer:
            assert (answer.status, answer.content_type) == (200, kind)
            assert (await answer.read()).startswith(begins)
    assert (await house.call("GET", "/evaluations/sources?by=team"))["items"] == []


async def test_a_calendar_is_opened_by_its_address_alone(utility: Utility) -> None:
    house, own = utility.house, await utility.key("account_manager", "E1")
    await utility.rows(
        """INSERT INTO followup (id, account_id, manager_no, planned_for, topic, channel, made_at, made_by)
           VALUES (gen_random_uuid(), 1, 'E1', '2025-11-03', '迎峰度夏', 'visit', now(), 'x')"""
    )
    await house.call("POST", "/followups/calendar", key=own, json={"manager": "E2"}, expect=403)
    address = (await house.call("POST", "/followups/calendar", key=own, json={"manager": "E1"}))["url"]
    path = "/feeds/" + address.partition("/feeds/")[2]
    async with house.client.get(path) as answer:
        text = await answer.text()
        assert answer.content_type == "text/calendar" and "走访：迎峰度夏" in text.replace("\r\n ", "")
    for wrong in (path.replace("/E1/", "/E2/"), path[:-6] + "0.ics"):
        async with house.client.get(wrong) as answer:
            assert answer.status == 404


async def test_the_four_visits_are_named_and_switched_over_http(utility: Utility) -> None:
    house = utility.house
    assert [one["code"] for one in (await house.call("GET", "/followups/programmes"))["items"]] == [
        "visit1", "visit2", "visit3", "visit4",
    ]  # fmt: skip
    change = {
        "name": "春查走访",
        "rule": "FREQ=YEARLY",
        "audience": "important",
        "active": True,
        "questions": ["时限？"],
    }
    changed = await house.call("PATCH", "/followups/programmes/visit2", json=change)
    assert (changed["name"], changed["active"], changed["questions"]) == ("春查走访", True, ["时限？"])
    await house.call("PATCH", "/followups/programmes/visit2", json={"rule": "FREQ=NEVER"}, expect=422)


async def test_a_manager_plans_for_their_own_customers_and_not_over_their_own_work(utility: Utility) -> None:
    house, own, handler = utility.house, await utility.key("account_manager", "E9"), await utility.key("handler", "E2")
    await utility.rows("UPDATE account SET manager_no = 'E9'")
    plan = {"account_no": "4100000039", "planned_for": "2025-10-25", "topic": "回访", "channel": "phone"}
    await house.call("POST", "/followups", key=handler, json=plan, expect=403)
    await house.call("POST", "/followups", key=own, json={**plan, "manager": "E2"}, expect=403)
    await house.call("POST", "/followups", key=own, json=plan, expect=201)
    await utility.rows("UPDATE invitation SET person_no = 'E9' WHERE event_ref = 'W2'")
    problem = await house.call("POST", "/followups", key=own, json=plan, expect=403)
    assert "W2" in problem["detail"]
    await house.call("POST", "/followups", key=await utility.key("admin", "Q1"), json=plan, expect=201)


async def test_a_manager_names_their_own_deputy_from_today_on(utility: Utility) -> None:
    house, own, other = utility.house, await utility.key("account_manager", "E9"), await utility.key("handler", "E1")
    days = {"manager": "E9", "deputy": "E2", "first_day": "2025-10-20", "last_day": "2025-10-24"}
    path = "/followups/deputies"
    made = await house.call("POST", path, key=own, json=days, expect=201)
    await house.call("POST", path, key=own, json={**days, "first_day": "2025-10-19"}, expect=422)
    admin = await utility.key("admin", "E1")
    await house.call("POST", path, key=admin, json={**days, "deputy": "E1"}, expect=403)
    await house.call("POST", path, key=admin, json=days, expect=201)
    await house.call("PATCH", f"{path}/{made['id']}", key=other, json={"last_day": "2025-10-20"}, expect=403)
    await house.call("PATCH", f"{path}/{made['id']}", key=own, json={"last_day": "2025-10-22"})
