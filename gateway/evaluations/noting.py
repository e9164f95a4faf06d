"""Events that qualify: noted and drawn as soon as they are heard of, closed when they are over.

Three steps, each one statement over many events, each done again without harm. *Noting* writes an event down with
its draw, and its number is frozen in the same transaction: an order is drawn when it is opened, before anybody knows
how it will end. *Closing* puts down when the service ended and whose work it was by then. *Qualifying* says that it
counts from now on: it is asked about, or skipped with a code, or it waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.evaluations.drawing import DRAW_SQL, PROGRAMME_OF, Programme
from gateway.evaluations.programmes import programmes, seed_of
from gateway.evaluations.tallies import uncount
from gateway.notices import Audience, Composer, Finder, PlainKind

#: How far back the clock looks for events that it has not heard of. Surveys over a span look further.
LOOK_BACK: Final = timedelta(days=31)
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CHUNK: Final = 2000

# Each gives: event_ref, account_id, team_code, person_no, service, began_at, occurred_at. $1 and $2 are the span in
# which an event ended; what is under way has no end yet.
_WORK_ORDERS: Final = """
SELECT work_order_no AS event_ref, account_id, team_code, handler_no AS person_no,
       CASE WHEN kind = 'service_request' AND subtype ~* '新装|报装|增容|new.?connection' THEN 'new_connection'
            ELSE kind END AS service,
       opened_at AS began_at, closed_at AS occurred_at
FROM work_order
WHERE kind <> 'commitment' AND (closed_at >= $1 AND closed_at < $2 OR closed_at IS NULL AND opened_at >= $1)
"""
# What a survey itself raised is not asked about: it would ask about its own asking. A case that is an order of the
# hotline is asked about as that order. What is closed is the work of whoever closed it, so that nobody lays it at
# somebody else's door by handing it over first. One that somebody raised for themselves, or closed themselves, is
# counted and not asked about (`_QUALIFY`), unless the customer came with it too: nobody makes up a service of their
# own, and nobody leaves one out unseen by raising it in their own name.
_CASES: Final = """
SELECT k.id::text AS event_ref, account_id,
       CASE WHEN closer.staff_no <> owner_no THEN coalesce(closer.team, unit) ELSE unit END AS team_code,
       coalesce(closer.staff_no, owner_no) AS person_no, 'case' AS service,
       opened_at AS began_at, closed_at AS occurred_at
FROM "case" k
LEFT JOIN LATERAL (
  SELECT s.staff_no, t.code AS team FROM staff_member s LEFT JOIN team t ON t.id = s.team_id
  WHERE k.state = 'closed' AND k.confirmation IS DISTINCT FROM 'taken_back' AND k.asked_by LIKE 'staff:%'
    AND s.staff_no = substr(k.asked_by, 7)
) AS closer ON true
WHERE topic <> 'low_score' AND work_order_no IS NULL
  AND (state = 'closed' AND closed_at >= $1 AND closed_at < $2 OR state <> 'closed' AND opened_at >= $1)
"""
# All accounts of an outage are noted at once; one that was noted is not looked at again.
_RESTORATIONS: Final = """
SELECT DISTINCT o.outage_no || ':' || a.account_no AS event_ref, a.id AS account_id, NULL AS team_code,
       NULL AS person_no, 'restoration' AS service, o.starts_at AS began_at, o.restored_at AS occurred_at
FROM outage o JOIN outage_account oa ON oa.outage_id = o.id JOIN account a ON a.id = oa.account_id
WHERE o.state = 'restored' AND o.restored_at >= $1 AND o.restored_at < $2
  AND NOT EXISTS (SELECT 1 FROM invitation i WHERE i.event_kind = 'restoration'
                    AND i.event_ref >= o.outage_no || ':' AND i.event_ref < o.outage_no || ';')
"""
SOURCES: Final[Mapping[str, str]] = {"work_order": _WORK_ORDERS, "case": _CASES, "restoration": _RESTORATIONS}

_NOTE: Final = """
INSERT INTO invitation (event_kind, event_ref, account_id, team_code, person_no, service, began_at, occurred_at,
                        programme, programme_version, seed_day, draw, rate, drawn, drawn_at, asks)
SELECT $3, e.event_ref, e.account_id, e.team_code, e.person_no, e.service, e.began_at, e.occurred_at,
       p.code, p.version, $4, d.draw, p.rate, d.draw < p.rate, $6, p.asks
FROM ({source}) AS e
CROSS JOIN LATERAL (SELECT {draw} AS draw) AS d
JOIN (SELECT code, version, rate, string_to_array(nullif(asks, ''), ',') AS asks
      FROM unnest($7::text[], $8::int[], $9::float8[], $10::text[]) AS programme(code, version, rate, asks)) AS raw
  ON raw.code = coalesce((SELECT of.code FROM unnest($11::text[], $12::text[]) AS of(service, code)
                          WHERE of.service = e.service), 'order')
