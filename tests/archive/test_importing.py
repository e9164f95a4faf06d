from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from gateway.archive.importing import FLAT, ImportRunner
from gateway.kernel.database import Database, Work
from tests.importing import ZONE, Office, counts

DATA = Path(__file__).parent.parent / "kernel" / "data"
HEADINGS = (
    "户号,户名,用电地址,用电类别,合同容量(kVA),台区名称,线路名称,变电站,"
    "联系人,移动电话,固定电话,联系人2,联系电话2,特殊用电,VIP,用户状态"
)
GRID = "章家河1号公变,10kV寺坪8线,110kV双河变"
ONE = f"4100000039,温兰香,章家河1组1号,居民生活,10,{GRID},范霞海,151 0036 7629,,温兰香,13000476232,居家透析,否,正常用电"
TWO = f"4100000047,陈 民强,章家河1组2号,一般工商业,8,{GRID},陈民强,13200226188,0398-2868105转8001,,,,是,暂停"


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return Office(database, tmp_path)


def flat(*rows: str) -> str:
    return "\n".join([HEADINGS, *rows, ""])


async def test_the_flat_export_fills_the_archive(office: Office) -> None:
    loaded = await office.load("archive", flat(ONE, TWO))
    assert counts(loaded) == (2, 2, 0, 0, 0, 0)
    first, second = await office.rows(
        "SELECT a.*, c.name, c.segment, p.address, t.name AS area, f.name AS feeder, s.name AS station FROM account a"
        " JOIN customer c ON c.id = customer_id JOIN premise p ON p.id = premise_id"
        " JOIN transformer_area t ON t.id = transformer_area_id JOIN feeder f ON f.id = t.feeder_id"
        " JOIN substation s ON s.id = f.substation_id ORDER BY account_no"
    )
    assert (first["holder_name"], first["tariff_class"], first["vulnerable"], first["vip"], first["status"]) == (
        "温兰香",
        "residential",
        "dialysis",
        False,
        "active",
    )
    assert (first["area"], first["feeder"], first["station"]) == ("章家河1号公变", "10kV寺坪8线", "110kV双河变")
    assert (second["name"], second["tariff_class"], second["vip"], second["status"], second["address"]) == (
        "陈民强",
        "commercial",
        True,
        "suspended",
        "章家河1组2号",
    )
    assert first["transformer_area_id"] == second["transformer_area_id"]
    assert await office.links() == [
        ("4100000039", "+8615100367629", "relative", "unverified", True),
        ("4100000039", "+8613000476232", "holder", "unverified", False),
        ("4100000047", "+8613200226188", "holder", "unverified", True),
        ("4100000047", "+863982868105", "holder", "unverified", False),
    ]
    lines = await office.rows("SELECT line, count(*) FROM contact_point GROUP BY 1 ORDER BY 1")
    assert [tuple(row.values()) for row in lines] == [("landline", 1), ("mobile", 3)]


async def test_the_same_file_twice_writes_no_row(office: Office) -> None:
    for file in (flat(ONE, TWO), DATA / "用户档案_bom_crlf.csv", DATA / "用户档案_gb18030.csv"):
        await office.load("archive", file)
        before = await office.versions()
        again = counts(await office.load("archive", file))
        assert again[1:3] == (0, 0)
        assert await office.versions() == before


