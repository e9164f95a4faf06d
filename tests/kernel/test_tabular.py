from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.errors import InvalidInput, TooLarge
from gateway.kernel.tabular import BadTable, Column, Headings, Limits, Reject, Row, Table, open_table
from gateway.kernel.tabular.xlsx_file import text_of

DATA = Path(__file__).parent / "data"

ACCOUNTS = Headings(
    [
        Column(name="account_no", words=("户号", "用户编号"), required=True),
        Column(name="holder_name", words=("户名", "客户名称"), required=True),
        Column(name="address", words=("用电地址",)),
        Column(name="capacity_kva", words=("合同容量", "运行容量")),
        Column(name="mobile", words=("移动电话", "手机号码")),
        Column(name="opened_on", words=("立户日期", "建档日期")),
    ]
)
PLANNED = Headings(
    [
        Column(name="outage_id", words=("停电编号",), required=True),
        Column(name="start_time", words=("停电时间",), required=True),
        Column(name="end_time", words=("送电时间",)),
    ]
)
FAULTS = Headings(
    [
        Column(name="outage_id", words=("停电编号",), required=True),
        Column(name="occurred_at", words=("故障时间",), required=True),
    ]
)


def saved(folder: Path, content: bytes | str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def opened(folder: Path, content: bytes | str, headings: Headings = ACCOUNTS) -> Table:
    return open_table(saved(folder, content), "a.csv", headings)


def read(table: Table) -> tuple[list[Row], list[Reject]]:
    with table:
        items = list(table)
    return (
        [item for item in items if isinstance(item, Row)],
        [item for item in items if isinstance(item, Reject)],
    )


def workbook(folder: Path, sheets: dict[str, list[list[Any]]], name: str = "a.xlsx") -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(folder / name)
    return folder / name


# --- CSV


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, end: str) -> None:
    text = end.join(["户号,户名,移动电话", "4100200057,朱福福,13100121350", "4100200058,帕提古丽·卡德尔,"])
    table = opened(tmp_path, text.encode(encoding))
    assert table.encoding == ("gb18030" if encoding == "gb18030" else "utf-8-sig")
    rows, rejects = read(table)
    assert not rejects
    assert [(row.number, row.values) for row in rows] == [
        (2, ("4100200057", "朱福福", "", "", "13100121350", "")),
        (3, ("4100200058", "帕提古丽·卡德尔", "", "", "", "")),
    ]


def test_headings_in_any_order_case_width_and_language(tmp_path: Path) -> None:
    table = opened(tmp_path, "Mobile,合同容量（ＫＶＡ）, 户 名 *,备注,ACCOUNT NO\n131,8,朱福福,好,41\n")
    assert table.found == {
        "mobile": "Mobile",
        "capacity_kva": "合同容量（ＫＶＡ）",
        "holder_name": "户 名 *",
        "account_no": "ACCOUNT NO",
    }
    assert table.ignored == ("备注",)
    (row,), _ = read(table)
    assert row.values == ("41", "朱福福", "", "8", "131", "")
    assert row.raw == ["131", "8", "朱福福", "好", "41"]
    assert ACCOUNTS.index("mobile") == 4


def test_titles_above_the_headings_are_passed_over(tmp_path: Path) -> None:
    rows, _ = read(opened(tmp_path, "岚州市供电公司用户档案明细表\n\n导出时间:2025-03-31,,操作员\n户号,户名\n41,朱\n"))
    assert [(row.number, row.values[:2]) for row in rows] == [(5, ("41", "朱"))]


