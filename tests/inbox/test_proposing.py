"""The customer's own hand: a new number counts once it is proven, and a command changes what is sent and how."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from gateway.archive.proving import figures, knows
from gateway.inbox import Proofs
from gateway.inbox.preferring import language_asked, only_wanted
from gateway.inbox.proposing import named_number
from gateway.kernel.errors import Conflict, InvalidInput, NotFound
from tests.archive.test_corrections import A, B, Contact, Decision, X, Y, Z, apply, case

NEW = "+8613951327846"


@pytest.mark.parametrize(
    "text",
    [
        "我换号了，新号13951327846",
        "换号了, 新号 139 5132 7846",
        "手机号码已更换，请以后发到13951327846",
        "麻烦把联系电话改成13951327846谢谢",
        "新电话：１３９５１３２７８４６",
        "以后请发13951327846",
        "I have a new number, 13951327846",
        "Please change my number to +86 139-5132-7846",
    ],
)
def test_a_new_number_is_heard(text: str) -> None:
    number = named_number(text, X, "CN")
    assert number is not None and number.e164 == NEW


@pytest.mark.parametrize(
    "text",
    [
        "13951327846",
        "打错了，他的新号是13951327846",
        "他换号了，打13951327846",
        "新号13951327846或者13712345678",
        "换号了",
        "电费发票开到13951327846这个税号",
        "我换了新电表，表号139513278461234",
        f"换号了，新号{X}",
        "换号了，新号4100000011",
    ],
)
def test_what_is_no_proposal_of_ones_own(text: str) -> None:
    assert named_number(text, X, "CN") is None


def test_figures_and_what_they_show() -> None:
    assert figures("验证码４０７５１２，电费1,086.40元") == ["407512", "1086.40"]
    assert knows(["407512", "000011"], "407512", A, [])
    assert knows(["407512", A], "407512", A, [])
    assert knows(["407512", "86.40"], "407512", A, [Decimal("86.40")])
    assert not knows(["407512", "0011"], "407512", A, [])
    assert not knows(["407512"], "407512", "4100407512", [])
    assert not knows(["407512", "86.41"], "407512", A, [Decimal("86.40")])


async def code_sent(town: Any, number: str = NEW) -> str:
    (body,) = await town.values(
        "SELECT body FROM message WHERE to_address = $1 AND kind = 'verification' AND state = 'queued' ORDER BY id",
        number,
    )
    await town.do(
        "UPDATE message SET state = 'delivered', sent_at = $1 WHERE to_address = $2", town.clock.now(), number
    )
    found = re.search(r"验证码(\d{6})", body)
    assert found is not None
    return found[1]


def caused(inbound: dict[str, Any]) -> list[str]:
    return [effect["effect"] for effect in inbound["effects"]]


async def test_a_proposal_from_a_proven_contact_counts_with_the_code(town: Any) -> None:
    await town.household(A, X, state="verified", verified_at=town.clock.now(), customer="王强")
    await town.household(B, X, customer="李娜")
    await town.text(X, "bill", [A], state="queued")
    proposed = await town.hears(X, "我换号了，新号13951327846")
    assert "code_sent" in caused(proposed)
    assert await town.states() == {f"{A} {X}": "verified", f"{B} {X}": "unverified"}
    hints = json.loads((await town.values("SELECT hints FROM correction WHERE reason = 'proposal'"))[0])
    assert [hint["number"] for hint in hints if hint["kind"] == "new_contact"] == [NEW]
    code = await code_sent(town)
    wrong = await town.hears(NEW, "000000" if code != "000000" else "111111")
    assert caused(wrong) == ["code_wrong"]
    assert (await town.states()).get(f"{A} {NEW}") is None
    proven = await town.hears(NEW, f"验证码{code}")
    assert caused(proven) == ["contact_proven", "links_suspended", "confirmation_queued"]
    assert proven["state"] == "done"
    assert await town.states() == {f"{A} {X}": "suspended", f"{B} {X}": "unverified", f"{A} {NEW}": "verified"}
    assert await town.queued(X) == []
    assert await town.queued(NEW) == ["verification"]
    assert await town.values("SELECT kind || account_no FROM change") == [f"link_added{A}"]
    await apply(town, await case(town), Decision(A, X, "revoke"), Decision(B, X, "keep"), Decision(A, NEW, "keep"))
    assert (await town.states())[f"{A} {X}"] == "revoked"


async def test_a_proposal_from_an_unproven_contact_needs_what_only_the_holder_has(town: Any) -> None:
    await town.household(A, X)
    await town.hears(X, "换号了，新号13951327846")
    code = await code_sent(town)
    alone = await town.hears(NEW, code)
    assert caused(alone) == ["code_without_knowledge"]
    assert await town.states() == {f"{A} {X}": "unverified"}
    await town.hears(NEW, f"{code} 户号{A}")
    assert (await town.states())[f"{A} {NEW}"] == "verified"


async def test_codes_end_and_are_few(town: Any) -> None:
    await town.household(A, X, state="verified", verified_at=town.clock.now())
    for _ in range(3):
        await town.hears(X, "换号了，新号13951327846")
        code = await code_sent(town)
        town.clock.on(minutes=40)
    late = await town.hears(NEW, code)
    assert "contact_proven" not in caused(late)
    fourth = await town.hears(X, "换号了，新号13951327846")
    assert "code_sent" not in caused(fourth) and fourth["state"] == "triage"


async def test_five_wrong_codes_end_the_proof(town: Any) -> None:
    await town.household(A, X, state="verified", verified_at=town.clock.now())
    await town.hears(X, "换号了，新号13951327846")
    code = await code_sent(town)
    for number in range(5):
        await town.hears(NEW, f"{(int(code) + 1 + number) % 1_000_000:06d}")
    await town.hears(NEW, code)
    assert await town.states() == {f"{A} {X}": "verified"}
    assert await town.values("SELECT state FROM contact_proof") == ["failed"]


async def test_even_a_revoked_link_comes_back_by_the_customers_own_proof(town: Any) -> None:
    await town.household(A, X, state="verified", verified_at=town.clock.now())
    await town.link(A, NEW, state="revoked", is_default=False)
    await town.hears(X, "换号了，新号13951327846")
    await town.hears(NEW, await code_sent(town))
    assert (await town.states())[f"{A} {NEW}"] == "verified"
    assert await town.values("SELECT kind FROM change") == ["link_restored"]


async def test_what_else_was_said_is_not_lost(town: Any) -> None:
    await town.household(A, X, state="verified", verified_at=town.clock.now())
    heard = await town.hears(X, "我换号了新号13951327846，另外你们电费算错了，我要投诉")
    assert "code_sent" in caused(heard)
    assert await town.values('SELECT count(*) FROM "case"') != [0]


async def test_a_member_of_staffs_number_is_not_taken(town: Any) -> None:
    await town.household(A, X)
    await town.do("INSERT INTO staff_member (staff_no, name, phone) VALUES ('E1', '赵', $1)", NEW)
    heard = await town.hears(X, "换号了，新号13951327846")
    assert (heard["state"], await town.queued(NEW)) == ("triage", [])


async def brought(town: Any) -> UUID:
    """A correction that brought Z for A, where Y is proven."""
    await town.household(A, X, customer="王强")
    await town.link(A, Y, state="verified", verified_at=town.clock.now(), is_default=False)
    await town.text(X, "arrears", [A])
    await town.hears(X, "打错了，我不是王强")
    correction = await case(town)
    decisions = Decision(A, X, "revoke"), Decision(A, Y, "keep")
    await apply(town, correction, *decisions, contacts=[Contact(Z, "holder", A)])
    return correction


async def prove(town: Any, correction: UUID, how: str, **more: Any) -> None:
    async with town.database.session() as session:
        asked = {"account_no": A, "number": Z, "code": None, "note": None, "actor": "staff:E1", **more}
        await Proofs(town.clock, town.tools).prove(session, correction, how=how, **asked)
        await session.commit()


async def test_staff_prove_a_contact_by_code_or_papers(town: Any) -> None:
    correction = await brought(town)
    await town.do("DELETE FROM message WHERE kind = 'contact_confirm'")
    with pytest.raises(InvalidInput):
        await prove(town, correction, "counter")
    with pytest.raises(NotFound):
        await prove(town, correction, "counter", number=X, note="身份证")
    await prove(town, correction, "code")
    code = await code_sent(town, Z)
    with pytest.raises(InvalidInput):
        await prove(town, correction, "code", code="000000" if code != "000000" else "111111")
    await prove(town, correction, "code", code=code)
    assert (await town.states())[f"{A} {Z}"] == "verified"
    assert await town.values("SELECT state FROM correction") == ["applied"]
    with pytest.raises(Conflict):
        await prove(town, correction, "counter", note="身份证")


@pytest.mark.parametrize(("answer", "verified"), [("1", True), ("2", False)])
async def test_the_accounts_trusted_contact_is_asked(town: Any, answer: str, verified: bool) -> None:
    correction = await brought(town)
    await prove(town, correction, "trusted_channel")
    town.clock.on(minutes=5)
    await town.do("UPDATE message SET state = 'delivered', sent_at = $1 WHERE to_address = $2", town.clock.now(), Y)
    heard = await town.hears(Y, answer)
    states = await town.states()
    assert (states[f"{A} {Z}"] == "verified") is verified
    assert states[f"{A} {Y}"] == "verified"
    assert heard["state"] == ("done" if verified else "triage")
    assert await town.values("SELECT state FROM correction") == ["applied" if verified else "verifying"]


@pytest.mark.parametrize(
    ("text", "language"),
    [("英文", "en"), ("ENGLISH", "en"), ("English please.", "en"), ("中文", "zh"), ("英文发票怎么开", None)],
)
def test_languages_asked_for(text: str, language: str | None) -> None:
    assert language_asked(text) == language


@pytest.mark.parametrize(
    ("text", "purpose"),
    [
        ("只收停电", "outage"), ("以后只要停电通知就行", "outage"), ("仅接收电费短信", "billing"),
        ("Only outages please", "outage"), ("只有停电没有来电", None), ("我家只停电不来电", None),
    ],
)  # fmt: skip
def test_purposes_asked_for(text: str, purpose: str | None) -> None:
    assert only_wanted(text) == purpose


async def test_commands_change_the_language_and_the_purposes(town: Any) -> None:
    await town.household(A, X)
    assert caused(await town.hears(X, "ENGLISH")) == ["language_chosen"]
    assert await town.values("SELECT language FROM account") == ["en"]
    heard = await town.hears(X, "只收停电通知")
    assert caused(heard) == ["opted_out", "confirmation_queued"]
    assert sorted(await town.values("SELECT purpose FROM opt_out")) == ["advice", "billing", "service"]
    assert caused(await town.hears(X, "只收停电")) == ["already_refused"]
