"""Contact links as files have them, against those in the archive.

A link that was suspended or revoked is a tombstone: what a file says of it is a conflict and changes nothing
(promise P7). Nor does a file take back the role or the name that a correction gave a link, or that the
customer confirmed. A number that a newer file leaves out is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.archive import signals
from gateway.archive.conflicts import Contradicted, heed
from gateway.archive.importing.grid import new_ids
from gateway.archive.importing.kinds import Fate, Refusal, Run
from gateway.archive.signals import Sign
from gateway.kernel.database import Work, copy
from gateway.kernel.phones import PhoneNumber
from gateway.kernel.tabular import Row

STOPPED: Final = ("suspended", "revoked")
HANDLED: Final = "handled: Whoever handled something of this customer lately changes no number of theirs."


@dataclass(slots=True, kw_only=True)
class Wanted:
    """What a row says of a contact: this number belongs to this account.

    `role` and `name` of a file that only suggests them (`suggested`) are taken for a new link; otherwise they
    replace what an earlier file said. `column` is where the number stands.
    """

    row: Row
    column: str
    account_id: int
    number: PhoneNumber
    role: str
    name: str | None = None
    default: bool = False
    suggested: bool = False
    source: str | None = None
    registered_on: date | None = None
    updated_on: date | None = None


@dataclass(slots=True, kw_only=True)
class Link:
    """A link as it is in the archive, or will be. `id` is None for a new one."""

    id: int | None
    account_id: int
    number: str
    role: str
    name: str | None
    state: str = "unverified"
    is_default: bool = False
    source: str | None = None
    registered_on: date | None = None
    updated_on: date | None = None
    state_since: datetime | None = None
    reason: str | None = None
    #: Given by a correction or confirmed by the customer: no file changes its role or name.
    settled: bool = False


def apply(links: dict[str, Link], wanted: Wanted, changed: dict[int, Link], zone: ZoneInfo) -> Fate | str:
    """Bring one wish into an account's `links` (by number), noting existing ones that change in `changed`.

    What became of it, or, where it contradicts a tombstone, why nothing did. Pure.
    """
    link = links.get(wanted.number.e164)
    if link is None:
        links[wanted.number.e164] = link = Link(
            id=None,
            account_id=wanted.account_id,
            number=wanted.number.e164,
            role=wanted.role,
            name=wanted.name or None,
            source=wanted.source,
            registered_on=wanted.registered_on,
            updated_on=wanted.updated_on,
        )
        _make_default(links, link, wanted, changed)
        return Fate.CREATED
    if link.state in STOPPED:
        return _conflict(link, wanted, zone)
    fate = Fate.UNCHANGED
    if not link.settled:
        if wanted.name and wanted.name != link.name:
            link.name, fate = wanted.name, Fate.UPDATED
        if not wanted.suggested and wanted.role != link.role:
            link.role, fate = wanted.role, Fate.UPDATED
    if not wanted.suggested:
        said = (
            wanted.source or link.source,
            wanted.registered_on or link.registered_on,
            wanted.updated_on or link.updated_on,
        )
        if said != (link.source, link.registered_on, link.updated_on):
            (link.source, link.registered_on, link.updated_on), fate = said, Fate.UPDATED
    if _make_default(links, link, wanted, changed):
        fate = Fate.UPDATED
    if fate is Fate.UPDATED and link.id is not None:
        changed[link.id] = link
    return fate


def winners(wishes: Sequence[Wanted]) -> list[Wanted]:
    """One wish for each link, where rows of a chunk contradict each other: the one updated last, else the first.

    Of several that want to be their account's default the first does. So a file that contradicts itself leaves
    the same archive however often it comes. Pure.
    """
    chosen: dict[tuple[int, str], Wanted] = {}
    defaults: dict[int, str] = {}
    for wish in wishes:
        key = wish.account_id, wish.number.e164
        if wish.default:
            defaults.setdefault(wish.account_id, wish.number.e164)
        before = chosen.get(key)
        if before is None or (wish.updated_on or date.min) > (before.updated_on or date.min):
            chosen[key] = wish
    return [
        wish if wish.default == (defaults.get(account) == number) else replace(wish, default=not wish.default)
        for (account, number), wish in chosen.items()
    ]


def _redirects(links: Mapping[str, Link], wanted: Wanted) -> bool:
    """Whether a wish brings another number, or makes another one the usual."""
    link = links.get(wanted.number.e164)
    return link is None or (wanted.default and not link.is_default)


def _make_default(links: Mapping[str, Link], link: Link, wanted: Wanted, changed: dict[int, Link]) -> bool:
    """Make the link its account's only default; whether it was not that before. A tombstone stays as it is."""
    if not wanted.default or link.is_default:
        return False
    for other in links.values():
        if other.is_default and other.state not in STOPPED:
            other.is_default = False
            if other.id is not None:
                changed[other.id] = other
    link.is_default = True
    return True