def test_a_real_export_of_one_district_with_everything_wrong() -> None:
    table = open_table(DATA / "用户档案_bom_crlf.csv", "用户档案.csv", ACCOUNTS)
    rows, rejects = read(table)
    assert (table.skipped.blank, table.skipped.headings, table.skipped.totals) == (1, 1, 1)
    assert len(rows) == 42
    assert [(reject.number, reject.raw[0], reject.scope) for reject in rejects] == [
        (22, "4100201003", "row"),
        (36, "4100203308", "row"),
    ]
    assert all(reject.reason.startswith("too_many_cells: ") for reject in rejects)
    by_account = {row.values[0]: row for row in rows}
    assert by_account["417000203243"].values[2] == "岚州市青石县银\r\n杏西路7号"
    assert by_account["4100200362"].values[1:] == ("赵成豪", "岚州市青石县望湖镇尹家桥2组17号", "4", "15500276067", "")
    assert by_account["4100206584"].values[4] == "8618900263407"  # two blank cells too many do no harm
    assert {"417000207966", "417000212607", "4100217449"} <= by_account.keys()  # written as ="417000207966"
    assert by_account["4100200104"].values[1] == "魏磊"
    assert rows[-1].number == 47


def test_a_real_export_in_gb18030() -> None:
    rows, rejects = read(open_table(DATA / "用户档案_gb18030.csv", "用户档案.csv", ACCOUNTS))
    assert (len(rows), rejects, rows[0].values[1]) == (30, [], "温兰香")


@pytest.mark.parametrize(
    "total", ["合计,2户", ",合计", "合 计,,12", "总计：2,", "小计,1", "Total,2", "本页小计,1", "累计,", "grand total"]
)
def test_totals_are_passed_over(tmp_path: Path, total: str) -> None:
    table = opened(tmp_path, f"户号,户名,移动电话\n41,朱\n{total}\n42,合家欢超市\n")
    rows, _ = read(table)
    assert [row.number for row in rows] == [2, 4]
    assert table.skipped.totals == 1


@pytest.mark.parametrize("delimiter", ["\t", ";"])
def test_other_delimiters(tmp_path: Path, delimiter: str) -> None:
    rows, _ = read(opened(tmp_path, delimiter.join(["户号", "户名"]) + "\n" + delimiter.join(["41", "朱,福"]) + "\n"))
    assert rows[0].values[:2] == ("41", "朱,福")


def test_a_lost_quotation_mark_costs_one_row(tmp_path: Path) -> None:
    lines = ["户号,户名,用电地址", '41,"朱福福,望湖镇', *(f"{number},王强,雅居镇" for number in range(100, 300))]
    rows, rejects = read(opened(tmp_path, "\n".join(lines)))
    assert [(reject.number, reject.raw) for reject in rejects] == [(2, ['41,"朱福福,望湖镇'])]
    assert rejects[0].reason.startswith("stray_quote: ")
    assert [row.values[0] for row in rows] == [str(number) for number in range(100, 300)]
    assert rows[0].number == 3


def test_a_lost_quotation_mark_near_the_end_or_met_by_another(tmp_path: Path) -> None:
    rows, rejects = read(opened(tmp_path, '户号,户名\n41,朱\n42,"王\n43,李\n'))
    assert ([row.values[0] for row in rows], [reject.number for reject in rejects]) == (["41", "43"], [3])
    rows, rejects = read(opened(tmp_path, '户号,户名,用电地址\n41,"朱,甲\n42,王,"乙,3号"\n43,李,丙\n'))
    assert ([row.values[0] for row in rows], [reject.number for reject in rejects]) == (["42", "43"], [2])


def test_a_cell_with_line_breaks_is_one_row(tmp_path: Path) -> None:
    rows, rejects = read(opened(tmp_path, '户号,户名,用电地址\n41,朱,"望湖镇\n1组\n2号"\n42,王,乙\n'))
    assert not rejects
    assert [(row.number, row.values[2]) for row in rows] == [(2, "望湖镇\n1组\n2号"), (3, "乙")]


def test_alternatives_are_told_apart_by_their_headings(tmp_path: Path) -> None:
    planned = open_table(saved(tmp_path, "停电编号,停电时间\nP1,2025-03-04\n"), "a.csv", [FAULTS, PLANNED])
    fault = open_table(saved(tmp_path, "停电编号,故障时间\nF1,2025-03-04\n", "b.csv"), "b.csv", [FAULTS, PLANNED])
    with planned, fault:
        assert (planned.headings, fault.headings) == (PLANNED, FAULTS)