async def test_every_part_twice_writes_no_row(office: Office) -> None:
    parts = {
        "topology": "substation_id,substation_name,feeder_id,feeder_name,tarea_id,tarea_name,tarea_type,district\n"
        "S0001,110kV双河变,F00001,10kV寺坪8线,T0000001,章家河1号公变,public,东湖区\n",
        "accounts": "account_no,customer_no,holder_name,segment,premise_id,address,tarea_id,capacity_kva,updated_date\n"
        "4100000039,41K1,温兰香,individual,PR1,章家河1组1号,T0000001,10,2019-09-07\n"
        "4100000047,41K1,温 兰香,individual,PR2,章家河1组2号,T0000001,0.125,2019-09-07\n",
        "contacts": "contact_id,account_no,role,contact_name,mobile,landline,source,updated_date,is_default\n"
        "C1,4100000039,holder,温兰香,13000476232,0398-2868105,app,2015-11-16,N\n"
        "C2,4100000039,payer,范霞海,15100367629,0398-2868105,hotline,2019-07-15,Y\n"
        "C3,4100000047,tenant,王强,无,,hotline,2019-07-15,Y\n",
    }
    first = {kind: counts(await office.load(kind, text)) for kind, text in parts.items()}
    assert first == {"topology": (1, 1, 0, 0, 0, 0), "accounts": (2, 2, 0, 0, 0, 0), "contacts": (3, 2, 0, 0, 1, 0)}
    before = await office.versions()
    for kind, text in parts.items():
        assert counts(await office.load(kind, text))[1:3] == (0, 0)
    assert await office.versions() == before
    assert len(await office.rows("SELECT 1 FROM customer")) == 1
    assert (await office.rows("SELECT code FROM transformer_area"))[0]["code"] == "T0000001"
    assert await office.links() == [
        ("4100000039", "+8613000476232", "holder", "unverified", False),
        ("4100000039", "+863982868105", "payer", "unverified", False),
        ("4100000039", "+8615100367629", "payer", "unverified", True),
    ]


async def test_parts_meet_what_the_flat_export_brought(office: Office) -> None:
    await office.load("archive", flat(ONE, TWO))
    await office.load(
        "topology",
        "变电站编号,变电站,线路编号,线路,台区编号,台区,台区类型,区县\nS1,110kV双河变,F1,10kV寺坪8线,T1,章家河1号公变,公变,东湖区\n",
    )
    accounts = (
        "户号,客户编号,户名,用电地点编号,用电地址,台区编号\n"
        "4100000039,41K1,温兰香,PR1,章家河1组1号,T1\n4100000047,41K1,温兰香,PR2,章家河1组2号,T1\n"
    )
    assert counts(await office.load("accounts", accounts)) == (2, 0, 2, 0, 0, 0)
    areas = await office.rows(
        "SELECT code, kind, o.name FROM transformer_area JOIN organisation o ON o.id = organisation_id"
    )
    assert [tuple(row.values()) for row in areas] == [("T1", "public", "东湖区")]
    assert [row["customer_no"] for row in await office.rows("SELECT customer_no FROM customer")] == ["41K1"]
    assert len(await office.rows("SELECT 1 FROM premise")) == 2
    # Who a contact is, is what `contacts` says, not what the flat export suggests.
    await office.load("contacts", "户号,角色,联系人,移动电话,默认\n4100000039,承租人,范霞海,15100367629,是\n")
    await office.load("archive", flat(ONE, TWO))
    assert (await office.links())[0] == ("4100000039", "+8615100367629", "tenant", "unverified", True)


async def test_what_changed_is_updated_and_what_is_left_out_is_left_alone(office: Office) -> None:
    await office.load("archive", flat(ONE, TWO))
    moved = (
        ONE.replace("范霞海,151 0036 7629", "温兰香,18700157815")
        .replace("居家透析", "")
        .replace("温兰香,章", "温南香,章")
    )
    assert counts(await office.load("archive", flat(moved, TWO))) == (2, 0, 1, 1, 0, 0)
    assert (await office.rows("SELECT vulnerable FROM account ORDER BY id"))[0]["vulnerable"] is None
    assert (await office.rows("SELECT name FROM customer ORDER BY id"))[0]["name"] == "温南香"
    assert [link[1:] for link in await office.links() if link[0] == "4100000039"] == [
        ("+8615100367629", "relative", "unverified", False),
        ("+8613000476232", "holder", "unverified", False),
        ("+8618700157815", "relative", "unverified", True),
    ]


async def test_a_row_cut_short_does_not_clear_what_it_does_not_say(office: Office) -> None:
    await office.load("archive", flat(ONE))
    cut = ",".join(ONE.split(",")[:11])
    assert counts(await office.load("archive", flat(cut))) == (1, 0, 0, 1, 0, 0)
    assert (await office.rows("SELECT vulnerable FROM account"))[0]["vulnerable"] == "dialysis"


