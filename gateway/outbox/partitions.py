"""The months of the message tables: made ahead of time, retired when their records may go."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from asyncpg import PostgresError

from gateway.kernel.ids import first_id
from gateway.kernel.logs import logger
from gateway.outbox.tables import PARTITIONED

log = logger(__name__)

#: Serialises nodes that make partitions at the same moment.
_LOCK = 0x4C616D71


def _month(at: datetime, ahead: int) -> datetime:
    months = at.year * 12 + at.month - 1 + ahead
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


async def ensure(connection: Any, now: datetime, *, ahead: int = 2) -> None:
    """Make the partitions of this month and the `ahead` next ones where they are missing.

    A month whose rows already lie in the default partition stays there; the next month is whole again.
    """
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        for offset in range(ahead + 1):
            start, end = _month(now, offset), _month(now, offset + 1)
            for table in PARTITIONED:
                partition = f"{table}_p{start:%Y%m}"
                if await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", partition):
                    continue
                try:
                    async with connection.transaction():
                        await connection.execute(
                            f"CREATE TABLE {partition} PARTITION OF {table} "
                            f"FOR VALUES FROM ('{first_id(start)}') TO ('{first_id(end)}')"
                        )
                except PostgresError as error:
                    log.warning("partition stays in the default", partition=partition, error=type(error).__name__)