CROSS JOIN LATERAL (SELECT raw.code, raw.version, raw.rate, coalesce(raw.asks, '{{}}') AS asks) AS p
WHERE NOT EXISTS (SELECT 1 FROM invitation i WHERE i.event_kind = $3 AND i.event_ref = e.event_ref)
ON CONFLICT (event_kind, event_ref) DO NOTHING
"""
# Whoever closes a service does not choose when it is heard of: one that was drawn while it was open counts from when
# its end is known, however far back the end is dated.
_CLOSE: Final = """
UPDATE invitation i SET occurred_at = e.occurred_at, team_code = e.team_code, person_no = e.person_no, over_at = $4
FROM ({source}) AS e
WHERE i.event_kind = $3 AND i.event_ref = e.event_ref AND i.occurred_at IS NULL AND i.message_id IS NULL
  AND e.occurred_at IS NOT NULL
"""
_FIND_ACCOUNT: Final = """
UPDATE invitation i SET account_id = e.account_id FROM ({source}) AS e
WHERE i.event_kind = $3 AND i.event_ref = e.event_ref AND i.account_id IS NULL AND i.frozen_at IS NULL
  AND i.message_id IS NULL AND e.account_id IS NOT NULL
"""
_QUALIFY: Final = """
UPDATE invitation SET qualified_at = $3,
  skipped = CASE WHEN NOT drawn THEN 'not_drawn' WHEN occurred_at < $4 AND over_at IS NULL THEN 'late'
                 WHEN event_kind = 'case' AND EXISTS (
                   SELECT 1 FROM "case" k WHERE k.id::text = event_ref AND k.opened_by LIKE 'staff:%'
                     AND k.opened_by IN ('staff:' || k.owner_no, k.asked_by)
                     AND NOT EXISTS (SELECT 1 FROM case_event e WHERE e.case_id = k.id AND e.inbound_id IS NOT NULL
                                       AND e.kind IN ('opened', 'joined'))
                 ) THEN 'self_raised' END
WHERE qualified_at IS NULL AND message_id IS NULL AND event_kind = ANY($5::text[])
  AND (occurred_at >= $1 OR over_at >= $1) AND occurred_at < $2
RETURNING id
"""
_FREEZE: Final = """
UPDATE invitation i SET frozen_at = $3, contact_point_id = f.point, contacts =
  ARRAY(SELECT contact_point_id::bigint FROM contact_link
        WHERE account_id = i.account_id AND state IN ('verified', 'unverified') ORDER BY 1)
FROM unnest($1::bigint[], $2::bigint[]) AS f(id, point)
WHERE i.id = f.id AND i.frozen_at IS NULL
"""


class Unfrozen(PlainKind):
    """Events whose number is still to be frozen: where each account would be told of a survey now.

    Whoever called is asked, where the archive knows that number for the account; otherwise the usual contact.
    """

    name = "survey"
    template = "survey"
    merges = False
    gone = "superseded"
    subjects = """