async def test_refused_rows_and_cells_are_named_and_the_rest_goes_in(office: Office) -> None:
    loaded = await office.load(
        "archive",
        flat(
            "4.10000E+09" + ONE[10:],
            "4100000101,王强,一路1号,居民生活,10,,,,王强,13800138000,4805641,,,外星人,否,正常用电",
            "4100000102,,二路1号,居民生活,10,,,,,,,,,,,",
            "4100000103,李丽,二路,3号,居民生活,10,,,,李丽,13800236805,,,,,否,正常用电",
            "4100000104,赵敏,三路1号,居民生活,10,,,,13500036077,赵四,,,,,否,正常用电",
        ),
    )
    assert counts(loaded) == (5, 2, 0, 0, 3, 0)
    assert await office.rejects(loaded) == [
        (2, "户号", "mangled_by_spreadsheet", "row"),
        (3, "特殊用电", "unknown_word", "cell"),
        (3, "移动电话", "placeholder", "cell"),
        (3, "固定电话", "no_area_code", "cell"),
        (4, "户名", "missing_value", "row"),
        (5, None, "too_many_cells", "row"),
    ]
    kept = await office.rows("SELECT row_values FROM import_reject WHERE row_number = 5")
    assert "王强" not in kept[0]["row_values"]
    assert "二路" in kept[0]["row_values"]
    assert await office.links() == [("4100000104", "+8613500036077", "relative", "unverified", True)]  # changed places
    assert (await office.rows("SELECT name FROM contact_link"))[0]["name"] == "赵四"


@pytest.mark.parametrize("state", ["revoked", "suspended"])
@pytest.mark.parametrize("kind", ["archive", "contacts"])
async def test_a_correction_is_not_undone_by_the_next_import(office: Office, state: str, kind: str) -> None:
    await office.load("archive", flat(ONE, TWO))
    await office.execute(
        "UPDATE contact_link SET state = $1, reason = '打错了', state_since = now(), is_default = false"
        " WHERE contact_point_id = (SELECT id FROM contact_point WHERE address = '+8615100367629')",
        state,
    )
    before = await office.rows("SELECT * FROM contact_link ORDER BY id")
    contacts = "户号,角色,联系人,移动电话,默认\n4100000039,户主,温兰香,15100367629,是\n"
    loaded = await office.load(kind, flat(ONE, TWO) if kind == "archive" else contacts)
    assert loaded["conflicts"] == 1
    assert counts(loaded)[1:3] == (0, 0)
    (reject,) = [reject for reject in await office.rejects(loaded) if reject[3] == "conflict"]
    assert reject == (2, "移动电话", "stopped_contact", "conflict")
    (why,) = await office.rows("SELECT reason FROM import_reject WHERE scope = 'conflict'")
    assert f"+86151****7629 was {state} for this account on 20" in why["reason"]
    assert "打错了" in why["reason"]
    assert await office.rows("SELECT * FROM contact_link ORDER BY id") == before


async def test_a_verified_role_is_not_taken_back(office: Office) -> None:
    await office.load("archive", flat(ONE))
    await office.execute("UPDATE contact_link SET state = 'verified', role = 'landlord', name = '范老板'")
    await office.load("contacts", "户号,角色,联系人,移动电话\n4100000039,户主,温兰香,15100367629\n")
    links = await office.rows("SELECT role, name FROM contact_link ORDER BY id")
    assert links[0] == {"role": "landlord", "name": "范老板"}


async def test_a_number_of_staff_is_refused_and_noted_once(office: Office) -> None:
    staff = "工号,姓名,电话,班组编号,班组,岗位,区县\nE000001,王君,151-0036-7629,TM0001,营业班,受理员,东湖区\n"
    assert counts(await office.load("staff", staff)) == (1, 1, 0, 0, 0, 0)
    assert counts(await office.load("staff", staff)) == (1, 0, 0, 1, 0, 0)
    for _ in range(2):
        loaded = await office.load("archive", flat(ONE))
        assert await office.rejects(loaded) == [(2, "移动电话", "staff_number", "cell")]
    assert [link[1] for link in await office.links()] == ["+8613000476232"]
    signals = await office.rows("SELECT kind, account_no FROM signal JOIN account a ON a.id = account_id")
    assert signals == [{"kind": "staff_number", "account_no": "4100000039"}]


