"""Two outages on one account: no text of the one may contradict the other (promise P4).

Supply is back only when the last of them has ended. A restoration that would be told while another outage keeps
the account off is withheld, and the debt goes over to the other: its end is told there too, whether or not its
beginning was.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from gateway.notices.kinds import Row
from gateway.notices.outages import saying, scopes
from gateway.outbox.stopping import tell_nodes
from gateway.outbox.sweeping import withhold

#: Changes of what is off wait for texts that are being written, and the other way round.
_LOCK: Final = 0x4C616D6F

#: Another outage that keeps an account `a` of an outage `o` off at the moment of its last change: any, and one
#: that began later. A planned one counts until its planned end. What is off by feeder or area is read once for all
#: accounts of a query; outages of single accounts are looked up, since there may be very many of those.
OTHERS: Final = """
  WITH elsewhere AS MATERIALIZED (
    SELECT x.id, x.kind, x.state, x.starts_at, x.ends_at, s.feeder_id, s.transformer_area_id
    FROM outage x JOIN outage_scope s ON s.outage_id = x.id
    WHERE x.state IN ('active', 'announced') AND s.account_id IS NULL
  )
  SELECT max(x.id) AS off_again, max(x.id) FILTER (WHERE x.starts_at > o.starts_at) AS off_later
  FROM (
    SELECT id, kind, state, starts_at, ends_at FROM elsewhere
    WHERE feeder_id = area.feeder_id OR transformer_area_id = a.transformer_area_id
    UNION ALL
    SELECT own.id, own.kind, own.state, own.starts_at, own.ends_at
    FROM outage_scope s JOIN outage own ON own.id = s.outage_id WHERE s.account_id = a.id
  ) AS x
  WHERE x.id <> o.id AND (x.state = 'active' OR x.state = 'announced' AND x.starts_at <= changed.at)
    AND (x.kind = 'fault' OR x.ends_at > changed.at)
"""

# Texts that wait and say "on" to accounts that the outage `$1` takes in.
_WAITING: Final = f"""
SELECT t.outage_id, t.account_id, t.message_id FROM outage_told t JOIN message m ON m.id = t.message_id
WHERE t.account_id IN (SELECT within.id FROM ({scopes.WITHIN}) AS within) AND t.said = 'on' AND t.outage_id <> $1
  AND m.state = 'queued'
"""
# The last text that told an account "off", taken over from one outage by another.
_TAKE_OVER: Final = """
INSERT INTO outage_told (outage_id, account_id, message_id, revision, said, step)
SELECT debt.heir, debt.account, said.message_id, 0, 'off', said.step
FROM unnest($1::int[], $2::int[], $3::bigint[]) AS debt(heir, giver, account)
CROSS JOIN LATERAL (
  SELECT t.message_id, t.step FROM outage_told t JOIN message m ON m.id = t.message_id
  WHERE t.outage_id = debt.giver AND t.account_id = debt.account AND t.said = 'off'
    AND m.state IN ('sending', 'uncertain', 'sent', 'delivered')
  ORDER BY t.message_id DESC LIMIT 1) AS said
ON CONFLICT DO NOTHING
"""
_ROLL: Final = """
INSERT INTO outage_account (outage_id, account_id) SELECT DISTINCT heir, account
FROM unnest($1::int[], $2::bigint[]) AS debt(heir, account) ON CONFLICT DO NOTHING
"""


async def hold_still(connection: Any) -> None:
    """While texts are written in this transaction, nothing goes off or on."""
    await connection.execute("SELECT pg_advisory_xact_lock_shared($1)", _LOCK)


async def change_alone(connection: Any) -> None:
    """While an outage changes in this transaction, no texts are written."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)


async def take_over_debts(connection: Any, told: Sequence[tuple[Row, Any]]) -> None:
    """Give the debts of accounts that are still off to the outage that keeps them so."""
    still = [row for row, _ in told if saying.turn_of(row) == "still_off"]
    await _bequeath(connection, [(row["off_again"], row["outage_id"], row["account_id"]) for row in still])


async def _bequeath(connection: Any, debts: Sequence[tuple[int, int, int]]) -> None:
    if not debts:
        return
    heirs, givers, accounts = (list(column) for column in zip(*debts, strict=True))
    await connection.execute(_TAKE_OVER, heirs, givers, accounts)
    await connection.execute(_ROLL, heirs, accounts)


async def silence(connection: Any, outage: int, now: datetime) -> int:
    """Withhold what waits to tell "on" where this outage has begun to keep supply off; how many texts."""
    waiting = await connection.fetch(_WAITING, outage)
    if not waiting:
        return 0
    stopped = set(
        await withhold(
            connection,
            sorted({row["message_id"] for row in waiting}),
            reason="superseded",
            at=now,
            words="another outage keeps the supply off",
        )
    )
    debts = [(outage, row["outage_id"], row["account_id"]) for row in waiting if row["message_id"] in stopped]
    await _bequeath(connection, debts)
    await tell_nodes(connection)
    return len(stopped)


async def silence_new(connection: Any, told: Sequence[tuple[Row, Any]], now: datetime) -> None:
    """The same for texts just written: an outage may have begun since their facts were read."""
    on = [message for row, message in told if saying.turn_of(row) == "on"]
    if not on:
        return
    begun = await connection.fetch(
        """SELECT DISTINCT x.id FROM outage x JOIN outage_scope s ON s.outage_id = x.id
           WHERE x.state = 'active' AND x.id <> $1 AND (x.kind = 'fault' OR x.ends_at > $2)
             AND EXISTS (SELECT 1 FROM outage_told t JOIN account a ON a.id = t.account_id
                         LEFT JOIN transformer_area area ON area.id = a.transformer_area_id
                         WHERE t.outage_id = $1 AND t.message_id = ANY($3::uuid[])
                           AND (s.feeder_id = area.feeder_id OR s.transformer_area_id = area.id
                                OR s.account_id = a.id))""",
        told[0][0]["outage_id"],
        now,
        on,
    )
    for row in begun:
        await silence(connection, row["id"], now)
