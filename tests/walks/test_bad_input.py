"""Bad input over HTTP: each gets its clear answer, and nothing of it is left behind."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from tests.walks import files
from tests.walks.carrier import OutsideCarrier
from tests.walks.conftest import Start
from tests.walks.gateway import COMMAND, KEY, Gateway

pytestmark = pytest.mark.process

ACCOUNT, SECOND = files.account_no(905101), files.account_no(905102)
NUMBER = "+8613912370001"
MIB = 1 << 20
#: What the process may grow by while a file of 200 MB passes through it.
FLAT = 120 * MIB


@pytest.fixture(scope="module")
async def gateway(start: Start, carrier: OutsideCarrier) -> Gateway:
    """A gateway with two households, one of them in arrears."""
    gateway = await start()
    await gateway.set_clock("2025-04-01T10:00:00")
    households = [files.household(ACCOUNT, "何一", "13912370001"), files.household(SECOND, "何二", "13912370002")]
    await gateway.imported("archive", files.archive_csv(households))
    await gateway.imported("arrears", files.arrears_csv([files.owes(ACCOUNT, "何一", "80.00")]))
    return gateway


async def _failed(gateway: Gateway, kind: str, content: bytes, filename: str = "file.csv") -> str:
    """Hand a bad file in; what the gateway says of it."""
    done = await gateway.import_file(kind, content, filename)
    assert (done["state"], done["created"]) == ("failed", 0), done
    error: str = done["error"]
    return error


async def test_a_heading_that_nobody_knows_is_named_with_what_was_expected(gateway: Gateway) -> None:
    told = await _failed(gateway, "arrears", "账单月,户号,应付,缴费期\n202503,4100000039,1,2025-03-25\n".encode())
    assert all(word in told for word in ("账单月", "amount_due", "欠费金额"))
    done = await gateway.import_file(
        "arrears",
        files.sheet([[*files.ARREARS, "备用栏"], [*files.owes(ACCOUNT, "何一", "80.00"), "x"]]).encode(),
    )
    assert (done["state"], done["unchanged"], done["ignored_headings"]) == ("done", 1, ["备用栏"])


async def test_an_empty_file_is_refused_at_once_and_one_with_headings_alone_has_no_rows(gateway: Gateway) -> None:
    form = aiohttp.FormData()
    form.add_field("file", b"", filename="empty.csv")
    status, answer = await gateway.ask("POST", "/imports?kind=arrears", data=form)
    assert status == 422 and answer["errors"][0]["field"] == "file"
    assert "empty" in answer["errors"][0]["message"]
    done = await gateway.imported("arrears", files.arrears_csv([]))
    assert done["rows"] == 0
    assert "empty" in await _failed(gateway, "arrears", b"\n\n\r\n  \n")


async def test_a_file_in_the_wrong_encoding_is_refused_and_not_guessed_at(gateway: Gateway) -> None:
    rows = files.sheet([files.ARREARS, files.owes(ACCOUNT, "何一", "99.00")])
    told = await _failed(gateway, "arrears", rows.encode("utf-16"))
    assert "UTF-16" in told and "UTF-8" in told
    # Valid in neither encoding: the bytes of a photograph, say.
    noise = rows.encode() + b"\xff\xfe\x81\xff" * 50
    assert "GB18030" in await _failed(gateway, "arrears", noise)


async def test_formulas_that_nobody_worked_out_are_refused_by_cell(gateway: Gateway) -> None:
    done = await gateway.import_file("arrears", files.formulas_xlsx(), "arrears.xlsx")
    assert (done["state"], done["rows"], done["rejected"]) == ("done", 1, 1)
    (reject,) = await gateway.every(f"/imports/{done['id']}/rejects")
    assert (reject["row_number"], reject["column"]) == (2, "amount_due")
    assert "formula_without_value" in reject["reason"] and "C2" in reject["reason"]


async def test_a_workbook_that_is_cut_off_is_refused(gateway: Gateway) -> None:
    whole = files.archive_xlsx([[files.household(SECOND, "何二", "13912370002")]])
    told = await _failed(gateway, "archive", whole[: len(whole) // 2], "archive.xlsx")
    assert told and "Traceback" not in told


async def test_an_unknown_kind_and_a_missing_file_are_refused(gateway: Gateway) -> None:
    form = aiohttp.FormData()
    form.add_field("file", b"a,b\n", filename="x.csv")
    status, answer = await gateway.ask("POST", "/imports?kind=weather", data=form)
    assert status == 422 and answer["errors"][0]["field"] == "kind" and "arrears" in str(answer)
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("other", "x")
    status, answer = await gateway.ask("POST", "/imports?kind=arrears", data=form)
    assert status == 422 and answer["errors"][0]["field"] == "file"


async def _stream(piece: bytes, size: int, head: bytes = b"") -> AsyncIterator[bytes]:
    yield b'--walk\r\nContent-Disposition: form-data; name="file"; filename="big.csv"\r\n\r\n'
    yield head
    for _ in range(size // len(piece)):
        yield piece
    yield b"\r\n--walk--\r\n"


async def _upload(gateway: Gateway, piece: bytes, size: int, head: bytes = b"") -> tuple[int, Any]:
    headers = {"Content-Type": "multipart/form-data; boundary=walk"}
    return await gateway.ask("POST", "/imports?kind=arrears", data=_stream(piece, size, head), headers=headers)


@pytest.mark.parametrize(
    ("piece", "head", "told"),
    [
        (b"202503,4100000039,1.00\n" * 40_000, "月,户,元\n".encode(), "Missing"),
        (b"x" * MIB, b"", "over 1 MB"),
        (b"\x00" * MIB, b"", "no text"),
    ],
    ids=["many rows under headings nobody knows", "one endless line", "nothing but zeros"],
)
async def test_a_file_of_200_megabytes_streams_through_flat_memory(
    gateway: Gateway, piece: bytes, head: bytes, told: str
) -> None:
    assert gateway.process is not None
    process = psutil.Process(gateway.process.pid)
    before = highest = process.memory_info().rss
    upload = asyncio.create_task(_upload(gateway, piece, 200 * MIB, head))
    while not upload.done():
        highest = max(highest, process.memory_info().rss)
        await asyncio.sleep(0.02)
    status, answer = await upload
    assert status == 202, answer
    while (done := await gateway.get(f"/imports/{answer['id']}"))["state"] in ("queued", "running"):
        highest = max(highest, process.memory_info().rss)
        await asyncio.sleep(0.02)
    assert done["state"] == "failed" and done["error"] and told in done["error"], done
    assert highest - before < FLAT


async def test_a_file_said_to_be_beyond_the_bound_is_refused_before_it_is_sent(gateway: Gateway) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    head = (
        f"POST /api/v1/imports?kind=arrears HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {KEY}\r\n"
        f"Content-Type: multipart/form-data; boundary=walk\r\nContent-Length: {3 << 30}\r\n\r\n"
    )
    writer.write(head.encode())
    answer = (await asyncio.wait_for(reader.readuntil(b"}"), 10)).decode()
    assert answer.startswith("HTTP/1.1 413") and "2048 MiB" in answer and "connection: close" in answer.lower()
    writer.close()


async def test_a_notice_is_approved_once(gateway: Gateway, carrier: OutsideCarrier) -> None:
    notice_id = await gateway.approved({"kind": "arrears", "billing_month": "202503"})
    status, answer = await gateway.ask("POST", f"/notices/{notice_id}/approve")
    assert status == 409 and answer["type"] == "/problems/conflict" and "draft" in answer["detail"]
    both = await asyncio.gather(*(_draft_and_twice_approve(gateway) for _ in range(3)))
    assert both == [[200, 409]] * 3
    await gateway.idle()
    assert len(carrier.to(NUMBER)) == 1


async def _draft_and_twice_approve(gateway: Gateway) -> list[int]:
    draft = await gateway.post("/notices", {"kind": "arrears", "billing_month": "202503"}, status=201)
    answers = await asyncio.gather(*(gateway.ask("POST", f"/notices/{draft['id']}/approve") for _ in range(2)))
    return sorted(status for status, _ in answers)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"template": "no_such_text", "values": {}}, "template"),
        ({"template": "announcement", "values": {"txt": "?", "text": "!"}}, "values.txt"),
        ({"template": "announcement", "values": {}}, "values.text"),
        ({"template": "announcement", "values": {"text": "好"}, "to": "12345"}, "to"),
        ({"template": "announcement", "values": {"text": "好"}, "not_before": "tomorrow"}, "not_before"),
        ({"template": "announcement", "values": {"text": "好"}, "not_before": "2025-04-02T08:00:00"}, "not_before"),
        ({"template": "announcement", "values": {"text": "好"}, "surprise": 1}, "surprise"),
    ],
)
async def test_a_message_that_cannot_be_made_names_the_field(
    gateway: Gateway, carrier: OutsideCarrier, asked: dict[str, Any], field: str
) -> None:
    before = len(carrier.texts)
    whole = {"to": "+8613912370002", **asked}
    status, answer = await gateway.ask("POST", "/messages", json=whole)
    assert status == 422 and answer["type"] == "/problems/invalid-input", answer
    assert [error["field"] for error in answer["errors"]] == [field]
    status, batch = await gateway.ask("POST", "/messages/batch", json={"messages": [whole]})
    assert status == 202 and [error["field"] for error in batch["items"][0]["errors"]] == [field], batch
    await gateway.idle()
    assert len(carrier.texts) == before


async def test_an_unknown_account_an_unknown_notice_and_a_broken_body_are_told_apart(gateway: Gateway) -> None:
    single = {"account_no": "4199999990", "template": "announcement", "values": {"text": "好"}}
    status, answer = await gateway.ask("POST", "/messages", json=single)
    assert status in (404, 422) and answer["detail"]
    nowhere = "0195f18b-85c0-7005-80b0-c2ec576ffd6e"
    for method, path in (("GET", f"/notices/{nowhere}"), ("POST", f"/notices/{nowhere}/approve")):
        status, answer = await gateway.ask(method, path)
        assert (status, answer["type"]) == (404, "/problems/not-found")
    status, answer = await gateway.ask("POST", "/messages", data=b"{", headers={"Content-Type": "application/json"})
    assert (status, answer["type"]) == (400, "/problems/malformed")
    status, answer = await gateway.ask("GET", "/messages", headers={"Authorization": "Bearer wrong"})
    assert (status, answer["type"]) == (401, "/problems/unauthenticated")


async def test_the_same_idempotency_key_answers_the_first_result_again(
    gateway: Gateway, carrier: OutsideCarrier
) -> None:
    asked = {"to": "+8613912370009", "template": "announcement", "values": {"text": "只发一次。"}}
    headers = {"Idempotency-Key": "walk-1"}
    answers = await asyncio.gather(*(gateway.ask("POST", "/messages", json=asked, headers=headers) for _ in range(5)))
    first = next(answer for status, answer in answers if status == 202)
    assert all(answer["id"] == first["id"] for status, answer in answers if status == 202)
    other = {**asked, "values": {"text": "另一条。"}}
    status, answer = await gateway.ask("POST", "/messages", json=other, headers=headers)
    assert (status, answer["type"]) == (422, "/problems/idempotency-key-reused")
    await gateway.idle()
    assert len(carrier.to("+8613912370009")) == 1


async def test_the_clock_goes_only_forward_once_something_was_sent(gateway: Gateway) -> None:
    status, answer = await gateway.ask("POST", "/sandbox/clock", json={"now": "2025-03-01T10:00:00+08:00"})
    assert (status, answer["type"]) == (409, "/problems/conflict")


async def test_it_refuses_to_start_with_a_template_whose_variable_nobody_declared(
    gateway: Gateway, tmp_path: Path
) -> None:
    home = Path(__file__).parents[2]
    for package in ("gateway", "templates"):
        shutil.copytree(home / package, tmp_path / package)
    wrong = tmp_path / "templates" / "zh-CN" / "arrears.official.txt"
    wrong.write_text(wrong.read_text().replace("{{ amount|money }}", "{{ amuont|money }}"))
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        "serve",
        cwd=tmp_path,
        env={**gateway.environment, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(home)])},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await asyncio.wait_for(process.communicate(), 60)
    told = err.decode()
    assert process.returncode == 1
    assert "arrears.official.txt" in told and "amuont" in told and "Traceback" not in told
