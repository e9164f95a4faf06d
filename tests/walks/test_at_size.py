"""From outside, at size: every account not withheld is spoken for by exactly one text."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.walks.carrier import OutsideCarrier
from tests.walks.conftest import Start
from tests.walks.gateway import Gateway
from tests.walks.population import Population, people

pytestmark = pytest.mark.process

SIZE = 20_000


@pytest.fixture(scope="module")
def population() -> Population:
    """Twenty thousand accounts."""
    return people(SIZE, seed=7)


@pytest.fixture(scope="module")
async def gateway(start: Start, population: Population) -> Gateway:
    """A gateway that has the whole population, on a working morning."""
    gateway = await start()
    await gateway.set_clock("2025-04-01T10:00:00")
    await gateway.imported("accounts", population.accounts)
    await gateway.imported("contacts", population.contacts)
    await gateway.imported("arrears", population.arrears)
    return gateway


def spoken_for(messages: list[Any]) -> Counter[str]:
    """Account → messages that speak for it."""
    return Counter(account for message in messages for account in message["accounts"])


async def test_every_account_is_spoken_for_by_exactly_one_text(
    gateway: Gateway, carrier: OutsideCarrier, population: Population
) -> None:
    draft = await gateway.post("/notices", {"kind": "arrears", "billing_month": "202503", "tone": "warm"}, status=201)
    preview = await gateway.post(f"/notices/{draft['id']}/preview")
    await gateway.post(f"/notices/{draft['id']}/approve")
    await gateway.idle(120)
    await carrier.settled()
    await gateway.idle()

    notice = await gateway.get(f"/notices/{draft['id']}")
    messages = await gateway.messages(notice=draft["id"])
    assert spoken_for(messages) == dict.fromkeys(population.withheld.keys() | population.reached.keys(), 1)
    reasons = {message["account_no"]: message["withheld_reason"] for message in messages if message["withheld_reason"]}
    assert reasons == population.withheld
    told = {message["to"]: set(message["accounts"]) for message in messages if message["state"] != "withheld"}
    assert told == population.texts()
    assert carrier.by_number() == dict.fromkeys(population.texts(), 1)
    assert (notice["state"], notice["audience"], notice["composed"]) == ("done", SIZE, SIZE)
    assert notice["counts"] == Counter(message["state"] for message in messages)
    assert notice["counts"] == {"delivered": len(population.texts()), "withheld": len(population.withheld)}
    assert notice["withheld"] == Counter(population.withheld.values()) == preview["withheld"]
    assert preview["messages"] == notice["counts"]["delivered"] and preview["audience"] == SIZE
    bodies = {text.to: text.body for text in carrier.texts}
    assert all(message["body"] == bodies[message["to"]] for message in messages if message["state"] == "delivered")
