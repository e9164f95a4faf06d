"""What a claim costs with few and with many rows waiting, with a million scheduled for later, and with a past."""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from bench.figures import Figure
from bench.lab import Lab

_BATCH: Final = 128
_CLAIMS: Final = 60

#: `$1` rows of a notice, in one state, of one priority, due at one moment; identifiers as the gateway makes them.
_FILL: Final = """
INSERT INTO message (id, notice_id, contact_point_id, to_address, template, template_version, kind, klass, purpose,
  priority, body, segments, state, hours, zone, created_at, not_before, expires_at)
SELECT
  (lpad(to_hex($2::bigint), 12, '0') || '7' || lpad($3::int::text, 3, '0')
   || to_hex((-9223372036854775808)::bigint + i))::uuid,
  $4::uuid, i % 1000000 + 1, '+86138' || lpad((i % 100000000)::text, 8, '0'), 'arrears_first', '1', 'arrears', 'N',
  'billing', $5::int, '【国网供电】尊敬的客户，您户号' || i || '电费86.40元未交，请于25日前交费。', 1, $6::text,
  'any', 'Asia/Shanghai', $7::timestamptz, $8::timestamptz, $8::timestamptz + interval '2 days'
FROM generate_series(1, $1::int) i
"""


async def run(lab: Lab) -> list[Figure]:
    """Median seconds of a claim of 128, in each company."""
    many, past = lab.rows(full=1_000_000, quick=100_000), lab.rows(full=10_000_000, quick=300_000)
    few = await _cost(lab, queued=10_000, later=0, sent=0)
    figures = []
    for name, cost in (
        (f"with {many:,} queued", await _cost(lab, queued=many, later=0, sent=0)),
        (f"with {many:,} more for tomorrow", await _cost(lab, queued=10_000, later=many, sent=0)),
        (f"with {past:,} sent", await _cost(lab, queued=10_000, later=0, sent=past)),
    ):
        figures.append(
            Figure(
                name=f"a claim of {_BATCH} {name}",
                value=cost * 1e6,
                baseline=few * 1e6,
                unit="µs",
                against="the same with 10,000 queued",
                at_most=1.5,
            )
        )
    return figures


async def fill(connection: Any, now: datetime, *, queued: int, later: int = 0, sent: int = 0) -> None:
    """Messages of three notices: some that were sent, some due now, some for tomorrow at a higher priority."""
    await connection.execute(
        "INSERT INTO contact_point (address) SELECT '+86138' || i FROM generate_series(1, 1000000) i", timeout=600
    )
    stamp = int(now.timestamp() * 1000)
    for number, (rows, state, priority, due) in enumerate(
        ((sent, "sent", 3, now), (queued, "queued", 3, now), (later, "queued", 0, now + timedelta(days=1)))
    ):
        await connection.execute(_FILL, rows, stamp, number, uuid4(), priority, state, now, due, timeout=3600)
    await connection.execute("VACUUM ANALYZE", timeout=3600)


async def _cost(lab: Lab, *, queued: int, later: int, sent: int) -> float:
    from gateway.outbox import lanes
    from gateway.outbox.hot import HotPath
    from gateway.outbox.lanes import LaneSpec

    async with lab.house() as house:
        now = house.clock.now()
        async with house.database.connection() as connection:
            await fill(connection, now, queued=queued, later=later, sent=sent)
            await lanes.ensure(
                connection,
                LaneSpec(name="bench", channel="sms", carrier="twilio", sender="1", rate=0, concurrency=_BATCH),
            )
            (lane,) = await lanes.enabled(connection)
        await lab.settle()
        hot = HotPath(house.database.url)
        await hot.start()
        try:
            async with hot.connection() as connection:
                return statistics.median(await _claims(connection, lane, datetime.now(UTC)))
        finally:
            await hot.close()


async def _claims(connection: Any, lane: Any, now: datetime) -> list[float]:
    """Seconds of each of many claims in a row, as a lane makes them, the first few left out."""
    from gateway.outbox import claiming
    from gateway.outbox.streams import Streams

    streams, node, taken = Streams("sms"), uuid4(), []
    for turn in range(_CLAIMS):
        began = time.perf_counter()
        if turn % 20 == 0:
            await streams.look(connection, now)
        shares = streams.share(_BATCH)
        claim = await claiming.claim(connection, lane, node=node, now=now, limit=_BATCH, shares=shares)
        streams.took(shares, claim.seen, full=claim.full, now=now)
        taken.append(time.perf_counter() - began)
        if len(claim.claimed) != _BATCH:
            raise RuntimeError(f"{len(claim.claimed)} messages were claimed")
    return taken[10:]
