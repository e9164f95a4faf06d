from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.archive import changes
from gateway.kernel.errors import Conflict, InvalidInput, NotFound

A, B = "4100000011", "4100000022"
X, Y, Z = "+8613800374443", "+8613300335193", "+8615900237069"


@dataclass(frozen=True)
class Decision:
    account_no: str
    number: str
    decision: str
    role: str | None = None


@dataclass(frozen=True)
class Contact:
    number: str
    role: str
    account_no: str | None = None


async def everything(town: Any) -> Any:
    """All links with all their columns, as they stand."""
    return await town.rows("SELECT * FROM contact_link ORDER BY id")


async def case(town: Any) -> UUID:
    return (await town.values("SELECT id FROM correction ORDER BY id DESC"))[0]


async def kinds(town: Any) -> list[str]:
    async with town.database.session() as session:
        found = await changes.since(session, after=0, limit=100)
    return [f"{change['kind']} {change['account_no']} {change['number']}" for change in found]


async def act(town: Any, what: str, correction: UUID, **more: Any) -> None:
    async with town.database.session() as session:
        await getattr(town.corrections, what)(session, correction, note=None, actor="staff:E1", **more)
        await session.commit()


async def apply(town: Any, correction: UUID, *decisions: Decision, contacts: list[Contact] | None = None) -> None:
    await act(town, "apply", correction, links=decisions, new_contacts=contacts or [])


async def disowned(town: Any) -> UUID:
    """Two accounts of one number, disowned by a stranger."""
    await town.household(A, X, customer="王强")
    await town.household(B, X, customer="李娜", role="landlord")
    await town.link(A, Y, role="payer", is_default=False)
    await town.text(X, "arrears", [A])
    await town.hears(X, "打错了，我不是王强")
    return await case(town)


REVOKE_BOTH = (Decision(A, X, "revoke"), Decision(B, X, "revoke"), Decision(A, Y, "keep"))


async def test_decisions_are_carried_out_and_told_upstream(town: Any) -> None:
    correction = await disowned(town)
    await town.text(X, "arrears", [B], state="queued")
    await apply(
        town,
        correction,
        Decision(A, "138 0037 4443", "revoke"),
        Decision(B, X, "keep"),
        Decision(A, Y, "change_role", "holder"),
        contacts=[Contact(Z, "holder", A)],
    )
    assert await town.states() == {
        f"{A} {X}": "revoked",
        f"{B} {X}": "unverified",
        f"{A} {Y}": "unverified",
        f"{A} {Z}": "unverified",
    }
    assert await town.values("SELECT state FROM correction") == ["verifying"]
    assert await kinds(town) == [f"link_revoked {A} {X}", f"role_changed {A} {Y}", f"link_added {A} {Z}"]
    assert await town.queued(Z) == ["contact_confirm"]
    assert await town.values("SELECT decision FROM correction_link ORDER BY link_id") == [
        "revoke",
        "keep",
        "change_role",
    ]
    assert "correction.applied" in await town.values("SELECT action FROM audit_entry")
    town.clock.on(hours=1)
    await town.do("UPDATE message SET state = 'sent', sent_at = $1 WHERE to_address = $2", town.clock.now(), Z)
    await town.hears(Z, "1")
    assert (await town.states())[f"{A} {Z}"] == "verified"
    assert await town.values("SELECT state FROM correction") == ["applied"]


async def test_an_undecided_link_keeps_the_case_open(town: Any) -> None:
    correction = await disowned(town)
    before = await everything(town)
    with pytest.raises(InvalidInput) as refused:
        await apply(town, correction, Decision(A, X, "revoke"))
    told = [error.message for error in refused.value.errors]
    assert told == [f"undecided: account {A}, number {Y}", f"undecided: account {B}, number {X}"]
    assert await everything(town) == before
    assert await town.values("SELECT state FROM correction") == ["open"]


