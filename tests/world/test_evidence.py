"""Evidence that comes with files: transfers, orders about misdirected texts, lists of numbers; look-ups; asking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.archive.trust import asking, marks
from gateway.archive.trust.looking_up import Answered, LookingUp, Question
from gateway.archive.trust.sweeping import TrustSweeper
from gateway.channels.twilio_lookup import TwilioLookup
from gateway.kernel.database import Database
from gateway.outbox import stop_links
from gateway.sandbox.carrier import Behaviour, Carrier
from tests.importing import ZONE, Office
from tests.walks import files

A, B = "4100000039", "4100000047"
X, Y = "13900000001", "13900000002"
ACCOUNTS = ("account_no", "customer_no", "holder_name", "address", "updated_date")
CONTACTS = ("account_no", "role", "contact_name", "mobile", "source", "registered_date", "updated_date", "is_default")
ORDERS = ("wo_id", "biz_type", "subtype", "caller_number", "account_no", "content", "opened_at", "closed_at")


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> Office:
    office = Office(database, tmp_path)
    office.clock.offset = datetime(2025, 4, 1, 2, tzinfo=UTC) - datetime.now(UTC)
    await office.load(
        "accounts", _sheet(ACCOUNTS, (A, "C1", "温兰香", "锦绣街1号", ""), (B, "C2", "王强", "锦绣街9号", ""))
    )
    await office.load(
        "contacts",
        _sheet(
            CONTACTS,
            (A, "holder", "温兰香", X, "counter", "2012-01-05", "2012-01-05", "Y"),
            (B, "holder", "王强", Y, "counter", "2023-01-05", "2023-01-05", "Y"),
        ),
    )
    return office


def _sheet(*rows: tuple[str, ...]) -> str:
    return files.sheet(rows)


async def trust(office: Office) -> dict[str, float]:
    await TrustSweeper(office.database, office.clock, stop_links, zone=ZONE).sweep()
    rows = await office.rows(
        """SELECT a.account_no, t.probability FROM link_trust t JOIN contact_link l ON l.id = t.link_id
           JOIN account a ON a.id = l.account_id"""
    )
    return {row["account_no"]: row["probability"] for row in rows}


async def states(office: Office) -> dict[str, str]:
    return {account: state for account, _, _, state, _ in await office.links()}


async def test_a_new_holder_is_a_transfer_and_another_spelling_is_none(office: Office) -> None:
    before = await trust(office)
    await office.load("accounts", _sheet(ACCOUNTS, (A, "C1", "溫 蘭香", "锦绣街1号", "2025-03-20")))
    assert await office.rows("SELECT * FROM account_transfer") == []
    await office.load("accounts", _sheet(ACCOUNTS, (A, "C9", "赵根祥", "锦绣街1号", "2025-03-25")))
    (transfer,) = await office.rows("SELECT from_name, to_name, at FROM account_transfer")
    assert (transfer["from_name"], transfer["to_name"]) == ("溫蘭香", "赵根祥")
    assert transfer["at"].astimezone(ZONE).date().isoformat() == "2025-03-25"
    after = await trust(office)
    assert after[A] < 0.15 < 0.8 < before[A]
    (case,) = await office.rows("SELECT reason, state, hints::text AS hints FROM correction")
    assert case["reason"] == "transfer" and "another holder" in case["hints"]
    assert await states(office) == {A: "unverified", B: "unverified"}


async def test_an_order_about_a_misdirected_text_stops_the_link_once(office: Office) -> None:
    order = ("WO1", "opinion", "短信错发", X, A, f"客户反映收到其他客户户号{A}的停电通知", "2025-03-31 10:00", "")
    await office.load("work_orders", _sheet(ORDERS, order))
    assert await states(office) == {A: "suspended", B: "unverified"}
    (case,) = await office.rows("SELECT id, reason FROM correction")
    assert case["reason"] == "ticket"
    await office.execute("UPDATE contact_link SET state = 'unverified' WHERE state = 'suspended'")
    await office.load("work_orders", _sheet(ORDERS, (*order[:5], "客户再次来电", *order[6:])))
    assert await states(office) == {A: "unverified", B: "unverified"}
    assert len(await office.rows("SELECT FROM signal WHERE kind = 'ticket'")) == 1


@pytest.mark.parametrize(
    ("caller", "account", "opened", "closed", "cases"),
    [
        (X, A, "2024-10-01 10:00", "", 0),
        (X, A, "2025-03-31 10:00", "2025-03-31 16:00", 0),
        (X, "", "2025-03-31 10:00", "", 1),
        ("13700000009", A, "2025-03-31 10:00", "", 1),
        ("13700000009", "", "2025-03-31 10:00", "", 0),
    ],
)
async def test_an_order_that_names_no_link_of_today_stops_nothing(
    office: Office, caller: str, account: str, opened: str, closed: str, cases: int
) -> None:
    await office.load(
        "work_orders", _sheet(ORDERS, ("WO2", "opinion", "短信错发", caller, account, "", opened, closed))
    )
    assert await states(office) == {A: "unverified", B: "unverified"}
    assert len(await office.rows("SELECT FROM correction")) == cases


async def test_a_list_of_recycled_numbers_is_heard(office: Office) -> None:
    listed = _sheet(("手机号", "状态", "放号日期"), (X, "二次放号", "2021-05-01"), (Y, "二次放号", "2020-05-01"))
    loaded = await office.load("number_checks", listed)
    assert (loaded["created"], loaded["unchanged"], loaded["rejected"]) == (2, 0, 0)
    found = await trust(office)
    assert found[A] < 0.15, "written down before the number was given to somebody else"
    assert found[B] > 0.8, "written down after that"
    again = await office.load("number_checks", listed)
    assert (again["created"], again["unchanged"]) == (0, 2)
    bad = await office.load(
        "number_checks", _sheet(("手机号", "状态"), ("13700000009", "空号"), (X, "也许"), ("", "空号"))
    )
    assert [reject[2] for reject in await office.rejects(bad)] == ["unknown_number", "unknown_word", "empty"]


class Source:
    """Somebody who knows numbers; the second question finds nobody there."""

    name = "tests"

    def __init__(self, answers: int) -> None:
        self.left = answers
        self.asked: list[Question] = []

    async def look_up(self, question: Question) -> Answered | None:
        self.asked.append(question)
        self.left -= 1
        return Answered(verdict="name_mismatch", detail={"score": 5}) if self.left >= 0 else None


async def test_look_ups_keep_to_their_budget_and_are_not_repeated(office: Office) -> None:
    await trust(office)
    source = Source(5)
    look = LookingUp(office.database, office.clock, source, budget=1)
    assert [await look.round() for _ in range(3)] == [1, 1, 0]
    assert {question.number for question in source.asked} == {f"+86{X}", f"+86{Y}"}
    assert {question.name for question in source.asked} == {"温兰香", "王强"}
    assert (await trust(office))[A] < 0.7
    assert {row["kind"] for row in await office.rows("SELECT kind FROM signal")} >= {"lookup_mismatch"}


async def test_a_source_that_does_not_answer_costs_nothing(office: Office) -> None:
    await trust(office)
    assert await LookingUp(office.database, office.clock, Source(0), budget=10).round() == 0
    assert await office.rows("SELECT FROM number_lookup") == []


async def test_the_embedded_carrier_plays_lookup() -> None:
    carrier = Carrier(
        account_sid="AC1", auth_token="secret", callbacks_base="http://127.0.0.1:1", sender="+8610690000",
        behaviour=Behaviour(),
    )  # fmt: skip
    address = await carrier.start("127.0.0.1", 0)
    question = {"name": "王强", "known_on": None}
    try:
        async with aiohttp.ClientSession() as session:
            known = TwilioLookup(session, account_sid="AC1", auth_token="secret", base_url=address)
            answers: list[Any] = [
                await known.look_up(Question(number=number, **question))  # type: ignore[arg-type]
                for number in ("+8613900000011", "+8613900000044", "+8613900000006")
            ]
            stranger = TwilioLookup(session, account_sid="AC1", auth_token="wrong", base_url=address)
            assert await stranger.look_up(Question(number="+8613900000011", **question)) is None  # type: ignore[arg-type]
    finally:
        await carrier.close()
    assert [answer.verdict for answer in answers] == ["name_match", "name_mismatch", "no_text"]


async def test_a_number_that_never_answers_is_asked_three_times_in_half_a_year(office: Office) -> None:
    now = office.clock.now()
    async with office.database.work() as work:
        (point,) = await work.fetch("SELECT id FROM contact_point WHERE address = $1", f"+86{X}")
        for days in (200, 100, 50, 10):
            assert await asking.may_ask(work.connection, [point["id"]], now - timedelta(days=days))
            await asking.note(work.connection, [(point["id"], None)], now - timedelta(days=days))
        assert not await asking.may_ask(work.connection, [point["id"]], now)
        await work.execute(
            "UPDATE contact_link SET verified_at = $1, verified_how = 'reply' WHERE contact_point_id = $2",
            now - timedelta(days=9),
            point["id"],
        )
        assert await asking.may_ask(work.connection, [point["id"]], now)
        # Whoever answered may have given the number up: from the answer on it is counted anew, and no further.
        for days in (8, 5, 2):
            assert await asking.may_ask(work.connection, [point["id"]], now)
            await asking.note(work.connection, [(point["id"], None)], now - timedelta(days=days))
        assert not await asking.may_ask(work.connection, [point["id"]], now)


async def test_a_check_that_nobody_answers_is_kept_as_weak_evidence_once(office: Office) -> None:
    now = office.clock.now()
    async with office.database.work() as work:
        rows = await work.fetch("SELECT l.id, l.contact_point_id AS point FROM contact_link l ORDER BY l.id")
        (first, second) = rows
        for days in (90, 20, 3):
            await asking.note(work.connection, [(first["point"], first["id"])], now - timedelta(days=days))
        await asking.note(work.connection, [(second["point"], second["id"])], now - timedelta(days=20))
        await work.execute(
            "UPDATE contact_link SET state = 'verified', verified_at = $1 WHERE id = $2",
            now - timedelta(days=19),
            second["id"],
        )
        await work.commit()
    before = await trust(office)
    kept = "SELECT account_id FROM signal WHERE kind = 'silence'"
    assert len(await office.rows(kept)) == 2, "one is too young, and one was answered"
    after = await trust(office)
    assert len(await office.rows(kept)) == 2 and after[A] == before[A]
    (seen,) = await office.rows("SELECT marks FROM link_trust WHERE link_id = $1", first["id"])
    assert "silent" in {mark.name for mark in marks.of(seen["marks"])}
