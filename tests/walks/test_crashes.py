"""A gateway that is killed without a word, while it composes and while it sends: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.walks.carrier import OutsideCarrier
from tests.walks.conftest import Start
from tests.walks.gateway import Gateway
from tests.walks.population import Population, people

pytestmark = pytest.mark.process

SIZE = 6_000


@pytest.fixture(scope="module")
def population() -> Population:
    """Six thousand accounts."""
    return people(SIZE, seed=8)


@pytest.fixture(scope="module")
async def gateway(start: Start, population: Population) -> Gateway:
    """A gateway that has the population and its bills, and that soon doubts what it gets no answer to."""
    gateway = await start(TWILIO__TIMEOUT="3", TWILIO__SETTLE_AFTER="1")
    await gateway.set_clock("2025-04-01T10:00:00")
    await gateway.imported("accounts", population.accounts)
    await gateway.imported("contacts", population.contacts)
    await gateway.imported("bills", population.bills)
    return gateway


async def _in_the_middle_of_composing(gateway: Gateway, notice_id: str) -> None:
    while not (notice := await gateway.get(f"/notices/{notice_id}"))["composed"]:
        assert notice["state"] in ("approved", "composing"), notice["state"]
        await asyncio.sleep(0.005)
    assert notice["composed"] < SIZE


async def test_killed_while_composing_and_while_sending(
    gateway: Gateway, carrier: OutsideCarrier, population: Population
) -> None:
    # What is taken from then on is never answered: it is on its way when the process dies.
    carrier.falls_silent_after = 600
    notice_id = await gateway.approved({"kind": "bill", "billing_month": "202504"}, wait=False)
    await _in_the_middle_of_composing(gateway, notice_id)
    await gateway.kill()
    await gateway.start()

    while len(carrier.texts) < 650:
        await asyncio.sleep(0.02)
    await gateway.kill()
    carrier.falls_silent_after = None
    await gateway.start()
    await gateway.idle(120)
    await carrier.settled()

    messages = await gateway.messages(notice=notice_id)
    by_account = {message["account_no"]: message for message in messages}
    assert len(by_account) == len(messages) == SIZE
    withheld = {account: why for account, why in population.withheld.items() if why != "visit_instead"}
    assert {a: m["withheld_reason"] for a, m in by_account.items() if m["state"] == "withheld"} == withheld
    sent = [message for message in messages if message["state"] != "withheld"]
    assert {message["state"] for message in sent} <= {"sent", "delivered"}
    assert Counter(text.to for text in carrier.texts) == Counter(message["to"] for message in sent)
    assert Counter((text.to, text.body) for text in carrier.texts) == Counter((m["to"], m["body"]) for m in sent)
    assert carrier.asked_about > 0
    notice = await gateway.get(f"/notices/{notice_id}")
    assert notice["state"] == "done" and notice["counts"] == Counter(message["state"] for message in messages)


async def test_what_is_in_doubt_counts_as_progress_until_the_carrier_was_asked(
    gateway: Gateway, carrier: OutsideCarrier
) -> None:
    lost, taken = "+8613712345601", "+8613712345602"
    carrier.loses[lost] = 1
    carrier.takes_silently[taken] = 1
    for number in (lost, taken):
        single = {"to": number, "template": "announcement", "values": {"text": "营业厅迁址公告。"}}
        await gateway.post("/messages", single, status=202)
    await gateway.idle(60)
    for number in (lost, taken):
        (message,) = await gateway.messages(to=number)
        assert message["state"] in ("sent", "delivered"), message["state"]
        assert len(carrier.to(number)) == 1
