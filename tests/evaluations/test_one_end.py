"""Every event that counts ends in exactly one place: sent, skipped with a code, or waiting (promise P6)."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evaluations.ledger import _end, events
from gateway.evaluations.summaries import SKIP_CODES, summary
from gateway.evaluations.tallies import count_days
from gateway.kernel.ids import new_id
from gateway.outbox.tables import STATES
from tests.notices.conftest import Town, town, wording

__all__ = ["town", "wording"]

SKIPPED: Final = ("not_drawn", "sensitive", "late")
REASONS: Final = ("opted_out", "no_contact", "surveyed_recently", "misdirected", "superseded", "shared_number")
ENDS: Final = {"sent", "waiting", "skipped"}


def _event(of: Any) -> dict[str, Any]:
    """What may be said of an event that counts."""
    if of(4) == 0:
        return {"skipped": SKIPPED[of(3)], "state": None, "reason": None, "answered": False}
    state = ("none", *STATES)[of(len(STATES) + 1)]
    reason = REASONS[of(len(REASONS))] if state == "withheld" else None
    if state == "none":
        return {"skipped": None, "state": None, "reason": None, "answered": False}
    # Who could not be texted may have been rung: then the text is withheld, and there is an answer.
    return {"skipped": None, "state": state, "reason": reason, "answered": of(3) == 0}


@given(st.data())
def test_an_event_has_one_end_and_a_skipped_one_its_reason(data: st.DataObject) -> None:
    event = _event(lambda n: data.draw(st.integers(0, n - 1)))
    row = {
        "message_id": event["state"] and "m",
        "qualified_at": 1,
        "occurred_at": 1,
        "skipped": event["skipped"],
        "text_state": event["state"],
        "text_reason": event["reason"],
        "answered": event["answered"],
    }
    state, reason = _end(row)
    assert state in ENDS
    assert (state == "skipped") == (reason is not None)
    if event["skipped"] is not None or (event["state"] == "withheld" and not event["answered"]):
        assert state == "skipped"
    if event["answered"]:
        assert state == "sent"


@pytest.mark.parametrize(("seed", "counted"), [(1, False), (2, False), (3, True)])
async def test_the_ledger_and_the_summary_put_every_event_into_the_same_one_place(
    town: Town, seed: int, counted: bool
) -> None:
    of = Random(seed).randrange
    facts, now = [_event(of) for _ in range(250)], town.clock.now()
    if counted:
        # A day is counted once nothing of it waits any more.
        facts = [one for one in facts if one["skipped"] or one["state"] in ("delivered", "withheld", "expired")]
    async with town.database.work() as work:
        for place, one in enumerate(facts):
            message = new_id(now) if one["state"] is not None else None
            if message is not None:
                await work.execute(
                    """INSERT INTO message (id, template, template_version, kind, klass, purpose, body, segments, state,
                         withheld_reason, hours, zone, created_at, not_before)
                       VALUES ($1, 'survey', '1', 'survey', 'S', 'service', '', 1, $2, $3, 'day', 'UTC', $4, $4)""",
                    message,
                    one["state"],
                    one["reason"],
                    now,
                )
            invitation = await work.value(
                """INSERT INTO invitation (event_kind, event_ref, team_code, service, message_id, occurred_at,
                     qualified_at, skipped, ended_state, ended_reason, answer_by)
                   VALUES ('work_order', $1, 'T1', 'complaint', $2, $3, $3, $4, $5, $6, $3) RETURNING id""",
                f"W{place}",
                message,
                now,
                one["skipped"],
                one["state"] if counted else None,
                one["reason"] if counted else None,
            )
            if one["answered"]:
                await work.execute(
                    """INSERT INTO evaluation (id, invitation_id, score, at, channel) VALUES ($1, $2, 4, $3, 'sms')""",
                    new_id(now),
                    invitation,
                    now,
                )
        await work.commit()
    town.clock.on(days=3)
    if counted:
        async with town.database.work() as work:
            assert await count_days(work.connection, town.clock.now(), town.house.settings.zone) == 1
            await work.commit()
    async with town.database.session() as session:
        (team,) = await summary(session, "team", since=None, until=None, zone="UTC", now=town.clock.now())
    async with town.database.work() as work:
        nobody: Any = dict.fromkeys(("before", "kind", "ref", "day", "team"))
        ledger = await events(work.connection, **nobody, limit=1000)
    assert {one.state for one in ledger} <= ENDS and len(ledger) == len(facts) == team.funnel.eligible
    ends = Counter(one.state for one in ledger)
    codes = Counter(one.code for one in ledger if one.state == "skipped")
    assert (team.funnel.sent, team.funnel.waiting, team.funnel.skipped) == (ends["sent"], ends["waiting"], codes)
    assert all(one.code == SKIP_CODES.get(one.reason or "", "5") for one in ledger if one.state == "skipped")
