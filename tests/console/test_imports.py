"""Files handed in on the pages, and refused rows mended in place."""

from __future__ import annotations

import re

import aiohttp

from .conftest import Visitors
from .world import World


def form(kind: str, content: bytes, name: str = "欠费清单.csv") -> aiohttp.FormData:
    data = aiohttp.FormData()
    data.add_field("kind", kind)
    data.add_field("file", content, filename=name, content_type="text/csv")
    return data


async def test_refused_rows_are_mended_where_they_stand(world: World, visitor: Visitors) -> None:
    admin = visitor("archive_admin")
    account = world.accounts["东湖区"][5]
    head = "账期,户号,欠费金额,应缴日期"
    rows = [f"202502,{account},{amount},2025-02-25" for amount in ("八十", "-3")]
    content = "\n".join([head, *rows, f"202502,{world.accounts['东湖区'][6]},12.50,2025-02-25"]).encode("gb18030")
    status, text, to = await admin.post("/imports", form("arrears", content))
    assert status == 303, text
    await world.house.imports.run_queued()
    path = to.removeprefix("/console")
    status, text = await admin.get(path)
    assert status == 200 and "八十" in text and "欠费清单.csv" in text
    cells = re.findall(r'name="(c:\d+:2)" value="([^"]*)"', text)
    assert [value for _, value in cells] == ["八十", "-3"]

    # What cannot go in leaves what was typed where it was.
    status, text, _ = await admin.post(f"{path}/mend", {cells[0][0]: "八十", cells[1][0]: "-3"})
    assert status == 422 and 'value="八十"' in text
    status, _, again = await admin.post(f"{path}/mend", {cells[0][0]: "80.20", cells[1][0]: "-3"})
    assert status == 303
    await world.house.imports.run_queued()
    async with world.database.connection() as connection:
        counts = await connection.fetchrow(
            "SELECT state, rows, created, rejected, mends::text AS mends FROM import WHERE id = $1::uuid",
            again.rpartition("/")[2],
        )
    assert tuple(counts) == ("done", 1, 1, 0, path.rpartition("/")[2])

    # Mended once; the other still waits.
    status, text, _ = await admin.post(f"{path}/mend", {cells[0][0]: "90"})
    assert status == 409
    status, text = await admin.get(path)
    assert "80.20" not in text and text.count("reject-done") == 1


async def test_a_file_that_cannot_be_taken_says_so(world: World, visitor: Visitors) -> None:
    admin = visitor("archive_admin")
    status, text, _ = await admin.post("/imports", form("arrears", b""))
    assert (status == 422 and "文件是空的" in text) or "file is empty" in text
    status, text, _ = await admin.post("/imports", form("songs", b"a,b\n1,2\n"))
    assert status == 422
    assert not [one for one in (world.house.settings.data_dir / "uploads").glob("*") if one.stat().st_size == 0]


async def test_rejects_are_exported_without_formulas(world: World, visitor: Visitors) -> None:
    admin = visitor("archive_admin")
    status, text = await admin.get(f"/imports/{world.made['arrears']}?format=csv")
    assert status == 200 and "八十元" in text


async def test_who_acts_for_a_part_hands_nothing_in(world: World, visitor: Visitors) -> None:
    elsewhere = visitor("elsewhere")
    assert (await elsewhere.post("/imports", form("arrears", b"a,b\n1,2\n")))[0] == 403


async def test_a_row_that_a_comma_parted_is_mended_by_joining_its_cells(world: World, visitor: Visitors) -> None:
    admin = visitor("archive_admin")
    account = world.accounts["东湖区"][7]
    head = "账期,户号,户名,欠费金额,应缴日期"
    row = f"202502,{account},岚州市,青石县粮油店,12.50,2025-02-25"
    _, _, to = await admin.post("/imports", form("arrears", f"{head}\n{row}\n".encode()))
    await world.house.imports.run_queued()
    path = to.removeprefix("/console")
    _, text = await admin.get(path)
    cells = re.findall(r'name="(c:\d+:\d)" value="([^"]*)"', text)
    assert [value for _, value in cells] == row.split(",") and text.count("data-join") == 6

    # As it stands it has a cell too many, and is told so in words of its own.
    typed = dict(cells) | {cells[2][0]: "岚州市青石县"}
    status, text, _ = await admin.post(f"{path}/mend", typed)
    assert status == 422 and "第 2 行" in text and "格子比表头多" in text
    joined = [*row.split(",")[:2], "岚州市,青石县粮油店", *row.split(",")[4:], ""]
    names = [name for name, _ in cells]
    status, text, again = await admin.post(f"{path}/mend", dict(zip(names, joined, strict=True)))
    assert status == 303, text
    await world.house.imports.run_queued()
    async with world.database.connection() as connection:
        created = await connection.fetchval("SELECT created FROM import WHERE id = $1::uuid", again.rpartition("/")[2])
    assert created == 1


async def test_an_import_that_ended_shows_how_it_went(world: World, visitor: Visitors) -> None:
    admin = visitor("archive_admin")
    _, _, to = await admin.post("/imports", form("payments", "户号码,户名\n41,朱\n".encode()))
    path = to.removeprefix("/console")
    _, text = await admin.get(path)
    assert "没有被拒的行" not in text and f'hx-get="/console{path}/progress"' in text
    async with admin.client.get(f"{world.url}/console{path}/progress", headers={"HX-Request": "true"}) as answer:
        assert "HX-Refresh" not in answer.headers
    await world.house.imports.run_queued()
    async with admin.client.get(f"{world.url}/console{path}/progress", headers={"HX-Request": "true"}) as answer:
        assert answer.headers["HX-Refresh"] == "true"
    _, text = await admin.get(path)
    assert "缺少：" in text and "没有被拒的行" not in text and "Missing" not in text