def _conflict(link: Link, wanted: Wanted, zone: ZoneInfo) -> str:
    since = f" on {link.state_since.astimezone(zone):%Y-%m-%d}" if link.state_since else ""
    because = f" because: {link.reason}" if link.reason else ""
    return f"stopped_contact: Number {wanted.number.masked} was {link.state} for this account{since}{because}."


async def merge_links(
    work: Work, wishes: Sequence[Wanted], run: Run, *, new_accounts: frozenset[int] = frozenset()
) -> tuple[dict[tuple[str, int], Fate], list[Refusal]]:
    """Bring the wishes of a chunk in, in their order; what became of each row, by `Row.key`.

    Numbers of staff are refused, and leave a signal. `new_accounts` are known to have no links yet.
    """
    refusals: list[Refusal] = []
    fates: dict[tuple[str, int], Fate] = {}
    staff = await _staff_numbers(work, {wish.number.e164 for wish in wishes})
    if staff:
        await _refuse_staff(work, [wish for wish in wishes if wish.number.e164 in staff], run, refusals)
    accounts = _links_by_account(await _read(work, {wish.account_id for wish in wishes} - new_accounts))
    changed: dict[int, Link] = {}
    contradicted: list[Contradicted] = []
    for wish in wishes:
        fates.setdefault(wish.row.key, Fate.UNCHANGED)
    for wish in winners([wish for wish in wishes if wish.number.e164 not in staff]):
        known = accounts.setdefault(wish.account_id, {})
        if wish.account_id in run.kept_off and _redirects(known, wish):
            refusals.append(Refusal(row=wish.row, column=wish.column, reason=HANDLED, scope="cell"))
            continue
        result = apply(known, wish, changed, run.zone)
        if isinstance(result, Fate):
            fates[wish.row.key] = max(result, fates[wish.row.key])
        else:
            refusals.append(Refusal(row=wish.row, column=wish.column, reason=result, scope="conflict"))
            contradicted.append(_contradicted(accounts[wish.account_id][wish.number.e164], wish))
    revoked = [link.id for links in accounts.values() for link in links.values() if link.state == "revoked" and link.id]
    if revoked or contradicted:
        await heed(work.connection, run.import_id, contradicted, revoked, run.now)
    await _insert(work, accounts.values(), {wish.number.e164: wish.number for wish in wishes}, run)
    await _update(work, list(changed.values()))
    return fates, refusals


def _contradicted(link: Link, wish: Wanted) -> Contradicted:
    assert link.id is not None, "only a link that is there can be stopped"
    return Contradicted(link_id=link.id, state=link.state, row_number=wish.row.number, source=wish.source)


def _links_by_account(links: Iterable[Link]) -> dict[int, dict[str, Link]]:
    accounts: dict[int, dict[str, Link]] = {}
    for link in links:
        accounts.setdefault(link.account_id, {})[link.number] = link
    return accounts


async def _staff_numbers(work: Work, numbers: set[str]) -> set[str]:
    rows = await work.fetch("SELECT phone FROM staff_member WHERE phone = ANY($1::text[])", list(numbers))
    return {row[0] for row in rows}


