"""A small utility of two districts that the console's tests look at, made by the same use cases that make real ones.

`EXAMPLES` says, for every page with a place in its address, where to look: a test fails where one is missing.
"""

from __future__ import annotations

import csv
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry

from gateway.app import services_of
from gateway.archive.importing import submit
from gateway.archive.reading.contacts import account
from gateway.demo import SAMPLE
from gateway.house import House
from gateway.kernel.acting import Acting
from gateway.kernel.database import Database
from gateway.kernel.settings import Settings
from gateway.outbox import partitions
from gateway.staff import members
from gateway.staff.keys import SCOPES
from gateway.staff.roles import ROLES
from gateway.staff.signing_in import Door
from gateway.web.app import SERVER_OPTIONS, make_app

NOW = datetime(2025, 4, 1, 1, 30, tzinfo=UTC)
PASSWORD = "light-the-lamps"
#: One person for each role who acts for the whole utility, and one archive admin for the other district alone.
OTHER_DISTRICT = "青石县"
PEOPLE = {role: (role.replace("_", "-"), [role], None) for role in ROLES} | {
    "elsewhere": ("elsewhere", ["archive_admin", "reviewer", "supervisor"], OTHER_DISTRICT),
    "manager-elsewhere": ("manager-elsewhere", ["account_manager"], OTHER_DISTRICT),
}
#: Accounts of each district.
_ACCOUNTS = 12


class StandingClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    def on(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class World:
    """A running gateway with its console."""

    house: House
    clock: StandingClock
    folder: Path
    url: str
    runner: web.AppRunner
    #: The session of each of PEOPLE, as the cookie has it.
    tokens: dict[str, str] = field(default_factory=dict)
    #: What examples made, so that each is made once.
    made: dict[str, Any] = field(default_factory=dict)
    accounts: dict[str, list[str]] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        return self.house.database

    async def numbers(self, account_no: str) -> list[str]:
        """The numbers on an account, the default first."""
        async with self.database.session() as session:
            return [link.number for link in (await account(session, account_no)).links]

    async def hand_in(self, kind: str, rows: list[dict[str, str]], *, name: str = "") -> Any:
        """Import rows; the id of the import."""
        path = self.folder / f"{kind}-{len(list(self.folder.iterdir()))}.csv"
        with path.open("w", encoding="utf-8", newline="") as sink:
            writer = csv.DictWriter(sink, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        async with self.database.session() as session:
            handed_in = await submit(
                session, kind=kind, filename=name or f"{kind}.csv", path=path, requested_by="cli:test", clock=self.clock
            )
            await session.commit()
        await self.house.imports.run(handed_in.id)
        return handed_in.id


#: Everything, for what the world itself does.
ROOT = Acting(actor="cli:test", scopes=frozenset(SCOPES))

Example = Callable[[World], Awaitable[str]]
EXAMPLES: dict[str, Example] = {}


def example(path: str) -> Callable[[Example], Example]:
    """Say where to look for the page with this path; the function answers a path below `/console`.

    What it makes belongs to the first district: whoever acts for the other one must not reach it.
    """

    def keep(function: Example) -> Example:
        EXAMPLES[path] = function
        return function

    return keep


def sample(name: str) -> list[dict[str, str]]:
    """The rows of a file of the sample archive."""
    with (SAMPLE / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


async def build(database: Database, folder: Path) -> World:
    """A world over an empty, migrated database."""
    world = await bare(database, folder)
    await _furnish(world)
    await _let_in(world)
    return world


async def bare(database: Database, folder: Path) -> World:
    """A world in which nothing is yet."""
    clock = StandingClock()
    settings = Settings(data_dir=folder / "var")
    house = House(settings, database, clock)
    async with database.connection() as connection:
        await partitions.ensure(connection, NOW)
        await house.policy.refresh(connection)
    # Without a sandbox clock: the pages are those of live mode.
    app = make_app(services_of(house, registry=CollectorRegistry(), sandbox=None))
    runner = web.AppRunner(app, **SERVER_OPTIONS)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    uploads = folder / "files"
    uploads.mkdir(parents=True)
    return World(house=house, clock=clock, folder=uploads, url=f"http://127.0.0.1:{port}", runner=runner)


async def _furnish(world: World) -> None:
    accounts = sample("accounts")
    chosen: list[dict[str, str]] = []
    for district in ("东湖区", OTHER_DISTRICT):
        some = [row for row in accounts if row["district"] == district][:_ACCOUNTS]
        world.accounts[district] = [row["account_no"] for row in some]
        chosen += some
    numbers = {row["account_no"] for row in chosen}
    areas = {row["tarea_id"] for row in chosen}
    await world.hand_in("topology", [row for row in sample("topology") if row["tarea_id"] in areas])
    await world.hand_in("staff", sample("staff"))
    await world.hand_in("accounts", chosen)
    contacts = [row for row in sample("contacts") if row["account_no"] in numbers]
    contacts[3]["mobile"] = "1380013"
    world.made["contacts"] = await world.hand_in("contacts", contacts)
    # Due by a month, so that the console has something to show today.
    arrears = [
        {
            "billing_month": "202503",
            "account_no": number,
            "amount_due": f"{80 + at}.50",
            "due_date": "2025-03-25",
            "as_of_date": "2025-03-31",
        }
        for at, number in enumerate(sorted(numbers))
    ]
    arrears[2]["amount_due"] = "八十元"
    world.made["arrears"] = await world.hand_in("arrears", arrears)


async def _let_in(world: World) -> None:
    async with world.database.session() as session:
        for sign_in, roles, organisation in PEOPLE.values():
            await members.add(
                session,
                sign_in=sign_in,
                name=f"王{sign_in}",
                roles=roles,
                organisation=organisation,
                password=PASSWORD,
                must_change=False,
                clock=world.clock,
                actor="cli:test",
            )
        await session.commit()
    door = Door(world.database, world.clock, world.house.settings.kept_secret())
    for name, (sign_in, _, _) in PEOPLE.items():
        world.tokens[name] = await door.sign_in(sign_in, PASSWORD, address="127.0.0.1", agent="tests")