def test_headings_without_rows_are_no_rows(tmp_path: Path) -> None:
    assert read(opened(tmp_path, "户号,户名\n")) == ([], [])


def test_progress_ends_at_one(tmp_path: Path) -> None:
    table = opened(tmp_path, "户号,户名\n" + "41,朱\n" * 50_000)
    with table:
        seen = [table.fraction for row in table if isinstance(row, Row) and row.number % 10_000 == 0]
        assert seen == sorted(seen)
        assert 0 < seen[0] < seen[-1] <= table.fraction == 1


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[0-9]{4}", fullmatch=True),
            st.text(alphabet="王强,\"\n'欠费 x", min_size=1).map(lambda name: f"户{name}户"),
        ),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
)
def test_what_a_writer_quotes_comes_back(tmp_path_factory: Any, rows: list[tuple[str, str]], encoding: str) -> None:
    quoted = [f'{number},"{name.replace(chr(34), chr(34) * 2)}"' for number, name in rows]
    path = saved(tmp_path_factory.mktemp("csv"), "\r\n".join(["户号,户名", *quoted]).encode(encoding))
    found, rejects = read(open_table(path, "a.csv", ACCOUNTS))
    assert not rejects
    assert [row.values[:2] for row in found] == rows


# --- whole files that are refused


