"""Going on elsewhere: a text whose channel failed it goes on, once, on another channel of the same person.

    failed, undelivered ─────────────────────────────────────────┐
    sent, and no receipt for as long as its carrier may try ──► the carrier is asked ──► a successor, or none
                                                                   └─► delivered: nothing to do

Only a text that allows it (its notice names further channels) goes on, and only when its carrier has given it up:
a carrier is told how long it may try (`GIVES_UP`), so the two are never on their way at once. Whom the successor
goes to, and whether, is decided by the room above (`Succeed`). The successor is written, and the first one says
so, in one transaction that holds the first one's row: it has one successor or none. A receipt that comes after all
withholds a successor that has not left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.clock import Clock
from gateway.kernel.database import Database
from gateway.kernel.ids import new_id
from gateway.kernel.logs import logger
from gateway.kernel.segments import count
from gateway.outbox.carriers import Channel, Found, LookUp, NotThere, Receipt, Unknown
from gateway.outbox.hot import PASSING
from gateway.outbox.locking import lock
from gateway.outbox.messages import GIVES_UP, WAKE, AccountPart
from gateway.outbox.settler import Hear, hear_nothing
from gateway.outbox.settling import apply_receipts
from gateway.outbox.tables import MAY_GO_ON

log = logger(__name__)

#: Seconds between rounds, and texts dealt with in one transaction.
_ROUND: Final = 1.0
_AT_ONCE: Final = 200
#: How many carriers' look-ups one round asks for, and seconds before the same text is asked about again.
_ASKED: Final = 20
_ASK_AGAIN: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A text that its channel failed."""

    id: UUID
    channel: str
    #: Where it may go on, in order; each has a lane that sends.
    channels: Sequence[str]
    contact_point_id: int | None
    kind: str
    klass: str
    purpose: str
    hours: str
    zone: str
    expires_at: datetime | None
    accounts: Sequence[AccountPart]


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """Where and when a text goes on."""

    channel: str
    contact_point_id: int
    address: str
    not_before: datetime
    closes_at: datetime | None
    #: Why so, in words.
    because: str
    #: The link it goes out through, by account.
    links: Mapping[int, int]


#: Decides where texts go on, at a moment of the Clock's; words say why one does not.
Succeed = Callable[[Any, Sequence[Ended], datetime], Awaitable[Mapping[UUID, Successor | str]]]
#: Is told which message took the place of which, in the transaction that writes it.
Follow = Callable[[Any, Mapping[UUID, UUID]], Awaitable[None]]


async def _nobody_follows(_connection: Any, _successors: Mapping[UUID, UUID]) -> None:
    """Where no room keeps account of messages by their ids."""


_ENDED: Final = f"""
SELECT * FROM message WHERE {MAY_GO_ON} AND state IN ('failed', 'undelivered')
ORDER BY state, sent_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
"""
#: How long a text's channel may try.
_PATIENCE: Final = f"coalesce(make_interval(mins => fallback_minutes), interval '{GIVES_UP.total_seconds():.0f} s')"
# What a chat platform would not take for so long (it is away, or too much waits) goes on while nobody has begun it.
_STUCK: Final = f"""
WITH stuck AS (
  SELECT id FROM message WHERE state = 'queued' AND NOT held AND channel = $1 AND fallback IS NOT NULL
    AND CASE WHEN attempts = 0 THEN greatest(not_before, created_at) <= $2::timestamptz - {_PATIENCE}
             ELSE EXISTS (SELECT 1 FROM message_event e WHERE e.id = message.id AND e.kind = 'retry'
                            AND e.at <= $2::timestamptz - {_PATIENCE}) END
    AND NOT EXISTS (SELECT 1 FROM ground_stop WHERE ground = 'notice:' || notice_id)
  LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
), given_up AS (
  UPDATE message m SET state = 'failed', error_code = 'not_taken' FROM stuck WHERE m.id = stuck.id
  RETURNING m.id, m.channel
)
INSERT INTO message_event (id, at, kind, detail)
SELECT id, $2, 'failed', channel || ' did not take it in time' FROM given_up RETURNING id
"""
_SILENT: Final = f"""
WITH silent AS (
  SELECT id FROM message WHERE {MAY_GO_ON} AND state = 'sent' AND sent_at <= $1::timestamptz - {_PATIENCE}
    AND (look_at IS NULL OR look_at < clock_timestamp())
  ORDER BY state, sent_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE message m SET look_at = clock_timestamp() + make_interval(secs => $3)
FROM silent LEFT JOIN LATERAL (SELECT carrier FROM message s JOIN lane ON lane.id = s.lane_id WHERE s.id = silent.id)
  AS lane ON true
WHERE m.id = silent.id
RETURNING m.id, m.to_address, m.body, m.carrier_id, coalesce(m.claimed_at, m.created_at) AS since, lane.carrier
"""
_STILL_SILENT: Final = f"""
SELECT * FROM message WHERE id = ANY($1::uuid[]) AND {MAY_GO_ON} AND state = 'sent' ORDER BY id FOR NO KEY UPDATE
"""
_WRITE: Final = """
INSERT INTO message (id, notice_id, contact_point_id, to_address, channel, template, template_version, kind, klass,
  purpose, priority, body, segments, state, decision, reference, hours, zone, created_at, not_before, closes_at,
  expires_at, fallback, fallback_minutes, replaces)
SELECT s.id, m.notice_id, s.point, s.address, s.channel, m.template, m.template_version, m.kind, m.klass,
  m.purpose, m.priority, m.body, s.segments, 'queued', s.because, m.reference, m.hours, m.zone, $10, s.not_before,
  s.closes_at, m.expires_at, nullif(m.fallback[array_position(m.fallback, s.channel) + 1 :], '{}'),
  m.fallback_minutes, m.id
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::smallint[], $7::text[],
            $8::timestamptz[], $9::timestamptz[])
  AS s(id, replaces, point, address, channel, segments, because, not_before, closes_at)
JOIN message m ON m.id = s.replaces
"""
_WRITE_ACCOUNTS: Final = """
INSERT INTO message_account (id, position, account_id, account_no, link_id, ground)
SELECT s.id, a.position, a.account_id, a.account_no, s.link, a.ground
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) AS s(id, replaces, account, link)
JOIN message_account a ON a.id = s.replaces AND a.account_id = s.account
"""
_MARK: Final = """
WITH marked AS (
  UPDATE message m SET fallback = NULL, replaced_by = s.successor, look_at = NULL
  FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS s(id, successor, words) WHERE m.id = s.id
  RETURNING m.id, s.successor, s.words
)
INSERT INTO message_event (id, at, kind, detail)
SELECT id, $4::timestamptz, CASE WHEN successor IS NULL THEN 'no_failover' ELSE 'failover' END, words FROM marked
"""
_NOTE: Final = """
INSERT INTO message_event (id, at, kind, detail) SELECT id, $3, 'failover', words FROM unnest($1::uuid[], $2::text[])
  AS s(id, words)
"""


