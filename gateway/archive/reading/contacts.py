"""Accounts with their contacts, numbers with their accounts, and links by state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive import correction_tables, tables
from gateway.archive.reach import part_of, within
from gateway.archive.trust.tables import LinkJudgement, LinkTrust
from gateway.kernel.database import driver
from gateway.kernel.errors import NotFound

#: Signals and history entries that are shown of a number, the latest.
_MOST_SHOWN: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLink:
    """A contact of an account."""

    number: str
    role: str
    state: str
    name: str | None
    is_default: bool
    verified_at: datetime | None
    #: Since when nothing goes out through it, because somebody disowned one of several accounts and not which.
    questioned_at: datetime | None
    since: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDetail:
    """An account, where it is supplied, and whom to reach about it."""

    account_no: str
    holder_name: str
    customer_no: str | None
    address: str
    status: str
    tariff_class: str
    voltage: str | None
    capacity_kva: Decimal | None
    meter_no: str | None
    opened_on: date | None
    important_level: str | None
    sensitive: bool
    key_concern: bool
    vulnerable: str | None
    vip: bool
    manager_no: str | None
    language: str
    sms_opt_out: bool
    transformer_area: str | None
    feeder: str | None
    substation: str | None
    links: list[AccountLink]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was judged of a link when evidence about it came last: `suspend`, `ask`, `watch` or `nothing`, and why."""

    action: str
    because: list[str]
    #: What was said contradicts what the number did: a person judges who is right.
    doubtful: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLink:
    """An account that a number stands on."""

    account_no: str
    role: str
    state: str
    name: str | None
    is_default: bool
    verified_at: datetime | None
    suspended_at: datetime | None
    #: Since when nothing goes out through it, because somebody disowned one of several accounts and not which.
    questioned_at: datetime | None
    since: datetime | None
    reason: str | None
    #: How likely it reaches somebody who belongs to the account; null until a sweep has looked at it.
    probability: float | None
    #: Null until evidence has come.
    judgement: Judgement | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalSeen:
    """A piece of evidence about a number."""

    kind: str
    at: datetime
    account_no: str | None
    evidence: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """Something that was done about a number."""

    at: datetime
    actor: str
    action: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSeen:
    """A chat that is bound to a number: on which platform, how that was shown (`contact`, `code`, `link`), and whether
    it can be written to."""

    platform: str
    how: str
    bound_at: datetime
    reachable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A number: its state, what was refused on it, whose it is, and the evidence."""

    number: str
    state: str
    state_since: datetime | None
    line: str
    #: Purposes that were refused; `all` for every one.
    opt_outs: list[str]
    links: list[NumberLink]
    #: Oldest first.
    chats: list[ChatSeen]
    #: Latest first.
    signals: list[SignalSeen]
    corrections: list[UUID]
    #: Latest first.
    history: list[HistoryEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link in a list by state."""

    id: int
    account_no: str
    number: str
    role: str
    state: str
    since: datetime | None
    reason: str | None


_OF_ACCOUNT: Final = (
    "account_no", "holder_name", "status", "tariff_class", "voltage", "capacity_kva", "meter_no", "opened_on",
    "important_level", "sensitive", "key_concern", "vulnerable", "vip", "manager_no", "language", "sms_opt_out",
)  # fmt: skip


async def account(session: AsyncSession, account_no: str) -> AccountDetail:
    """An account with its links, the default first. Raises NotFound, also for one out of reach."""
    row, area, feeder = tables.Account, tables.TransformerArea, tables.Feeder
    found = await session.execute(
        select(
            row.id,
            *(getattr(row, name) for name in _OF_ACCOUNT),
            tables.Customer.customer_no,
            tables.Premise.address,
            area.name.label("transformer_area"),
            feeder.name.label("feeder"),
            tables.Substation.name.label("substation"),
        )
        .join(tables.Customer, tables.Customer.id == row.customer_id)
        .join(tables.Premise, tables.Premise.id == row.premise_id)
        .outerjoin(area, area.id == row.transformer_area_id)
        .outerjoin(feeder, feeder.id == area.feeder_id)
        .outerjoin(tables.Substation, tables.Substation.id == feeder.substation_id)
        .where(row.account_no == account_no, within(session, row.id))
    )
    one = found.one_or_none()
    if one is None:
        raise NotFound("There is no account with this number.")
    fields = dict(one._mapping)
    return AccountDetail(links=await _links_of(session, fields.pop("id")), **fields)


async def _links_of(session: AsyncSession, account_id: int) -> list[AccountLink]:
    link, point = tables.ContactLink, tables.ContactPoint
    rows = await session.execute(
        select(
            point.address.label("number"),
            link.role,
            link.state,
            link.name,
            link.is_default,
            link.verified_at,
            link.questioned_at,
            link.state_since.label("since"),
            link.reason,
        )
        .join(point, point.id == link.contact_point_id)
        .where(link.account_id == account_id)
        .order_by(link.is_default.desc(), link.id)
    )
    return [AccountLink(**row._mapping) for row in rows]


