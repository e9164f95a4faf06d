"""The demo: a sandbox with the sample archive of an invented utility, and a notice ready to approve."""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from sqlalchemy import select

from gateway.app import Node
from gateway.archive.importing import submit
from gateway.archive.tables import Import
from gateway.house import House, furnished
from gateway.kernel.clock import ShiftedClock
from gateway.kernel.errors import Misconfigured
from gateway.kernel.settings import Settings
from gateway.notices import Draft
from gateway.notices.tables import Notice
from gateway.outbox import partitions
from gateway.sandbox.clock import TestClock
from gateway.staff import keys, members

SAMPLE: Final = Path(__file__).parent / "sandbox" / "sample"
#: The order matters: the grid before the accounts on it, staff before the contacts that must not be theirs.
_FILES: Final = ("topology", "staff", "accounts", "contacts", "arrears", "work_orders")
_ACTOR: Final = "cli:demo"
#: The sample was exported on 2025-03-31; the demo's first day is the next, at an hour at which texts may leave.
_FIRST_MORNING: Final = "2025-04-01T09:30:00+08:00"
#: Members of the sample's staff who may sign in, one for each role, and one who acts for a district alone.
PEOPLE: Final = (
    ("admin", "admin", None),
    ("E000001", "archive_admin", None),
    ("E000023", "account_manager", None),
    ("E000027", "reviewer", None),
    ("E000005", "supervisor", None),
    ("E000031", "auditor", None),
    ("E001001", "archive_admin", "青石县"),
)
#: Of everybody in the demo; live mode refuses to run it.
DEMO_PASSWORD: Final = "light-the-lamps"  # noqa: S105
_KEY_FILE: Final = "demo-api-key"


async def run_demo(settings: Settings, console: Console) -> None:
    """Prepare the sandbox where that was not done before, and run a node. Raises Misconfigured in live mode."""
    if not settings.sandbox:
        raise Misconfigured("the demo is for the sandbox; live mode is started with `lamplighter serve`")
    if "LAMPLIGHTER_CARRIER__HANDSETS" not in _environment():
        settings.carrier.handsets = "lively"
    if settings.embedded_carrier and "LAMPLIGHTER_CARRIER__CHATS" not in _environment():
        settings.stand_in_for_chats()
    async with furnished(settings) as house:
        key = await _prepare(house, console)
        node = Node(house)
        running = asyncio.create_task(node.run())
        await asyncio.wait([running, asyncio.create_task(node.started.wait())], return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            _welcome(console, settings, node, key)
        await running


def _environment() -> frozenset[str]:
    import os

    return frozenset(os.environ)


async def _prepare(house: House, console: Console) -> str:
    path = house.settings.data_dir / _KEY_FILE
    async with house.database.session() as session:
        prepared = await session.scalar(select(Notice.id).limit(1))
    if prepared is not None and path.exists():
        return path.read_text().strip()
    if isinstance(house.clock, ShiftedClock):
        await TestClock(house.database, house.clock).move_to(datetime.fromisoformat(_FIRST_MORNING))
        async with house.database.connection() as connection:
            await partitions.ensure(connection, house.clock.now())
    for kind in _FILES:
        await _import(house, kind, console)
    async with house.database.session() as session:
        draft = Draft(kind="arrears", about={"billing_month": "202503"}, tone="warm")
        await house.notices.draft(session, draft, actor=_ACTOR)
        key = await keys.create(
            session,
            name=f"demo-{secrets.token_hex(3)}",
            scopes=["admin"],
            at=house.clock.now(),
            actor=_ACTOR,
        )
        for sign_in, role, organisation in PEOPLE:
            await members.add(
                session,
                sign_in=sign_in,
                name=None,
                roles=[role],
                organisation=organisation,
                password=DEMO_PASSWORD,
                must_change=False,
                clock=house.clock,
                actor=_ACTOR,
            )
        await session.commit()
    path.touch(mode=0o600)
    path.write_text(key)
    return key


async def _import(house: House, kind: str, console: Console) -> None:
    path = SAMPLE / f"{kind}.csv"
    async with house.database.session() as session:
        handed_in = await submit(
            session, kind=kind, filename=path.name, path=path, requested_by=_ACTOR, clock=house.clock
        )
        await session.commit()
    await house.imports.run(handed_in.id)
    async with house.database.session() as session:
        done = await session.get_one(Import, handed_in.id)
    console.print(f"  {path.name}: {done.rows} rows, {done.created} created, {done.rejected} rejected")


def _welcome(console: Console, settings: Settings, node: Node, key: str) -> None:
    console.print()
    console.print(f"  Console        {settings.base_url}/console")
    names = ", ".join(sign_in for sign_in, _, _ in PEOPLE)
    console.print(f"  Sign in as     {names}: password {DEMO_PASSWORD}")
    console.print(f"  Interface      {settings.base_url}/api/docs")
    console.print(f"  Handsets       {node.carrier_address or settings.twilio.base_url}/")
    console.print(f"  API key        {key}")
    console.print(
        f"  Clock          {node.house.clock.now().astimezone(settings.zone):%Y-%m-%d %H:%M} (the sandbox's own)"
    )
    console.print("  An arrears notice waits to be approved; README.md walks through it.")