class Failover:
    """Lets texts go on; any number of nodes may run one."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        channels: Mapping[str, Channel],
        succeed: Succeed,
        *,
        follow: Follow = _nobody_follows,
        hear: Hear = hear_nothing,
    ) -> None:
        self._database = database
        self._clock = clock
        self._channels = channels
        self._succeed = succeed
        self._follow = follow
        self._hear = hear

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            dealt = 0
            try:
                dealt = await self.round()
            except PASSING as error:
                unless_cancelled()
                log.warning("failover put off", error=type(error).__name__)
            await asyncio.sleep(0 if dealt else _ROUND)

    async def round(self) -> int:
        """Let what failed go on, and ask about what nobody reports on; how many texts were decided on."""
        await self._give_up_stuck()
        await self._ask_about_silent()
        async with self._database.work() as work:
            rows = await work.fetch(_ENDED, _AT_ONCE)
            await self._go_on(work.connection, rows, "it failed there")
            await work.commit()
        return len(rows)

    async def _give_up_stuck(self) -> None:
        now = self._clock.now()
        async with self._database.connection() as connection:
            # A chat platform's channel has the name of its carrier.
            for channel in self._channels:
                await connection.fetch(_STUCK, channel, now, _AT_ONCE)

    async def _ask_about_silent(self) -> None:
        now = self._clock.now()
        async with self._database.connection() as connection:
            silent = await connection.fetch(_SILENT, now, _ASKED, _ASK_AGAIN)
        if not silent:
            return
        answers = await asyncio.gather(*(self._ask(row, now) for row in silent))
        moved = [(row["id"], answer) for row, answer in zip(silent, answers, strict=True) if _moves(answer)]
        receipts = [(_named(*one), now) for one in moved]
        given_up = [row["id"] for row, answer in zip(silent, answers, strict=True) if _is_given_up(answer)]
        async with self._database.work() as work:
            # All at once and in order: receipts that come in meanwhile lock the same texts.
            await lock(work.connection, [*(id_ for id_, _ in moved), *given_up])
            reported = await apply_receipts(work.connection, receipts)
            if reported.told:
                await self._hear(work.connection, reported.told)
            rows = await work.fetch(_STILL_SILENT, given_up)
            words = "nothing was heard of it for as long as its channel may try"
            await self._go_on(work.connection, rows, words)
            await work.commit()

    async def _ask(self, row: Any, now: datetime) -> LookUp:
        channel = self._channels.get(row["carrier"])
        if channel is None:
            return Unknown(why="no node here knows its carrier")
        try:
            return await channel.look_up(
                row["id"], row["to_address"], row["body"], row["carrier_id"], row["since"], now
            )
        except Exception as error:
            log.error("a channel raised", carrier=row["carrier"], exc_info=error)
            return Unknown(why=f"the channel raised {type(error).__name__}")

    async def _decide(self, connection: Any, ended: Sequence[Ended], now: datetime) -> Mapping[UUID, Successor | str]:
        """What the room above says; one text that it cannot judge stays where it failed and holds up no other."""
        try:
            return await self._succeed(connection, ended, now)
        except PASSING:
            raise
        except Exception as error:
            if len(ended) == 1:
                log.error("nobody can say where a text goes on", message=str(ended[0].id), exc_info=error)
                return {ended[0].id: f"where it might go on could not be decided: {type(error).__name__}"}
            decided: dict[UUID, Successor | str] = {}
            for one in ended:
                decided |= await self._decide(connection, [one], now)
            return decided

    async def _go_on(self, connection: Any, rows: Sequence[Any], why: str) -> None:
        """Write the successors of locked messages, or say why there is none."""
        if not rows:
            return
        now = self._clock.now()
        decided = await self._decide(connection, await _as_ended(connection, rows), now)
        by_id = {row["id"]: row for row in rows}
        successors = {
            id_: (new_id(now), one) for id_, one in decided.items() if isinstance(one, Successor) and id_ in by_id
        }
        await _write(connection, successors, by_id, now)
        marks: list[tuple[UUID, UUID | None, str]] = []
        for id_, row in by_id.items():
            code = f" ({row['error_code']})" if row["error_code"] else ""
            if id_ in successors:
                new, one = successors[id_]
                marks.append((id_, new, f"goes on by {one.channel} as {new}: {why}{code}"))
            else:
                marks.append((id_, None, str(decided.get(id_, "nobody said where it might go on"))))
        await connection.execute(_MARK, *(list(column) for column in zip(*marks, strict=True)), now)
        if successors:
            words = [f"in place of {id_}, sent by {by_id[id_]['channel']}: {why}" for id_ in successors]
            await connection.execute(_NOTE, [new for new, _ in successors.values()], words, now)
            await self._follow(connection, {id_: new for id_, (new, _) in successors.items()})
            await connection.execute("SELECT pg_notify($1, '')", WAKE)


def _named(message_id: UUID, answer: LookUp) -> Receipt:
    assert isinstance(answer, Found)
    return Receipt(
        message_id=message_id,
        carrier_id=answer.carrier_id,
        state=answer.receipt.state,
        error_code=answer.receipt.error_code,
        raw_status=f"found at the carrier: {answer.receipt.raw_status}",
        evidence=answer.receipt.evidence,
    )


def _moves(answer: LookUp) -> bool:
    return isinstance(answer, Found) and answer.receipt.state not in (None, "sent")


def _is_given_up(answer: LookUp) -> bool:
    """Whether the carrier does nothing more for it: it has no such message, or left it to the operator long ago."""
    return isinstance(answer, NotThere) or (isinstance(answer, Found) and answer.receipt.state == "sent")


async def _as_ended(connection: Any, rows: Sequence[Any]) -> list[Ended]:
    parts: dict[UUID, list[AccountPart]] = {row["id"]: [] for row in rows}
    for part in await connection.fetch(
        """SELECT id, account_id, account_no, link_id, ground FROM message_account
           WHERE id = ANY($1::uuid[]) ORDER BY id, position""",
        list(parts),
    ):
        parts[part["id"]].append(AccountPart(part["account_id"], part["account_no"], part["link_id"], part["ground"]))
    sending = {row["channel"] for row in await connection.fetch("SELECT DISTINCT channel FROM lane WHERE enabled")}
    return [
        Ended(
            id=row["id"],
            channel=row["channel"],
            channels=[channel for channel in row["fallback"] if channel in sending],
            contact_point_id=row["contact_point_id"],
            kind=row["kind"],
            klass=row["klass"],
            purpose=row["purpose"],
            hours=row["hours"],
            zone=row["zone"],
            expires_at=row["expires_at"],
            accounts=parts[row["id"]],
        )
        for row in rows
    ]


async def _write(
    connection: Any, successors: Mapping[UUID, tuple[UUID, Successor]], first: Mapping[UUID, Any], now: datetime
) -> None:
    if not successors:
        return
    written = [
        (
            new, id_, one.contact_point_id, one.address, one.channel,
            count(first[id_]["body"]).parts if one.channel == "sms" else 1,
            one.because, one.not_before, one.closes_at,
        )
        for id_, (new, one) in successors.items()
    ]  # fmt: skip
    await connection.execute(_WRITE, *(list(column) for column in zip(*written, strict=True)), now)
    links = [(new, id_, account, link) for id_, (new, one) in successors.items() for account, link in one.links.items()]
    if links:
        await connection.execute(_WRITE_ACCOUNTS, *(list(column) for column in zip(*links, strict=True)))
