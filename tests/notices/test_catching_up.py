"""What was told to the wrong person, or to nobody, is told to the right one, once, and only if it still holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from gateway.archive import completing, links
from gateway.notices import catch_up
from gateway.web.services import LinkDecision, NewContact
from tests.notices.conftest import Town
from tests.notices.grid import Grid

WRONG, RIGHT, OTHER = "+8613812340001", "+8613812340002", "+8613812340003"


@pytest.fixture
async def grid(town: Town) -> Grid:
    grid = Grid(town)
    await grid.area("T1", "F1", "章家河1号公变")
    return grid


async def opened(town: Town, account_no: str, number: str = WRONG) -> UUID:
    async with town.database.session() as session:
        case = await town.house.corrections.open_case(
            session, account_no=account_no, number=number, reason="ticket", evidence="95598：短信错发",
            new_contacts=[], note=None, actor="staff:E1",
        )  # fmt: skip
        await session.commit()
    return case


async def applied(town: Town, case: UUID, decisions: dict[tuple[str, str], str], *new: NewContact) -> None:
    async with town.database.session() as session:
        await town.house.corrections.apply(
            session,
            case,
            links=[LinkDecision(account_no=a, number=n, decision=d) for (a, n), d in decisions.items()],
            new_contacts=new,
            note=None,
            actor="staff:E1",
        )
        await session.commit()


async def proven(town: Town, number: str) -> None:
    async with town.database.work() as work:
        ids = [
            row["id"]
            for row in await work.fetch(
                "SELECT l.id FROM contact_link l JOIN contact_point p ON p.id = contact_point_id WHERE address = $1",
                number,
            )
        ]
        await links.verify(work.connection, ids, at=town.clock.now(), how="reply")
        await completing.proven(work.connection, ids, town.clock.now(), catch_up)
        await work.commit()


async def told(town: Town, number: str, kind: str) -> list[Any]:
    return [one for one in await town.messages() if (one["to_address"], one["kind"]) == (number, kind)]


async def test_a_planned_outage_told_to_a_stranger_is_told_to_the_new_contact(grid: Grid) -> None:
    town = grid.town
    account = await grid.account("T1", WRONG)
    await grid.account("T1", OTHER)
    notice = await grid.tell("outage_planned", await grid.planned("T1"))
    await grid.deliver()
    assert len(await town.messages(notice)) == 2
    town.clock.on(hours=2)
    case = await opened(town, account)
    await applied(town, case, {(account, WRONG): "revoke"}, NewContact(number=RIGHT, role="holder"))
    await grid.settle()
    (again,) = await told(town, RIGHT, "outage_planned")
    assert (again["state"], again["accounts"], again["notice_id"]) == ("queued", [account], notice)
    assert len(await told(town, OTHER, "outage_planned")) == 1
    async with town.database.work() as work:
        account_id = await work.value("SELECT id FROM account WHERE account_no = $1", account)
        await catch_up(work.connection, [account_id], case, town.clock.now())
        await work.commit()
    await grid.settle()
    assert len(await told(town, RIGHT, "outage_planned")) == 1


async def test_an_outage_withheld_during_a_false_alarm_is_told_when_it_is_dismissed(grid: Grid) -> None:
    town = grid.town
    account = await grid.account("T1", RIGHT)
    case = await opened(town, account, RIGHT)
    await grid.tell("outage_planned", await grid.planned("T1"))
    (withheld,) = [one for one in await town.messages() if one["kind"] == "outage_planned"]
    assert withheld["withheld_reason"] == "misdirected"
    async with town.database.session() as session:
        await town.house.corrections.dismiss(session, case, note=None, actor="staff:E1")
        await session.commit()
    await grid.settle()
    assert [one["state"] for one in await told(town, RIGHT, "outage_planned")] == ["withheld", "queued"]


async def test_what_is_over_is_not_told(grid: Grid) -> None:
    town = grid.town
    account = await grid.account("T1", WRONG)
    outage = await grid.fault("T1")
    await grid.tell("outage_fault", outage)
    await grid.deliver()
    case = await opened(town, account)
    await grid.change(outage, state="restored", restored_at=town.clock.now())
    await applied(town, case, {(account, WRONG): "revoke"}, NewContact(number=RIGHT, role="holder"))
    await grid.settle()
    assert [one["kind"] for one in await town.messages() if one["to_address"] == RIGHT] == ["contact_confirm"]


async def test_a_reminder_waits_for_the_proof_and_tells_no_amount_before(town: Town) -> None:
    account = await town.account(WRONG, owes="86.40")
    notice = await town.compose()
    (first,) = await town.messages(notice)
    assert "86.40" in first["body"]
    case = await opened(town, account)
    await applied(town, case, {(account, WRONG): "revoke"}, NewContact(number=RIGHT, role="holder"))
    while await town.house.notice_runner.compose_next():
        pass
    assert await told(town, RIGHT, "arrears") == []
    (masked,) = await town.messages(await town.compose())
    assert (masked["to_address"], masked["template"]) == (RIGHT, "arrears_masked")
    assert "86.40" not in masked["body"]


async def test_what_a_mistaken_correction_withheld_is_told_when_it_is_reverted(town: Town) -> None:
    account = await town.account(RIGHT, owes="86.40")
    monday = town.clock.now() + timedelta(days=5)
    await town.compose(not_before=monday)
    async with town.database.session() as session:
        case = await town.house.corrections.open_case(
            session, account_no=account, number=RIGHT, reason="transfer", evidence="过户", new_contacts=[], note=None,
            actor="staff:E1",
        )  # fmt: skip
        await session.commit()
    await applied(town, case, {(account, RIGHT): "revoke"})
    async with town.database.session() as session:
        await town.house.corrections.revert(session, case, note="误删", actor="staff:E1")
        await session.commit()
    while await town.house.notice_runner.compose_next():
        pass
    withheld, again = await told(town, RIGHT, "arrears")
    assert (withheld["state"], withheld["withheld_reason"]) == ("withheld", "revoked")
    assert again["state"] == "queued" and again["body"] == withheld["body"]
    assert again["not_before"] == withheld["not_before"] >= monday, "no sooner than it was planned"


async def test_what_is_still_owed_is_told_once_the_contact_is_proven(town: Town) -> None:
    account = await town.account(WRONG, owes="86.40")
    paid = await town.account(WRONG, owes="20.00")
    await town.compose()
    case = await opened(town, account)
    decisions = {(account, WRONG): "revoke", (paid, WRONG): "revoke"}
    new = [NewContact(number=RIGHT, role="holder", account_no=one) for one in (account, paid)]
    await applied(town, case, decisions, *new)
    async with town.database.work() as work:
        await work.execute("UPDATE bill SET settled_at = $1 WHERE amount = 20", town.clock.now())
        await work.commit()
    for _ in range(2):
        await proven(town, RIGHT)
        while await town.house.notice_runner.compose_next():
            pass
    sent = [one for one in await told(town, RIGHT, "arrears") if one["state"] == "queued"]
    assert [one["accounts"] for one in sent] == [[account]]
    assert "86.40" in sent[0]["body"]
    async with town.database.work() as work:
        assert await work.value("SELECT state FROM correction") == "applied"
