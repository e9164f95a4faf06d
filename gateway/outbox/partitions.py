"""The months of the message tables: made ahead of time, retired when their records may go."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from asyncpg import PostgresError

from gateway.kernel.ids import first_id
from gateway.kernel.logs import logger
from gateway.outbox.tables import PARTITIONED

log = logger(__name__)

#: Serialises nodes that make or retire partitions at the same moment.
_LOCK: Final = 0x4C616D71
#: Seconds to wait for the tables' lock: whoever waits for it makes everybody behind wait too.
_LOCK_TIMEOUT: Final = "SET LOCAL lock_timeout = '3s'"
_NAME: Final = re.compile(r"message_p(\d{4})(\d{2})")


def _month(at: datetime, ahead: int) -> datetime:
    months = at.year * 12 + at.month - 1 + ahead
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


async def ensure(connection: Any, now: datetime, *, ahead: int = 2) -> None:
    """Make the partitions of this month and the `ahead` next ones where they are missing.

    A month whose rows already lie in the default partition stays there; the next month is whole again.
    """
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        await connection.execute(_LOCK_TIMEOUT)
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


async def retire(connection: Any, now: datetime, *, keep_months: int) -> list[str]:
    """Drop the months that ended more than `keep_months` months ago; their names (`202503`), oldest first.

    A month with a message that is still on its way is kept until that message is settled.
    """
    retired: list[str] = []
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        await connection.execute(_LOCK_TIMEOUT)
        names = await connection.fetch(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = 'message'::regclass ORDER BY c.relname"
        )
        for (name,) in names:
            found = _NAME.fullmatch(name)
            if found is None or datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC) >= _month(now, -keep_months):
                continue
            if await connection.fetchval(
                f"SELECT EXISTS (SELECT 1 FROM {name} WHERE state IN ('queued', 'sending', 'uncertain'))"
            ):
                log.warning("a month is kept for a message on its way", partition=name)
                continue
            month = name.removeprefix("message_p")
            for table in PARTITIONED:
                await connection.execute(f"DROP TABLE IF EXISTS {table}_p{month}")
            retired.append(month)
    return retired