SELECT i.id AS subject_id, i.account_id, i.event_ref AS ground, point.id AS own_point
FROM invitation i
LEFT JOIN work_order w ON i.event_kind = 'work_order' AND w.work_order_no = i.event_ref
LEFT JOIN contact_point point ON point.kind = 'phone' AND point.address = w.caller_number
WHERE i.frozen_at IS NULL AND i.message_id IS NULL AND $1::jsonb IS NOT NULL
"""

    def parse(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """See `NoticeKind`; it is never drafted."""
        raise NotImplementedError

    def say(self, subjects: Sequence[Any], moment: Any) -> Any:
        """See `NoticeKind`; it says nothing."""
        raise NotImplementedError


class Events:
    """Notes events, draws them and freezes their numbers."""

    def __init__(self, finder: Finder, composer: Composer, zone: ZoneInfo) -> None:
        self._finder = finder
        self._composer = composer
        self._zone = zone
        self._unfrozen = Unfrozen()

    async def note(
        self, connection: Any, now: datetime, *, since: datetime, until: datetime, kinds: Sequence[str] = tuple(SOURCES)
    ) -> None:
        """Note what ended in the span or is under way, draw it, freeze its numbers, close what is over."""
        day, seed = await seed_of(connection, now, self._zone)
        table = await programmes(connection)
        for kind in kinds:
            source = SOURCES[kind]
            draw = DRAW_SQL.format(seed="$5::text", kind="$3::text", ref="e.event_ref")
            await connection.execute(
                _NOTE.format(source=source, draw=draw), since, until, kind, day, seed, now, *_columns(table)
            )
            await connection.execute(_FIND_ACCOUNT.format(source=source), since, until, kind)
            await connection.execute(_CLOSE.format(source=source), _EVER, until, kind, now)
        await self.freeze(connection, now)

    async def qualify(
        self, connection: Any, now: datetime, *, since: datetime, until: datetime, fresh: datetime, kinds: Sequence[str]
    ) -> None:
        """Let what ended in the span count from now on; what ended before `fresh` is too old to be asked about."""
        rows = await connection.fetch(_QUALIFY, since, until, now, fresh, list(kinds))
        if rows:
            await uncount(connection, [row["id"] for row in rows])

    async def freeze(self, connection: Any, now: datetime) -> None:
        """Freeze the numbers of events noted since: where each account would be told of a survey now."""
        nothing = {"tone": None, "not_before": None, "expires_at": None, "channels": None, "about": "{}"}
        wish = self._composer.wish(nothing, self._unfrozen)
        async with Audience.of(connection, nothing, self._unfrozen, size=_CHUNK) as audience:
            while rows := await audience.contacts(now):
                found = self._finder.recipients(rows, _NOBODY, wish, now)
                # Of a recipient: the event, its account, and the contact it would be told at, may it be told or not.
                # An order of an account that nobody knows yet may still get its account.
                known = [(event, point) for _, _, event, account, _, point, *_ in found if account or point]
                await connection.execute(_FREEZE, [event for event, _ in known], [point for _, point in known], now)


_NOBODY: Final = UUID(int=0)


def _columns(table: Mapping[str, Programme]) -> tuple[list[Any], ...]:
    """Programmes as the columns of `_NOTE`, and which services have one of their own."""
    every = list(table.values())
    return (
        [one.code for one in every],
        [one.version for one in every],
        [one.rate for one in every],
        [",".join(one.asks) for one in every],
        list(PROGRAMME_OF),
        list(PROGRAMME_OF.values()),
    )


_FROM_THE_DRAW: Final = f"""
INSERT INTO invitation (event_kind, event_ref, account_id, team_code, person_no, service, began_at, occurred_at,
  qualified_at, programme, programme_version, seed_day, draw, rate, drawn, drawn_at, skipped, answer_by, asks)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN $8::timestamptz IS NOT NULL THEN $9::timestamptz END,
       $10, $11, $12, d.draw, $14, d.draw < $14, $9,
       CASE WHEN $8::timestamptz IS NOT NULL AND d.draw >= $14 THEN 'not_drawn' END,
       CASE WHEN $8::timestamptz IS NOT NULL THEN $15::timestamptz END, $16
FROM (SELECT {DRAW_SQL.format(seed="$13::text", kind="$1::text", ref="$2::text")} AS draw) AS d
ON CONFLICT (event_kind, event_ref) DO NOTHING RETURNING id, drawn
"""
# What was drawn while it was under way keeps its draw, whatever it came to.
_CLOSE_ONE: Final = """
UPDATE invitation SET occurred_at = $3, over_at = $4, qualified_at = $4, team_code = $5, person_no = $6, service = $7,
  answer_by = $8, skipped = CASE WHEN NOT drawn THEN 'not_drawn' WHEN $9 THEN 'late' END
WHERE event_kind = $1 AND event_ref = $2 AND occurred_at IS NULL AND qualified_at IS NULL AND message_id IS NULL
RETURNING id, drawn AND NOT $9 AS drawn
"""


async def note_one(
    connection: Any,
    *,
    kind: str,
    ref: str,
    service: str,
    account_id: int,
    team_code: str | None,
    person_no: str | None,
    began_at: datetime,
    occurred_at: datetime | None,
    now: datetime,
    zone: ZoneInfo,
    late: bool = False,
) -> tuple[int, bool] | None:
    """Note one event with its draw: its invitation and whether it is to be asked about.

    Without `occurred_at` it is under way; noted again with it, it is over and counts. None where it was over before.
    One that is `late` is too old to be asked about: it is skipped with that code.
    """
    day, seed = await seed_of(connection, now, zone)
    programme = (await programmes(connection))[PROGRAMME_OF.get(service, "order")]
    answer_by = now + programme.answer_within
    row = await connection.fetchrow(
        _FROM_THE_DRAW,
        kind,
        ref,
        account_id,
        team_code,
        person_no,
        service,
        began_at,
        occurred_at,
        now,
        programme.code,
        programme.version,
        day,
        seed,
        programme.rate,
        answer_by,
        list(programme.asks),
    )
    if row is None and occurred_at is not None:
        over = (occurred_at, now, team_code, person_no, service, answer_by, late)
        row = await connection.fetchrow(_CLOSE_ONE, kind, ref, *over)
    if row is None:
        return None
    if occurred_at is not None:
        await uncount(connection, [row["id"]])
    return row["id"], row["drawn"]
