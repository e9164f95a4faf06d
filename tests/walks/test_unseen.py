"""Walk: a town that nobody here has seen, told from outside; what is true of it is worked out apart from the gateway.

Whoever hangs on a line, and nobody else; nothing out of hours or on a holiday; nothing after it was paid; no "on" where
it is still off. `--town N` walks a larger one. Its days follow one another, so they are one test.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.walks import files
from tests.walks.carrier import OutsideCarrier
from tests.walks.conftest import Start
from tests.walks.gateway import HOME, Gateway
from tests.walks.town import BILLS, PAYMENTS, Home, Town

pytestmark = [pytest.mark.process, pytest.mark.timeout(3600)]

ZONE = ZoneInfo("Asia/Shanghai")
#: Accounts of the town in the ordinary suite.
USUAL = 120
#: The week of the National Day and Mid-Autumn of 2025, as the State Council published it.
HOLIDAYS = {date(2025, 10, day) for day in range(1, 9)}
#: Hours in which each kind may leave: a day's first, and the one it has to be over by.
HOURS = {
    "arrears": (8, 20), "bill": (8, 20), "outage_planned": (8, 20), "outage_fault": (6, 22), "restoration": (6, 22),
}  # fmt: skip


@pytest.fixture(scope="module")
def town(request: pytest.FixtureRequest) -> Town:
    """A small one, unless another size is asked for."""
    return Town(request.config.getoption("--town", default=0) or USUAL, seed=20250926)


@pytest.fixture(scope="module")
async def gateway(start: Start, town: Town) -> Gateway:
    """A gateway on the Friday before the holidays, with everybody's bill."""
    gateway = await start(LADDER="auto")
    await gateway.set_clock("2025-09-26T09:00:00")
    for kind, rows in (("topology", town.topology), ("accounts", town.accounts), ("contacts", town.contacts)):
        done = await gateway.import_file(kind, files.sheet(rows).encode())
        assert (done["state"], done["rejected"]) == ("done", 0), done
    bills = [BILLS]
    for home in town.homes.values():
        if not home.closed and not town.one_in(3):
            home.owes, home.due = f"{town.by.randrange(1000, 90000) / 100:.2f}", f"2025-09-{town.by.choice((28, 29))}"
            bills.append(["202509", home.number, home.owes, home.due])
    await gateway.imported("bills", files.sheet(bills).encode())
    return gateway


def leaves(message: Any, zone: ZoneInfo = ZONE) -> datetime:
    """When a text left, at the utility's home or in another zone."""
    return datetime.fromisoformat(message["sent_at"]).astimezone(zone)


async def went(gateway: Gateway, **query: str) -> list[Any]:
    return [message for message in await gateway.messages(**query) if message["sent_at"] is not None]


def must_be_told(homes: list[Home], messages: list[Any]) -> None:
    """Each account that can be reached is told at a number of its own, once; and no number that is none of theirs."""
    told: dict[str, set[str]] = defaultdict(set)
    for message in messages:
        for account in message["accounts"]:
            told[account].add(message["to"])
    reachable = {home.number: home.reached_at for home in homes if home.reached_at}
    assert told.keys() == reachable.keys()
    for account, numbers in told.items():
        assert len(numbers) == 1 and numbers <= reachable[account], account
    texted = [message["to"] for message in messages]
    assert len(texted) == len(set(texted))


async def announced(gateway: Gateway, kind: str, number: str, start: str, end: str, **scope: list[str]) -> str:
    body = {
        "outage_id": number, "kind": kind, "scope": scope, "starts_at": start + HOME, "ends_at": end + HOME,
        "reason": "电缆沟进水" if kind == "fault" else "更换开关柜",
    }  # fmt: skip
    await gateway.post("/outages", body, status=201)
    draft = await gateway.post("/notices", {"kind": f"outage_{kind}", "outage_id": number}, status=201)
    if draft["state"] == "draft":
        await gateway.post(f"/notices/{draft['id']}/approve")
    await gateway.idle()
    return str(draft["id"])


