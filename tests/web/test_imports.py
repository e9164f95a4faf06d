"""Files handed in: on disk before they are acknowledged, once for each key, bounded."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData

from gateway.web.bodies import MIB, displayable
from tests.web.conftest import NOW, House

CSV = "户号,户名,金额\n4100008346,白飞超,12.50\n".encode("gb18030")


def a_file(content: Any = CSV, *, filename: str = "欠费 202510.csv", field: str = "file") -> FormData:
    form = FormData()
    form.add_field(field, content, filename=filename, content_type="text/csv")
    return form


def on_disk(house: House) -> list[Path]:
    folder = house.services.settings.data_dir / "uploads"
    return sorted(folder.iterdir()) if folder.exists() else []


async def test_a_file_is_on_disk_and_queued(house: House) -> None:
    taken = await house.call("POST", "/imports?kind=arrears", data=a_file(), expect=202)
    assert taken["state"] == "queued"
    (path,) = on_disk(house)
    assert path.read_bytes() == CSV and path.suffix == ".csv"
    one = await house.call("GET", f"/imports/{taken['id']}")
    assert one["filename"] == "欠费 202510.csv" and one["requested_by"] == "key:bootstrap"
    assert (one["rows"], one["rejected"], one["conflicts"]) == (0, 0, 0)
    assert [item["id"] for item in (await house.call("GET", "/imports"))["items"]] == [taken["id"]]


async def test_a_repeat_with_its_key_is_one_import_and_one_file(house: House) -> None:
    headers = {"Idempotency-Key": "october"}
    calls = [house.call("POST", "/imports?kind=arrears", data=a_file(), headers=headers, expect=202) for _ in range(5)]
    answers = await asyncio.gather(*calls)
    assert all(answer == answers[0] for answer in answers)
    assert len(on_disk(house)) == 1
    other = a_file(CSV + b"x")
    problem = await house.call("POST", "/imports?kind=arrears", data=other, headers=headers, expect=422)
    assert problem["type"] == "/problems/idempotency-key-reused"
    assert len(on_disk(house)) == 1


@pytest.mark.parametrize("query", ["", "?kind=", "?kind=recipes", "?kind=arrears&colour=red"])
async def test_an_unknown_kind_leaves_nothing_behind(house: House, query: str) -> None:
    await house.call("POST", f"/imports{query}", data=a_file(), expect=422)
    assert on_disk(house) == []


async def test_a_kind_that_the_room_refuses_leaves_nothing_behind(house: House) -> None:
    await house.call("POST", "/imports?kind=staff", data=a_file(), expect=422)
    assert on_disk(house) == []


async def test_an_empty_file_and_another_field_are_refused(house: House) -> None:
    for form in (a_file(b""), a_file(field="other"), FormData({"kind": "arrears"}, default_to_multipart=True)):
        problem = await house.call("POST", "/imports?kind=arrears", data=form, expect=422)
        assert problem["errors"][0]["field"] == "file"
    two = a_file()
    two.add_field("file", b"x", filename="b.csv")
    await house.call("POST", "/imports?kind=arrears", data=two, expect=422)
    assert on_disk(house) == []


async def test_a_file_over_the_bound_is_refused_declared_or_not(house: House) -> None:
    async def endless() -> Any:
        for _ in range(20):
            yield b"x" * (MIB // 8)

    for content in (io.BytesIO(b"x" * (MIB + 1)), io.BytesIO(b"x" * (2 * MIB)), endless()):
        problem = await house.call("POST", "/imports?kind=arrears", data=a_file(content), expect=413)
        assert problem["type"] == "/problems/too-large" and "1 MiB" in problem["detail"]
    assert on_disk(house) == []


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/csv", CSV, 415),
        ("multipart/form-data", b"", 400),
        ("multipart/form-data; boundary=x", b"garbage", 400),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=file\r\n\r\ncut", 400),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=file\r\nContent-Encoding: gzip\r\n\r\na\r\n--x--\r\n",
            415,
        ),
    ],
)
async def test_what_is_no_upload_is_refused(house: House, kind: str, body: bytes, status: int) -> None:
    await house.call("POST", "/imports?kind=arrears", data=body, headers={"Content-Type": kind}, expect=status)
    assert on_disk(house) == []


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\王\\欠费.xlsx", "欠费.xlsx"),
        ("a\x00\r\nb.csv", "ab.csv"),
        ("%E6%AC%A0%E8%B4%B9.csv", "欠费.csv"),
        ("%2e%2e%2fa.csv", "a.csv"),
        ("100%ff.csv", "100%ff.csv"),
        ("", "file"),
        ("/", "file"),
        ("长" * 300 + ".csv", ("长" * 300 + ".csv")[-200:]),
    ],
)
def test_a_filename_is_shown_without_directories_and_controls(given: str, shown: str) -> None:
    assert displayable(given) == shown


async def test_rejects_come_in_the_order_of_the_file_by_pages(house: House) -> None:
    taken = await house.call("POST", "/imports?kind=arrears", data=a_file(), expect=202)
    async with house.database.work() as work:
        await work.connection.executemany(
            "INSERT INTO import_reject (import_id, row_number, column_name, reason, scope, row_values)"
            " VALUES ($1, $2, '手机', 'placeholder: 占位号码', 'cell', $3)",
            [(taken["id"], number, '["4100008346", "无"]') for number in range(2, 27)],
        )
        await work.commit()
    rows: list[int] = []
    cursor = ""
    while True:
        page = await house.call("GET", f"/imports/{taken['id']}/rejects?limit=10{cursor}")
        rows += [one["row_number"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert rows == list(range(2, 27))
    assert page["items"][0]["row"] == ["4100008346", "无"] and page["items"][0]["column"] == "手机"
    await house.call("GET", f"/imports/{NOW.year}/rejects", expect=404)
