"""Seeing a correction through: nothing left by query, taken over, come clean, signed by a second person, watched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gateway.archive import completing, upstream
from gateway.archive.names import forms
from gateway.kernel.errors import Conflict, Forbidden, InvalidInput
from gateway.staff.escalating import escalate
from tests.archive.test_corrections import (
    A,
    B,
    Contact,
    Decision,
    X,
    Y,
    Z,
    act,
    apply,
    case,
    disowned,
    everything,
    opened,
)
from tests.importing import Office

C = "4100000033"


@pytest.fixture
def office(town: Any, tmp_path: Path) -> Office:
    return Office(town.database, tmp_path, clock=town.clock)


async def sign(town: Any, correction: UUID, *, actor: str = "staff:E2", **more: Any) -> None:
    async with town.database.session() as session:
        asked = {"waive": (), "note": None, "two_people": False, **more}
        await town.corrections.sign(session, correction, actor=actor, **asked)
        await session.commit()


async def left(town: Any, correction: UUID) -> list[str]:
    async with town.database.session() as session:
        return [one.kind for one in await town.corrections.left(session, correction)]


async def taken_over(town: Any, consumer: str = "upstream") -> None:
    async with town.database.work() as work:
        newest = await work.value("SELECT max(id) FROM change")
        await upstream.acknowledge(work.connection, consumer, newest, actor="key:erp", at=town.clock.now())
        await work.commit()


async def keep_time(town: Any) -> tuple[int, int]:
    async with town.database.work() as work:
        done = await completing.keep_time(work.connection, town.clock.now(), escalate)
        await work.commit()
    return done


async def state(town: Any, correction: UUID) -> str:
    return (await town.values("SELECT state FROM correction WHERE id = $1", correction))[0]


def contacts(*rows: tuple[str, str]) -> str:
    return "\n".join(
        ["户号,联系类型,姓名,移动电话", *(f"{account},户主,王强,{number}" for account, number in rows), ""]
    )


async def answers_yes(town: Any, number: str) -> None:
    town.clock.on(hours=1)
    await town.do(
        "UPDATE message SET state = 'sent', sent_at = $1 WHERE to_address = $2 AND state = 'queued'",
        town.clock.now(),
        number,
    )
    await town.hears(number, "1")


async def decided(town: Any) -> UUID:
    """A's number revoked and a new one brought, which waits for its proof."""
    await town.household(A, X, customer="王强")
    await town.text(X, "arrears", [A])
    await town.hears(X, "打错了，我不是王强")
    correction = await case(town)
    await apply(town, correction, Decision(A, X, "revoke"), contacts=[Contact(Z, "holder", A)])
    return correction


async def test_a_case_is_signed_only_when_a_query_finds_nothing_left(town: Any, office: Office) -> None:
    correction = await decided(town)
    assert await left(town, correction) == ["unproven", "upstream", "import"]
    with pytest.raises(Conflict) as refused:
        await sign(town, correction)
    assert [error.code for error in refused.value.errors] == ["unproven", "upstream", "import"]
    await answers_yes(town, Z)
    assert (await state(town, correction), await left(town, correction)) == ("applied", ["upstream", "import"])
    await taken_over(town, "warehouse")
    assert await left(town, correction) == ["import"]
    await town.do("UPDATE change_consumer SET acknowledged = 0")
    assert await left(town, correction) == ["upstream", "import"]
    await taken_over(town, "warehouse")
    stale = await office.load("contacts", contacts((A, X)))
    assert (stale["conflicts"], await left(town, correction)) == (1, ["upstream", "import"][1:])
    assert await town.values("SELECT kind FROM change ORDER BY id DESC LIMIT 1") == ["still_wrong"]
    await office.load("contacts", contacts((A, Z)))
    assert await left(town, correction) == []
    await sign(town, correction)
    assert await state(town, correction) == "watching"
    town.clock.on(days=29)
    assert await keep_time(town) == (0, 0)
    town.clock.on(days=2)
    assert (await keep_time(town), await state(town, correction)) == ((1, 0), "closed")