async def test_who_hangs_on_a_line_without_a_transformer_area_hangs_on_it_all_the_same(office: Office) -> None:
    """Or an outage of the line would not find them. A file that names the line alone moves nobody along it."""
    head = "户号,户名,线路编号,台区编号\n"
    await office.load("accounts", head + "4100000039,温兰香,F1,T1\n4100000047,陈民强,F1,\n4100000055,李娜,,\n")
    hangs = """SELECT account_no, f.code AS line, t.code AS area, t.name, t.kind FROM account a
               LEFT JOIN transformer_area t ON t.id = a.transformer_area_id
               LEFT JOIN feeder f ON f.id = t.feeder_id ORDER BY account_no"""
    placed = [
        ("4100000039", "F1", "T1", "T1", None),
        ("4100000047", "F1", None, "F1", "line"),
        ("4100000055", None, None, None, None),
    ]
    assert [tuple(row.values()) for row in await office.rows(hangs)] == placed
    again = await office.load("accounts", head + "4100000039,温兰香,F1,\n4100000047,陈民强,F1,\n4100000055,李娜,,\n")
    assert counts(again)[1:3] == (0, 0)
    assert [tuple(row.values()) for row in await office.rows(hangs)] == placed
    await office.load("accounts", head + "4100000039,温兰香,F2,\n4100000047,陈民强,,T1\n4100000055,李娜,F1,\n")
    assert [tuple(row.values())[:3] for row in await office.rows(hangs)] == [
        ("4100000039", "F2", None),
        ("4100000047", "F1", "T1"),
        ("4100000055", "F1", None),
    ]
    assert len(await office.rows("SELECT 1 FROM transformer_area WHERE kind = 'line'")) == 2


async def test_an_address_may_keep_clocks_and_holidays_of_its_own(office: Office) -> None:
    sheet = (
        "account_no,holder_name,时区,节假日地区\n4100000039,温兰香,Asia/Urumqi,US-NY\n4100000047,陈民强,,\n"
        "4100000055,李娜,Asia/Lanzhou,CN-XX\n"
    )
    loaded = await office.load("accounts", sheet)
    rows = await office.rows(
        "SELECT time_zone, calendar FROM premise p JOIN account a ON a.premise_id = p.id ORDER BY account_no"
    )
    assert [tuple(row.values()) for row in rows][:2] == [("Asia/Urumqi", "US-NY"), (None, None)]
    assert await office.rejects(loaded) == [
        (4, "时区", "unknown_word", "cell"),
        (4, "节假日地区", "unknown_word", "cell"),
    ]


async def test_contacts_of_accounts_nobody_knows_are_rejected(office: Office) -> None:
    loaded = await office.load("contacts", "户号,移动电话\n4100000999,13800236805\n")
    assert counts(loaded) == (1, 0, 0, 0, 1, 0)
    assert await office.rejects(loaded) == [(2, "户号", "unknown_account", "row")]


async def test_an_account_twice_in_a_file(office: Office) -> None:
    later = ONE.replace("章家河1组1号", "章家河1组9号").replace("13000476232", "18700157815")
    assert counts(await office.load("archive", flat(ONE, later, later))) == (3, 1, 1, 1, 0, 0)
    assert (await office.rows("SELECT address FROM premise")) == [{"address": "章家河1组9号"}]
    assert counts(await office.load("archive", flat(ONE, later, later)))[1:3] == (0, 0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        ("户号,户名\n41,".encode("gb18030") + b"\xff\xff", "byte"),
        (b"foo,bar\n1,2\n", "account_no (户号"),
        ("户好,户名\n1,2\n".encode(), "“户好”"),
    ],
)
async def test_a_file_that_cannot_be_read_fails_with_a_clear_word(office: Office, content: bytes, said: str) -> None:
    loaded = await office.load("archive", content)
    assert (loaded["state"], loaded["rows"]) == ("failed", 0)
    assert said in loaded["error"]
    assert loaded["finished_at"] is not None


async def test_a_file_that_is_gone(office: Office, tmp_path: Path) -> None:
    loaded = await office.load("archive", tmp_path / "gone.csv")
    assert loaded["state"] == "failed"
    assert "cannot be read any more" in loaded["error"]