async def restored(gateway: Gateway, number: str) -> None:
    status, answer = await gateway.ask("PATCH", f"/outages/{number}", json={"state": "restored"})
    assert status == 200, answer
    await gateway.idle()


async def test_a_town_that_nobody_has_seen(gateway: Gateway, carrier: OutsideCarrier, town: Town) -> None:
    notice = await whoever_hangs_on_the_line_is_told_and_nobody_else(gateway, town)
    was = {home.number for home in on_the_line(town)}
    await some_move_to_another_line(gateway, town)
    await at_night_only_the_urgent_are_woken_and_who_slept_hears_nothing_of_it(gateway, town)
    await supply_is_not_told_back_where_another_outage_keeps_it_off(gateway, town)
    await nothing_is_asked_for_on_a_holiday_or_at_night_or_once_it_was_paid(gateway, town)
    await who_moved_was_told_what_holds_there(gateway, town, notice, was)
    await every_text_left_in_its_hours_and_reached_the_carrier_once(gateway, carrier, town)


def on_the_line(town: Town) -> list[Home]:
    return town.on(feeders=("KV701",), areas=("PT702Y",))


async def whoever_hangs_on_the_line_is_told_and_nobody_else(gateway: Gateway, town: Town) -> str:
    day = ("2025-10-04T09:00:00", "2025-10-04T15:00:00")
    notice = await announced(gateway, "planned", "U-1", *day, feeders=["KV701"], transformer_areas=["PT702Y"])
    # In the west it is two hours earlier.
    await gateway.set_clock("2025-09-26T10:30:00")
    must_be_told(on_the_line(town), await went(gateway, notice=notice))
    return notice