async def _refuse_staff(work: Work, wishes: Sequence[Wanted], run: Run, refusals: list[Refusal]) -> None:
    """A member of staff's number on a customer's account is refused outright, and noted once as a signal."""
    points = await _points(work, {wish.number.e164: wish.number for wish in wishes})
    rows = await work.fetch(
        "SELECT contact_point_id, account_id FROM signal"
        " WHERE kind = 'staff_number' AND contact_point_id = ANY($1::int[])",
        list(points.values()),
    )
    noted = {(row[0], row[1]) for row in rows}
    signs: list[Sign] = []
    for wish in wishes:
        refusals.append(
            Refusal(
                row=wish.row,
                column=wish.column,
                reason="staff_number: This is the number of a member of staff, not of a customer.",
                scope="cell",
            )
        )
        point = points[wish.number.e164]
        if (point, wish.account_id) not in noted:
            noted.add((point, wish.account_id))
            signs.append(
                Sign(
                    contact_point_id=point,
                    account_id=wish.account_id,
                    kind="staff_number",
                    at=run.now,
                    evidence={"import": str(run.import_id), "row": wish.row.number},
                )
            )
    await signals.record(work.connection, signs)


# Chats come along: asked for the kind, a planner without statistics expects one number and joins by brute force.
_READ: Final = """
SELECT l.id, l.account_id, p.address, l.role, l.name, l.state, l.is_default, l.source, l.registered_on, l.updated_on,
  l.state_since, l.reason,
  l.state = 'verified'
    OR EXISTS (SELECT 1 FROM correction_link c WHERE c.link_id = l.id AND c.decision IS NOT NULL)
    OR EXISTS (SELECT 1 FROM correction_contact c WHERE c.link_id = l.id)
FROM contact_link l JOIN contact_point p ON p.id = l.contact_point_id
WHERE l.account_id = ANY($1::int[]) ORDER BY l.id
"""


async def _read(work: Work, accounts: set[int]) -> list[Link]:
    if not accounts:
        return []
    return [
        Link(
            id=row[0],
            account_id=row[1],
            number=row[2],
            role=row[3],
            name=row[4],
            state=row[5],
            is_default=row[6],
            source=row[7],
            registered_on=row[8],
            updated_on=row[9],
            state_since=row[10],
            reason=row[11],
            settled=row[12],
        )
        for row in await work.fetch(_READ, sorted(accounts))
    ]


async def _points(work: Work, numbers: Mapping[str, PhoneNumber]) -> dict[str, int]:
    """Contact points by number, made where they are missing."""
    rows = await work.fetch(
        "SELECT address, id FROM contact_point WHERE kind = 'phone' AND address = ANY($1::text[])", list(numbers)
    )
    found: dict[str, int] = {row[0]: row[1] for row in rows}
    new = [number for number in numbers if number not in found]
    if new:
        ids = await new_ids(work, "contact_point", len(new))
        await copy(
            work.connection,
            "contact_point",
            ("id", "kind", "address", "line"),
            [(id_, "phone", number, numbers[number].kind.value) for id_, number in zip(ids, new, strict=True)],
        )
        found.update(zip(new, ids, strict=True))
    return found


_COLUMNS: Final = (
    "account_id",
    "contact_point_id",
    "role",
    "name",
    "is_default",
    "source",
    "registered_on",
    "updated_on",
    "state_since",
    "import_id",
)


async def _insert(
    work: Work, accounts: Iterable[Mapping[str, Link]], numbers: Mapping[str, PhoneNumber], run: Run
) -> None:
    new = [link for links in accounts for link in links.values() if link.id is None]
    if not new:
        return
    points = await _points(work, {link.number: numbers[link.number] for link in new})
    await copy(
        work.connection,
        "contact_link",
        _COLUMNS,
        [
            (
                link.account_id,
                points[link.number],
                link.role,
                link.name,
                link.is_default,
                link.source,
                link.registered_on,
                link.updated_on,
                run.now,
                run.import_id,
            )
            for link in new
        ],
    )


# A link that is stopped while the chunk is under way keeps to what stopped it.
_UPDATE: Final = """
UPDATE contact_link l SET role = u.role, name = u.name, is_default = u.is_default, source = u.source,
  registered_on = u.registered_on, updated_on = u.updated_on
FROM unnest($1::int[], $2::text[], $3::text[], $4::boolean[], $5::text[], $6::date[], $7::date[])
  u(id, role, name, is_default, source, registered_on, updated_on)
WHERE l.id = u.id AND l.state NOT IN ('suspended', 'revoked')
"""


async def _update(work: Work, links: Sequence[Link]) -> None:
    if links:
        columns: list[list[Any]] = [
            [getattr(link, name) for link in links]
            for name in ("id", "role", "name", "is_default", "source", "registered_on", "updated_on")
        ]
        await work.execute(_UPDATE, *columns)
