"""Segments of customers as tags on accounts, each with a reason, an owner and perhaps an end (domain notes S3.2–S3.5).

What the archive's export says of an account stands in its columns. A person may put a tag beside that or take one
off; that word goes before the export's for as long as it lasts, and no import undoes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel import audit
from gateway.kernel.database import driver
from gateway.kernel.errors import InvalidInput, NotFound

#: Every segment and what it says.
SEGMENTS: Final[Mapping[str, str]] = {
    "individual": "个体客户: a person or household of its own",
    "group": "集团客户: one of many accounts of an organisation, with one contact for all",
    "direct": "直接客户: holds the contract itself",
    "indirect": "间接客户: supplied behind another's meter, such as a landlord's or a property company's",
    "long_term": "长期客户: supplied until further notice",
    "temporary": "临时客户: supplied for a time, such as a building site",
    "important": "重要用户: important in the sense of the law",
    "sensitive": "敏感客户: handled with particular care",
    "watched": "重点关注客户: watched for a while",
    "vulnerable": "特殊人群: cannot easily help itself",
    "medical_device": "somebody's health hangs on the supply",
    "vip": "大客户: has an account manager",
    "protected_event": "保电: supply is guarded for an event",
}
#: Segments of which an account is in one or the other; the first where nothing is said.
EITHER_OR: Final = (("individual", "group"), ("direct", "indirect"), ("long_term", "temporary"))
_OPPOSITE: Final = {one: other for pair in EITHER_OR for one, other in (pair, pair[::-1])}
_MEDICAL: Final = frozenset({"home_oxygen", "dialysis", "ventilator"})

#: What the export says of an account `a`, and the tags on it that hold at the parameter `{now}`, as one word each.
SAID: Final = """
       a.important_level, a.sensitive, a.key_concern, a.vulnerable, a.vip,
       (SELECT c.segment FROM customer c WHERE c.id = a.customer_id) AS customer_segment"""
_TAG: Final = "CASE WHEN tag.holds THEN '+' ELSE '-' END || tag.segment"
_HOLDS: Final = "tag.ended_at IS NULL AND (tag.expires_at IS NULL OR tag.expires_at > {now})"
#: Columns of a query over an account `a` that `segments_of` reads; `{now}` is the parameter of the moment.
COLUMNS: Final = f"""{SAID},
       ARRAY(SELECT {_TAG} FROM account_segment tag WHERE tag.account_id = a.id AND {_HOLDS}) AS tags"""
#: The tags (`account_id`, `tags`) of many accounts at once, `{accounts}` being the parameter that lists them.
TAGS: Final = f"""
SELECT tag.account_id, array_agg({_TAG}) AS tags FROM account_segment tag
WHERE tag.account_id = ANY({{accounts}}) AND {_HOLDS} GROUP BY tag.account_id"""
#: Those columns, for what keeps answers by their facts.
NAMES: Final = ("important_level", "sensitive", "key_concern", "vulnerable", "vip", "customer_segment", "tags")
_said: Final = itemgetter(*NAMES[:-1])


def of_export(row: Any) -> set[str]:
    """The segments that the archive's own columns speak of."""
    return _of_export(*_said(row))


def _of_export(
    important_level: str | None, sensitive: object, key_concern: object, vulnerable: str | None, vip: object,
    customer_segment: str | None,
) -> set[str]:  # fmt: skip
    said = {
        "group": customer_segment == "group",
        "important": bool(important_level),
        "sensitive": bool(sensitive),
        "watched": bool(key_concern),
        "vulnerable": bool(vulnerable),
        "medical_device": vulnerable in _MEDICAL,
        "vip": bool(vip),
    }
    return {segment for segment, holds in said.items() if holds}


def segments_of(row: Any) -> frozenset[str]:
    """The segments an account is in, from the columns of `COLUMNS`: the export's, changed by the tags that hold."""
    return _segments(*_said(row), tuple(row["tags"] or ()))


