"""What the words of orders say that their fields do not, looked up in the archive and among the other orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.cases import repeats
from gateway.cases.coming_again import came_before_on
from gateway.cases.naming import named_in, names_of
from gateway.cases.repeats import Contact

# Orders whose words must be read: whose account is missing, or unknown to the archive, or who name the day on which
# they came before.
_WORDS: Final = """
SELECT w.id, w.content, w.opened_at, coalesce(w.account_no, '') = '' AS homeless, w.account_id IS NULL AS unknown
FROM work_order w
WHERE w.opened_at >= $1 AND w.opened_at < $2 AND w.kind <> ALL ($3::text[])
  AND NOT (w.kind = 'consultation' AND w.once_done) AND w.content <> ''
  AND (coalesce(w.account_no, '') = ''
       OR w.account_id IS NULL AND normalize(w.content, NFKC) ~ '[0-9] *(号|室|单元|组|栋|幢|座|#|-)'
       OR w.content ~ '月.{1,10}(申请|投诉|反映|举报|提|来电|打|要求|登记|说过|报的|报过)')
"""
# Holders of whom the archive has one, and who came with the same topic within the month: a name alone is nobody's.
_HOLDERS: Final = """
WITH g AS MATERIALIZED (SELECT * FROM unnest($1::bigint[], $2::text[]) AS g(id, name)),
firm AS MATERIALIZED (
  SELECT id, regexp_replace(regexp_replace(normalize(holder_name, NFKC),
           '^([一-鿿]{2,3}市)?([一-鿿]{1,3}[区县])?', ''),
           '((有限责任|股份有限|有限)?公司|商行|超市|酒店|饭店|宾馆|驿站|合作社|厂|店)$', '') AS name
  FROM account WHERE holder_name ~ '(公司|商行|超市|酒店|饭店|宾馆|驿站|合作社|厂|店)$'
), sole AS MATERIALIZED (
  SELECT name, min(id) AS id FROM (
    SELECT id, holder_name AS name FROM account WHERE holder_name IN (SELECT name FROM g)
    UNION ALL SELECT id, name FROM firm WHERE name IN (SELECT name FROM g)
  ) AS called GROUP BY name HAVING count(DISTINCT id) = 1
)
SELECT w.id, w.work_order_no, min(a.account_no) AS account_no
FROM g JOIN sole s USING (name) JOIN account a ON a.id = s.id JOIN work_order w ON w.id = g.id
JOIN work_order o ON o.account_id = s.id AND coalesce(o.subtype, o.kind) = coalesce(w.subtype, w.kind)
 AND o.opened_at BETWEEN w.opened_at - $3::interval AND w.opened_at + $3::interval
GROUP BY 1, 2 HAVING count(DISTINCT s.id) = 1
"""
_OF: Final = """{0}.work_order_no, {0}.kind, coalesce({0}.subtype, {0}.kind), {0}.caller_number,
  nullif({0}.account_no, ''), coalesce({0}.content, ''), {0}.opened_at"""
# Two orders of one customer under different topics, the later of which names the day of the earlier.
_CAME_BEFORE: Final = f"""
SELECT {_OF.format("w")}, {_OF.format("o")}
FROM unnest($1::bigint[], $2::date[]) AS told(id, day) JOIN work_order w USING (id)
JOIN work_order o ON (o.opened_at AT TIME ZONE $3::text)::date = told.day AND o.opened_at < w.opened_at
 AND o.opened_at >= $4 AND o.opened_at < $5 AND o.kind <> ALL ($6::text[])
 AND NOT (o.kind = 'consultation' AND o.once_done)
 AND coalesce(o.subtype, o.kind) <> coalesce(w.subtype, w.kind)
 AND (o.caller_number = w.caller_number OR nullif(o.account_no, '') = w.account_no)
ORDER BY o.opened_at
"""
_PAGE: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the words of a window's orders say; orders by their ids, or their numbers."""

    #: Accounts that they name, by number or by the holder's name.
    named: Sequence[tuple[int, str]]
    #: The numbers of the addresses that they name.
    placed: Sequence[tuple[int, str]]
    #: By order number: the account of the one holder of that name.
    holders: Mapping[str, str]
    #: Order numbers of a later and an earlier order of which the later tells.
    told: Sequence[tuple[str, str]]


async def words_of(connection: Any, since: datetime, until: datetime, zone: ZoneInfo) -> Words:
    """Read the words of a window's orders, in the connection's transaction."""
    named: list[tuple[int, str]] = []
    placed: list[tuple[int, str]] = []
    names: list[tuple[int, str]] = []
    dated: list[tuple[int, date]] = []
    never = list(repeats.NEVER)
    async for row in connection.cursor(_WORDS, since, until, never, prefetch=_PAGE):
        said = named_in(row["content"])
        placed += [(row["id"], said.place.key)] if said.place and (row["homeless"] or row["unknown"]) else []
        dated += [(row["id"], day) for day in came_before_on(row["content"], row["opened_at"].astimezone(zone))]
        if row["homeless"]:
            named += [(row["id"], account) for account in said.accounts]
            if not said.accounts and said.place is None:
                names += [(row["id"], name) for name in names_of(row["content"])]
    found = await connection.fetch(_HOLDERS, *_columns(names), repeats.WITHIN) if names else []
    named += [(row["id"], row["account_no"]) for row in found]
    pairs = await connection.fetch(_CAME_BEFORE, *_columns(dated), zone.key, since, until, never) if dated else []
    return Words(
        named=named,
        placed=placed,
        holders={row["work_order_no"]: row["account_no"] for row in found},
        told=list(_told(pairs, zone)),
    )


def _told(pairs: Sequence[Any], zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    for row in pairs:
        later, earlier = (_contact(tuple(row)[at : at + 7], zone) for at in (0, 7))
        if repeats.tells_of(later, earlier):
            yield later.work_order_no, earlier.work_order_no


def _contact(row: Sequence[Any], zone: ZoneInfo) -> Contact:
    number, kind, topic, caller, account_no, content, opened_at = row
    return Contact(
        work_order_no=number,
        kind=kind,
        topic=topic,
        number=caller,
        account_no=account_no,
        content=content,
        opened_at=opened_at.astimezone(zone),
        due_at=None,
        closed_at=None,
        once_done=False,
    )


def _columns(pairs: Sequence[tuple[int, Any]]) -> tuple[list[int], list[Any]]:
    return [one for one, _ in pairs], [other for _, other in pairs]
