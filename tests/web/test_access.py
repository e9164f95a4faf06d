"""Keys and scopes, for every route there is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.kernel.database import Database
from gateway.kernel.errors import Conflict, InvalidInput, NotFound
from gateway.staff import keys
from gateway.staff.keys import CACHE_SECONDS, SCOPES, KeyRing
from gateway.web.api import ROUTES
from gateway.web.routing import Route
from tests.web.conftest import NOW, House

ADDRESSES = [(route, "/api/v1" + route.path.replace("{", "").replace("}", "")) for route in ROUTES]


def name(value: Route | str) -> str:
    return value.operation_id if isinstance(value, Route) else ""


async def make_key(database: Database, *scopes: str, called: str = "a program") -> str:
    async with database.session() as session:
        key = await keys.create(session, name=called, scopes=scopes, at=NOW, actor="cli:test")
        await session.commit()
    return key


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic cm9vdDo=", "Bearer é", "wrong"])
async def test_without_a_key_every_route_is_closed(house: House, header: str) -> None:
    for route, address in ADDRESSES:
        headers = {"Authorization": header} if header else {}
        async with house.client.request(route.method, address, headers=headers) as response:
            assert response.status == 401, route.path
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
            assert response.content_type == "application/problem+json"
            assert (await response.json(content_type=None))["type"] == "/problems/unauthenticated"


async def test_with_every_scope_but_its_own_a_route_is_closed(house: House) -> None:
    made = {
        scope: await make_key(
            house.database, *(other for other in SCOPES if other not in (scope, "admin")), called=scope
        )
        for scope in {route.scope for route in ROUTES}
    }
    for route, address in ADDRESSES:
        headers = {"Authorization": f"Bearer {made[route.scope]}"}
        async with house.client.request(route.method, address, headers=headers) as response:
            assert response.status == 403, route.path
            problem = await response.json(content_type=None)
            assert route.scope in problem["detail"]


async def test_a_key_with_its_scope_opens_its_route_and_admin_opens_all(house: House) -> None:
    key = await make_key(house.database, "messages:read")
    assert (await house.call("GET", "/messages", key=key)) == {"items": [], "next": None}
    admin = await make_key(house.database, "admin", called="an operator")
    for address in ("/messages", "/imports", "/links", "/changes", "/evaluations", "/corrections"):
        await house.call("GET", address, key=admin)


def test_every_scope_of_a_route_can_be_granted() -> None:
    assert {route.scope for route in ROUTES} <= set(SCOPES)


@pytest.fixture
async def ring(database: Database) -> AsyncIterator[tuple[KeyRing, list[float]]]:
    """A key ring and its clock."""
    now = [0.0]
    yield KeyRing(database, bootstrap="boot", monotonic=lambda: now[0]), now


async def test_a_revoked_key_lives_on_for_seconds_only(ring: tuple[KeyRing, list[float]], database: Database) -> None:
    keyring, now = ring
    key = await make_key(database, "imports")
    assert (await keyring.caller(key)) == keys.Caller(name="a program", scopes=frozenset({"imports"}))
    async with database.session() as session:
        await keys.revoke(session, name="a program", at=NOW, actor="cli:test")
        await session.commit()
    assert await keyring.caller(key) is not None
    now[0] = CACHE_SECONDS + 0.1
    assert await keyring.caller(key) is None


async def test_the_sandbox_key_has_every_scope_and_counts_as_two(ring: tuple[KeyRing, list[float]]) -> None:
    keyring, _ = ring
    caller = await keyring.caller("boot")
    assert caller is not None and caller.two_people and all(caller.may(scope) for scope in SCOPES)
    assert await keyring.caller("") is None


async def test_only_the_digest_of_a_key_is_kept_and_its_making_is_audited(database: Database) -> None:
    key = await make_key(database, "imports")
    async with database.work() as work:
        row = (await work.fetch("SELECT digest FROM api_key"))[0]
        assert key not in row["digest"] and len(row["digest"]) == 64
        assert await work.value("SELECT actor || ' ' || action FROM audit_entry") == "cli:test api_key.created"
        assert key not in str(await work.fetch("SELECT * FROM audit_entry"))


@pytest.mark.parametrize(("scopes", "status"), [(["messages:send"], 403), (["messages:send", "notices:approve"], 422)])
async def test_a_legal_text_is_sent_by_who_answers_for_it(house: House, scopes: list[str], status: int) -> None:
    # The house has no such text: with the scope it is looked for.
    legal = {"to": "+8613812345670", "template": "legal_notice", "values": {}}
    key = await make_key(house.database, *scopes)
    await house.call("POST", "/messages", json=legal, key=key, expect=status)


@pytest.mark.parametrize(("called", "scopes"), [("", ["imports"]), ("x", []), ("x", ["everything"])])
async def test_a_key_needs_a_name_and_known_scopes(database: Database, called: str, scopes: list[str]) -> None:
    async with database.session() as session:
        with pytest.raises(InvalidInput):
            await keys.create(session, name=called, scopes=scopes, at=NOW, actor="cli:test")


async def test_names_of_keys_are_taken_once_and_only_what_is_there_is_revoked(database: Database) -> None:
    await make_key(database, "imports")
    with pytest.raises(Conflict):
        await make_key(database, "imports")
    async with database.session() as session:
        with pytest.raises(NotFound):
            await keys.revoke(session, name="nobody", at=NOW, actor="cli:test")
