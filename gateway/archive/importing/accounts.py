"""Accounts, by themselves (`accounts`): everything the utility knows of them, with codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gateway.archive.importing.grid import Place
from gateway.archive.importing.kinds import Fate, ImportKind, Outcome, Parsed, Run
from gateway.archive.importing.people import PREMISE_COLUMNS, AccountRecord, merge_accounts
from gateway.archive.importing.reading import Reader, RowRefused
from gateway.archive.importing.words import (
    ACCOUNT_NO,
    HOLDER_NAME_WORDS,
    IMPORTANT_LEVELS,
    LANGUAGES,
    SEGMENTS,
    STATUSES,
    TARIFF_CLASSES,
    VULNERABLE,
)
from gateway.archive.places import is_calendar, is_zone
from gateway.kernel.database import Work
from gateway.kernel.tabular import Column, Headings

#: Columns that the flat export shares with the list of accounts.
SHARED_COLUMNS: Final = (
    ACCOUNT_NO,
    Column(name="holder_name", words=HOLDER_NAME_WORDS, required=True),
    Column(name="address", words=("用电地址", "地址", "用电地点", "装表地址")),
    Column(name="tariff_class", words=("用电类别", "用电性质", "用电类型", "电价类别")),
    Column(name="voltage", words=("供电电压", "电压等级", "电压")),
    Column(name="capacity_kva", words=("合同容量", "运行容量", "容量", "capacity")),
    Column(name="important_level", words=("重要客户等级", "重要性等级", "重要等级")),
    Column(name="sensitive", words=("敏感客户", "是否敏感", "敏感")),
    Column(name="key_concern", words=("重点关注", "是否重点关注")),
    Column(name="vulnerable", words=("特殊用电", "特殊人群", "特殊用电人群")),
    Column(name="vip", words=("是否VIP", "VIP客户")),
    Column(name="manager_id", words=("客户经理", "客户经理编号")),
    Column(name="open_date", words=("立户日期", "建档日期", "开户日期")),
    Column(name="status", words=("用户状态", "状态", "户状态")),
    Column(name="customer_no", words=("客户编号", "客户号")),
    Column(name="segment", words=("客户类型", "客户类别")),
    Column(name="id_masked", words=("证件号码", "证件号")),
    Column(name="premise_id", words=("用电地点编号", "用电点编号")),
    Column(name="city", words=("市", "城市", "地市")),
    Column(name="district", words=("区县", "县区", "区")),
    Column(name="street", words=("街道", "乡镇", "街道乡镇")),
    Column(name="community", words=("小区", "社区", "村")),
    Column(name="building", words=("楼栋", "楼号", "幢")),
    Column(name="unit", words=("单元",)),
    Column(name="room", words=("室", "房号", "门牌号")),
    Column(name="time_zone", words=("时区", "所在时区")),
    Column(name="calendar", words=("节假日历", "节假日地区")),
    Column(name="substation_id", words=("变电站编号",)),
    Column(name="feeder_id", words=("线路编号",)),
    Column(name="tarea_id", words=("台区编号", "台区编码")),
    Column(name="meter_no", words=("电表号", "电能表编号", "表号", "电表资产号")),
    Column(name="language", words=("语言", "语种")),
    Column(name="sms_optout", words=("短信拒收", "是否拒收短信", "拒收短信")),
    Column(name="updated_date", words=("更新日期", "变更日期")),
)


def account_of(cells: Reader, place: Place | None) -> AccountRecord:
    """What a row says of an account. Raises `RowRefused` without a number or a name."""
    number = cells.account_no()
    holder = cells.name("holder_name")
    if not holder:
        raise RowRefused("holder_name", "missing_value: The row cannot go in without this.")
    return AccountRecord(
        account_no=number,
        account=(
            holder,
            cells.word("tariff_class", TARIFF_CLASSES),
            cells.text("voltage"),
            cells.decimal("capacity_kva"),
            cells.text("meter_no"),
            cells.day("open_date"),
            cells.word("status", STATUSES),
            cells.word("important_level", IMPORTANT_LEVELS),
            cells.flag("sensitive"),
            cells.flag("key_concern"),
            cells.word("vulnerable", VULNERABLE),
            cells.flag("vip"),
            cells.text("manager_id"),
            cells.word("language", LANGUAGES),
            cells.flag("sms_optout"),
            cells.day("updated_date"),
        ),
        premise=(
            _line(cells.text("address")),
            *cells.texts(PREMISE_COLUMNS[1:-2]),
            _known(cells, "time_zone", is_zone, "Asia/Shanghai"),
            _known(cells, "calendar", is_calendar, "CN, US-NY"),
        ),
        place=place,
        customer_no=cells.text("customer_no") or None,
        segment=cells.word("segment", SEGMENTS) or None,
        id_masked=cells.text("id_masked"),
        premise_no=cells.text("premise_id") or None,
    )


def _known(cells: Reader, column: str, known: Callable[[str], bool], such_as: str) -> str | None:
    """A word that has to be one of a list too long to be told."""
    value = cells.text(column)
    if value and not known(value):
        cells.refuse(column, f"unknown_word: It is none that is known; such as {such_as}.")
        return None
    return value


def _line(text: str | None) -> str | None:
    """An address on one line: a break in a cell is the width of a column, not part of the address."""
    if text and "\n" in text:
        return "".join(part.strip() for part in text.splitlines())
    return text


class AccountsKind(ImportKind[AccountRecord]):
    """The list of accounts: `accounts`."""

    name = "accounts"
    tables = ("customer", "premise", "account")
    headings = (Headings(SHARED_COLUMNS),)

    def parse(self, cells: Reader) -> AccountRecord:
        codes = (cells.text("substation_id"), cells.text("feeder_id"), cells.text("tarea_id"))
        place = (
            Place(substation_code=codes[0] or None, feeder_code=codes[1] or None, area_code=codes[2] or None)
            if any(codes)
            else None
        )
        return account_of(cells, place)

    async def merge(self, work: Work, rows: Sequence[Parsed[AccountRecord]], run: Run) -> Outcome:
        settled = await merge_accounts(work, [row.record for row in rows], run)
        fates: list[Fate] = [fate for account in settled.values() for fate in account.fates]
        return Outcome.of(fates, [])


ACCOUNTS: Final = AccountsKind()
