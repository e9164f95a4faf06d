"""People and keys: added, changed, locked out; shown once."""

from __future__ import annotations

import re

from .conftest import Visitors
from .world import World


async def test_an_admin_adds_changes_and_locks_out(world: World, visitor: Visitors) -> None:
    admin = visitor("admin")
    form = {"sign_in": "E000030", "roles": ["supervisor"], "organisation": "东湖区"}
    status, text, _ = await admin.post("/people", form)
    password = re.search(r'class="secret"[^>]*>([a-z0-9-]{19})<', text)
    assert status == 200 and password is not None
    assert (await admin.post("/people", form))[0] == 409
    status, text, _ = await admin.post("/people", {"sign_in": "E000031", "organisation": "月球", "roles": ["auditor"]})
    assert status == 422 and 'value="E000031"' in text
    async with world.database.connection() as connection:
        staff_id = await connection.fetchval("SELECT staff_id FROM staff_login WHERE name = 'e000030'")
        own = await connection.fetchval("SELECT staff_id FROM staff_login WHERE name = 'admin'")
    assert (await admin.post(f"/people/{staff_id}", {"roles": ["auditor", "reviewer"]}))[0] == 303
    status, text = await admin.get(f"/people/{staff_id}")
    assert status == 200 and "温薇" in text and text.count("checked") == 2
    assert (await admin.post(f"/people/{staff_id}/lock-out"))[0] == 303
    assert (await admin.post(f"/people/{staff_id}/let-in"))[0] == 303
    status, text, _ = await admin.post(f"/people/{staff_id}/reset")
    assert status == 200 and password[1] not in text
    assert (await admin.post(f"/people/{own}/lock-out"))[0] == 409
    assert (await admin.post(f"/people/{own}", {"roles": ["auditor"]}))[0] == 409
    status, text = await admin.get("/audit?subject=staff:E000030")
    assert status == 200 and text.count("<ins>") >= 2
    assert password[1] not in text


async def test_a_key_is_shown_once(world: World, visitor: Visitors) -> None:
    admin = visitor("admin")
    status, text, _ = await admin.post("/keys", {"name": "billing", "scopes": ["imports"]})
    key = re.search(r"lamp_[\w-]+", text)
    assert status == 200 and key is not None
    headers = {"Authorization": f"Bearer {key[0]}"}
    async with admin.client.get(f"{world.url}/api/v1/imports", headers=headers) as answer:
        assert answer.status == 200
    status, text = await admin.get("/keys")
    assert status == 200 and "billing" in text and key[0] not in text
    assert (await admin.post("/keys", {"name": "billing", "scopes": ["imports"]}))[0] == 409
    assert (await admin.post("/keys/billing/revoke"))[0] == 303