@pytest.mark.parametrize(
    ("decisions", "contacts", "field"),
    [
        ((*REVOKE_BOTH, Decision("999", X, "keep")), [], "links[3]"),
        ((*REVOKE_BOTH, Decision(A, X, "keep")), [], "links[3]"),
        ((Decision(A, X, "burn"), *REVOKE_BOTH[1:]), [], "links[0].decision"),
        ((Decision(A, X, "change_role"), *REVOKE_BOTH[1:]), [], "links[0].role"),
        ((Decision(A, "王强", "keep"), *REVOKE_BOTH[1:]), [], "links[0].number"),
        (REVOKE_BOTH, [Contact("123", "holder", A)], "new_contacts[0].number"),
        (REVOKE_BOTH, [Contact(Z, "holder", "999")], "new_contacts[0].account_no"),
        (REVOKE_BOTH, [Contact(Z, "uncle", A)], "new_contacts[0].role"),
    ],
)
async def test_what_cannot_be_is_refused_by_name_and_nothing_is_done(
    town: Any, decisions: Any, contacts: Any, field: str
) -> None:
    correction = await disowned(town)
    before = await everything(town)
    with pytest.raises(InvalidInput) as refused:
        await apply(town, correction, *decisions, contacts=contacts)
    assert field in [error.field for error in refused.value.errors]
    assert await everything(town) == before
    assert await kinds(town) == []


async def test_a_members_of_staff_number_is_refused(town: Any) -> None:
    correction = await disowned(town)
    await town.do("INSERT INTO staff_member (staff_no, name, phone) VALUES ('E1', '赵', $1)", Z)
    with pytest.raises(InvalidInput):
        await apply(town, correction, *REVOKE_BOTH, contacts=[Contact(Z, "holder", A)])


async def test_a_revoked_link_does_not_come_back_in_passing(town: Any) -> None:
    correction = await disowned(town)
    with pytest.raises(Conflict):
        await apply(town, correction, *REVOKE_BOTH, contacts=[Contact(X, "holder", A)])
    assert await town.values("SELECT state FROM correction") == ["open"]


@pytest.mark.parametrize("only_decisions", [False, True])
async def test_applying_and_reverting_restores_exactly(town: Any, only_decisions: bool) -> None:
    """The decisions alone leave what the case had stopped as it was; the whole puts that back too, in one step."""
    correction = await disowned(town)
    await town.text(X, "arrears", [A], state="queued")
    before = await everything(town)
    assert [link["state"] for link in before] == ["suspended", "suspended", "unverified"]
    if not only_decisions:
        for link in before:
            link.update(state="unverified", state_since=None, reason=None)
    for _ in range(2):
        await apply(
            town,
            correction,
            Decision(A, X, "revoke"),
            Decision(B, X, "change_role", "tenant"),
            Decision(A, Y, "change_role", "holder"),
            contacts=[Contact(Z, "holder", A), Contact(Y, "agent", B)],
        )
        assert await everything(town) != before
        town.clock.on(days=3)
        await act(town, "revert", correction, only_decisions=only_decisions)
        assert await everything(town) == before
        assert await town.values("SELECT state FROM correction") == ["open" if only_decisions else "reverted"]
    assert await town.queued(Z) == []
    assert await kinds(town) == 2 * [
        f"link_revoked {A} {X}",
        f"role_changed {B} {X}",
        f"role_changed {A} {Y}",
        f"link_added {A} {Z}",
        f"link_added {B} {Y}",
        f"link_revoked {A} {Z}",
        f"link_revoked {B} {Y}",
        f"link_restored {A} {X}",
        f"role_changed {B} {X}",
        f"role_changed {A} {Y}",
    ]


async def test_a_revert_does_not_undo_what_others_decided_later(town: Any) -> None:
    correction = await disowned(town)
    await apply(town, correction, Decision(A, X, "revoke"), Decision(B, X, "keep"), Decision(A, Y, "keep"))
    await town.hears(X, "打错了！不是我！")
    after = await everything(town)
    with pytest.raises(Conflict):
        await act(town, "revert", correction)
    assert await everything(town) == after


async def test_a_dismissal_lets_send_again_what_the_case_had_stopped(town: Any) -> None:
    await town.household(A, X, state="verified", verified_at=town.clock.now())
    before = await everything(town)
    town.clock.on(hours=1)
    await town.text(X, "arrears", [A])
    await town.hears(X, "打错了")
    assert await town.states() == {f"{A} {X}": "suspended"}
    await act(town, "dismiss", await case(town))
    assert await everything(town) == before
    assert await town.values("SELECT state FROM correction") == ["dismissed"]
    assert await kinds(town) == []


async def test_a_case_lifts_no_suspension_that_another_case_made(town: Any) -> None:
    await town.household(A, X, customer="王强")
    await town.household(B, Y, customer="王强")
    await town.text(X, "arrears", [A])
    await town.text(Y, "arrears", [B])
    await town.hears(X, "打错了")
    first = await case(town)
    town.clock.on(minutes=1)
    await town.hears(Y, "打错了")
    await apply(town, first, Decision(A, X, "revoke"), Decision(B, Y, "keep"))
    assert await town.states() == {f"{A} {X}": "revoked", f"{B} {Y}": "suspended"}


