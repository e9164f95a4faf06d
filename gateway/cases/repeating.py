"""Repeats of a month and their figures: gross, excluded, challenged, net."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.reach import part_of, within_sql
from gateway.cases import repeats
from gateway.cases.marking import Mark, standing
from gateway.cases.reading_words import words_of
from gateway.cases.repeats import CODES, Code, Contact, Event, Exclusion, Marks, Window
from gateway.kernel.acting import require
from gateway.kernel.database import driver

#: How far before and after a month contacts are read: a matter that began earlier is told from one that is new.
_BEFORE: Final = timedelta(days=120)
_AFTER: Final = timedelta(days=62)

# Orders of one matter share the caller's number or an account (in its field, else in the text) or a place (the numbers
# of an address; whether it is one place is told afterwards) within one topic, or were tied together by the hotline, by
# hand or by their words: those that share nothing are nobody's repeat and are left out here.
_CONTACTS: Final = """
WITH RECURSIVE named AS MATERIALIZED (
  SELECT id, array_agg(account) AS accounts FROM unnest($8::bigint[], $9::text[]) AS n(id, account) GROUP BY id
), own AS MATERIALIZED (
  SELECT w.id, w.work_order_no, coalesce(w.subtype, w.kind) AS topic, w.caller_number AS number,
         r.related_no, w.opened_at,
         CASE WHEN (w.relation_kind = ANY ($6::text[]) OR coalesce(w.related_no, '') = '')
                   AND w.work_order_no <> ALL ($7::text[]) THEN r.related_no END AS tie,
         CASE WHEN w.account_no <> '' THEN ARRAY[w.account_no] ELSE coalesce(n.accounts, '{}') END AS accounts,
         w.account_id
  FROM work_order w LEFT JOIN named n ON n.id = w.id
  CROSS JOIN LATERAL (
    SELECT coalesce(nullif(w.related_no, ''), substring(w.content FROM '[0-9]{14}')) AS related_no) AS r
  WHERE w.opened_at >= $1 AND w.opened_at < $2 AND w.kind <> ALL ($3::text[])
    AND NOT (w.kind = 'consultation' AND w.once_done)
), hotline AS (
  SELECT a.work_order_no, a.tie FROM own a JOIN own b ON b.work_order_no = a.tie
  WHERE a.accounts && b.accounts OR cardinality(a.accounts) = 0 OR cardinality(b.accounts) = 0 OR a.number = b.number
), ties AS (
  SELECT work_order_no, tie FROM hotline
  UNION ALL
  SELECT greater.work_order_no, lesser.work_order_no FROM unnest($4::text[], $5::text[]) AS pair(one, other)
  JOIN own lesser ON lesser.work_order_no IN (pair.one, pair.other)
  JOIN own greater ON greater.work_order_no IN (pair.one, pair.other)
   AND (greater.opened_at, greater.work_order_no) > (lesser.opened_at, lesser.work_order_no)
  WHERE greater.work_order_no NOT IN (SELECT work_order_no FROM hotline)
), up(work_order_no, topic, first, depth) AS (
  SELECT t.work_order_no, o.topic, o.work_order_no, 1 FROM ties t JOIN own o ON o.work_order_no = t.tie
  UNION ALL
  SELECT up.work_order_no, o.topic, o.work_order_no, up.depth + 1
  FROM up JOIN ties t ON t.work_order_no = up.first JOIN own o ON o.work_order_no = t.tie WHERE up.depth < 20
), tied_topic AS (
  SELECT DISTINCT ON (work_order_no) work_order_no, topic FROM up ORDER BY work_order_no, depth DESC
), c AS MATERIALIZED (
  SELECT own.id, own.work_order_no, coalesce(t.topic, own.topic) AS topic, own.number, own.related_no, own.accounts,
         own.account_id
  FROM own LEFT JOIN tied_topic t USING (work_order_no)
), called AS MATERIALIZED (
  SELECT c.id, a.id AS account_id, count(*) OVER (PARTITION BY c.id) AS accounts
  FROM named n JOIN c USING (id) CROSS JOIN LATERAL unnest(n.accounts) AS said(account)
  JOIN account a ON a.account_no = said.account
), placed AS MATERIALIZED (
  SELECT c.id, c.topic, p.key FROM unnest($10::bigint[], $11::text[]) AS p(id, key) JOIN c USING (id)
), homes AS MATERIALIZED (
  SELECT id, topic, account_id FROM c WHERE account_id IS NOT NULL AND topic IN (SELECT topic FROM placed)
  UNION SELECT c.id, c.topic, called.account_id FROM called JOIN c USING (id)
), keys AS (
  SELECT id, topic, 'n' || number AS key FROM c WHERE number ~ '[0-9]{7}'
  UNION ALL SELECT id, topic, 'a' || account FROM c, unnest(accounts) AS account
  UNION ALL SELECT id, topic, 'p' || key FROM placed
  UNION ALL SELECT h.id, h.topic, 'p' || trim('-' FROM regexp_replace(normalize(p.address, NFKC), '[^0-9]+', '-', 'g'))
    FROM homes h JOIN account a ON a.id = h.account_id JOIN premise p ON p.id = a.premise_id
), shared AS (
  SELECT topic, key FROM keys GROUP BY topic, key HAVING count(DISTINCT id) > 1
), tied AS (
  SELECT c.id, o.id AS other FROM c JOIN c o ON o.work_order_no = c.related_no AND o.topic = c.topic
), wanted AS (
  SELECT k.id FROM keys k JOIN shared USING (topic, key)
  UNION SELECT id FROM tied UNION SELECT other FROM tied
  UNION SELECT id FROM c WHERE work_order_no = ANY ($4::text[]) OR work_order_no = ANY ($5::text[])
)
SELECT w.work_order_no, w.kind, coalesce(w.subtype, w.kind) AS topic,
       nullif(c.topic, coalesce(w.subtype, w.kind)) AS tied_topic, w.caller_number AS number, w.caller_name AS caller,
       nullif(w.account_no, '') AS account_no, coalesce(w.content, '') AS content, w.opened_at, w.due_at, w.closed_at,
       w.once_done, w.determination, w.related_no, w.relation_kind, p.address, a.holder_name AS holder
