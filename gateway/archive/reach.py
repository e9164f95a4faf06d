"""Which accounts somebody may reach: those of their part of the utility, by the transformer area that supplies them.

Whoever acts for a part of the utility sees and changes nothing of another: what lies outside is not there for
them (NotFound). An account that hangs on no transformer area belongs to nobody's part, only to the whole.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.tables import Account, TransformerArea
from gateway.kernel.acting import acting_in
from gateway.kernel.errors import NotFound


def part_of(session: AsyncSession) -> list[int] | None:
    """The organisations within reach, for statements on the driver's connection; None: all."""
    acting = acting_in(session)
    return None if acting is None or acting.organisations is None else sorted(acting.organisations)


def within(session: AsyncSession, account_id: Any) -> ColumnElement[bool]:
    """That the account of this column is within reach."""
    part = part_of(session)
    if part is None:
        return true()
    area = select(TransformerArea.id).where(TransformerArea.organisation_id.in_(part))
    reached: ColumnElement[bool] = account_id.in_(select(Account.id).where(Account.transformer_area_id.in_(area)))
    return reached


#: The same in SQL: `account` is a column with an account's id, `part` the parameter with `part_of`.
_WITHIN: Final = """({part}::int[] IS NULL OR {account} IN (
  SELECT ra.id FROM account ra JOIN transformer_area rt ON rt.id = ra.transformer_area_id
  WHERE rt.organisation_id = ANY({part}::int[])))"""


def within_sql(account: str, part: str) -> str:
    """The same for a statement on the driver's connection: `within_sql("m.account_id", "$3")`."""
    return _WITHIN.format(account=account, part=part)


async def require_accounts(session: AsyncSession, accounts: Collection[int], what: str = "account") -> None:
    """Raise NotFound unless all these accounts (ids) are within reach."""
    if part_of(session) is None or not accounts:
        return
    found = await session.scalars(select(Account.id).where(Account.id.in_(accounts), within(session, Account.id)))
    if set(found) != set(accounts):
        raise NotFound(f"There is no such {what}.")


async def require_account_no(session: AsyncSession, account_no: str) -> None:
    """Raise NotFound unless the account of this number is within reach (or there is none)."""
    if part_of(session) is None:
        return
    query = select(Account.id).where(Account.account_no == account_no)
    outside = await session.scalar(query.where(~within(session, Account.id)))
    if outside is not None:
        raise NotFound("There is no such account.")


async def require_account(session: AsyncSession, account: int | None, what: str = "account") -> None:
    """Raise NotFound unless this account (its id) is within reach; what has none is the whole utility's."""
    part = part_of(session)
    if part is None:
        return
    query = select(Account.id).where(Account.id == account, within(session, Account.id))
    if account is None or await session.scalar(query) is None:
        raise NotFound(f"There is no such {what}.")
