"""What is kept how long: what is old and done with goes, and nothing that is still needed."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from gateway.archive.forgetting import Uploads
from gateway.house import House
from gateway.kernel.acting import Acting, act_for
from gateway.kernel.database import Database
from gateway.kernel.errors import Forbidden, InvalidInput
from gateway.kernel.ids import new_id
from gateway.kernel.settings import Settings
from gateway.outbox import partitions
from gateway.retention.keeping import AUDIT, Retention
from gateway.retention.rules import Rule, Statements
from gateway.staff.keys import SCOPES

NOW = datetime(2027, 3, 1, 1, 30, tzinfo=UTC)
ROOT = Acting(actor="staff:E000001", scopes=frozenset(SCOPES))


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


class StandingClock:
    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


@dataclass
class Old:
    """A house whose things are old, made of rows so that they can be as old as is wanted."""

    house: House
    database: Database
    clock: StandingClock

    async def sql(self, statement: str, *given: Any) -> Any:
        async with self.database.work() as work:
            found = await work.value(statement, *given)
            await work.commit()
        return found

    async def account(self, number: str) -> int:
        found: int = await self.sql(
            """WITH c AS (INSERT INTO customer (name) VALUES ('王强') RETURNING id),
                    p AS (INSERT INTO premise (address) VALUES ('东湖路 1 号 ' || $1) RETURNING id)
               INSERT INTO account (account_no, customer_id, premise_id, holder_name)
               SELECT $1, c.id, p.id, '王强' FROM c, p RETURNING id""",
            number,
        )
        return found

    async def number(self, address: str, *accounts: int, state: str = "verified") -> int:
        point: int = await self.sql("INSERT INTO contact_point (address) VALUES ($1) RETURNING id", address)
        for account in accounts:
            await self.sql(
                "INSERT INTO contact_link (account_id, contact_point_id, role, state) VALUES ($1, $2, 'holder', $3)",
                account,
                point,
                state,
            )
        return point

    async def text(self, days: float, *, state: str = "delivered", kind: str = "arrears", account: int = 0) -> UUID:
        id_ = new_id(ago(days))
        await self.sql(
            """INSERT INTO message (id, to_address, contact_point_id, template, template_version, kind, klass, purpose,
                 body, segments, state, hours, zone, created_at, not_before)
               VALUES ($1, '+8613800001111', 1, $3, '1', $3, 'N', 'billing', '王强，您欠费', 1, $4, 'daytime',
                 'Asia/Shanghai', $2, $2)""",
            id_,
            ago(days),
            kind,
            state,
        )
        if account:
            await self.sql("INSERT INTO message_account VALUES ($1, 0, $2, 'A', NULL, NULL)", id_, account)
        return id_

    async def reply(self, days: float, *, state: str = "done", point: int | None = None) -> UUID:
        id_ = new_id(ago(days))
        await self.sql(
            """INSERT INTO inbound (id, channel, carrier_id, sender, text, received_at, state, contact_point_id,
                 reading, effects)
               VALUES ($1, 'sms', gen_random_uuid()::text, '+8613800001111', '打错了，不是王强', $2, $3, $4, $5::jsonb,
                 $6::jsonb)""",
            id_,
            ago(days),
            state,
            point,
            json.dumps({"intents": ["wrong_number"], "because": ["打错了"], "version": "rules-4"}),
            json.dumps([{"kind": "link_suspended", "words": "打错了"}]),
        )
        return id_

    async def open_case(self, account: int) -> UUID:
        id_ = new_id(NOW)
        await self.sql(
            """INSERT INTO "case" (id, klass, topic, subject, matter, account_id, unit, summary, opened_at, opened_by,
                 due_at) VALUES ($1, 'complaint', 'billing', 'a', 'b', $2, 'TM0001', '电费不对', $3, 'clock', $3)""",
            id_,
            account,
            NOW,
        )
        return id_

    async def night(self) -> dict[str, int]:
        done = await self.house.retention.run()
        assert done is not None
        return done


@pytest.fixture
async def old(database: Database, tmp_path: Path) -> Old:
    clock = StandingClock()
    async with database.connection() as connection:
        await partitions.ensure(connection, NOW)
        for days in (700, 400, 200):
            await partitions.ensure(connection, ago(days), ahead=0)
    return Old(House(Settings(data_dir=tmp_path), database, clock), database, clock)


async def test_bodies_and_numbers_of_old_texts_go_and_their_counts_stay(old: Old) -> None:
    held = await old.account("4100000001")
    free = await old.account("4100000002")
    await old.open_case(held)
    gone = await old.text(600, account=free)
    young = await old.text(300, account=free)
    between = await old.text(400, account=free)
    kept = {
        "an open case": await old.text(600, account=held),
        "on its way": await old.text(600, state="uncertain", account=free),
        "a legal notice": await old.text(600, kind="legal_notice", account=free),
    }
    first = await old.night()
    assert (first["message_bodies"], first["message_numbers"], first["legal_notices"]) == (2, 1, 0)
    assert not any((await old.night()).values())
    rows = {row["id"]: row for row in await _rows(old, "SELECT * FROM message")}
    assert (rows[gone]["body"], rows[gone]["to_address"], rows[gone]["contact_point_id"]) == ("", None, None)
    assert (rows[between]["body"], rows[between]["to_address"]) == ("", "+8613800001111")
    assert rows[gone]["state"] == "delivered" and rows[gone]["kind"] == "arrears" and len(rows) == 6
    for why, id_ in {**kept, "young": young}.items():
        assert rows[id_]["body"] == "王强，您欠费" and rows[id_]["to_address"], why
    # What held it back is closed: the next night it goes too.
    await old.sql("""UPDATE "case" SET state = 'closed', closed_at = $1""", NOW)
    assert (await old.night())["message_bodies"] == 1


async def test_what_waits_for_a_person_is_never_touched(old: Old) -> None:
    held, free = await old.account("4100000001"), await old.account("4100000002")
    await old.open_case(held)
    in_use = await old.number("+8613800001111", held)
    other = await old.number("+8613800002222", free)
    gone, waits = await old.reply(500, point=other), await old.reply(2000, state="triage", point=other)
    of_held = await old.reply(2000, point=in_use)
    assert (await old.night())["reply_bodies"] == 1
    rows = {row["id"]: row for row in await _rows(old, "SELECT * FROM inbound")}
    assert (rows[gone]["text"], rows[gone]["sender"]) == ("", None)
    # How it was read and what it did stays; the words that were quoted do not.
    assert "打错了" not in str(dict(rows[gone])) and "wrong_number" in rows[gone]["reading"]
    assert "link_suspended" in rows[gone]["effects"]
    assert rows[waits]["text"] and rows[of_held]["text"]
    # The carrier's id stays too, so that a late repeat is still known.
    with pytest.raises(asyncpg.UniqueViolationError):
        await old.sql(
            "INSERT INTO inbound (id, channel, carrier_id, text, received_at) VALUES ($1, 'sms', $2, 'x', $3)",
            new_id(NOW),
            rows[gone]["carrier_id"],
            NOW,
        )


async def test_evaluations_become_anonymous_and_their_score_stays(old: Old) -> None:
    async def answered(ref: str, account: int, state: str = "counted") -> UUID:
        invitation = await old.sql(
            """INSERT INTO invitation (event_kind, event_ref, account_id, team_code, invited_at, occurred_at,
                 message_id, frozen_at, contact_point_id, contacts, drawn, drawn_at, draw, rate, seed_day, ended_state)
               VALUES ('work_order', $1, $2, 'TM0001', $3, $3, $4, $3, 7, '{7}', true, $3, 0.1, 1.0, $5, 'delivered')
               RETURNING id""",
            ref,
            account,
            ago(800),
            new_id(ago(800)),
            ago(800).date(),
        )
        id_ = new_id(ago(800))
        await old.sql(
            """INSERT INTO evaluation (id, invitation_id, score, comment, at, channel, state, contact_point_id, history)
               VALUES ($1, $2, 2, '师傅骂人', $3, 'sms', $4, 7, '[{"score": 5, "comment": "好"}]')""",
            id_,
            invitation,
            ago(800),
            state,
        )
        return id_

    free, contested = await old.account("4100000001"), await old.account("4100000002")
    gone, stays = await answered("W1", free), await answered("W2", contested)
    await old.sql(
        """INSERT INTO evaluation_challenge (id, evaluation_id, by_no, grounds, evidence, opened_at)
           VALUES ($1, $2, 'E1', 'x', 'y', $3)""",
        new_id(NOW),
        stays,
        NOW,
    )
    assert (await old.night())["evaluations"] == 1
    rows = {row["id"]: row for row in await _rows(
        old, """SELECT e.*, i.account_id, i.message_id, i.contact_point_id AS asked_at, i.contacts, i.draw
                FROM evaluation e JOIN invitation i ON i.id = e.invitation_id""")}  # fmt: skip
    assert (rows[gone]["score"], rows[gone]["comment"], rows[gone]["account_id"]) == (2, None, None)
    assert (rows[gone]["asked_at"], rows[gone]["contacts"], "好" in rows[gone]["history"]) == (None, None, False)
    # That it was drawn and asked stays, or the customer would be asked again.
    assert rows[gone]["draw"] == 0.1 and rows[gone]["message_id"] is not None
    assert rows[stays]["comment"] == "师傅骂人" and rows[stays]["account_id"] == contested
    # Nobody can use that to take the number of an invitation away that is not over.
    with pytest.raises(asyncpg.RaiseError):
        await old.sql("UPDATE invitation SET contact_point_id = NULL WHERE event_ref = 'W2'")


async def test_tombstones_stay_and_words_in_old_corrections_go(old: Old) -> None:
    account, other = await old.account("4100000001"), await old.account("4100000002")
    point = await old.number("+8613800001111", account, state="revoked")
    doubted = await old.number("+8613800002222", other)

    async def case(point_: int, account_: int, state: str) -> UUID:
        id_ = new_id(ago(1500))
        await old.sql(
            """INSERT INTO correction (id, state, reason, contact_point_id, account_id, opened_at, opened_by, due_at,
                 closed_at, hints, note) VALUES ($1, $2, 'reply', $3, $4, $5, 'inbox', $5, $5, $6::jsonb, '问过了')""",
            id_,
            state,
            point_,
            account_,
            ago(1500),
            json.dumps([{"kind": "reply", "words": "我不是王强"}]),
        )
        await old.sql(
            """INSERT INTO signal (contact_point_id, account_id, kind, at, evidence)
               VALUES ($1, $2, 'wrong_number', $3, $4::jsonb)""",
            point_,
            account_,
            ago(1501),
            json.dumps({"words": "我不是王强", "inbound": "1"}),
        )
        return id_

    closed, watched = await case(point, account, "closed"), await case(doubted, other, "watching")
    assert (await old.night())["correction_words"] == 1
    rows = {row["id"]: row for row in await _rows(old, "SELECT * FROM correction")}
    assert (rows[closed]["hints"], rows[closed]["note"], rows[closed]["state"]) == ("[]", None, "closed")
    assert "我不是王强" in rows[watched]["hints"]
    signs = {row["contact_point_id"]: row["evidence"] for row in await _rows(old, "SELECT * FROM signal")}
    assert "我不是王强" not in signs[point] and "inbound" in signs[point] and "我不是王强" in signs[doubted]
    links = await _rows(old, "SELECT state, contact_point_id FROM contact_link")
    assert {row["contact_point_id"]: row["state"] for row in links} == {point: "revoked", doubted: "verified"}


async def test_uploads_go_once_their_import_is_over_and_nobody_elses_files(old: Old, tmp_path: Path) -> None:
    uploads, outside = tmp_path / "uploads", tmp_path / "mine.csv"
    uploads.mkdir()
    outside.write_text("户号\n")
    (tmp_path / "secret-key").write_text("x")

    async def handed_in(path: Path | str, state: str) -> Path:
        await old.sql(
            """INSERT INTO import (id, kind, filename, path, state, requested_by, requested_at, finished_at)
               VALUES ($1, 'archive', 'a.csv', $2, $3, 'cli:x', $4, $4)""",
            new_id(NOW),
            str(path),
            state,
            ago(1),
        )
        return Path(path)

    for name in ("done", "failed", "running", "stray"):
        (uploads / name).write_text("户号\n")
    done = await handed_in(uploads / "done", "done")
    failed = await handed_in(uploads / "failed", "failed")
    running = await handed_in(uploads / "running", "running")
    await handed_in(outside, "done")
    await handed_in(uploads / ".." / "secret-key", "done")
    await handed_in("", "done")
    assert await old.house.retention.run(["uploads"]) == {"uploads": 2}
    assert not done.exists() and not failed.exists() and running.exists() and outside.exists()
    # What is just being handed in has no row yet; a day later it is one that nobody took.
    assert (uploads / "stray").exists() and (tmp_path / "secret-key").exists()
    os.utime(uploads / "stray", (0, 0))
    assert await old.house.retention.run(["uploads"]) == {"uploads": 1}
    assert not (uploads / "stray").exists() and running.exists()
    async with old.database.connection() as connection:
        assert await Uploads(uploads).waiting(connection, NOW, 10) == 0


async def test_the_trail_outlasts_everything(old: Old) -> None:
    retention = old.house.retention
    async with old.database.session() as session:
        act_for(session, ROOT)

        async def change(name: str, days: int, why: str = "法务意见") -> None:
            await retention.change(session, name, days=days, why=why, actor=ROOT.actor)

        for name, days, field in (
            ("message_bodies", 149, "days"),  # fewer than the law asks for
            ("message_bodies", 3651, "days"),  # longer than the trail
            (AUDIT, 1500, "days"),  # shorter than legal notices
            (AUDIT, 999_999, "days"),
        ):
            with pytest.raises(InvalidInput) as refused:
                await change(name, days)
            assert [error.field for error in refused.value.errors] == [field], name
        with pytest.raises(InvalidInput):
            await change("message_bodies", 200, " ")
        await change("message_bodies", 200)
        rules = {rule.name: rule for rule in await retention.kept(session)}
        assert (rules["message_bodies"].days, rules["message_bodies"].changed_by) == (200, "staff:E000001")
        assert rules[AUDIT].days >= max(rule.days for rule in rules.values())
        await session.commit()
    entry = (await _rows(old, "SELECT * FROM audit_entry WHERE action = 'retention.changed'"))[0]
    assert json.loads(entry["before"]) == {"days": 365} and json.loads(entry["after"])["days"] == 200
    async with old.database.session() as session:
        act_for(session, Acting(actor="staff:X", scopes=frozenset(["policy:read"])))
        with pytest.raises(Forbidden):
            await retention.change(session, "labels", days=40, why="x", actor="staff:X")


async def test_what_chats_left_behind_goes_and_bindings_stay(old: Old) -> None:
    phone = await old.number("+8613800001111")
    chat = await old.sql("INSERT INTO contact_point (kind, address) VALUES ('telegram', '7') RETURNING id")
    await old.sql("INSERT INTO chat (contact_point_id, opened_at) VALUES ($1, $2)", chat, ago(900))
    await old.sql(
        "INSERT INTO chat_binding (chat_point_id, phone_point_id, how, bound_at) VALUES ($1, $2, 'code', $3)",
        chat, phone, ago(900),
    )  # fmt: skip
    for days, state in ((400, "left"), (400, "done"), (400, "received"), (20, "left")):
        await old.sql(
            """INSERT INTO chat_update (id, bot, update_no, body, received_at, state)
               VALUES ($1::uuid, 'b', gen_random_uuid()::text, '', $2, $3)""",
            new_id(ago(days)), ago(days), state,
        )  # fmt: skip
    for days, place in ((40, "a"), (3, "b")):
        await old.sql("INSERT INTO conversation (bot, chat, speaker, at) VALUES ('b', '7', $1, $2)", place, ago(days))
        await old.sql(
            """INSERT INTO chat_token (digest, phone_point_id, chat_point_id, made_at, expires_at)
               VALUES ($1, $2, $3, $4, $4)""",
            place, phone, chat, ago(days),
        )  # fmt: skip
    gone = await old.night()
    assert (gone["chat_reports"], gone["dialogues"], gone["chat_codes"]) == (2, 1, 1)
    assert sorted(row["state"] for row in await _rows(old, "SELECT state FROM chat_update")) == ["left", "received"]
    assert [row["speaker"] for row in await _rows(old, "SELECT speaker FROM conversation")] == ["b"]
    assert len(await _rows(old, "SELECT 1 FROM chat_binding")) == 1


async def test_a_reply_in_a_chat_stays_while_something_of_its_accounts_is_open(old: Old) -> None:
    account = await old.account("4100000001")
    phone = await old.number("+8613800001111", account)
    chat = await old.sql("INSERT INTO contact_point (kind, address) VALUES ('telegram', '7') RETURNING id")
    await old.sql("INSERT INTO chat (contact_point_id, opened_at) VALUES ($1, $2)", chat, ago(900))
    await old.sql(
        "INSERT INTO chat_binding (chat_point_id, phone_point_id, how, bound_at) VALUES ($1, $2, 'code', $3)",
        chat, phone, ago(900),
    )  # fmt: skip
    await old.reply(400, point=chat)
    await old.open_case(account)
    assert (await old.night())["reply_bodies"] == 0


async def test_what_would_go_is_counted_before_it_goes(old: Old) -> None:
    free = await old.account("4100000001")
    for days in (160, 200, 400):
        await old.text(days, account=free)
    async with old.database.session() as session:
        assert await old.house.retention.waiting(session, "message_bodies") == 1
        assert await old.house.retention.waiting(session, "message_bodies", 150) == 3
    assert (await old.night())["message_bodies"] == 1


async def test_a_rule_that_breaks_off_leaves_the_others_and_the_next_night(old: Old) -> None:
    def rule(name: str, act: str) -> Rule:
        return Statements(
            name=name, days=1, least=0, kind="int", choose="SELECT id AS key FROM contact_point", acts=(act,)
        )

    await old.number("+8613800001111")
    rules: Sequence[Rule] = (
        rule("broken", "SELECT 1 / 0 WHERE $1::int[] IS NOT NULL"),
        rule("sound", "UPDATE contact_point SET line = 'unknown' WHERE id = ANY($1::int[])"),
    )
    retention = Retention(old.database, old.clock, rules, (), zone=ZoneInfo("Asia/Shanghai"))
    assert await retention.run() == {"broken": 0, "sound": 1}
    async with old.database.session() as session:
        assert {run.rule: run.error for run in await retention.runs(session, before=None, limit=5)} == {
            "broken": "DivisionByZeroError",
            "sound": None,
        }


async def test_once_a_night(old: Old) -> None:
    retention = old.house.retention
    assert await retention.run_if_due() is not None
    assert await retention.run_if_due() is None
    old.clock.at = NOW + timedelta(hours=16)
    assert await retention.run_if_due() is None
    old.clock.at = NOW + timedelta(hours=17)  # half past two of the next day in Shanghai
    assert await retention.run_if_due(every=timedelta(days=7)) is None
    assert await retention.run_if_due() is not None
    async with old.database.connection() as holder:
        await holder.fetchval("SELECT pg_advisory_lock(1281453430)")
        assert await retention.run() is None


async def _rows(old: Old, statement: str) -> list[Any]:
    async with old.database.connection() as connection:
        found: list[Any] = await connection.fetch(statement)
    return found