FROM wanted JOIN c USING (id) JOIN work_order w ON w.id = wanted.id
LEFT JOIN called ON called.id = w.id AND called.accounts = 1
LEFT JOIN account a ON a.id = coalesce(w.account_id, called.account_id)
LEFT JOIN premise p ON p.id = a.premise_id
ORDER BY c.topic, w.opened_at, w.work_order_no
"""
_PAGE: Final = 2000
_FIELDS: Final = tuple(field.name for field in fields(Contact) if field.name != "found_account")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """A matter with which a customer came twice or more, as it is reported."""

    #: In the order of time; the last is the newest.
    work_orders: tuple[str, ...]
    account_no: str | None
    number: str | None
    topic: str
    second_at: datetime
    counted: bool
    exclusion: Code | None
    evidence: str | None
    challenged: bool
    #: Orders of the event that do not count by themselves, with the code: one that only urged in time is among them.
    excluded: Mapping[str, Code]
    #: None while a challenge waits, or where there is none.
    upheld: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Events of a month: all, those taken out by code, those contested, and what is left."""

    gross: int
    excluded: dict[str, int]
    counted: int
    challenged: int
    upheld: int
    net: int
    #: What would be counted if a code were not in force.
    without: Mapping[Code, int]


async def of_month(
    session: AsyncSession,
    month: datetime,
    *,
    zone: ZoneInfo,
    window: Window = "rolling",
    codes: frozenset[Code] = frozenset(CODES),
) -> tuple[list[Repeat], Figures]:
    """Events whose second contact falls in the month that begins at `month`, and their figures.

    They are found over the whole utility; whoever acts for a part of it has those about its accounts.
    """
    require(session, "cases:read")
    end = (month + timedelta(days=32)).replace(day=1)
    connection = await driver(session)
    marked = await standing(connection)
    marks = Marks(
        merged=frozenset(frozenset((m.work_order_no, m.other_no or "")) for m in marked if m.kind == "merged"),
        split=frozenset(m.work_order_no for m in marked if m.kind == "split"),
        excluded={
            m.work_order_no: Exclusion(code=m.code, evidence=f"{m.reason} ({m.by}) {m.evidence or ''}".strip())
            for m in marked
            if m.kind == "excluded" and m.code is not None
        },
    )

    found: list[tuple[Event, list[Code]]] = []
    async for topic in _by_topic(connection, month - _BEFORE, end + _AFTER, marks, zone):
        for matter in repeats.matters_of(topic, marks=marks, calendar=zone if window == "calendar" else None):
            if not any(month <= one.opened_at < end for one in matter):
                continue
            event = repeats.judge(matter, marks=marks, codes=codes)
            others = ((code, repeats.judge(matter, marks=marks, codes=codes - {code})) for code in sorted(codes))
            so = [code for code, other in others if other.counted and month <= other.second.opened_at < end]
            if so or month <= event.second.opened_at < end:
                found.append((event, so))
    found = await _within(session, found)
    events = [event for event, _ in found if month <= event.second.opened_at < end]
    without = {code: sum(code in so for _, so in found) for code in sorted(codes)}
    challenges = {m.work_order_no: m for m in marked if m.kind == "challenged"}
    reported = [_repeat(event, challenges) for event in sorted(events, key=repeats.in_order)]
    return reported, _figures(reported, without)


