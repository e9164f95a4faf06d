"""The OpenAPI document, its page, the probes: all made from what is served."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from gateway.kernel.migrating import head
from gateway.outbox import insert, lanes, pause_notice
from gateway.outbox.lanes import LaneSpec
from gateway.web.api import ROUTES
from gateway.web.app import make_app, routes_for
from gateway.web.openapi import document
from gateway.web.routing import PREFIX
from tests.web.conftest import NOW, ROOT, House, a_message


def references(value: Any) -> Iterator[str]:
    """Every `$ref` in a document."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_the_document_covers_every_route_and_is_whole() -> None:
    whole = document(ROUTES, version="1")
    assert whole["openapi"] == "3.1.0"
    for name in references(whole):
        assert name.removeprefix("#/components/schemas/") in whole["components"]["schemas"], name
    operations = [
        (verb.upper(), path, operation) for path, verbs in whole["paths"].items() for verb, operation in verbs.items()
    ]
    assert {(verb, path) for verb, path, _ in operations} == {(one.method, PREFIX + one.path) for one in ROUTES}
    assert len({operation["operationId"] for *_, operation in operations}) == len(ROUTES)
    for verb, path, operation in operations:
        named = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)}", path)), path
        assert all(one["schema"] for one in operation["parameters"])
        assert {"401", "403", "503"} <= set(operation["responses"])
        assert ("Idempotency-Key" in {one["name"] for one in operation["parameters"]}) == (verb == "POST")
        assert any(status.startswith("2") for status in operation["responses"])


def test_the_document_knows_what_the_models_refuse() -> None:
    schemas = document(ROUTES, version="1")["components"]["schemas"]
    assert schemas["NewMessage"]["additionalProperties"] is False
    assert set(schemas["Inbound"]["properties"]) >= {"from", "reading", "answers", "effects"}
    assert "MessagePage" in schemas


async def test_the_page_runs_only_its_own_script_and_asks_nobody_else(house: House) -> None:
    response = await house.client.get("/api/docs")
    page = await response.text()
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy
    assert policy.count("'sha256-") == 2
    assert not re.search(r"https?://", page)
    assert (await house.client.get("/api/openapi.json")).content_type == "application/json"


async def test_live_mode_has_no_sandbox(house: House) -> None:
    live = replace(house.services, sandbox=None, registry=type(house.services.registry)())
    assert not any(route.path.startswith("/sandbox") for route in routes_for(live))
    paths = {resource.canonical for resource in make_app(live).router.resources()}
    assert not any("sandbox" in path for path in paths)


async def test_the_probes_answer_without_a_key(house: House) -> None:
    assert (await house.client.get("/healthz")).status == 200
    assert (await house.client.get("/readyz")).status == 200
    await set_revision(house, "older")
    try:
        response = await house.client.get("/readyz")
        assert response.status == 503 and "older" in await response.text()
    finally:
        await set_revision(house, head())
    assert (await house.client.get("/readyz")).status == 200


async def set_revision(house: House, revision: str) -> None:
    async with house.database.work() as work:
        await work.execute("UPDATE alembic_version SET version_num = $1", revision)
        await work.commit()


async def test_what_is_counted_is_shown(house: House) -> None:
    body = {"to": "13812345670", "template": "announcement", "values": {"text": "检修"}}
    await house.call("POST", "/messages", json=body, expect=202)
    await house.call("POST", "/messages", json={**body, "template": "none"}, expect=422)
    await house.client.post("/webhooks/twilio/inbound", data={})
    text = await (await house.client.get("/metrics")).text()
    assert 'lamplighter_messages_asked_total{outcome="accepted"} 1.0' in text
    assert 'lamplighter_messages_asked_total{outcome="refused"} 1.0' in text
    assert 'lamplighter_webhooks_total{carrier="twilio",kind="inbound",outcome="forged"} 1.0' in text
    assert 'lamplighter_http_request_seconds_count{method="POST",route="/messages",status="202"} 1.0' in text
    assert ROOT not in text


async def test_how_the_outbox_stands_is_shown_within_bounds(house: House) -> None:
    async with house.database.work() as work:
        await lanes.ensure(
            work.connection,
            LaneSpec(name="main", channel="sms", carrier="twilio", sender="1", rate=0, concurrency=1),
        )
        notice = uuid4()
        due = [a_message(notice_id=notice), a_message(), a_message(priority=0)]
        later = a_message(not_before=NOW + timedelta(hours=1))
        paused = a_message(notice_id=uuid4())
        await insert(work.connection, [*due, later, paused])
        assert paused.notice_id is not None
        await pause_notice(work.connection, paused.notice_id, at=NOW)
        await work.commit()
    house.clock.at = NOW + timedelta(seconds=90)
    text = await (await house.client.get("/metrics")).text()
    assert 'lamplighter_outbox_due{channel="sms",priority="3"} 2.0' in text
    assert 'lamplighter_outbox_due{channel="sms",priority="0"} 1.0' in text
    assert 'lamplighter_outbox_due{channel="sms",priority="1"} 0.0' in text
    assert 'lamplighter_outbox_waited_seconds{channel="sms",priority="3"} 90.0' in text
    assert 'lamplighter_lane_enabled{lane="main"} 1.0' in text
    assert "lamplighter_outbox_uncertain 0.0" in text
    assert "lamplighter_nodes 0.0" in text


async def test_the_document_is_json_that_generators_can_read(house: House) -> None:
    response = await house.client.get("/api/openapi.json")
    assert json.loads(await response.read())["info"]["title"] == "Lamplighter"
