"""Walk: a storm. Forty feeders fail at once; some are back, and some slip, while their people are still being told.

A few hundred people in the ordinary suite; `make storm` tells 200,000.
"""

from __future__ import annotations

import asyncio
from bisect import bisect
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.walks.carrier import OutsideCarrier, Text
from tests.walks.conftest import Start
from tests.walks.gateway import Gateway
from tests.walks.street import Street

pytestmark = [pytest.mark.process, pytest.mark.timeout(10_000)]

FEEDERS = 40
#: Of the feeders, these are back while people are being told, and of these the estimate slips.
BACK, SLIPS = range(0, FEEDERS, 4), range(1, FEEDERS, 4)
#: Seconds by which a text may come later to the carrier than its turn was: the second of a stop, and a burst.
LATE = 1.5


@dataclass(frozen=True)
class Storm:
    """How many people are without supply, and how many texts a second the lane may take."""

    people: int
    rate: int


@pytest.fixture(scope="module")
def storm(request: pytest.FixtureRequest) -> Storm:
    """A small storm, unless another size is asked for."""
    people = request.config.getoption("--storm", default=0)
    return Storm(people, 1000) if people else Storm(320, 60)


@pytest.fixture(scope="module")
def street(storm: Storm) -> Street:
    """Homes on forty feeders, and a street that the storm passes by. One home in ten is an urgent one."""
    street = Street()
    for feeder in range(FEEDERS + 1):
        street.area(f"FS{feeder}", f"TS{feeder}")
        for home in range(storm.people // FEEDERS if feeder < FEEDERS else 5):
            special = ("二级", "") if feeder % 2 else ("", "ventilator")
            level, device = special if home % 10 == 5 else ("", "")
            street.home(f"FS{feeder}", f"TS{feeder}", level=level, device=device)
    return street


@pytest.fixture(scope="module")
async def gateway(start: Start, street: Street, storm: Storm) -> Gateway:
    """A gateway with a rate, on an afternoon in July."""
    gateway = await start(TWILIO__RATE=str(storm.rate))
    await gateway.set_clock("2025-07-01T14:00:00")
    await street.imported(gateway)
    return gateway


def is_on(text: Text) -> bool:
    """Whether it tells that supply is back."""
    return "复电通知" in text.body


async def patched(gateway: Gateway, feeder: int, change: dict[str, Any]) -> None:
    status, answer = await gateway.ask("PATCH", f"/outages/FO-{feeder}", json=change)
    assert status == 200, answer


async def test_a_storm_is_told_within_the_rate_urgent_first_and_never_off_after_on(
    gateway: Gateway, carrier: OutsideCarrier, street: Street, storm: Storm
) -> None:
    notices = []
    for feeder in range(FEEDERS):
        body = {
            "outage_id": f"FO-{feeder}",
            "kind": "fault",
            "scope": {"feeders": [f"FS{feeder}"]},
            "starts_at": "2025-07-01T13:55:00+08:00",
            "ends_at": "2025-07-01T18:00:00+08:00",
            "reason": "雷击",
            "notify": True,
        }
        outage = await gateway.post("/outages", body, status=201)
        notices.append(outage["notices"][0]["notice_id"])
    # Half of them are told: a quarter of the feeders is back, for another quarter it takes longer.
    while len(carrier.texts) < storm.people // 2:
        await asyncio.sleep(0.05)
    for feeder in BACK:
        await patched(gateway, feeder, {"state": "restored"})
    for feeder in SLIPS:
        await patched(gateway, feeder, {"ends_at": "2025-07-01T21:00:00+08:00"})
    await gateway.idle(3600)
    for feeder in range(FEEDERS):
        if feeder not in BACK:
            await patched(gateway, feeder, {"state": "restored"})
    await gateway.idle(3600)
    await carrier.settled()

    told: dict[str, list[Text]] = {}
    for text in carrier.texts:
        told.setdefault(text.to, []).append(text)
    caught_up, slipped = 0, Counter[int]()
    for feeder in range(FEEDERS):
        for account in street.on[f"FS{feeder}"]:
            texts = told.pop(street.number[account], [])
            kinds = [is_on(text) for text in texts]
            # Whoever was told off was told on, once and last; who was not told before it was back hears nothing.
            assert kinds.count(True) == (1 if texts else 0), texts
            assert kinds == sorted(kinds), texts
            if feeder in BACK:
                assert len(texts) in (0, 2)
                caught_up += not texts
            elif feeder in SLIPS:
                assert "21时" in texts[-2].body and len(texts) in (2, 3), texts
                slipped[len(texts)] += 1
            else:
                assert len(texts) == 2, texts
    # Nobody else was told, and both ways of being overtaken happened.
    assert told == {}
    assert caught_up and slipped[2]
    for notice in notices:
        assert (await gateway.get(f"/notices/{notice}"))["state"] == "done"
    within_the_rate(carrier.texts, storm.rate)
    urgent_first(carrier.texts, street)


def within_the_rate(texts: list[Text], rate: int) -> None:
    """In no stretch of time did more come than the lane may take, allowing for what was on its way."""
    at = [text.taken_at for text in texts]
    first = 0
    for last in range(len(at)):
        while at[last] - at[first] > timedelta(seconds=5):
            first += 1
        lasted = (at[last] - at[first]).total_seconds()
        assert last - first < rate * (lasted + LATE), f"{last - first} texts in {lasted} s"


def urgent_first(texts: list[Text], street: Street) -> None:
    """Of each feeder, those to whom the supply matters most were told before the others."""
    first: dict[str, int] = {}
    for place, text in enumerate(texts):
        first.setdefault(text.to, place)
    waited = pairs = 0
    for feeder in range(FEEDERS):
        places = {account: first.get(street.number[account]) for account in street.on[f"FS{feeder}"]}
        urgent = [place for account, place in places.items() if account in street.urgent and place is not None]
        others = [place for account, place in places.items() if account not in street.urgent and place is not None]
        others.sort()
        waited += sum(bisect(others, place) for place in urgent)
        pairs += len(urgent) * len(others)
    # A few may pass one another on their way to the carrier.
    assert pairs and waited < pairs / 50, (waited, pairs)