async def _within(session: AsyncSession, found: list[tuple[Event, list[Code]]]) -> list[tuple[Event, list[Code]]]:
    """Those about accounts within reach of who acts."""
    part = part_of(session)
    if part is None:
        return found
    accounts = {account for event, _ in found for one in event.contacts for account in repeats.accounts_of(one)}
    rows = await (await driver(session)).fetch(
        f"SELECT a.account_no FROM account a WHERE a.account_no = ANY($1::text[]) AND {within_sql('a.id', '$2')}",
        sorted(accounts),
        part,
    )
    ours = {row["account_no"] for row in rows}
    return [(event, so) for event, so in found if any(repeats.accounts_of(one) & ours for one in event.contacts)]


async def _by_topic(
    connection: Any, since: datetime, until: datetime, marks: Marks, zone: ZoneInfo
) -> AsyncIterator[list[Contact]]:
    """Orders that may be somebody's repeat, topic by topic, so that no more than one topic is in memory."""
    topic: list[Contact] = []
    async with connection.transaction():
        # How many orders share something is nothing that the planner can know; it would loop where it should hash.
        await connection.execute("SET LOCAL enable_nestloop = off")
        words = await words_of(connection, since, until, zone)
        statement = await connection.prepare(_CONTACTS)
        pairs = [*(tuple(pair) for pair in marks.merged if len(pair) > 1)]
        pairs += [pair for pair in words.told if pair[0] not in marks.split]
        given = ([one for one, _ in pairs], [other for _, other in pairs], list(repeats.TIES), list(marks.split))
        read = [[part[at] for part in parts] for parts in (words.named, words.placed) for at in (0, 1)]
        async for row in statement.cursor(since, until, list(repeats.NEVER), *given, *read, prefetch=_PAGE):
            if topic and topic[0].under != (row["tied_topic"] or row["topic"]):
                yield topic
                topic = []
            topic.append(_contact(row, words.holders, zone))
    if topic:
        yield topic


def _contact(row: Any, holders: Mapping[str, str], zone: ZoneInfo) -> Contact:
    """An order as repeats go by it, its days those of the utility's home: the words count by them."""
    given = {name: row[name] for name in _FIELDS}
    given["opened_at"] = given["opened_at"].astimezone(zone)
    return Contact(**given, found_account=holders.get(row["work_order_no"]))


def _repeat(event: Event, challenges: dict[str, Mark]) -> Repeat:
    contested = [challenges[one.work_order_no] for one in event.contacts if one.work_order_no in challenges]
    why = event.exclusion
    return Repeat(
        work_orders=tuple(one.work_order_no for one in event.contacts),
        account_no=next((one.account_no for one in event.contacts if one.account_no), None),
        number=next((one.number for one in event.contacts if one.number), None),
        topic=event.second.topic,
        second_at=event.second.opened_at,
        counted=event.counted,
        exclusion=why.code if why else None,
        evidence=why.evidence if why else None,
        challenged=bool(contested),
        excluded={number: found.code for number, found in event.exclusions.items()},
        upheld=contested[-1].upheld if contested else None,
    )


def _figures(reported: Sequence[Repeat], without: Mapping[Code, int]) -> Figures:
    counted = [one for one in reported if one.counted]
    upheld = sum(1 for one in counted if one.upheld)
    return Figures(
        gross=len(reported),
        excluded=dict(Counter(one.exclusion for one in reported if one.exclusion)),
        counted=len(counted),
        challenged=sum(one.challenged for one in counted),
        upheld=upheld,
        net=len(counted) - upheld,
        without=without,
    )