@pytest.mark.parametrize("what", ["apply", "dismiss", "revert"])
async def test_states_that_forbid_it(town: Any, what: str) -> None:
    more = {"links": [], "new_contacts": []} if what == "apply" else {}
    with pytest.raises(NotFound):
        await act(town, what, uuid4(), **more)
    correction = await disowned(town)
    await (act(town, "dismiss", correction) if what != "dismiss" else apply(town, correction, *REVOKE_BOTH))
    with pytest.raises(Conflict):
        await act(town, what, correction, **more)


async def opened(town: Any, **more: Any) -> UUID:
    asked = {"account_no": A, "number": X, "reason": "ticket", "evidence": "95598工单：错发短信", "new_contacts": []}
    async with town.database.session() as session:
        found: UUID = await town.corrections.open_case(session, **{**asked, "note": None, "actor": "staff:E1", **more})
        await session.commit()
    return found


async def test_staff_open_a_case_on_one_number_of_an_account(town: Any) -> None:
    await town.household(A, X)
    await town.household(B, X)
    await town.text(X, "arrears", [A], state="queued")
    first = await opened(town, new_contacts=[Contact("13300335193", "holder")])
    assert await town.states() == {f"{A} {X}": "suspended", f"{B} {X}": "unverified"}
    assert await town.queued(X) == []
    hints = json.loads((await town.values("SELECT hints FROM correction"))[0])
    assert hints[1] == {"kind": "new_contact", "account_no": A, "number": Y, "role": "holder"}
    assert await opened(town) == first


async def test_a_doubt_alone_stops_nothing(town: Any) -> None:
    await town.household(A, X)
    await opened(town, reason="transfer")
    await opened(town, reason="transfer", number=None)
    assert await town.states() == {f"{A} {X}": "unverified"}
    assert len(await town.values("SELECT id FROM correction")) == 2


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"account_no": "999"}, "account_no"),
        ({"number": Y}, "number"),
        ({"number": "12"}, "number"),
        ({"reason": "whim"}, "reason"),
        ({"new_contacts": [Contact("12", "holder")]}, "new_contacts[0].number"),
    ],
)
async def test_a_case_on_what_is_not_there_is_refused_by_name(town: Any, more: Any, field: str) -> None:
    await town.household(A, X)
    with pytest.raises(InvalidInput) as refused:
        await opened(town, **more)
    assert [error.field for error in refused.value.errors] == [field]


async def test_changes_come_in_the_order_of_commit(town: Any) -> None:
    """A writer that began first and commits last gets the later number, so no reader's cursor passes it."""
    import asyncio

    new = [changes.NewChange(kind="link_added", account_no=A, number=X, role="holder")]
    async with town.database.work() as first:
        await changes.record(first.connection, new, at=town.clock.now())
        second = asyncio.create_task(self_contained(town, new))
        await asyncio.sleep(0.05)
        assert not second.done()
        async with town.database.session() as session:
            assert await changes.since(session, after=0, limit=10) == []
        await first.commit()
    await second
    async with town.database.session() as session:
        ids = [change["id"] for change in await changes.since(session, after=0, limit=10)]
        assert ids == sorted(ids)
        assert [c["id"] for c in await changes.since(session, after=ids[0], limit=10)] == ids[1:]


async def self_contained(town: Any, new: list[changes.NewChange]) -> None:
    async with town.database.work() as work:
        await changes.record(work.connection, new, at=town.clock.now())
        await work.commit()


async def test_the_same_customer_with_a_remark_to_the_name_is_listed_too(town: Any) -> None:
    await town.household(A, X, customer="王强")
    await town.household(B, Y, customer="王強(住宅)")
    await town.do("UPDATE customer SET id_masked = '41************1234' WHERE name LIKE '王%'")
    await town.do(
        """INSERT INTO name_form (name, plain, sound, is_group) VALUES ('王强', '王强', 'wang qiang', false),
             ('王強(住宅)', '王强', 'wang qiang', false)"""
    )
    await town.text(X, "arrears", [A])
    await town.hears(X, "打错了，我不是王强")
    listed = await town.values(
        """SELECT a.account_no FROM correction_link c JOIN contact_link l ON l.id = c.link_id
           JOIN account a ON a.id = l.account_id ORDER BY 1"""
    )
    assert listed == [A, B]