async def contact(session: AsyncSession, number: str) -> Contact:
    """A number (E.164) with everything known about it of the accounts within reach. Raises NotFound."""
    point = tables.ContactPoint
    row = (await session.execute(select(point).where(point.address == number, point.kind == "phone"))).scalar()
    links = await _accounts_of(session, row.id) if row is not None else []
    if row is None or (not links and part_of(session) is not None):
        raise NotFound("This number is not in the archive.")
    opt_outs = await session.execute(
        select(tables.OptOut.purpose).where(tables.OptOut.contact_point_id == row.id).order_by(tables.OptOut.purpose)
    )
    corrections = await _corrections_about(session, row.id)
    return Contact(
        number=row.address,
        state=row.state,
        state_since=row.state_since,
        line=row.line,
        opt_outs=list(opt_outs.scalars()),
        links=links,
        chats=await _chats_of(session, row.id),
        signals=await _signals_of(session, row.id),
        corrections=corrections,
        history=await _history(session, row.id, corrections),
    )


async def _accounts_of(session: AsyncSession, point_id: int) -> list[NumberLink]:
    link = tables.ContactLink
    rows = await session.execute(
        select(
            tables.Account.account_no,
            link.role,
            link.state,
            link.name,
            link.is_default,
            link.verified_at,
            link.questioned_at,
            link.state_since,
            link.reason,
            LinkTrust.probability,
            LinkJudgement.action,
            LinkJudgement.because,
            LinkJudgement.doubtful,
            LinkJudgement.at,
        )
        .join(tables.Account, tables.Account.id == link.account_id)
        .outerjoin(LinkTrust, LinkTrust.link_id == link.id)
        .outerjoin(LinkJudgement, LinkJudgement.link_id == link.id)
        .where(link.contact_point_id == point_id, within(session, link.account_id))
        .order_by(link.id)
    )
    return [
        NumberLink(
            account_no=row.account_no,
            role=row.role,
            state=row.state,
            name=row.name,
            is_default=row.is_default,
            verified_at=row.verified_at,
            suspended_at=row.state_since if row.state == "suspended" else None,
            questioned_at=row.questioned_at,
            since=row.state_since,
            reason=row.reason,
            probability=None if row.probability is None else round(row.probability, 3),
            judgement=None
            if row.action is None
            else Judgement(action=row.action, because=row.because, doubtful=row.doubtful, at=row.at),
        )
        for row in rows
    ]


async def _chats_of(session: AsyncSession, point_id: int) -> list[ChatSeen]:
    rows = await (await driver(session)).fetch(
        """SELECT p.kind AS platform, b.how, b.bound_at, p.state = 'active' AS reachable
           FROM chat_binding b JOIN contact_point p ON p.id = b.chat_point_id
           WHERE b.phone_point_id = $1 AND b.ended_at IS NULL ORDER BY b.id""",
        point_id,
    )
    return [ChatSeen(**dict(row)) for row in rows]


async def _signals_of(session: AsyncSession, point_id: int) -> list[SignalSeen]:
    signal = tables.Signal
    rows = await session.execute(
        select(signal.kind, signal.at, tables.Account.account_no, signal.evidence)
        .outerjoin(tables.Account, tables.Account.id == signal.account_id)
        .where(signal.contact_point_id == point_id, signal.account_id.is_(None) | within(session, signal.account_id))
        .order_by(signal.at.desc(), signal.id.desc())
        .limit(_MOST_SHOWN)
    )
    return [SignalSeen(**row._mapping) for row in rows]


async def _corrections_about(session: AsyncSession, point_id: int) -> list[UUID]:
    # In two halves, each by its index: with OR the planner goes through all cases from the newest.
    case, listed, link = correction_tables.Correction, correction_tables.CorrectionLink, tables.ContactLink
    of_links = (
        select(listed.correction_id).join(link, link.id == listed.link_id).where(link.contact_point_id == point_id)
    )
    of_number = select(case.id).where(case.contact_point_id == point_id)
    found = set((await session.execute(of_number)).scalars()) | set((await session.execute(of_links)).scalars())
    return sorted(found, reverse=True)[:_MOST_SHOWN]


async def _history(session: AsyncSession, point_id: int, corrections: Sequence[UUID]) -> list[HistoryEntry]:
    subjects = [f"contact_point:{point_id}", *(f"correction:{case}" for case in corrections)]
    # Subject by subject: asked for all at once, in the order of ids, the planner goes through the whole journal.
    rows = await (await driver(session)).fetch(
        """SELECT e.at, e.actor, e.action, e.subject FROM unnest($1::text[]) AS asked (subject)
           CROSS JOIN LATERAL (SELECT * FROM audit_entry WHERE subject = asked.subject ORDER BY id DESC LIMIT $2) AS e
           ORDER BY e.id DESC LIMIT $2""",
        subjects,
        _MOST_SHOWN,
    )
    return [HistoryEntry(**dict(row)) for row in rows]


async def links(
    session: AsyncSession,
    *,
    states: Sequence[str] | None,
    since: datetime | None,
    after: int | None,
    limit: int,
) -> list[Link]:
    """Up to `limit` links behind the one numbered `after`, in the order in which they were made."""
    link = tables.ContactLink
    query = (
        select(
            link.id,
            tables.Account.account_no,
            tables.ContactPoint.address.label("number"),
            link.role,
            link.state,
            link.state_since.label("since"),
            link.reason,
        )
        .join(tables.Account, tables.Account.id == link.account_id)
        .join(tables.ContactPoint, tables.ContactPoint.id == link.contact_point_id)
        .where(link.id > (after or 0))
        .order_by(link.id)
        .limit(limit)
    )
    if states is not None:
        query = query.where(link.state.in_(states))
    if since is not None:
        query = query.where(link.state_since >= since)
    return [Link(**row._mapping) for row in await session.execute(query)]