@lru_cache(maxsize=4096)
def _segments(
    important_level: str | None, sensitive: object, key_concern: object, vulnerable: str | None, vip: object,
    customer_segment: str | None, tags: Sequence[str],
) -> frozenset[str]:  # fmt: skip
    found = _of_export(important_level, sensitive, key_concern, vulnerable, vip, customer_segment)
    for tag in tags:
        if tag[0] == "+":
            found.add(tag[1:])
            found.discard(_OPPOSITE.get(tag[1:], ""))
        else:
            found.discard(tag[1:])
    for usual, other in EITHER_OR:
        if other not in found:
            found.add(usual)
    return frozenset(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A segment of one account, and on whose word. `source` is `archive`, `person` or `usual`."""

    segment: str
    source: str
    reason: str
    owner: str | None
    since: datetime | None
    placed_by: str | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentsOfAccount:
    """The segments an account is in, and those that a person took off it."""

    account_no: str
    segments: Sequence[Segment]
    taken_off: Sequence[Segment]


async def put(
    session: AsyncSession,
    account_no: str,
    segment: str,
    *,
    holds: bool,
    reason: str,
    owner: str,
    expires_at: datetime | None,
    actor: str,
    at: datetime,
) -> None:
    """Put a tag on an account, or (`holds` false) take it off, in place of what a person said of it before.

    Raises NotFound for an unknown account, and InvalidInput.
    """
    if segment not in SEGMENTS:
        raise InvalidInput(f"no such segment: {segment} (there are {', '.join(SEGMENTS)})", field="segment")
    if expires_at is not None and expires_at <= at:
        raise InvalidInput("it would be over already", field="expires_at")
    connection = await driver(session)
    account = await _account(connection, account_no)
    opposite = [_OPPOSITE[segment]] if holds and segment in _OPPOSITE else []
    before = await _end(connection, account, [segment, *opposite], actor, at)
    await connection.execute(
        """INSERT INTO account_segment (account_id, segment, holds, reason, owner, placed_at, placed_by, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        account,
        segment,
        holds,
        reason,
        owner,
        at,
        actor,
        expires_at,
    )
    until = expires_at.isoformat() if expires_at else None
    await audit.write(
        connection,
        at=at,
        actor=actor,
        action="segment.put" if holds else "segment.taken_off",
        subject=f"account:{account}",
        before=before or None,
        after={"segment": segment, "reason": reason, "owner": owner, "expires_at": until},
    )


async def withdraw(session: AsyncSession, account_no: str, segment: str, *, actor: str, at: datetime) -> None:
    """Take back what a person said of a segment: the archive's own word holds again. Raises NotFound."""
    connection = await driver(session)
    account = await _account(connection, account_no)
    before = await _end(connection, account, [segment], actor, at)
    if not before:
        raise NotFound("Nobody has said anything of this segment on this account.")
    await audit.write(
        connection, at=at, actor=actor, action="segment.withdrawn", subject=f"account:{account}", before=before
    )


async def _account(connection: Any, account_no: str) -> int:
    account: int | None = await connection.fetchval(
        "SELECT id FROM account WHERE account_no = $1 FOR NO KEY UPDATE", account_no
    )
    if account is None:
        raise NotFound("There is no account with this number.")
    return account


async def _end(connection: Any, account: int, segments: Sequence[str], actor: str, at: datetime) -> dict[str, bool]:
    """End what a person said of these segments; what that was."""
    rows = await connection.fetch(
        """UPDATE account_segment SET ended_at = $3, ended_by = $4
           WHERE account_id = $1 AND segment = ANY($2::text[]) AND ended_at IS NULL RETURNING segment, holds""",
        account,
        list(segments),
        at,
        actor,
    )
    return {row["segment"]: row["holds"] for row in rows}


async def release_due(connection: Any, now: datetime) -> int:
    """Mark tags whose time is over as ended; how many. They stopped counting at that moment by themselves."""
    rows = await connection.fetch(
        """UPDATE account_segment SET ended_at = expires_at, ended_by = 'clock'
           WHERE ended_at IS NULL AND expires_at <= $1 RETURNING account_id, segment""",
        now,
    )
    for row in rows:
        await audit.write(
            connection,
            at=now,
            actor="clock",
            action="segment.expired",
            subject=f"account:{row['account_id']}",
            before={"segment": row["segment"]},
        )
    return len(rows)


async def of_account(session: AsyncSession, account_no: str, now: datetime) -> SegmentsOfAccount:
    """The segments of an account with reason and owner. Raises NotFound."""
    connection = await driver(session)
    row = await connection.fetchrow(
        f"SELECT a.id, a.manager_no, {COLUMNS.format(now='$2')} FROM account a WHERE a.account_no = $1", account_no, now
    )
    if row is None:
        raise NotFound("There is no account with this number.")
    tags = {
        tag["segment"]: tag
        for tag in await connection.fetch(
            """SELECT * FROM account_segment
               WHERE account_id = $1 AND ended_at IS NULL AND (expires_at IS NULL OR expires_at > $2)""",
            row["id"],
            now,
        )
    }
    export = of_export(row)
    shown = [_shown(name, tags.get(name), name in export, row) for name in sorted(segments_of(row))]
    off = [_shown(name, tag, False, row) for name, tag in sorted(tags.items()) if not tag["holds"]]
    return SegmentsOfAccount(account_no=account_no, segments=shown, taken_off=off)


def _shown(name: str, tag: Any, exported: bool, row: Any) -> Segment:
    if tag is not None:
        return Segment(
            segment=name,
            source="person",
            reason=tag["reason"],
            owner=tag["owner"],
            since=tag["placed_at"],
            placed_by=tag["placed_by"],
            expires_at=tag["expires_at"],
        )
    detail = {"important": row["important_level"], "vulnerable": row["vulnerable"], "medical_device": row["vulnerable"]}
    words = f"the archive says so: {detail[name]}" if detail.get(name) else "the archive says so"
    return Segment(
        segment=name,
        source="archive" if exported else "usual",
        reason=words if exported else "nothing else is said",
        owner=row["manager_no"] if exported else None,
        since=None,
        placed_by=None,
        expires_at=None,
    )