@pytest.mark.parametrize(
    ("content", "problem", "said"),
    [
        (b"", "empty_file", "empty"),
        (b"\xef\xbb\xbf", "empty_file", "empty"),
        (b" \r\n\r\n", "empty_file", "empty"),
        (b",,\r\n,,\r\n", "empty_file", "empty"),
        ("户号,户名\n41,朱".encode() + b"\xff\xff", "wrong_encoding", "byte 21 does not fit"),
        ("户号,户名\n41,朱\n".encode("gb18030") + b"\xff", "wrong_encoding", "byte 1 does not fit"),
        ("户号,户名\n".encode("utf-16"), "wrong_encoding", "UTF-16"),
        ("户号,户名\n".encode("utf-16-le"), "wrong_encoding", "zero"),
        (b"%PDF-1.7 ...", "not_a_table", "PDF"),
        (b"<html><table></table></html>", "not_a_table", "web page"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "not_a_table", ".xls"),
        (b"PK\x03\x04 cut off", "damaged_file", "damaged"),
        (b"x" * 3_000_000, "not_a_table", "over 1 MB"),
        ("户名,移动电话\n朱,131\n", "missing_column", "account_no (户号, 用户编号)"),
        ("户号码,户名\n41,朱\n", "missing_column", "Unknown: “户号码” (户号?)"),
        ("foo,bar\n1,2\n", "missing_column", "Found: foo、bar"),
        ("户号,户名,用户编号\n41,朱,42\n", "doubled_column", "“户号” and “用户编号”"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, content: bytes | str, problem: str, said: str) -> None:
    with pytest.raises(BadTable, match=r".") as refused:
        opened(tmp_path, content)
    assert (refused.value.problem, said in str(refused.value)) == (problem, True), str(refused.value)
    assert isinstance(refused.value, InvalidInput)
    assert refused.value.errors[0].code == problem


def test_a_bad_byte_behind_much_text_is_named_exactly(tmp_path: Path) -> None:
    good = ("户号,户名\n" + "4100200057,朱福福\n" * 60_000).encode()
    with pytest.raises(BadTable, match=rf"byte {len(good) + 1} does not fit\) nor GB18030"):
        opened(tmp_path, good + b"\xff\n")


def test_a_file_over_the_limit(tmp_path: Path) -> None:
    with pytest.raises(TooLarge):
        open_table(saved(tmp_path, "户号,户名\n" * 200_000), "a.csv", ACCOUNTS, Limits(file=1 << 20))


# --- XLSX


def test_several_sheets_with_titles_numbers_and_totals(tmp_path: Path) -> None:
    title = [["岚州市供电公司用户档案明细表"], ["导出时间:2025-03-31 17:32", None, "操作员:E000001"]]
    path = workbook(
        tmp_path,
        {
            "说明": [["本文件由营销系统导出"]],
            "第1页": [
                *title,
                ["用户编号", "客户名称", "运行容量", "手机号码", "建档日期"],
                [4100000039, "温兰香", 10, 13000476232, date(2008, 6, 25)],
                ["4105000000111", " 金洁雪 ", 4.5, "'13200226188", "2003/10/05"],
                [],
                ["合计", "2户"],
            ],
            "第2页": [*title, ["客户名称", "用户编号"], ["董君宁", 417000209978]],
            "空白": [],
        },
    )
    table = open_table(path, "用户档案.xlsx", ACCOUNTS)
    rows, rejects = read(table)
    assert not rejects
    assert [(row.sheet, row.number, row.values) for row in rows] == [
        ("第1页", 4, ("4100000039", "温兰香", "", "10", "13000476232", "2008-06-25")),
        ("第1页", 5, ("4105000000111", "金洁雪", "", "4.5", "'13200226188", "2003/10/05")),
        ("第2页", 4, ("417000209978", "董君宁", "", "", "", "")),
    ]
    assert (table.format, table.encoding, table.skipped.totals, table.skipped.blank) == ("xlsx", None, 1, 1)
    assert table.fraction == 1


def test_a_sheet_that_begins_further_down_and_to_the_right(tmp_path: Path) -> None:
    rows, _ = read(
        open_table(workbook(tmp_path, {"a": [[], [], [None, "户号", "户名"], [None, 41, "朱"]]}), "a.xlsx", ACCOUNTS)
    )
    assert [(row.number, row.values[:2]) for row in rows] == [(4, ("41", "朱"))]


def test_a_later_sheet_without_headings_is_reported(tmp_path: Path) -> None:
    path = workbook(tmp_path, {"a": [["户号", "户名"], ["41", "朱"]], "b": [["户号"], ["42"]]})
    rows, rejects = read(open_table(path, "a.xlsx", ACCOUNTS))
    assert len(rows) == 1
    assert [(reject.sheet, reject.number, reject.raw) for reject in rejects] == [("b", 1, ["户号"])]


def test_a_hidden_sheet_is_not_read(tmp_path: Path) -> None:
    path = workbook(tmp_path, {"a": [["户号", "户名"], ["41", "朱"]], "b": [["户号", "户名"], ["42", "王"]]})
    book = openpyxl.load_workbook(path)
    book["b"].sheet_state = "hidden"
    book.save(path)
    assert len(read(open_table(path, "a.xlsx", ACCOUNTS))[0]) == 1


def test_the_real_outage_plan_with_date_cells() -> None:
    rows, rejects = read(open_table(DATA / "停电计划.xlsx", "停电计划.xlsx", [FAULTS, PLANNED]))
    assert not rejects
    assert rows[0] == Row(3, ("PO2503000006", "2025-03-04 23:30:00", "2025-03-05 10:30:00"), rows[0].raw, "停电计划")
    assert len(rows) == 32


def with_stored_results(path: Path, results: dict[str, str]) -> Path:
    """The workbook as a spreadsheet program saves it: openpyxl writes formulas without their results."""
    copy = path.with_name(f"stored_{path.name}")
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(copy, "w") as after:
        for name in before.namelist():
            content = before.read(name).decode()
            for cell, result in results.items():
                start = content.find(f'<c r="{cell}"')
                if name.startswith("xl/worksheets/") and start >= 0:
                    end = content.index("</c>", start)
                    stored = content[start:end].replace("<v></v>", "").replace("<v />", "").replace("<v/>", "")
                    content = content[:start] + stored + f"<v>{result}</v>" + content[end:]
            after.writestr(name, content)
    return copy


def test_a_stored_result_of_a_formula_is_read(tmp_path: Path) -> None:
    path = workbook(tmp_path, {"a": [["户号", "户名", "合同容量"], ["41", "朱", "=4+4"]]})
    rows, rejects = read(open_table(with_stored_results(path, {"C2": "8"}), "a.xlsx", ACCOUNTS))
    assert not rejects
    assert rows[0].values[3] == "8"


def test_a_formula_without_a_result_names_its_cell(tmp_path: Path) -> None:
    path = workbook(
        tmp_path,
        {"a": [["户号", "户名", "合同容量", "备注"], ["41", "朱", "=4+4", "=1"], ["=6*7", "王", 8], ["43", "李", 8]]},
    )
    rows, rejects = read(open_table(path, "a.xlsx", ACCOUNTS))
    assert [(row.values[0], row.values[3]) for row in rows] == [("41", ""), ("43", "8")]
    assert [(reject.number, reject.column, reject.scope) for reject in rejects] == [
        (2, "合同容量", "cell"),
        (3, "户号", "row"),
    ]
    assert "formula in C2 has no stored result" in rejects[0].reason
    assert rejects[0].reason.startswith("formula_without_value: ")


def test_formulas_are_found_across_the_blocks_that_are_looked_at(tmp_path: Path) -> None:
    rows = [["户号", "户名", "合同容量"], *([str(number), "朱" * 80, "=1+1"] for number in range(6_000))]
    _, rejects = read(open_table(workbook(tmp_path, {"a": rows}), "a.xlsx", ACCOUNTS))
    assert [reject.number for reject in rejects] == list(range(2, 6_002))


def test_headings_that_are_formulas(tmp_path: Path) -> None:
    path = workbook(tmp_path, {"a": [['="户"&"号"', '="户"&"名"'], ["41", "朱"]]})
    with pytest.raises(BadTable, match="2 formulas whose results were not stored") as refused:
        open_table(path, "a.xlsx", ACCOUNTS)
    assert refused.value.problem == "formulas_without_values"


def test_nothing_but_formulas_by_the_thousand(tmp_path: Path) -> None:
    rows = [["户号", "户名"], *(["=1", "=2"] for _ in range(5_001))]
    with pytest.raises(BadTable, match="more than 10,000 formulas"):
        open_table(workbook(tmp_path, {"a": rows}), "a.xlsx", ACCOUNTS)


def test_a_workbook_that_would_fill_the_memory(tmp_path: Path) -> None:
    far = openpyxl.Workbook()
    far.active.append(["户号", "户名"])
    far.active["XFD1048576"] = 1
    far.save(tmp_path / "far.xlsx")
    with pytest.raises(TooLarge, match="row 1048576 and column 16384"):
        open_table(tmp_path / "far.xlsx", "far.xlsx", ACCOUNTS)
    path = workbook(tmp_path, {"a": [["户号", "户名"], ["41", "朱" * 30_000]]})
    with pytest.raises(TooLarge, match="send it as CSV"):
        open_table(path, "a.xlsx", ACCOUNTS, Limits(unpacked=1 << 14))


def test_zips_that_are_no_workbooks(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as packed:
        packed.writestr("readme.txt", "nothing")
    with pytest.raises(BadTable, match="no XLSX workbook"):
        open_table(tmp_path / "a.xlsx", "a.xlsx", ACCOUNTS)
    with pytest.raises(BadTable, match="is not one"):
        open_table(saved(tmp_path, "户号,户名\n"), "a.xlsx", ACCOUNTS)


def test_entities_are_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path, {"a": [["户号", "户名"]]})
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(bomb, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            if name == "xl/workbook.xml":
                content = b'<!DOCTYPE x [<!ENTITY a "aa">]>' + content
            after.writestr(name, content)
    with pytest.raises(BadTable, match="entities"):
        open_table(bomb, "bomb.xlsx", ACCOUNTS)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (13000476232.0, "13000476232"),
        (4105000000111.0, "4105000000111"),
        (85.05, "85.05"),
        (0.1 + 0.2, "0.3"),
        (1e16, "1e+16"),
        (8, "8"),
        (True, "TRUE"),
        (datetime(2025, 3, 4, 23, 30), "2025-03-04 23:30:00"),  # noqa: DTZ001 - cells have no zone
        (date(2025, 3, 4), "2025-03-04"),
    ],
)
def test_cells_become_what_a_person_would_type(value: Any, text: str) -> None:
    assert text_of(value) == text
