"""Warnings by rule, to a unit, with a time; supervision cards of three people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cases.warnings import reading
from gateway.cases.warnings.cards import Cards, NewCard
from gateway.cases.warnings.keeping import DueWarnings, Warnings
from gateway.cases.warnings.rules import CODES, RuleTable, document_of, merged, table_of
from gateway.kernel.acting import Acting, act_for
from gateway.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from gateway.kernel.ids import new_id
from gateway.staff.roles import scopes_of
from tests.cases.conftest import A, Desk, X
from tests.inbox.conftest import START

ZONE = ZoneInfo("Asia/Shanghai")


async def a_case(desk: Desk, number: int, **more: Any) -> UUID:
    """A case as an import leaves it."""
    facts: dict[str, Any] = {
        "klass": "complaint", "topic": "频繁停电", "subject": f"number:{number}", "matter": f"m{number}",
        "unit": "TM1", "summary": "…", "opened_by": "hotline", "opened_at": START - timedelta(days=1), "due_at": START,
        **more,
    }  # fmt: skip
    facts["id"] = new_id(facts["opened_at"])
    places = ", ".join(f"${place}" for place in range(1, len(facts) + 1))
    await desk.town.do(f'INSERT INTO "case" ({", ".join(facts)}) VALUES ({places})', *facts.values())
    found: UUID = facts["id"]
    return found


async def run(desk: Desk) -> list[dict[str, Any]]:
    await DueWarnings(desk.town.database, ZONE).run(desk.town.clock.now())
    return await desk.town.rows("SELECT * FROM warning ORDER BY id")


async def test_what_a_unit_gets_most_of_is_typical(desk: Desk) -> None:
    for number in range(20):
        await a_case(desk, number)
    for number in range(20, 60):
        await a_case(desk, number, topic=f"别的{number}", unit="TM2")
    await a_case(desk, 61, opened_at=START - timedelta(days=31))
    (found,) = await run(desk)
    assert (found["kind"], found["rule"], found["unit"]) == ("typical", "typical_topic", "TM1")
    assert found["due_at"] == START + timedelta(hours=72) and "20 of 20" in found["words"]
    assert await run(desk) == [found]


async def test_matters_that_come_again_are_repeated(desk: Desk) -> None:
    for number in range(3):
        await a_case(desk, number)
        await a_case(desk, number, matter="again", opened_at=START - timedelta(days=9))
    await a_case(desk, 9, topic="户号查询", klass="enquiry")
    await a_case(desk, 9, topic="户号查询", klass="enquiry", matter="again")
    (found,) = await run(desk)
    assert (found["kind"], found["unit"]) == ("repeated", "TM1") and "3 matters" in found["words"]


async def test_one_topic_in_many_units_or_one_area_is_common(desk: Desk) -> None:
    for number in range(15):
        await a_case(desk, number, unit=f"TM{number % 3}", klass="opinion")
    await desk.town.do("INSERT INTO transformer_area (code, name) VALUES ('TA1', '城东台区')")
    for number in range(5):
        account = await desk.town.account(f"42000000{number:02d}")
        await desk.town.do("UPDATE account SET transformer_area_id = (SELECT id FROM transformer_area)")
        await a_case(desk, 100 + number, topic="低电压", account_id=account, klass="fault_report")
    rows = {row["rule"]: row for row in await run(desk)}
    assert set(rows) == {"common_topic", "common_area"}
    assert (rows["common_topic"]["unit"], rows["common_area"]["unit"]) == ("supervision", "dispatch")
    assert "城东台区" in rows["common_area"]["words"]


async def test_a_case_likely_to_go_further_up_warns_its_owner(desk: Desk) -> None:
    for number, more in enumerate(
        (
            {"contacts": 3},
            {"contradictions": 1},
            {"severity": "high", "severity_why": "may go further up"},
            {},
            {"contacts": 9, "state": "closed"},
        )
    ):
        await a_case(desk, number, **more)
    rows = [row for row in await run(desk) if row["kind"] == "escalating"]
    assert len(rows) == 3 and {row["unit"] for row in rows} == {"TM1"}
    assert {row["due_at"] for row in rows} == {START + timedelta(hours=8)}


async def test_the_rules_run_once_a_day_and_what_nobody_acknowledges_goes_to_supervision(desk: Desk) -> None:
    desk.town.clock.at = START.replace(hour=22)  # six in the morning at home
    await a_case(desk, 1, contradictions=1)
    assert await run(desk) == []
    desk.town.clock.on(hours=2)
    (found,) = await run(desk)
    await a_case(desk, 2, contradictions=1)
    assert len(await run(desk)) == 1
    warnings = Warnings(desk.town.clock)
    desk.town.clock.on(hours=8)
    await run(desk)
    assert await desk.tasks() == [("warning_unacknowledged", "supervision", None)]
    with pytest.raises(Conflict):
        await desk.do(warnings.close, found["id"], outcome="…")
    await desk.do(warnings.acknowledge, found["id"], note="已安排")
    assert await desk.tasks() == []
    with pytest.raises(Conflict):
        await desk.do(warnings.acknowledge, found["id"], note=None)
    await desk.do(warnings.close, found["id"], outcome="已整改")
    desk.town.clock.on(days=1)
    assert len(await run(desk)) == 2


async def test_by_hand_and_listed(desk: Desk) -> None:
    warnings = Warnings(desk.town.clock)
    more = {"kind": "typical", "subject": "topic:错发短信", "words": "错发短信增多", "unit": "TM1"}
    made = await desk.do(warnings.raise_by_hand, due_at=START + timedelta(days=1), **more)
    with pytest.raises(Conflict):
        await desk.do(warnings.raise_by_hand, due_at=START + timedelta(days=1), **more)
    with pytest.raises(InvalidInput):
        await desk.do(warnings.raise_by_hand, due_at=START, **{**more, "subject": "x"})
    async with desk.town.database.session() as session:
        wanted = reading.WarningFilter(states=["open"], kinds=["typical"], units=["TM1"], subject="topic:错发短信")
        (one,) = await reading.warnings(session, wanted, before=None, limit=10)
    assert (one.id, one.rule, one.raised_by) == (made, "by_hand", "staff:E1")


async def test_rules_are_changed_by_version(desk: Desk) -> None:
    warnings = Warnings(desk.town.clock)
    change = {"escalating_case": {"enabled": False}, "typical_topic": {"at_least": 2, "unit": "TM9"}}
    made = await desk.do(warnings.put_rules, change, why="太多了", base=1)
    assert made.version == 2 and made.rules["typical_topic"]["share"] == 0.3
    with pytest.raises(Conflict):
        await desk.do(warnings.put_rules, change, why="…", base=1)
    await a_case(desk, 1, contradictions=1)
    await a_case(desk, 2)
    (found,) = await run(desk)
    assert (found["rule"], found["unit"], found["rule_version"]) == ("typical_topic", "TM9", 2)
    async with desk.town.database.session() as session:
        newest, own = await warnings.rule_versions(session, before=None, limit=10)
    assert (newest.version, newest.in_force, own.version, own.in_force) == (2, True, 1, False)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"nonsense": {}}, "rules.nonsense"),
        ({"typical_topic": {"nonsense": 1}}, "rules.typical_topic.nonsense"),
        ({"typical_topic": {"days": 0}}, "rules.typical_topic.days"),
        ({"typical_topic": {"share": 2}}, "rules.typical_topic.share"),
        ({"typical_topic": None}, "rules.typical_topic"),
    ],
)
def test_wrong_rules_are_refused_by_their_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        table_of(merged(document_of(RuleTable()), change), 2)
    assert refused.value.errors[0].field == field


@given(st.dictionaries(st.sampled_from(CODES), st.fixed_dictionaries({"at_least": st.integers(1, 1000)})))
def test_what_is_not_changed_stays(change: dict[str, Any]) -> None:
    before = document_of(RuleTable())
    after = document_of(table_of(merged(before, change), 2))
    assert {code for code in after if after[code] != before[code]} <= set(change)


async def staffed(desk: Desk) -> None:
    await desk.town.do("INSERT INTO team (code, name) VALUES ('T1', '运维班'), ('T2', '督查组')")
    for staff_no, team in (("E1", "T2"), ("E2", "T1"), ("E3", "T2"), ("E4", "T1")):
        await desk.town.do(
            "INSERT INTO staff_member (staff_no, name, team_id) SELECT $1, $1, id FROM team WHERE code = $2",
            staff_no,
            team,
        )


DUE = START + timedelta(days=2)


@pytest.mark.parametrize(
    ("people", "error"),
    [
        (("E1", "E1", "E3"), Forbidden),
        (("E1", "E2", "E2"), Forbidden),
        (("E1", "E2", "E1"), Forbidden),
        (("E1", "E2", "E4"), Forbidden),
        (("E1", "E2", "E9"), InvalidInput),
        (("E1", "E2", "E3"), None),
    ],
)
async def test_issuer_doer_and_checker_are_three_people(desk: Desk, people: Any, error: Any) -> None:
    await staffed(desk)
    issuer, doer, checker = people
    card = NewCard(words="三天内整改", issuer=issuer, doer=doer, checker=checker, due_at=DUE)
    if error is None:
        await desk.do(Cards(desk.town.clock).issue, card)
        with pytest.raises(asyncpg.CheckViolationError):
            await desk.town.do("UPDATE supervision_card SET checker = doer")
        return
    with pytest.raises(error):
        await desk.do(Cards(desk.town.clock).issue, card)


async def test_a_card_from_issue_to_passing(desk: Desk) -> None:
    await staffed(desk)
    await desk.town.household(A, X)
    cards = Cards(desk.town.clock)
    asked = NewCard(words="三天内整改", issuer="E1", doer="E2", checker="E3", due_at=DUE, subject="case:x")
    card = await desk.do(cards.issue, asked)
    with pytest.raises(Conflict):
        await desk.do(cards.check, card, by="E3", passed=True, result="好", due_at=None)
    with pytest.raises(Forbidden):
        await desk.do(cards.report, card, by="E4", report="做了")
    desk.town.clock.on(days=3)
    await run(desk)
    assert await desk.tasks() == [("card_overdue", "supervision", None)]
    await desk.do(cards.report, card, by="E2", report="做了")
    assert await desk.tasks() == []
    with pytest.raises(Forbidden):
        await desk.do(cards.check, card, by="E2", passed=True, result="好", due_at=None)
    with pytest.raises(InvalidInput):
        await desk.do(cards.check, card, by="E3", passed=False, result="没好", due_at=None)
    await desk.do(cards.check, card, by="E3", passed=False, result="没好", due_at=DUE + timedelta(days=5))
    await desk.do(cards.report, card, by="E2", report="又做了")
    await desk.do(cards.check, card, by="E3", passed=True, result="好了", due_at=None)
    async with desk.town.database.session() as session:
        (one,) = await reading.cards(session, reading.CardFilter(doer="E2", checker="E3"), before=None, limit=5)
    assert (one.state, one.sent_back, one.unit, one.result) == ("passed", 1, "T1", "好了")
    with pytest.raises(Conflict):
        await desk.do(cards.withdraw, card, by="E1", reason="…")


def acting(session: Any, staff_no: str, *roles: str, part: frozenset[int] | None = None) -> None:
    act_for(session, Acting(actor=f"staff:{staff_no}", scopes=scopes_of(roles), organisations=part))


async def test_each_of_the_three_acts_in_person(desk: Desk) -> None:
    await staffed(desk)
    cards = Cards(desk.town.clock)
    asked = NewCard(words="三天内整改", issuer="E1", doer="E2", checker="E3", due_at=DUE)

    async def by(staff_no: str, deed: Any, *given: Any, **more: Any) -> Any:
        async with desk.town.database.session() as session:
            acting(session, staff_no, "supervisor")
            done = await deed(session, *given, **more, actor=f"staff:{staff_no}")
            await session.commit()
            return done

    with pytest.raises(Forbidden):
        await by("E4", cards.issue, asked)
    card = await by("E1", cards.issue, asked)
    with pytest.raises(Forbidden):
        await by("E1", cards.report, card, by="E2", report="做了")
    await by("E2", cards.report, card, by="E2", report="做了")
    with pytest.raises(Forbidden):
        await by("E1", cards.check, card, by="E3", passed=True, result="好", due_at=None)
    await by("E3", cards.check, card, by="E3", passed=True, result="好", due_at=None)


async def test_people_of_one_part_have_the_warnings_and_cards_of_their_own_units(desk: Desk) -> None:
    await staffed(desk)
    await desk.town.do("INSERT INTO organisation (name) VALUES ('东湖区'), ('青石县')")
    east = (await desk.town.rows("SELECT id FROM organisation WHERE name = '东湖区'"))[0]["id"]
    await desk.town.do("UPDATE team SET district = CASE code WHEN 'T1' THEN '东湖区' ELSE '青石县' END")
    warned, cards = Warnings(desk.town.clock), Cards(desk.town.clock)
    made = {
        unit: await desk.do(
            warned.raise_by_hand, kind="typical", subject=f"抄表 {unit}", words="多", unit=unit, due_at=DUE
        )
        for unit in ("T1", "T2")
    }
    own = await desk.do(cards.issue, NewCard(words="整改", issuer="E1", doer="E2", checker="E3", due_at=DUE))
    other = await desk.do(cards.issue, NewCard(words="整改", issuer="E2", doer="E3", checker="E4", due_at=DUE))
    async with desk.town.database.session() as session:
        acting(session, "E2", "supervisor", part=frozenset([east]))
        listed = await reading.warnings(session, reading.WarningFilter(), before=None, limit=9)
        assert [one.id for one in listed] == [made["T1"]]
        with pytest.raises(NotFound):
            await reading.warning(session, made["T2"])
        with pytest.raises(NotFound):
            await warned.acknowledge(session, made["T2"], note=None, actor="staff:E2")
        await warned.acknowledge(session, made["T1"], note="知道了", actor="staff:E2")
        await warned.close(session, made["T1"], outcome="已培训", actor="staff:E2")
        # A card of another part is one's own where one is named on it.
        shown = await reading.cards(session, reading.CardFilter(), before=None, limit=9)
        assert {one.id for one in shown} == {own, other}
        with pytest.raises(Forbidden):
            await cards.issue(
                session, NewCard(words="整改", issuer="E2", doer="E3", checker="E4", due_at=DUE), actor="staff:E2"
            )
        with pytest.raises(InvalidInput):
            await warned.raise_by_hand(
                session, kind="typical", subject="x", words="…", unit="T2", due_at=DUE, actor="staff:E2"
            )
    async with desk.town.database.session() as session:
        acting(session, "E4", "supervisor", part=frozenset([east]))
        assert (await reading.card(session, own)).id == own
        with pytest.raises(NotFound):
            await reading.warning(session, made["T2"])


async def test_a_warning_is_acknowledged_by_the_unit_it_is_for(desk: Desk) -> None:
    await staffed(desk)
    warned = Warnings(desk.town.clock)
    made = await desk.do(warned.raise_by_hand, kind="typical", subject="抄表", words="多", unit="T1", due_at=DUE)
    async with desk.town.database.session() as session:
        acting(session, "E1", "handler")
        with pytest.raises(Forbidden):
            await warned.acknowledge(session, made, note=None, actor="staff:E1")
    async with desk.town.database.session() as session:
        acting(session, "E4", "handler")
        await warned.acknowledge(session, made, note=None, actor="staff:E4")


async def test_nobody_reads_of_their_own_rating_in_a_warning_or_card(desk: Desk) -> None:
    await staffed(desk)
    case = await a_case(desk, 1, topic="low_score", matter="work_order:W1", contacts=3)
    await desk.town.do(
        "INSERT INTO invitation (event_kind, event_ref, team_code, person_no) VALUES ('work_order', 'W1', 'T1', 'E2')"
    )
    (found,) = await run(desk)
    assert found["subject"] == f"case:{case}"
    for staff_no, sees in (("E2", 0), ("E4", 1)):
        async with desk.town.database.session() as session:
            acting(session, staff_no, "supervisor")
            assert len(await reading.warnings(session, reading.WarningFilter(), before=None, limit=9)) == sees
