"""Messages in doubt over HTTP: shown to a person, decided once, with an audit entry."""

from __future__ import annotations

from uuid import UUID

import pytest

from gateway.outbox import insert
from tests.web.conftest import NOW, House, a_message


async def _doubtful(house: House, minutes: int) -> UUID:
    message = a_message(to="+8613800000001", body="停电通知")
    async with house.database.work() as work:
        await insert(work.connection, [message])
        await work.execute(
            """UPDATE message SET state = 'uncertain', claimed_at = $2,
                 doubt_since = clock_timestamp() - make_interval(mins => $3) WHERE id = $1""",
            message.id,
            NOW,
            minutes,
        )
        await work.commit()
    return message.id


@pytest.mark.parametrize(("taken", "state"), [(True, "sent"), (False, "queued")])
async def test_a_person_sees_what_stays_in_doubt_and_decides(house: House, taken: bool, state: str) -> None:
    old, young = await _doubtful(house, 20), await _doubtful(house, 1)
    listed = await house.call("GET", "/doubts")
    assert [(one["id"], one["to"]) for one in listed["items"]] == [(str(old), "+8613800000001")]
    first = await house.call("GET", "/doubts?older_than=0&limit=1")
    rest = await house.call("GET", f"/doubts?older_than=0&limit=1&cursor={first['next']}")
    assert [one["id"] for one in (*first["items"], *rest["items"])] == [str(old), str(young)]
    assert rest["next"] is None

    decision = {"taken": taken, "note": "查了运营商后台"}
    message = await house.call("POST", f"/doubts/{old}/decide", json=decision)
    assert message["state"] == state
    assert [event["kind"] for event in message["events"]] == ["sent" if taken else "requeued"]
    again = await house.call("POST", f"/doubts/{old}/decide", json=decision, expect=409)
    assert again["type"] == "/problems/conflict"
    async with house.database.work() as work:
        rows = await work.fetch("SELECT * FROM audit_entry WHERE subject = $1", f"message:{old}")
    assert [row["action"] for row in rows] == ["doubt.decided"]
    assert "查了运营商后台" in rows[0]["after"]


async def test_what_is_not_in_doubt_cannot_be_decided(house: House) -> None:
    message = a_message()
    async with house.database.work() as work:
        await insert(work.connection, [message])
        await work.commit()
    await house.call("POST", f"/doubts/{message.id}/decide", json={"taken": True}, expect=409)
    unknown = "00000000-0000-7000-8000-000000000000"
    await house.call("POST", f"/doubts/{unknown}/decide", json={"taken": True}, expect=404)
    await house.call("POST", f"/doubts/{message.id}/decide", json={}, expect=422)
