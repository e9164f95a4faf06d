"""Contacts, by themselves (`contacts`): who is reached where for an account, and in which role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.archive.importing.kinds import Fate, ImportKind, Outcome, Parsed, Refusal, Run
from gateway.archive.importing.linking import Wanted, merge_links
from gateway.archive.importing.reading import Reader, RowRefused
from gateway.archive.importing.words import ACCOUNT_NO, LANDLINE_WORDS, MOBILE_WORDS, ROLES, SOURCES
from gateway.kernel.database import Work
from gateway.kernel.phones import PhoneField, PhoneNumber
from gateway.kernel.tabular import Column, Headings

UNKNOWN_ACCOUNT: Final = "unknown_account: The archive has no account of this number."


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRecord:
    """A contact of an account: its numbers with the column each stands in, and what is known of it."""

    account_no: str
    role: str | None
    name: str | None
    numbers: tuple[tuple[str, PhoneNumber], ...]
    default: bool
    source: str | None
    registered_on: date | None
    updated_on: date | None


class ContactsKind(ImportKind[ContactRecord]):
    """The list of contacts: `contacts`."""

    name = "contacts"
    tables = ("contact_point", "contact_link")
    headings = (
        Headings(
            [
                ACCOUNT_NO,
                Column(name="contact_id", words=("联系人编号", "联系编号")),
                Column(name="role", words=("联系类型", "角色", "联系人类型", "与户主关系", "关系")),
                Column(name="contact_name", words=("联系人", "联系人姓名", "姓名", "name")),
                Column(name="mobile", words=MOBILE_WORDS, required=True),
                Column(name="landline", words=LANDLINE_WORDS),
                Column(name="source", words=("来源", "登记渠道", "登记来源")),
                Column(name="registered_date", words=("登记日期", "登记时间")),
                Column(name="updated_date", words=("更新日期", "更新时间", "变更日期")),
                Column(name="is_default", words=("是否默认", "默认联系人", "默认", "是否主联系人")),
                Column(name="remark", words=("备注", "说明")),
            ]
        ),
    )

    def parse(self, cells: Reader) -> ContactRecord:
        account_no = cells.account_no()
        mobile, landline = cells.phones("mobile"), cells.phones("landline")
        numbers = numbers_of(("mobile", mobile), ("landline", landline))
        if not numbers:
            column, reason = cells.refused[0] if cells.refused else ("mobile", "empty: There is no number in the row.")
            raise RowRefused(column, reason)
        return ContactRecord(
            account_no=account_no,
            role=cells.word("role", ROLES) or None,
            name=cells.name("contact_name") or mobile.name,
            numbers=numbers,
            default=bool(cells.flag("is_default")),
            source=cells.word("source", SOURCES) or None,
            registered_on=cells.day("registered_date"),
            updated_on=cells.day("updated_date"),
        )

    def group(self, record: ContactRecord) -> object:
        return record.account_no

    async def merge(self, work: Work, rows: Sequence[Parsed[ContactRecord]], run: Run) -> Outcome:
        accounts = await accounts_by_number(work, {row.record.account_no for row in rows})
        refusals: list[Refusal] = []
        wishes: list[Wanted] = []
        kept: list[Parsed[ContactRecord]] = []
        for row in rows:
            account_id = accounts.get(row.record.account_no)
            if account_id is None:
                refusals.append(Refusal(row=row.row, column="account_no", reason=UNKNOWN_ACCOUNT))
                continue
            kept.append(row)
            record = row.record
            wishes.extend(
                Wanted(
                    row=row.row,
                    column=column,
                    account_id=account_id,
                    number=number,
                    role=record.role or "holder",
                    name=record.name,
                    default=record.default and place == 0,
                    suggested=record.role is None,
                    source=record.source,
                    registered_on=record.registered_on,
                    updated_on=record.updated_on,
                )
                for place, (column, number) in enumerate(record.numbers)
            )
        fates, more = await merge_links(work, wishes, run)
        return Outcome.of([fates.get(row.row.key, Fate.UNCHANGED) for row in kept], refusals + more)


def numbers_of(*fields: tuple[str, PhoneField]) -> tuple[tuple[str, PhoneNumber], ...]:
    """The numbers of several telephone cells of one contact with the column each stands in, each once."""
    if len(fields) == 1 or not fields[1][1].numbers:
        column, only = fields[0]
        return tuple([(column, number) for number in only.numbers])
    found: dict[PhoneNumber, str] = {}
    for column, field in fields:
        for number in field.numbers:
            found.setdefault(number, column)
    return tuple((column, number) for number, column in found.items())


async def accounts_by_number(work: Work, numbers: set[str]) -> dict[str, int]:
    """Ids of accounts by their number; those that do not exist are left out."""
    rows = await work.fetch("SELECT account_no, id FROM account WHERE account_no = ANY($1::text[])", list(numbers))
    return {row[0]: row[1] for row in rows}


CONTACTS: Final = ContactsKind()