async def some_move_to_another_line(gateway: Gateway, town: Town) -> None:
    _, rows = town.move(len(town.homes) // 6)
    assert (await gateway.imported("accounts", files.sheet(rows).encode()))["updated"] == len(rows) - 1


async def who_moved_was_told_what_holds_there(gateway: Gateway, town: Town, notice: str, was: set[str]) -> None:
    """By the evening before it begins: whoever came is told of it, and whoever went that it does not concern them."""
    last: dict[str, str] = {}
    for message in sorted(await went(gateway, notice=notice), key=leaves):
        last |= dict.fromkeys(message["accounts"], message["kind"])
    here = {home.number for home in on_the_line(town) if home.reached_at}
    gone = {number for number in was - here if town.homes[number].reached_at}
    assert gone and here - was
    assert last == dict.fromkeys(here, "outage_planned") | dict.fromkeys(gone, "outage_update")


async def at_night_only_the_urgent_are_woken_and_who_slept_hears_nothing_of_it(gateway: Gateway, town: Town) -> None:
    await gateway.set_clock("2025-09-28T00:40:00")
    night = ("2025-09-28T00:20:00", "2025-09-28T07:00:00")
    notice = await announced(gateway, "fault", "U-2", *night, feeders=["KV703"])
    homes = town.on(feeders=("KV703",))
    # A number is woken where any of its accounts on the line is an urgent one.
    awake = {account for message in await went(gateway, notice=notice) for account in message["accounts"]}
    assert {home.number for home in homes if home.urgent and home.reached_at} <= awake
    urgent = {number for home in homes if home.urgent for number in home.reached_at}
    assert all(home.reached_at & urgent for home in homes if home.number in awake)
    await gateway.set_clock("2025-09-28T05:10:00")
    await restored(gateway, "U-2")
    await gateway.set_clock("2025-09-28T09:00:00")
    heard = [message for message in await went(gateway, notice=notice) if message["kind"] == "restoration"]
    assert {account for message in heard for account in message["accounts"]} == awake


async def supply_is_not_told_back_where_another_outage_keeps_it_off(gateway: Gateway, town: Town) -> None:
    await gateway.set_clock("2025-09-28T10:00:00")
    fault = ("2025-09-28T09:50:00", "2025-09-28T12:00:00")
    wide = await announced(gateway, "fault", "U-3", *fault, feeders=["KV704"])
    narrow = await announced(gateway, "fault", "U-4", *fault, transformer_areas=["PT704Z"])
    await gateway.set_clock("2025-09-28T11:00:00")
    await restored(gateway, "U-3")
    back = [m for n in (wide, narrow) for m in await went(gateway, notice=n) if m["kind"] == "restoration"]
    free = [home for home in town.on(feeders=("KV704",)) if home.area != "PT704Z"]
    still_off = {home.number for home in town.on(areas=("PT704Z",))}
    told = {account for message in back for account in message["accounts"]}
    assert told == {home.number for home in free if home.reached_at}
    await gateway.set_clock("2025-09-28T13:00:00")
    await restored(gateway, "U-4")
    later = [m for n in (wide, narrow) for m in await went(gateway, notice=n) if m["kind"] == "restoration"]
    assert {account for m in later for account in m["accounts"]} - told == {
        number for number in still_off if town.homes[number].reached_at
    }


async def nothing_is_asked_for_on_a_holiday_or_at_night_or_once_it_was_paid(gateway: Gateway, town: Town) -> None:
    """Payments come in every few hours, also between a text's writing and its leaving."""
    owing = [home for home in town.homes.values() if home.due]
    asked_again = False
    moment = datetime(2025, 9, 28, 21, tzinfo=ZONE)
    steps = (3, 5, 7, 11) if len(town.homes) > USUAL else (17, 19, 23)
    while moment < datetime(2025, 10, 10, 20, tzinfo=ZONE):
        await gateway.set_clock(moment.strftime("%Y-%m-%dT%H:%M:%S"))
        paying = [home for home in owing if home.paid_at is None and town.one_in(12)]
        rows = [PAYMENTS]
        for home in paying:
            home.paid_at = moment
            rows.append([f"ZF{home.number}", home.number, "202509", home.owes, f"{moment:%Y-%m-%d %H:%M:%S}", "bank"])
        if paying:
            await gateway.imported("payments", files.sheet(rows).encode())
        else:
            complete = {"complete_until": moment.isoformat()}
            assert (await gateway.ask("PUT", "/ladder/feed", json=complete))[0] == 200
        if moment >= datetime(2025, 10, 8, 21, tzinfo=ZONE) and not asked_again:
            # By hand as well, in the last night of the holidays: it waits for the morning.
            asked_again = True
            await gateway.approved({"kind": "arrears", "billing_month": "202509"})
        moment += timedelta(hours=town.by.choice(steps))
    sent = await went(gateway)
    last: dict[str, datetime] = {}
    reminded = set()
    for message in sorted(sent, key=leaves):
        if message["kind"] not in ("arrears", "bill"):
            continue
        at = leaves(message)
        for account in message["accounts"]:
            home = town.homes[account]
            assert home.paid_at is None or at < home.paid_at, (account, at, home.paid_at)
            assert not home.closed and message["to"] in home.reached_at
            if message["kind"] == "arrears":
                assert not home.spared
                reminded.add(account)
        if message["kind"] == "arrears":
            assert at.date() not in HOLIDAYS, message
            assert message["to"] not in last or at - last[message["to"]] >= timedelta(hours=72)
            last[message["to"]] = at
    patient = [home for home in owing if home.paid_at is None and home.reached_at and not home.spared]
    assert patient and {home.number for home in patient} <= reminded


async def every_text_left_in_its_hours_and_reached_the_carrier_once(
    gateway: Gateway, carrier: OutsideCarrier, town: Town
) -> None:
    sent = await went(gateway)
    for message in sent:
        opens, closes = HOURS.get(message["kind"], (8, 20))
        homes = [town.homes[account] for account in message["accounts"]]
        urgent = any(home.urgent for home in homes)
        if not (urgent and message["kind"] in ("outage_fault", "outage_update", "restoration")):
            # Several homes of one number may keep different clocks.
            assert any(opens <= leaves(message, home.zone).hour < closes for home in homes), message
    assert len(carrier.texts) == len(sent)
    assert {text.sid for text in carrier.texts} == {message["carrier_id"] for message in sent}
