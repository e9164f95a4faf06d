"""Weeks from outside: VIP customers, three managers of whom one is on leave, closed cases by the week.

The clock asks about every closed order, reminds once, and the independent follow-up goes to somebody else; at the
end the summary adds up to the last message. `--quarter` walks a whole quarter: 50 VIP customers, 2,000 cases.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from tests.walks import files
from tests.walks.carrier import OutsideCarrier
from tests.walks.conftest import Start
from tests.walks.gateway import Gateway
from tests.walks.test_score import HEADINGS

pytestmark = pytest.mark.process

BEGIN = date(2025, 4, 7)
MANAGERS = ("E000023", "E000024", "E000025")
#: The one on leave in the second of three parts, and who stands in.
ON_LEAVE, DEPUTY = MANAGERS[1], MANAGERS[2]
HANDLERS = (("TM0003", "E000013"), ("TM0003", "E000014"), ("TM0002", "E000005"))


@dataclass
class Quarter:
    """What was done in the quarter, as those outside know it."""

    gateway: Gateway
    carrier: OutsideCarrier
    vips: int
    orders: int
    weeks: int
    heard: int = 0
    answered: Counter[str] = field(default_factory=Counter)
    done: int = 0
    called: list[Any] = field(default_factory=list)

    def account(self, place: int) -> str:
        return files.account_no(700000 + place)

    def mobile(self, place: int) -> str:
        return f"137{place:08d}"

    async def settle(self) -> None:
        await self.gateway.idle()
        await self.carrier.settled()
        await self.gateway.idle()

    async def found(self) -> None:
        """Customers and their managers."""
        rows = []
        for place in range(self.vips + self.orders):
            row = files.household(self.account(place), f"客{place}", self.mobile(place))
            if place < self.vips:
                row[files.ARCHIVE.index("VIP")] = "是"
                row[files.ARCHIVE.index("客户经理")] = MANAGERS[place % 3]
            rows.append(row)
        await self.gateway.import_file("staff", files.sample("staff"))
        await self.gateway.imported("archive", files.archive_csv(rows))

    async def plan(self) -> None:
        """Every VIP is visited once in the quarter; one manager is away for a part of it."""
        for place in range(self.vips):
            day = BEGIN + timedelta(days=place * 7 * self.weeks // self.vips)
            await self.gateway.post(
                "/followups",
                {"account_no": self.account(place), "planned_for": day.isoformat(), "topic": "季度走访"},
                status=201,
            )
        part = timedelta(weeks=self.weeks // 3)
        leave = {"manager": ON_LEAVE, "deputy": DEPUTY, "first_day": (BEGIN + part).isoformat()}
        leave["last_day"] = (BEGIN + 2 * part - timedelta(days=1)).isoformat()
        await self.gateway.post("/followups/deputies", leave, status=201)

    async def week(self, number: int) -> None:
        """Seven days: what was planned is done, the week's orders come in, customers answer, callers call."""
        today = BEGIN + timedelta(weeks=number + 1)
        # In the morning, whatever the week before took: what is asked in the evening leaves the next day.
        await self.gateway.set_clock(f"{today}T08:30:00")
        for plan in await self.gateway.every("/followups", state="planned,missed", until=today.isoformat()):
            done = {"state": "done", "outcome": "已走访"}
            await self.gateway._wanted("PATCH", f"/followups/{plan['id']}", 200, json=done)
            self.done += 1
        first, last = self.orders * number // self.weeks, self.orders * (number + 1) // self.weeks
        orders = [self._order(place, today) for place in range(first, last)]
        await self.gateway.imported("work_orders", files.sheet([HEADINGS, *orders]).encode())
        await self.gateway.advance("PT2H")
        await self.settle()
        await self.replies()
        await self.calls()

    def _order(self, place: int, today: date) -> tuple[str, ...]:
        team, handler = HANDLERS[place % 3]
        customer = self.vips + place
        closed = today - timedelta(days=1 + place % 5)
        return (
            f"2504{place:08d}", ("fault_repair", "complaint", "consultation")[place % 3], "", "phone",
            self.mobile(customer), "", self.account(customer), "", f"{closed} 09:00:00", f"{closed} 19:00:00", "", "",
            f"{closed} 11:00:00", team, handler, "N",
        )  # fmt: skip

    async def replies(self) -> None:
        """Two of three answer whatever asks for a rating, each in one word."""
        texts = self.carrier.texts[self.heard :]
        self.heard = len(self.carrier.texts)
        asked = [text.to for text in texts if "评价" in text.body and "5非常满意" in text.body]
        saying = {to: int(to.removeprefix("+86137")) for to in asked}
        said = {to: str(5 - place % 5 // 2) for to, place in saying.items() if place % 3}
        assert set(await asyncio.gather(*(self.carrier.reply(to, words) for to, words in said.items()))) <= {200}
        self.answered.update(said.keys())
        await self.settle()

    async def calls(self) -> None:
        """Whoever did not answer about a visit is called, by who was drawn."""
        for one in await self.gateway.every("/followups/independent", state="to_call"):
            outcome = {"by": one["caller"], "reached": True, "score": 4}
            await self.gateway.post(f"/followups/independent/{one['id']}/outcome", outcome)
            self.called.append(one)

    def sent(self, words: str) -> int:
        return sum(words in text.body for text in self.carrier.texts)


@pytest.fixture(scope="module")
async def quarter(start: Start, carrier: OutsideCarrier, request: pytest.FixtureRequest) -> Quarter:
    """A quarter that was lived through."""
    whole = request.config.getoption("--quarter", default=False)
    gateway = await start(SURVEYS="auto")
    await gateway.set_clock(f"{BEGIN}T08:30:00")
    size = {"vips": 50, "orders": 2000, "weeks": 13} if whole else {"vips": 9, "orders": 30, "weeks": 3}
    quarter = Quarter(gateway, carrier, **size)
    await quarter.found()
    await gateway.advance("PT1M")
    await quarter.plan()
    for number in range(quarter.weeks):
        await quarter.week(number)
    for _ in range(2):
        await gateway.advance("P4D")
        await quarter.replies()
        await quarter.calls()
    return quarter


async def test_the_summary_adds_up_to_the_last_message(quarter: Quarter) -> None:
    whole: Counter[str] = Counter()
    for by in ("month", "team", "person", "type", "organisation"):
        found = (await quarter.gateway.get("/evaluations/summary", by=by))["items"]
        funnel = Counter[str]()
        for one in found:
            parts = one["funnel"]
            assert parts["sent"] + parts["waiting"] + sum(parts["skipped"].values()) == parts["eligible"]
            funnel.update({name: value for name, value in parts.items() if isinstance(value, int)})
            funnel["n"] += one["n"]
        assert not whole or funnel == whole, by
        whole = funnel
    assert quarter.done == quarter.vips
    assert whole["eligible"] == quarter.orders + quarter.done and whole["waiting"] == 0
    # Every one was asked: with one text each, or by telephone where no text reached.
    texted = {text.to for text in quarter.carrier.texts if "请评价" in text.body}
    numbers = {quarter.account(place): f"+86{quarter.mobile(place)}" for place in range(quarter.vips)}
    untexted = [one for one in quarter.called if numbers[one["account_no"]] not in texted]
    kept_back = [
        (one["state"], one["withheld_reason"], one["created_at"], one["not_before"])
        for one in await quarter.gateway.messages(kind="survey")
        if one["state"] != "delivered"
    ]
    assert len(kept_back) == len(untexted), kept_back
    assert whole["sent"] == quarter.sent("请评价") + len(untexted) == quarter.orders + quarter.done, kept_back
    assert whole["answered"] == whole["usable"] == whole["n"] == len(quarter.answered) + len(quarter.called)


async def test_every_event_stands_in_the_ledger_with_one_end(quarter: Quarter) -> None:
    events = await quarter.gateway.every("/evaluations/events", limit="500")
    assert len(events) == quarter.orders + quarter.done
    assert {event["state"] for event in events} == {"sent"} and all(event["drawn"] for event in events)


async def test_whoever_does_not_answer_is_reminded_once(quarter: Quarter) -> None:
    reminders = [text.to for text in quarter.carrier.texts if "仅提醒这一次" in text.body]
    assert len(reminders) == len(set(reminders)) > 0
    # Those who answered in the first days are left in peace.
    assert all(int(to.removeprefix("+86137")) % 3 == 0 for to in reminders)


async def test_the_visit_is_asked_about_by_somebody_else_and_credited_to_who_went(quarter: Quarter) -> None:
    plans = {plan["id"]: plan for plan in await quarter.gateway.every("/followups", limit="500")}
    assert {plan["state"] for plan in plans.values()} == {"done"}
    stood_in = [plan for plan in plans.values() if plan["deputy"] is not None]
    assert stood_in and {(plan["manager"], plan["deputy"]) for plan in stood_in} == {(ON_LEAVE, DEPUTY)}
    rated = {
        one["event"]["ref"]: one["person"]
        for one in await quarter.gateway.every("/evaluations", limit="500")
        if one["event"]["kind"] == "followup"
    }
    assert rated == {plan["id"]: plan["deputy"] or plan["manager"] for plan in plans.values()}
    assert quarter.called and all(one["caller"] not in MANAGERS for one in quarter.called)
