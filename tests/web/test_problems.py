"""Hostile and clumsy requests: each gets a problem that says what is wrong, and nothing of the inside."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

from gateway.kernel.errors import Unavailable
from gateway.web import bodies, problems
from gateway.web.app import make_monitor
from gateway.web.health import Health
from gateway.web.problems import KINDS
from tests.web.conftest import ROOT, House, StandingClock

KEY = {"Authorization": f"Bearer {ROOT}"}
JSON = {**KEY, "Content-Type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'to': 1}",
        b'{"to": NaN',
        b"\xff\xfe\x00",
        b'{"template": "\xd6\xd0"}',
        b'{"template": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'"' + b"\x00" * 10 + b'"',
    ],
)
async def test_what_is_no_json_is_malformed(house: House, body: bytes) -> None:
    response = await house.client.post("/api/v1/messages", data=body, headers=JSON)
    problem = await response.json(content_type=None)
    assert (response.status, problem["type"]) == (400, "/problems/malformed"), problem


@pytest.mark.parametrize("path", ["/messages", "/messages/batch", "/notices", "/corrections"])
async def test_numbers_that_are_none_and_endless_ones_are_refused(house: House, path: str) -> None:
    for body in (b'{"values": {"a": NaN}}', b'{"values": {"a": 1e999}}', b'{"to": ' + b"9" * 5000 + b"}"):
        response = await house.client.post(f"/api/v1{path}", data=body, headers=JSON)
        assert response.status in (400, 422), await response.text()


async def test_a_body_over_its_bound_is_refused_declared_or_not(house: House) -> None:
    big = b'{"template": "' + b"x" * bodies.JSON_LIMIT + b'"}'

    async def dripping() -> Any:
        for start in range(0, len(big), 65536):
            yield big[start : start + 65536]

    for data in (io.BytesIO(big), dripping()):
        response = await house.client.post("/api/v1/messages", data=data, headers=JSON)
        assert response.status == 413
        assert (await response.json(content_type=None))["type"] == "/problems/too-large"


async def test_a_packed_body_is_refused_unread(house: House) -> None:
    import gzip

    bomb = gzip.compress(b" " * 50_000_000)
    response = await house.client.post("/api/v1/messages", data=bomb, headers={**JSON, "Content-Encoding": "gzip"})
    assert response.status == 415


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"])
async def test_another_media_type_is_refused(house: House, kind: str) -> None:
    response = await house.client.post("/api/v1/messages", data=b"{}", headers={**KEY, "Content-Type": kind})
    assert response.status == 415


async def test_a_body_that_does_not_come_ends_in_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies.read, "__kwdefaults__", {"seconds": 0.05})
    reader, writer = await asyncio.open_connection("127.0.0.1", house.client.port)
    writer.write(
        b"POST /api/v1/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
        b"Authorization: Bearer " + ROOT.encode() + b"\r\n\r\n{"
    )
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    assert answer.startswith(b"HTTP/1.1 408")
    writer.close()


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/api/v1/nothing", 404, "not-found"),
        ("GET", "/", 404, "not-found"),
        ("DELETE", "/api/v1/messages", 405, "method-not-allowed"),
        ("GET", "/webhooks/twilio/inbound", 405, "method-not-allowed"),
        ("GET", "/problems/none", 404, "not-found"),
        ("GET", "/api/v1/messages/%2e%2e", 404, "not-found"),
    ],
)
async def test_unknown_addresses_and_methods(house: House, method: str, path: str, status: int, slug: str) -> None:
    async with house.client.request(method, path, headers=KEY) as response:
        problem = await response.json(content_type=None)
        assert (response.status, problem["type"], problem["status"]) == (status, f"/problems/{slug}", status)
        assert ("Allow" in response.headers) == (status == 405)


async def test_operations_without_a_body_take_none(house: House) -> None:
    path = "/notices/0199ff58-4900-7003-a990-777090c7068b/approve"
    await house.call("POST", path, json={"now": True}, expect=422)
    await house.call("POST", path, json={}, expect=404)
    await house.call("POST", path, expect=404)


async def test_a_fault_of_ours_says_nothing_of_the_inside(house: House) -> None:
    house.corrections.answer = RuntimeError("password=hunter2")
    body = {"account_no": "1", "reason": "ticket", "evidence": "x"}
    problem = await house.call("POST", "/corrections", json=body, expect=500)
    assert problem["type"] == "/problems/internal" and "hunter2" not in json.dumps(problem)


@pytest.mark.parametrize("error", [Unavailable("away"), ConnectionRefusedError("no"), TimeoutError()])
async def test_the_database_away_is_a_503_with_a_time(house: House, error: Exception) -> None:
    house.corrections.answer = error
    async with house.client.post(
        "/api/v1/corrections", json={"account_no": "1", "reason": "ticket", "evidence": "x"}, headers=KEY
    ) as response:
        assert response.status == 503 and response.headers["Retry-After"]


async def test_a_lost_database_is_a_503_everywhere(house: House) -> None:
    await house.call("GET", "/messages")
    await house.database.close()
    house.database._engine = type(house.database)("postgresql://nobody@127.0.0.1:1/none")._engine
    house.database._sessions.configure(bind=house.database._engine)
    for path in ("/messages", "/notices", "/accounts/1"):
        await house.call("GET", path, expect=503)
    assert (await house.client.get("/healthz")).status == 200
    assert (await house.client.get("/readyz")).status == 503


async def test_a_node_without_the_web_answers_the_probes_on_a_port_of_its_own(house: House) -> None:
    health = Health(house.database, StandingClock(), CollectorRegistry())
    async with TestClient(TestServer(make_monitor(health))) as monitor:
        assert (await monitor.get("/healthz")).status == 200
        assert (await monitor.get("/readyz")).status == 200
        assert "lamplighter_nodes" in await (await monitor.get("/metrics")).text()
        assert (await monitor.get("/api/v1/messages")).status == 404


async def test_each_type_of_problem_can_be_read(house: House) -> None:
    for slug, kind in KINDS.items():
        text = await (await house.client.get(f"/problems/{slug}")).text()
        assert kind.title in text


async def test_a_request_keeps_its_id(house: House) -> None:
    response = await house.client.get("/api/v1/messages", headers={**KEY, "X-Request-Id": "abc-1"})
    assert response.headers["X-Request-Id"] == "abc-1"
    response = await house.client.get("/api/v1/messages", headers={**KEY, "X-Request-Id": "a b <script>"})
    assert len(response.headers["X-Request-Id"]) == 16


def test_a_lone_surrogate_in_a_message_does_not_break_the_answer() -> None:
    answer = problems.answer(problems.INVALID, "bad \ud800 中文")
    assert isinstance(answer.body, bytes)
    assert json.loads(answer.body)["detail"] == "bad \ud800 中文"