async def test_whoever_decided_does_not_sign(town: Any) -> None:
    correction = await decided(town)
    waived = {"waive": ("unproven", "upstream", "import"), "note": "现场核实"}
    with pytest.raises(Forbidden):
        await sign(town, correction, actor="staff:E1", **waived)
    with pytest.raises(InvalidInput):
        await sign(town, correction, waive=("unproven",))
    with pytest.raises(InvalidInput):
        await sign(town, correction, waive=("undecided",), note="x")
    await sign(town, correction, actor="staff:E1", two_people=True, **waived)
    assert json.loads((await town.values("SELECT waived FROM correction"))[0]) == ["import", "unproven", "upstream"]


async def test_a_text_that_still_waits_on_a_revoked_link_is_left(town: Any) -> None:
    correction = await decided(town)
    await town.text(X, "arrears", [A], state="uncertain")
    await taken_over(town)
    assert await left(town, correction) == ["message:arrears", "unproven", "import"]
    async with town.database.session() as session:
        concerns = await town.corrections.concerned(session, correction)
    assert [(one.kind, one.account_no, one.number) for one in concerns] == [("message:arrears", A, X)]


async def test_what_is_overdue_is_escalated_once(town: Any) -> None:
    await disowned(town)
    assert await keep_time(town) == (0, 0)
    town.clock.on(days=8)
    assert (await keep_time(town), await keep_time(town)) == ((0, 1), (0, 0))
    assert "correction.escalated" in await town.values("SELECT action FROM audit_entry")
    assert await town.values("SELECT kind || ' ' || unit FROM task") == ["correction_overdue supervision"]
    async with town.database.work() as work:
        assert await completing.next_due(work.connection, town.clock.now()) is None


async def test_trouble_with_the_number_opens_the_case_again_and_a_dismissal_puts_it_back(town: Any) -> None:
    correction = await disowned(town)
    await apply(town, correction, Decision(A, X, "revoke"), Decision(B, X, "keep"), Decision(A, Y, "keep"))
    before = await everything(town)
    town.clock.on(days=3)
    await town.text(X, "arrears", [B])
    await town.hears(X, "打错了！不是我！")
    assert await town.values("SELECT id FROM correction") == [correction]
    assert await state(town, correction) == "open"
    assert await town.values("SELECT reopened FROM correction") == [1]
    with pytest.raises(InvalidInput):
        await apply(town, correction, Decision(A, Y, "keep"))
    await act(town, "dismiss", correction)
    assert await state(town, correction) == "applied"
    assert await everything(town) == before
    assert "undecided" not in await left(town, correction)


async def test_a_case_that_was_opened_again_is_taken_back_as_a_whole(town: Any) -> None:
    correction = await disowned(town)
    before = await everything(town)
    await apply(town, correction, Decision(A, X, "revoke"), Decision(B, X, "keep"), Decision(A, Y, "keep"))
    kept = (await everything(town))[1]
    await town.text(X, "arrears", [B])
    town.clock.on(hours=1)
    await town.hears(X, "打错了！不是我！")
    await apply(town, correction, Decision(B, X, "revoke"), Decision(A, Y, "change_role", "tenant"))
    assert set((await town.states()).values()) == {"revoked", "unverified"}
    await act(town, "revert", correction)
    assert kept["state"] == "unverified"
    for link in before:
        link.update(state="unverified", state_since=None, reason=None)
    assert await everything(town) == before, "what the case had stopped sends again"


async def test_a_contact_that_turns_out_wrong_again_is_a_case_of_its_own_that_names_the_first(town: Any) -> None:
    first = await decided(town)
    await answers_yes(town, Z)
    town.clock.on(days=1)
    await town.text(Z, "arrears", [A])
    await town.hears(Z, "打错了，我不认识王强")
    second = await case(town)
    assert await town.values("SELECT follows FROM correction WHERE id = $1", second) == [first]
    assert await town.values("SELECT recurred_at FROM correction WHERE id = $1", first) == [town.clock.now()]


