"""The draw: of the seed and the event's name alone, made when the event is heard of, and kept."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evaluations.drawing import DRAW_SQL, STANDARD, Programme, digest_of, draw
from gateway.evaluations.programmes import change, make_seeds, programmes, seeds
from gateway.kernel.errors import Conflict, InvalidInput
from tests.evaluations.conftest import CLOSED, Desk

A, B, C = "+8613800000001", "+8613800000002", "+8613800000003"
_TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), min_size=1, max_size=40)


@given(_TEXT, _TEXT, _TEXT)
def test_a_draw_is_a_part_of_the_digest_that_anybody_can_make(seed: str, kind: str, ref: str) -> None:
    figure = draw(seed, kind, ref)
    assert 0 <= figure < 1
    digest = hashlib.sha256(f"{seed}:{kind}:{ref}".encode()).hexdigest()
    assert figure == int(digest[:13], 16) / 2**52


async def test_the_database_draws_the_same(desk: Desk) -> None:
    query = f"SELECT {DRAW_SQL.format(seed='$1::text', kind='$2::text', ref='ref')} AS d FROM unnest($3::text[]) AS ref"
    refs = [f"25032000{number:06d}" for number in range(300)] + ["工单-1", "a:b", "'", '"\\']
    found = [row["d"] for row in await desk.rows(query, "c0ffee", "work_order", refs)]
    assert found == [draw("c0ffee", "work_order", ref) for ref in refs]


def test_a_rate_draws_about_its_part() -> None:
    hits = sum(draw("seed", "work_order", str(number)) < 0.3 for number in range(4000))
    assert abs(hits - 1200) < 100


async def _rate(desk: Desk, code: str, rate: float) -> None:
    async with desk.town.database.work() as work:
        table = await programmes(work.connection)
        await change(
            work.connection,
            code,
            {"rate": rate},
            version=table[code].version,
            reason="test",
            at=desk.town.clock.now(),
            actor="key:quality",
        )
        await work.commit()


async def _drawn(desk: Desk) -> set[str]:
    return {ref for ref, row in (await desk.invitations()).items() if row["drawn"]}


async def _lived(desk: Desk, outcomes: list[dict[str, Any]]) -> set[str]:
    """Orders opened, drawn, and closed with these outcomes: which were drawn."""
    async with desk.town.database.work() as work:
        await work.execute(
            """INSERT INTO draw_seed (day, seed, digest, made_at) VALUES ('2025-11-04', 'fixed', $1, $2)
               ON CONFLICT DO NOTHING""",
            digest_of("fixed"),
            desk.town.clock.now(),
        )
        await work.commit()
    account = await desk.town.account(A)
    await _rate(desk, "repair", 0.5)
    for number, outcome in enumerate(outcomes):
        await desk.order(f"W{number}", account, closed=None)
        await desk.imported()
        before = await _drawn(desk)
        await desk.order(f"W{number}", account, **outcome)
        await desk.imported()
        assert await _drawn(desk) == before
    return await _drawn(desk)


async def test_nothing_that_is_known_after_the_event_moves_the_draw(desk: Desk) -> None:
    """Orders whose outcomes are all different: who is drawn is what the seed and the numbers alone say."""
    outcomes = [
        {"closed": CLOSED + timedelta(minutes=7 * number), "handler": f"E{number % 3}", "team": f"T{number % 2}"}
        | {"result": ("客户满意", "客户不满意,要求投诉", None)[number % 3], "kind": "fault_repair"}
        for number in range(12)
    ]
    found = await _lived(desk, outcomes)
    assert found == {f"W{number}" for number in range(12) if draw("fixed", "work_order", f"W{number}") < 0.5}
    assert 0 < len(found) < 12


async def test_an_order_is_drawn_while_it_is_open_and_credited_as_it_was_closed(desk: Desk) -> None:
    account = await desk.town.account(A)
    await desk.order("W1", account, closed=None, team="T1", handler="E1")
    await desk.imported()
    open_one = (await desk.invitations())["W1"]
    assert open_one["draw"] is not None and open_one["occurred_at"] is None and open_one["qualified_at"] is None
    await desk.order("W1", account, team="T2", handler="E2")
    await desk.imported()
    closed = (await desk.invitations())["W1"]
    assert (closed["team_code"], closed["person_no"], closed["occurred_at"]) == ("T2", "E2", CLOSED)
    assert (closed["draw"], closed["drawn_at"]) == (open_one["draw"], open_one["drawn_at"])
    # Moved to another team's name afterwards, it stays where it was.
    await desk.order("W1", account, team="T3", handler="E3")
    await desk.imported()
    assert (await desk.invitations())["W1"]["person_no"] == "E2"


@pytest.mark.parametrize("days", [1, 8, 45, 400])
async def test_dating_back_the_end_of_an_order_that_was_open_escapes_nobody(desk: Desk, days: int) -> None:
    """Whoever closes an order late, or dates its end back, is asked about all the same; what was over when it was
    first heard of may be too old."""
    account = await desk.town.account(A)
    desk.town.clock.on(days=-60)
    await desk.due()
    desk.town.clock.on(days=60)
    opened = desk.town.clock.now() - timedelta(days=days)
    await desk.order("W1", account, opened=opened - timedelta(hours=3), closed=None)
    await desk.order("W2", account, opened=opened - timedelta(hours=3), closed=opened)
    # Only what was opened in the last month is looked for; the file names both.
    async with desk.town.database.work() as work:
        await desk.town.house.events.note(
            work.connection,
            desk.town.clock.now(),
            since=opened - timedelta(days=1),
            until=desk.town.clock.now(),
            kinds=("work_order",),
        )
        await work.commit()
    await desk.order("W1", account, opened=opened - timedelta(hours=3), closed=opened - timedelta(hours=2))
    desk.town.clock.on(hours=1)
    await desk.due()
    found = await desk.invitations()
    assert found["W1"]["qualified_at"] is not None
    assert found["W1"]["skipped"] is None and found["W1"]["message_id"] is not None
    assert found["W2"]["skipped"] == ("late" if 8 <= days < 31 else None)
    assert (found["W2"]["qualified_at"] is None) == (days > 31)


@pytest.mark.parametrize(
    "change_of",
    ["drawn = false", "draw = 0.1", "rate = 0", "seed_day = '2020-01-01'", "drawn_at = now()", "programme = 'case'"],
)
async def test_the_database_refuses_to_draw_again(desk: Desk, change_of: str) -> None:
    await desk.order("W1", await desk.town.account(A))
    await desk.imported()
    with pytest.raises(asyncpg.RaiseError, match="stays as it is"):
        await desk.rows(f"UPDATE invitation SET {change_of}")
    with pytest.raises(asyncpg.RaiseError, match="frozen"):
        await desk.rows("UPDATE invitation SET contact_point_id = 0")


async def test_a_seed_is_told_when_its_day_is_over(desk: Desk) -> None:
    now, zone = desk.town.clock.now(), desk.town.house.settings.zone
    async with desk.town.database.work() as work:
        today = now.astimezone(zone).date()
        await make_seeds(work.connection, [today, today + timedelta(days=1)], now)
        told = await seeds(work.connection, before=None, limit=5, now=now, zone=zone)
        assert [one.seed for one in told] == [None, None]
        later = await seeds(work.connection, before=None, limit=5, now=now + timedelta(days=1), zone=zone)
        assert later[0].seed is None and later[1].seed is not None
        assert digest_of(later[1].seed) == later[1].digest == told[1].digest
        # The same day's seed is never made again.
        await make_seeds(work.connection, [today], now)
        assert (await seeds(work.connection, before=None, limit=5, now=now, zone=zone))[1].digest == told[1].digest


async def test_a_programme_changes_in_versions_for_draws_to_come(desk: Desk) -> None:
    account = await desk.town.account(A)
    await desk.order("W1", account)
    await desk.imported()
    await _rate(desk, "repair", 0.0)
    await desk.order("W2", account)
    await desk.order("W3", account, kind="service_request", subtype="低压居民新装")
    await desk.imported()
    found = await desk.invitations()
    assert [(one["programme"], one["programme_version"], one["drawn"]) for one in found.values()] == [
        ("repair", 1, True),
        ("repair", 2, False),
        ("new_connection", 1, True),
    ]
    with pytest.raises(Conflict):
        async with desk.town.database.work() as work:
            await change(work.connection, "repair", {}, version=1, reason="", at=CLOSED, actor="x")


@pytest.mark.parametrize("wrong", [{"rate": 1.5}, {"asks": ("score",)}, {"answer_hours": 0}, {"remind_hours": 72}])
def test_a_programme_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        Programme(code="order", **wrong)
    assert STANDARD["order"].rate == 1


async def _redirect(desk: Desk, account: str, change_of: str) -> Any:
    await desk.order("W1", account)
    await desk.imported()
    await desk.rows(change_of)
    await desk.town.compose("survey", {"closed_from": CLOSED, "closed_to": CLOSED + timedelta(hours=1)})
    return (await desk.invitations())["W1"]


async def test_a_number_made_the_usual_one_after_the_event_is_not_asked(desk: Desk) -> None:
    account = await desk.town.account(A, B)
    asked = await _redirect(
        desk, account, "UPDATE contact_link SET is_default = NOT is_default, role = 'holder', verified_at = now()"
    )
    assert (asked["state"], asked["to_address"]) == ("queued", A)


async def test_a_number_added_after_the_event_is_not_asked(desk: Desk) -> None:
    account = await desk.town.account(A)
    await desk.town.account(B)
    asked = await _redirect(
        desk,
        account,
        """INSERT INTO contact_link (account_id, contact_point_id, role, state, is_default, verified_at)
           SELECT (SELECT min(id) FROM account), id, 'holder', 'verified', true, now() FROM contact_point
           WHERE address = '+8613800000002'""",
    )
    assert asked["to_address"] == A


async def test_a_number_revoked_after_the_event_is_nobody_s_invitation(desk: Desk) -> None:
    account = await desk.town.account(A, B)
    asked = await _redirect(desk, account, "UPDATE contact_link SET state = 'revoked' WHERE is_default")
    assert (asked["state"], asked["withheld_reason"]) == ("withheld", "revoked")
