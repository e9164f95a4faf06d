from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.archive.importing import reading
from gateway.archive.importing.linking import Link, Wanted, apply, winners
from gateway.archive.importing.reading import CellRefused
from gateway.kernel.phones import parse
from gateway.kernel.tabular import Row

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (reading.account_number, "4100000039", "4100000039"),
        (reading.account_number, "４１００００００３９", "4100000039"),
        (reading.account_number, "'4100000039", "4100000039"),
        (reading.account_number, "4100000039.0", "4100000039"),
        (reading.account_number, "ab 410000", "AB410000"),
        (reading.amount, "1,429.61", Decimal("1429.61")),
        (reading.amount, "￥１２．５元", Decimal("12.50")),
        (reading.amount, "12.500", Decimal("12.50")),
        (reading.amount, "0", Decimal("0.00")),
        (reading.decimal, "1,000kVA", Decimal("1000.00")),
        (reading.decimal, "315千伏安", Decimal("315.00")),
        (reading.day, "2025-03-31", date(2025, 3, 31)),
        (reading.day, "2025/03/31", date(2025, 3, 31)),
        (reading.day, "2025/3/1", date(2025, 3, 1)),
        (reading.day, "2025.3.1", date(2025, 3, 1)),
        (reading.day, "2025年3月1日", date(2025, 3, 1)),
        (reading.day, "20250331", date(2025, 3, 31)),
        (reading.day, "2025-03-31 00:00:00", date(2025, 3, 31)),
        (reading.month, "202503", "202503"),
        (reading.month, "2025-3", "202503"),
        (reading.month, "2025年03月", "202503"),
        (reading.month, "2025/03/01", "202503"),
        (reading.flag, "是", True),
        (reading.flag, "N", False),
        (reading.name, "陈 民强", "陈民强"),
        (reading.name, "唐\u3000素兰", "唐素兰"),
        (reading.name, "帕提古丽·卡德尔", "帕提古丽·卡德尔"),
        (reading.name, "JOHN  SMITH", "JOHN SMITH"),
    ],
)
def test_cells_that_say_what_is_asked(read: Callable[[str], Any], text: str, value: Any) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "code"),
    [
        (reading.account_number, "4.17000E+11", "mangled_by_spreadsheet"),
        (reading.account_number, "41000", "bad_account_no"),
        (reading.account_number, "户号见附件", "bad_account_no"),
        (reading.account_number, "ABCDEFG", "bad_account_no"),
        (reading.account_number, "1" * 21, "bad_account_no"),
        (reading.amount, "-3", "negative_amount"),
        (reading.amount, "(3.00)", "negative_amount"),
        (reading.amount, "12.505", "too_precise"),
        (reading.amount, "NaN", "bad_amount"),
        (reading.amount, "Infinity", "bad_amount"),
        (reading.amount, "1e3", "bad_amount"),
        (reading.amount, "1,42", "bad_amount"),
        (reading.amount, "9" * 13, "bad_amount"),
        (reading.day, "2025-02-30", "bad_date"),
        (reading.day, "31/03/2025", "bad_date"),
        (reading.day, "45720", "bad_date"),
        (reading.day, "202503", "bad_date"),
        (reading.month, "202513", "bad_month"),
        (reading.month, "03/2025", "bad_month"),
        (reading.flag, "也许", "bad_flag"),
    ],
)
def test_cells_that_do_not(read: Callable[[str], Any], text: str, code: str) -> None:
    with pytest.raises(CellRefused, match=f"^{code}: "):
        read(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2025-03-31 17:30:05", datetime(2025, 3, 31, 9, 30, 5, tzinfo=UTC)),
        ("2025/3/31 9:05", datetime(2025, 3, 31, 1, 5, tzinfo=UTC)),
        ("2025年3月31日 9时30分", datetime(2025, 3, 31, 1, 30, tzinfo=UTC)),
        ("20250331173005", datetime(2025, 3, 31, 9, 30, 5, tzinfo=UTC)),
        ("2025-03-31", datetime(2025, 3, 30, 16, 0, tzinfo=UTC)),
        ("2025-03-31T17:30:00+00:00", datetime(2025, 3, 31, 17, 30, tzinfo=UTC)),
    ],
)
def test_times_are_local_unless_they_name_an_offset(text: str, value: datetime) -> None:
    assert reading.moment(text, ZONE) == value


