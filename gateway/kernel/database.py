"""The database: one engine for a process, sessions for use cases, the driver itself for the hot paths.

Leaving a session or a `Work` rolls back; only what `commit()` was told to keep is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Final, Self

import asyncpg
from sqlalchemy import MetaData
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.logs import logger

__all__ = ["AWAY", "Base", "Connection", "Database", "Listener", "Work", "copy", "driver"]

log = logger(__name__)

Connection = asyncpg.Connection

#: What the drivers raise when the server is away (OSError covers time-outs): `Unavailable` at the edges. asyncpg's
#: InternalClientError is how a statement ends whose connection the server drops at the very moment it is sent.
AWAY: Final[tuple[type[Exception], ...]] = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    OperationalError,
    InterfaceError,
)

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Root of every table."""

    metadata = MetaData(naming_convention=_NAMING)


#: Settings of a connection whose statements find every row by an index, however many rows there are: planned once,
#: and by the indexes, whatever the planner saw of the tables a moment ago.
STEADY: Final = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}


class SteadyConnection(asyncpg.Connection):  # type: ignore[misc]
    """A connection with the settings of `STEADY`."""

    #: Nobody need ask it to plan anew.
    steady = True


class Work:
    """One transaction on the driver's own connection, kept only by `commit()`."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool
        self._transaction: Any = None
        self._kept = False
        self.connection: Any = None

    async def __aenter__(self) -> Self:
        self.connection = await self._pool.acquire()
        self._transaction = self.connection.transaction()
        try:
            await self._transaction.start()
        except BaseException:
            await self._pool.release(self.connection)
            raise
        return self

    async def commit(self) -> None:
        """Keep what was done since the work began. Nothing more may be done afterwards."""
        await self._transaction.commit()
        self._kept = True

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if not self._kept and not self.connection.is_closed():
                with suppress(*AWAY):
                    await self._transaction.rollback()
        finally:
            await self._pool.release(self.connection)

    async def fetch(self, statement: str, *values: Any) -> list[Any]:
        """Rows of a statement."""
        rows: list[Any] = await self.connection.fetch(statement, *values)
        return rows

    async def value(self, statement: str, *values: Any) -> Any:
        """The first column of the first row, or None."""
        return await self.connection.fetchval(statement, *values)

    async def execute(self, statement: str, *values: Any) -> int:
        """Carry a statement out; the number of rows it touched."""
        return touched(await self.connection.execute(statement, *values))


class Patient:
    """A driver's connection whose statements have so many `seconds` instead of the usual two minutes."""

    def __init__(self, connection: Any, seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def fetch(self, statement: str, *values: Any) -> Any:
        """The rows of a statement."""
        return await self._connection.fetch(statement, *values, timeout=self._seconds)

    async def fetchrow(self, statement: str, *values: Any) -> Any:
        """The first row of a statement, or None."""
        return await self._connection.fetchrow(statement, *values, timeout=self._seconds)

    async def fetchval(self, statement: str, *values: Any) -> Any:
        """The first column of the first row, or None."""
        return await self._connection.fetchval(statement, *values, timeout=self._seconds)

    async def execute(self, statement: str, *values: Any) -> Any:
        """Carry a statement out; its command status."""
        return await self._connection.execute(statement, *values, timeout=self._seconds)


def touched(status: str) -> int:
    """The row count in a command status such as `UPDATE 12`; 0 where it has none."""
    last = status.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0


class Database:
    """The engine, the session factory and the driver's pool of one process.

    `url` is a `postgresql://` address. `size` bounds the driver's pool; SQLAlchemy's has half of it.
    """

    def __init__(self, url: str, *, size: int = 16) -> None:
        self.url = url
        self._size = size
        self._engine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=max(2, size // 2),
            max_overflow=size,
            pool_pre_ping=True,
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._steady: asyncpg.Pool[asyncpg.Record] | None = None
        #: Server processes of connections that are lent without a transaction.
        self._loose: set[int] = set()

    async def start(self) -> None:
        """Make the driver's pool; connections come when they are needed."""
        self._pool = await asyncpg.create_pool(
            self.url, min_size=0, max_size=self._size, command_timeout=120, reset=self._put_back
        )
        self._steady = await asyncpg.create_pool(
            self.url,
            min_size=0,
            max_size=max(2, self._size // 4),
            command_timeout=120,
            connection_class=SteadyConnection,
            server_settings=STEADY,
            reset=_as_it_is,
        )

    async def close(self) -> None:
        """Close both pools; what is still in flight has a second to end."""
        for pool in (self._pool, self._steady):
            if pool is not None:
                try:
                    await asyncio.wait_for(pool.close(), 2)
                except TimeoutError:
                    pool.terminate()
        await self._engine.dispose()

    def session(self) -> AsyncSession:
        """A session; leaving it rolls back whatever was not committed."""
        return self._sessions()

    def work(self, *, steady: bool = False) -> Work:
        """A transaction on the driver's connection, for hot paths; `steady` for statements that only use indexes."""
        pool = self._steady if steady else self._pool
        assert pool is not None, "the database was not started"
        return Work(pool)

    @asynccontextmanager
    async def steady(self) -> AsyncIterator[Any]:
        """A steady connection for single statements, each a transaction of its own, that only use indexes."""
        assert self._steady is not None, "the database was not started"
        async with self._steady.acquire() as connection:
            yield connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """The driver's connection without a transaction, for single statements and server-side settings."""
        assert self._pool is not None, "the database was not started"
        server: int | None = None
        try:
            async with self._pool.acquire() as connection:
                server = connection.get_server_pid()
                self._loose.add(server)
                yield connection
        finally:
            if server is not None:
                self._loose.discard(server)

    async def _put_back(self, connection: Any) -> None:
        """Let go of what was set and locked outside of a transaction.

        A `Work` sets and locks for its transaction alone, and the pool rolls back one that was left open: a trip to
        the server for each would be one in six of those that it makes.
        """
        if connection.get_server_pid() in self._loose:
            await connection.execute(connection.get_reset_query())

    async def reachable(self) -> bool:
        """Whether the server answers now."""
        try:
            async with asyncio.timeout(3), self.connection() as connection:
                return bool(await connection.fetchval("SELECT true"))
        except AWAY:
            return False


async def _as_it_is(_connection: Any) -> None:
    """What sets and locks for its transaction alone leaves nothing behind that would have to be reset."""


async def driver(session: AsyncSession) -> Any:
    """The asyncpg connection of `session`, inside the session's transaction."""
    connection = await session.connection()
    raw: Any = (await connection.get_raw_connection()).driver_connection
    if not raw.is_in_transaction():
        await connection.exec_driver_sql("SELECT 1")
    return raw


async def plan_anew(connection: Any) -> None:
    """Have statements planned by what they are asked with, and not once for all: for tables that fill meanwhile.

    A plan made while a table was empty reads it from end to end. It holds for the transaction, or outside of one
    until the connection goes back to its pool, which puts every setting back. A steady connection needs none of it.
    """
    if getattr(connection, "steady", False):
        return
    await connection.execute(
        f"SET {'LOCAL ' if connection.is_in_transaction() else ''}plan_cache_mode = force_custom_plan"
    )


async def copy(connection: Any, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY `rows` into `table`, in the connection's transaction."""
    await connection.copy_records_to_table(table, columns=list(columns), records=rows)


class Listener:
    """LISTENs on channels with a connection of its own and comes back after the server was away.

    After each (re)connection `resync` runs once, since notifications sent meanwhile are lost.
    """

    def __init__(
        self,
        url: str,
        handlers: dict[str, Callable[[str], None]],
        *,
        resync: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._url = url
        self._handlers = handlers
        self._resync = resync

    async def run(self, ready: asyncio.Event | None = None) -> None:
        """Listen until cancelled."""
        while True:
            connection: Any = None
            try:
                connection = await asyncpg.connect(self._url, timeout=5)
                lost = asyncio.Event()
                connection.add_termination_listener(lambda *_, lost=lost: lost.set())
                for channel in self._handlers:
                    await connection.add_listener(channel, self._heard)
                if self._resync is not None:
                    await self._resync()
                if ready is not None:
                    ready.set()
                while not lost.is_set():
                    with suppress(TimeoutError):
                        await asyncio.wait_for(lost.wait(), 15)
                    if not lost.is_set():
                        await connection.execute("SELECT 1")
            except AWAY as error:
                unless_cancelled()
                log.warning("listener lost the database", error=type(error).__name__)
            finally:
                if connection is not None and not connection.is_closed():
                    connection.terminate()
            await asyncio.sleep(0.5)

    def _heard(self, _connection: Any, _pid: int, channel: str, payload: str) -> None:
        self._handlers[channel](payload)