async def test_an_import_that_puts_the_number_on_another_account_of_the_customer_is_stopped(
    town: Any, office: Office
) -> None:
    correction = await decided(town)
    await town.account(C, customer="王强")
    await town.account(B, customer="李娜")
    await office.load("contacts", contacts((C, X), (B, X)))
    assert await town.states() == {
        f"{A} {X}": "revoked",
        f"{A} {Z}": "unverified",
        f"{C} {X}": "suspended",
        f"{B} {X}": "unverified",
    }
    assert await state(town, correction) == "open"
    await apply(town, correction, Decision(C, X, "revoke"), Decision(B, X, "keep"), Decision(A, Z, "keep"))
    assert (await town.states())[f"{C} {X}"] == "revoked"
    await act(town, "revert", correction)
    assert await town.states() == {f"{A} {X}": "unverified", f"{C} {X}": "unverified", f"{B} {X}": "unverified"}


async def test_upstream_is_told_once_a_week_that_it_is_still_wrong(town: Any, office: Office) -> None:
    await decided(town)
    for _ in range(10):
        await office.load("contacts", contacts((A, X)), name="夜间档案.csv")
        town.clock.on(days=1)
    told = await town.rows("SELECT * FROM change WHERE kind = 'still_wrong' ORDER BY id")
    assert [(one["account_no"], one["number"]) for one in told] == [(A, X)] * 2
    assert json.loads(told[0]["detail"])["file"] == "夜间档案.csv"
    assert await town.values("SELECT count(*) FROM conflict") == [10]
    assert (await town.states())[f"{A} {X}"] == "revoked"


async def test_the_other_forms_of_a_name_are_found_and_namesakes_are_not(town: Any) -> None:
    await town.household(A, X, customer="岚州明达机械有限公司")
    await town.household(B, Y, customer="嵐州明達機械有限責任公司")
    await town.household(C, Z, customer="岚州明达建材有限公司")
    await opened(town, account_no=A, number=X)
    assert len(await town.values("SELECT link_id FROM correction_link")) == 2
    await town.account("4100000044", customer="王强")
    await town.link("4100000044", "+8613900001111")
    await town.account("4100000055", customer="王強")
    await town.link("4100000055", "+8613900002222")
    await town.account("4100000066", customer="王 强")
    await town.link("4100000066", "+8613900001111")
    await town.link("4100000066", "+8613900003333", is_default=False)
    second = await opened(town, account_no="4100000044", number="+8613900001111")
    listed = await town.values(
        """SELECT p.address FROM correction_link c JOIN contact_link l ON l.id = c.link_id
           JOIN contact_point p ON p.id = l.contact_point_id WHERE c.correction_id = $1 ORDER BY l.id""",
        second,
    )
    assert listed == ["+8613900001111", "+8613900001111", "+8613900003333"]


def test_the_forms_of_a_name() -> None:
    assert {"王強", "王强", "王 强"} <= set(forms("王強"))
    assert {"岚州明达机械公司", "岚州明达机械有限责任公司", "嵐州明達機械有限公司"} <= set(
        forms("岚州明达机械有限公司")
    )
    assert {"AB超市", "ＡＢ超市"} <= set(forms("ＡＢ超市"))
    assert forms("") == []


async def test_neighbours_of_the_same_batch_are_hints(town: Any, office: Office) -> None:
    accounts = [f"41000001{number:02d}" for number in range(12)]
    for account in accounts:
        await town.account(account)
    numbers = [f"138123400{number:02d}" for number in range(12)]
    await office.load("contacts", contacts(*zip(accounts, numbers, strict=True)))
    await town.text("+8613812340005", "arrears", [accounts[5]])
    await town.hears("+8613812340005", "打错了，我不是王强")
    hints = json.loads((await town.values("SELECT hints FROM correction"))[0])
    beside = [hint["account_no"] for hint in hints if hint["kind"] == "neighbour"]
    assert beside == [accounts[3], accounts[4], accounts[6], accounts[7]]