def test_a_time_that_is_none() -> None:
    for text in ("2025-03-31 25:00", "昨天", "2025/02/30 10:00"):
        with pytest.raises(CellRefused, match=r"^bad_time: |^bad_date: "):
            reading.moment(text, ZONE)


@given(st.text(max_size=24) | st.text(alphabet="0123456789-/.: 年月日时分T,元E+", max_size=24))
def test_no_cell_breaks_a_reader(text: str) -> None:
    for read in (
        reading.account_number,
        reading.amount,
        reading.decimal,
        reading.day,
        reading.month,
        reading.flag,
        lambda cell: reading.moment(cell, ZONE),
    ):
        try:
            read(text)
        except CellRefused as refused:
            assert ": " in str(refused)
    reading.name(text)


def test_names_agree_but_for_blanks_width_and_remarks() -> None:
    assert reading.same_name("胡燕倩(住宅)", "胡 燕倩")
    assert reading.same_name("ＡＢ公司", "ab公司")
    assert not reading.same_name("胡燕倩", "胡燕")
    assert [reading.is_group(name) for name in ("岚州市唐记便利店", "王强", "青石县丰收合作社", "局长明")] == [
        True,
        False,
        True,
        False,
    ]


# --- links, without a database


def wish(number: str, **more: Any) -> Wanted:
    return Wanted(
        row=Row(2, (), [], ""), column="mobile", account_id=1, number=parse(number), **{"role": "holder", **more}
    )


def test_a_stopped_link_is_never_touched() -> None:
    for state in ("suspended", "revoked"):
        link = Link(id=7, account_id=1, number="+8613800236805", role="payer", name="王强", state=state)
        changed: dict[int, Link] = {}
        said = apply({link.number: link}, wish("13800236805", default=True, name="李丽"), changed, ZONE)
        assert isinstance(said, str)
        assert said.startswith("stopped_contact: Number +86138****6805 was ")
        assert (link.role, link.name, link.is_default, changed) == ("payer", "王强", False, {})


def test_what_was_settled_keeps_its_role_and_name() -> None:
    link = Link(id=7, account_id=1, number="+8613800236805", role="tenant", name="王强", settled=True)
    apply({link.number: link}, wish("13800236805", role="holder", name="李丽"), {}, ZONE)
    assert (link.role, link.name) == ("tenant", "王强")


def test_of_rows_that_contradict_each_other_the_last_updated_counts() -> None:
    old, new = wish("13800236805", updated_on=date(2020, 1, 1)), wish("13800236805", updated_on=date(2021, 1, 1))
    assert winners([new, old]) == winners([old, new]) == [new]
    first, second = wish("13800236805", default=True), wish("15900102228", default=True)
    assert [(each.number.e164, each.default) for each in winners([first, second])] == [
        ("+8613800236805", True),
        ("+8615900102228", False),
    ]


NUMBERS = ["13800236805", "15900102228", "18700157815"]


@given(
    st.lists(st.tuples(st.sampled_from(NUMBERS), st.sampled_from(["holder", "payer"]), st.booleans()), max_size=8),
    st.sets(st.sampled_from(NUMBERS)),
)
def test_applying_the_same_wishes_again_changes_nothing(wants: list[tuple[str, str, bool]], stopped: set[str]) -> None:
    links = {
        parse(number).e164: Link(
            id=place, account_id=1, number=parse(number).e164, role="agent", name=None, state="revoked"
        )
        for place, number in enumerate(sorted(stopped))
    }
    wishes = winners([wish(number, role=role, default=default) for number, role, default in wants])
    for each in wishes:
        apply(links, each, {}, ZONE)
    again: dict[int, Link] = {}
    for place, link in enumerate(links.values()):
        link.id = place
    fates = [apply(links, each, again, ZONE) for each in wishes]
    assert again == {}
    assert all(fate == 0 or isinstance(fate, str) for fate in fates)
    assert sum(link.is_default for link in links.values()) <= 1
    assert not any(link.is_default for link in links.values() if link.state == "revoked")
