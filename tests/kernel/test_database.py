from __future__ import annotations

import re
from datetime import UTC, datetime

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import create_async_engine

from gateway import schema
from gateway.archive.tables import Organisation
from gateway.kernel import audit
from gateway.kernel.database import Database, Patient, copy, driver, plan_anew
from gateway.kernel.tables import AuditEntry
from gateway.outbox import partitions


async def test_leaving_a_session_keeps_only_what_was_committed(database: Database) -> None:
    async with database.session() as session:
        session.add(Organisation(name="kept"))
        await session.commit()
        session.add(Organisation(name="not kept"))
        await session.flush()
    async with database.session() as session:
        assert (await session.scalars(select(Organisation.name))).all() == ["kept"]


async def test_leaving_work_keeps_only_what_was_committed(database: Database) -> None:
    async with database.work() as work:
        await work.execute("INSERT INTO organisation (name) VALUES ('not kept')")
    async with database.work() as work:
        assert await work.execute("INSERT INTO organisation (name) VALUES ('kept')") == 1
        await work.commit()
    async with database.work() as work:
        assert [row["name"] for row in await work.fetch("SELECT name FROM organisation")] == ["kept"]


async def test_copy_through_a_session_belongs_to_its_transaction(database: Database) -> None:
    async with database.session() as session:
        await copy(await driver(session), "organisation", ["name"], [("a",), ("b",)])
    async with database.session() as session:
        assert (await session.scalars(select(Organisation.name))).all() == []


async def test_models_and_migrations_are_equal(database_url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        # Partitions come with the months, not with migrations.
        partition = re.compile(r"message(_account|_event)?_(p\d{6}|default)")
        context = MigrationContext.configure(
            connection,
            opts={"include_object": lambda _thing, name, kind, *_: kind != "table" or not partition.fullmatch(name)},
        )
        return list(compare_metadata(context, schema.metadata))

    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    assert found == []


async def test_partitions_of_a_month_are_made_once(new_database_url: str) -> None:
    at = datetime(2025, 11, 30, 23, tzinfo=UTC)
    database = Database(new_database_url)
    await database.start()
    async with database.connection() as connection:
        await partitions.ensure(connection, at)
        await partitions.ensure(connection, at)
        names = await connection.fetch(
            "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'message'::regclass ORDER BY 1"
        )
    await database.close()
    assert [row["name"] for row in names] == [
        "message_default",
        "message_p202511",
        "message_p202512",
        "message_p202601",
    ]


@pytest.mark.parametrize("actor", ["key:billing", "staff:E000001"])
async def test_an_audit_entry_is_kept_with_its_change(database: Database, actor: str) -> None:
    async with database.session() as session:
        audit.record(session, at=datetime.now(UTC), actor=actor, action="renamed", subject="organisation:1")
        await session.commit()
    async with database.session() as session:
        assert (await session.scalars(select(AuditEntry.actor))).all() == [actor]


async def test_what_was_set_and_locked_on_a_lent_connection_is_let_go(database_url: str) -> None:
    database = Database(database_url, size=1)
    await database.start()
    try:
        async with database.connection() as connection:
            await connection.execute("SET plan_cache_mode = force_custom_plan")
            await connection.execute("SELECT pg_advisory_lock(4711)")
            server = connection.get_server_pid()
        async with database.work() as work:
            assert work.connection.get_server_pid() == server
            assert await work.value("SHOW plan_cache_mode") == "auto"
            assert not await work.value("SELECT true FROM pg_locks WHERE locktype = 'advisory' AND pid = $1", server)
    finally:
        await database.close()


async def test_a_transaction_leaves_nothing_behind(database_url: str) -> None:
    database = Database(database_url, size=1)
    await database.start()
    try:
        async with database.work() as work:
            await plan_anew(work.connection)
            await work.execute("SELECT pg_advisory_xact_lock(4711)")
            server = work.connection.get_server_pid()
        async with database.connection() as connection:
            assert connection.get_server_pid() == server
            assert await connection.fetchval("SHOW plan_cache_mode") == "auto"
            assert not await connection.fetchval(
                "SELECT true FROM pg_locks WHERE locktype = 'advisory' AND pid = $1", server
            )
    finally:
        await database.close()


async def test_a_patient_connection_waits_longer_than_others(database_url: str) -> None:
    connection = await asyncpg.connect(database_url, command_timeout=0.05)
    try:
        with pytest.raises(TimeoutError):
            await connection.fetchval("SELECT 1 FROM pg_sleep(0.2)")
        patient = Patient(connection, 60)
        assert await patient.fetchval("SELECT 1 FROM pg_sleep(0.2)") == 1
        assert not patient.is_closed()
    finally:
        connection.terminate()


async def test_steady_work_goes_by_indexes_and_is_planned_once(database: Database) -> None:
    async with database.work(steady=True) as work:
        await plan_anew(work.connection)
        assert await work.value("SHOW plan_cache_mode") == "force_generic_plan"
        assert await work.value("SHOW enable_seqscan") == "off"
        await work.execute("INSERT INTO organisation (name) VALUES ('not kept')")
    async with database.work(steady=True) as work:
        assert await work.value("SELECT count(*) FROM organisation") == 0
