"""The flat export 用户档案 (`archive`): an account with its contacts in one row, the grid by names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.archive.importing.accounts import SHARED_COLUMNS, account_of
from gateway.archive.importing.contacts import numbers_of
from gateway.archive.importing.grid import Place
from gateway.archive.importing.kinds import Fate, ImportKind, Outcome, Parsed, Run
from gateway.archive.importing.linking import Wanted, merge_links
from gateway.archive.importing.people import AccountRecord, merge_accounts
from gateway.archive.importing.reading import Reader, is_group, name, same_name
from gateway.archive.importing.words import LANDLINE_WORDS, MOBILE_WORDS, ROLE_OF_NOTE
from gateway.kernel.database import Work
from gateway.kernel.phones import PhoneField, PhoneNumber, parse_field
from gateway.kernel.tabular import Column, Headings

#: Where an account's contacts stand: columns of the name, the number and the landline. The first is the default.
_CONTACTS: Final = (
    ("contact_name", "mobile", "landline"),
    ("contact2_name", "mobile2", None),
    ("contact3_name", "mobile3", None),
)


_PLACE: Final = ("substation_id", "substation_name", "feeder_id", "feeder_name", "tarea_id", "tarea_name")
_digit_in = re.compile(r"[0-9０-９]").search


@dataclass(slots=True)
class FlatContact:
    """A contact of the row: who answers (as far as the row says) at which numbers."""

    name: str | None
    role: str
    numbers: tuple[tuple[str, PhoneNumber], ...]


@dataclass(slots=True)
class FlatRecord:
    """A row: the account, and its contacts, the default first (None where it has no usable number)."""

    account: AccountRecord
    contacts: tuple[FlatContact | None, ...]


class FlatKind(ImportKind[FlatRecord]):
    """The flat export: `archive`."""

    name = "archive"
    tables = ("customer", "premise", "account", "contact_point", "contact_link")
    headings = (
        Headings(
            [
                *SHARED_COLUMNS,
                Column(name="tarea_name", words=("台区名称", "台区", "所属台区", "transformer_area")),
                Column(name="feeder_name", words=("线路名称", "所属线路", "线路", "feeder")),
                Column(name="substation_name", words=("变电站", "所属变电站", "变电站名称", "substation")),
                Column(name="contact_name", words=("联系人", "第一联系人", "联系人1", "联系人姓名", "contact1_name")),
                Column(name="mobile", words=(*MOBILE_WORDS, "手机号码1", "联系电话1", "mobile1")),
                Column(name="landline", words=LANDLINE_WORDS),
                Column(name="contact2_name", words=("联系人2", "第二联系人", "contact_name2")),
                Column(
                    name="mobile2", words=("联系电话2", "手机号码2", "移动电话2", "手机2", "电话2", "contact2_mobile")
                ),
                Column(name="contact3_name", words=("联系人3", "第三联系人", "contact_name3")),
                Column(
                    name="mobile3", words=("联系电话3", "手机号码3", "移动电话3", "手机3", "电话3", "contact3_mobile")
                ),
            ]
        ),
    )

    def parse(self, cells: Reader) -> FlatRecord:
        account = account_of(cells, _place(cells))
        holder = account.account[0]
        return FlatRecord(account, tuple([_contact(cells, *columns, holder=holder) for columns in _CONTACTS]))

    async def merge(self, work: Work, rows: Sequence[Parsed[FlatRecord]], run: Run) -> Outcome:
        settled = await merge_accounts(work, [row.record.account for row in rows], run)
        wishes = [
            Wanted(
                row=row.row,
                column=column,
                account_id=settled[row.record.account.account_no].id,
                number=number,
                role=contact.role,
                name=contact.name,
                default=which == 0 and place == 0,
                suggested=True,
                source="archive",
            )
            for row in rows
            for which, contact in enumerate(row.record.contacts)
            if contact is not None
            for place, (column, number) in enumerate(contact.numbers)
        ]
        new = frozenset(account.id for account in settled.values() if account.new)
        links, refusals = await merge_links(work, wishes, run, new_accounts=new)
        fates: list[Fate] = []
        turn: dict[str, int] = {}
        for row in rows:
            account_no = row.record.account.account_no
            at = turn.get(account_no, 0)
            turn[account_no] = at + 1
            linked = Fate.UPDATED if links.get(row.row.key, Fate.UNCHANGED) else Fate.UNCHANGED
            fates.append(max(settled[account_no].fates[at], linked))
        return Outcome.of(fates, refusals)


def _place(cells: Reader) -> Place | None:
    """Where the account hangs; many rows share a place, so it is made once."""
    words = tuple(cells.texts(_PLACE))
    place: Place | None = cells.memory.get(words)
    if place is None and any(words):
        names = [word or None for word in words]
        place = cells.memory[words] = Place(
            substation_code=names[0],
            substation=names[1],
            feeder_code=names[2],
            feeder=names[3],
            area_code=names[4],
            area=names[5],
        )
    return place


def _contact(cells: Reader, who: str, mobile: str, landline: str | None, *, holder: str) -> FlatContact | None:
    """One contact of the row. A name and a number that stand in each other's columns change places."""
    typed, number = cells.text(who), cells.text(mobile)
    if not typed and not number and (landline is None or not cells.text(landline)):
        return None
    field = cells.phones(mobile)
    answers = name(typed) if typed else None
    if typed and _digit_in(typed):
        swapped = parse_field(typed, cells.region)
        if swapped.numbers and not field.numbers:
            if field.problem:
                cells.refused.pop()
            answers, field = field.name, swapped
        elif swapped.numbers:
            answers = swapped.name
    answers = answers or field.name
    fields: list[tuple[str, PhoneField]] = [(mobile, field)]
    if landline is not None:
        fields.append((landline, cells.phones(landline)))
    numbers = numbers_of(*fields)
    if not numbers:
        return None
    return FlatContact(answers, _role(answers, field.note, holder), numbers)


def _role(answers: str | None, note: str | None, holder: str) -> str:
    """The role that a row suggests: the flat export has no column for it."""
    if note in ROLE_OF_NOTE:
        return ROLE_OF_NOTE[note]
    if answers is None or same_name(answers, holder):
        return "holder"
    return "agent" if is_group(holder) or is_group(answers) else "relative"


FLAT: Final = FlatKind()