async def test_headings_nobody_knows_are_reported(office: Office) -> None:
    loaded = await office.load("archive", "户号,户名,星座\n4100000039,温兰香,白羊\n")
    assert loaded["ignored_headings"] == '["星座"]'


class Dies(type(FLAT)):  # type: ignore[misc]
    """The flat export, on a node that dies in its third chunk."""

    chunks = 0

    async def merge(self, work: Work, rows: Any, run: Any) -> Any:
        type(self).chunks += 1
        if self.chunks == 3:
            raise ConnectionResetError
        return await super().merge(work, rows, run)


def many(number: int) -> str:
    return flat(
        *(f"{4200000000 + n},王{n},一路{n}号,居民生活,8,,,,王{n},1380{n:07},,,,,否,正常用电" for n in range(number))
    )


async def test_an_import_goes_on_behind_what_was_committed(office: Office) -> None:
    office.chunk = 10
    import_id = await office.hand_in("archive", many(57))
    dying = ImportRunner(office.database, office.clock, {"archive": Dies()}, zone=ZONE, region="CN", chunk=10)
    with pytest.raises(ConnectionResetError):
        await dying.run(import_id)
    half = await office.look(import_id)
    assert (half["state"], half["rows"], half["created"]) == ("running", 20, 20)
    assert await office.runner().run_queued() == 1
    assert counts(await office.look(import_id)) == (57, 57, 0, 0, 0, 0)
    assert len(await office.rows("SELECT 1 FROM account")) == 57


async def test_two_nodes_never_run_the_same_import(office: Office) -> None:
    office.chunk = 5
    ids = [await office.hand_in("archive", many(40)) for _ in range(3)]
    await asyncio.gather(*(office.runner().run(import_id) for import_id in ids for _ in range(2)))
    done = [counts(await office.look(import_id)) for import_id in ids]
    assert sum(row[1] for row in done) == 40
    assert all(row[0] == 40 for row in done)


async def test_rows_that_belong_together_stay_in_a_chunk(office: Office) -> None:
    office.chunk = 2
    await office.load("archive", flat(ONE))
    contacts = "户号,角色,联系人,移动电话,默认,更新日期\n" + "".join(
        f"4100000039,{role},温兰香,13000476232,否,2020-01-0{day}\n"
        for day, role in enumerate(["户主", "房东", "租户"], 1)
    )
    await office.load("contacts", contacts)
    assert counts(await office.load("contacts", contacts))[1:3] == (0, 0)


async def test_progress_is_told(office: Office) -> None:
    office.chunk = 10
    told: list[tuple[int, float]] = []
    await office.runner().run(await office.hand_in("archive", many(25)), lambda rows, share: told.append((rows, share)))
    assert [rows for rows, _ in told] == [10, 20, 25]
    assert told[-1][1] == 1


async def test_a_workbook_names_the_sheet_of_what_it_refuses(office: Office, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for title, account in (("第1页", 4100000039), ("第2页", 4.17e15)):
        sheet = book.create_sheet(title)
        sheet.append(["岚州市供电公司用户档案明细表"])
        sheet.append(["用户编号", "客户名称", "手机号码", "运行容量"])
        sheet.append([account, "温兰香", 13000476232, "=4+4"])
        sheet.append(["合计", "1户"])
    book.save(tmp_path / "a.xlsx")
    loaded = await office.load("archive", tmp_path / "a.xlsx", "用户档案.xlsx")
    assert counts(loaded) == (2, 1, 0, 0, 1, 0)
    reasons = await office.rows("SELECT row_number, column_name, reason FROM import_reject ORDER BY id")
    assert [(row["row_number"], row["column_name"]) for row in reasons] == [
        (3, "运行容量"),
        (3, "运行容量"),
        (3, "用户编号"),
    ]
    assert "formula in D3 has no stored result" in reasons[0]["reason"]
    assert reasons[0]["reason"].endswith("(sheet 第1页)")
    assert "rounded" in reasons[2]["reason"]
    assert reasons[2]["reason"].endswith("(sheet 第2页)")
    assert await office.links() == [("4100000039", "+8613000476232", "holder", "unverified", True)]
