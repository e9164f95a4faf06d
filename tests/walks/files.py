"""Files as offices send them, small and made here: the flat archive in three forms, arrears, payments, orders."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from openpyxl import Workbook

SAMPLE = Path(__file__).parents[2] / "gateway" / "sandbox" / "sample"

ARCHIVE = (
    "户号,户名,用电地址,用电类别,供电电压,合同容量(kVA),台区名称,线路名称,变电站,联系人,移动电话,固定电话,联系人2,"
    "联系电话2,重要客户等级,敏感客户,重点关注,特殊用电,VIP,客户经理,立户日期,用户状态"
).split(",")
ARREARS = "欠费月份,户号,户名,欠费金额,最早应缴日期,欠费月数,违约金,统计日期".split(",")
PAYMENTS = "payment_id,account_no,billing_month,amount,paid_at,channel".split(",")


def sample(kind: str) -> bytes:
    """A file of the sample archive."""
    return (SAMPLE / f"{kind}.csv").read_bytes()


def sheet(rows: Iterable[Sequence[object]], *, line: str = "\n") -> str:
    """Rows as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator=line).writerows(rows)
    return out.getvalue()


def account_no(serial: int) -> str:
    """A ten-digit 户号 with its check digit, ISO 7064 MOD 11,10."""
    body = f"{410000000 + serial:09d}"
    product = 10
    for digit in body:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return f"{body}{(11 - product) % 10}"


def household(
    number: str,
    name: str,
    mobile: str,
    *,
    landline: str = "",
    second: tuple[str, str] = ("", ""),
    special: str = "",
    place: str = "",
) -> list[str]:
    """A row of the flat archive: one account with its contacts."""
    address = place or f"岚州市东湖区章家河{number[-4:]}号"
    return [
        number, name, address, "居民生活", "220V", "8", "章家河1号公变", "10kV寺坪8线", "110kV双河变",
        name, mobile, landline, *second, "", "", "", special, "否", "", "2012/05/06", "正常用电",
    ]  # fmt: skip


def owes(number: str, name: str, amount: str, *, month: str = "202503", as_of: str = "2025-03-31") -> list[str]:
    """A row of an arrears list."""
    return [month, number, name, amount, "2025/03/25", "1", "0.50", as_of]


def archive_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """The flat archive as UTF-8."""
    return sheet([ARCHIVE, *rows]).encode()


def arrears_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """An arrears list as UTF-8."""
    return sheet([ARREARS, *rows]).encode()


def payments_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """Payments as UTF-8."""
    return sheet([PAYMENTS, *rows]).encode()


def archive_gb18030(rows: Iterable[Sequence[str]]) -> bytes:
    """The flat archive as an old system exports it: GB18030, CRLF."""
    return sheet([ARCHIVE, *rows], line="\r\n").encode("gb18030")


def archive_xlsx(pages: Iterable[Iterable[Sequence[object]]]) -> bytes:
    """The flat archive as a workbook: other words, a title and a date above them, a total below, many sheets."""
    words = (
        "用户编号,客户名称,用电地址,用电性质,电压等级,运行容量,台区,所属线路,所属变电站,第一联系人,手机号码,办公电话,"
        "第二联系人,手机号码2,重要性等级,是否敏感,是否重点关注,特殊人群,是否VIP,客户经理编号,建档日期,状态"
    ).split(",")
    book = Workbook()
    book.remove(book.worksheets[0])
    for number, page in enumerate(pages, 1):
        here = book.create_sheet(f"第{number}页")
        here.append(["岚州市供电公司用户档案明细表"])
        here.append(["导出时间:2025-03-31 17:32", None, "操作员:E000001"])
        here.append(words)
        rows = list(page)
        for row in rows:
            here.append([value if value != "" else None for value in row])
        here.append(["合计", f"{len(rows)}户"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def formulas_xlsx() -> bytes:
    """A workbook whose amounts are formulas that no program has worked out."""
    book = Workbook()
    here = book.worksheets[0]
    here.append(["billing_month", "account_no", "amount_due", "due_date"])
    here.append(["202503", account_no(1), "=80+6.5", "2025-03-25"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
