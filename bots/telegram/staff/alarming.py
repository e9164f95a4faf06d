"""Alerts in the staff's chats: told to supervision at once, to everybody when nobody takes one on for five minutes.

One node tells. It is written down after it was told: a node that dies between the two tells twice, which for danger
is the better mistake.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any, Final

from bots.channel import NoAnswer, NotConnected
from bots.telegram.api import BotApi
from bots.telegram.staff.duty import PLATFORM, short
from bots.telegram.staff.supervising import alert_words
from bots.telegram.staff.words import StaffWords
from gateway.cases.reading import Alert, alert
from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.clock import Clock
from gateway.kernel.database import AWAY, Database, driver
from gateway.kernel.logs import logger
from gateway.kernel.settings import Settings
from gateway.staff.chat_sign_in import chats_of
from gateway.staff.tasks import NewTask, open_tasks

log = logger(__name__)

_ROUND: Final = 1.0
#: After so long nobody has to be asked twice: everybody is told.
ESCALATES: Final = timedelta(minutes=5)
_FIRST: Final = ["supervisor", "admin"]
#: The chat itself is refused: it is gone, or its owner blocked the bot. Anything else passes, and is tried again.
_FOR_GOOD: Final = (400, 403)
#: Older alerts are not told any more to whoever signs in.
_TOLD_FOR: Final = timedelta(hours=12)

_OPEN: Final = "SELECT id, at FROM alert WHERE acknowledged_at IS NULL AND at > $1 ORDER BY id"
_TOLD: Final = "SELECT chat FROM alert_told WHERE alert_id = $1"
_SETTLED: Final = """
SELECT t.alert_id, t.chat, t.message_no, coalesce(m.name, a.acknowledged_by) AS name
FROM alert_told t JOIN alert a ON a.id = t.alert_id
LEFT JOIN staff_member m ON 'staff:' || m.staff_no = a.acknowledged_by
WHERE t.settled_at IS NULL AND a.acknowledged_at IS NOT NULL LIMIT 200
"""


class Alarms:
    """Tells staff of alerts, and that one was taken on."""

    def __init__(self, api: BotApi, database: Database, clock: Clock, settings: Settings) -> None:
        self._api = api
        self._database = database
        self._clock = clock
        self._settings = settings
        self._words = StaffWords(settings.language)

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            try:
                await self.round()
            except (NotConnected, NoAnswer) as error:
                log.warning("staff were not told", error=str(error))
            except AWAY as error:
                unless_cancelled()
                log.warning("alerts put off", error=type(error).__name__)
            await asyncio.sleep(_ROUND)

    async def round(self) -> int:
        """Tell whom nobody told; how many chats."""
        now = self._clock.now()
        async with self._database.connection() as connection:
            waiting = await connection.fetch(_OPEN, now - _TOLD_FOR)
        told = 0
        for row in waiting:
            told += await self._tell(row["id"], row["at"], now)
        await self._settle(now)
        return told

    async def _tell(self, id_: Any, since: datetime, now: datetime) -> int:
        late = now - since >= ESCALATES
        async with self._database.session() as session:
            connection = await driver(session)
            one = await alert(session, id_)
            chats = await chats_of(connection, PLATFORM, None if late else _FIRST)
            known = {row["chat"] for row in await connection.fetch(_TOLD, id_)}
            if late:
                await self._escalate(connection, one, now)
            await session.commit()
        told = 0
        for chat in chats:
            if chat in known:
                continue
            try:
                message = await self._send(one, chat, late)
            except (NotConnected, NoAnswer) as error:
                # Its turn comes again in the next round; nobody else waits for it.
                log.warning("a chat was not told of an alert", error=str(error))
                continue
            told += 1
            async with self._database.connection() as connection:
                await connection.execute(
                    """INSERT INTO alert_told (alert_id, chat, message_no, at) VALUES ($1, $2, $3, $4)
                       ON CONFLICT DO NOTHING""",
                    id_,
                    chat,
                    message,
                    now,
                )
        return told

    async def _send(self, one: Alert, chat: str, late: bool) -> str:
        text = self._said(one) + (self._words("escalated") if late else "")
        button = {"text": self._words("take_on"), "callback_data": f"al:{short(one.id)}"}
        reply = await self._api.call(
            "sendMessage",
            {"chat_id": int(chat), "text": text, "reply_markup": {"inline_keyboard": [[button]]}},
        )
        if reply.retry_after is not None or reply.status not in (*_FOR_GOOD, 200):
            raise NoAnswer(f"{reply.status} {reply.description}")
        if not reply.ok:
            # Somebody who blocked the bot keeps no other from being told.
            log.warning("an alert was not told", status=reply.status, why=reply.description)
            return ""
        return str(reply.result["message_id"])

    def _said(self, one: Alert) -> str:
        return alert_words(self._words, one, f"{one.at.astimezone(self._settings.zone):%m-%d %H:%M}")

    async def _escalate(self, connection: Any, one: Alert, now: datetime) -> None:
        task = NewTask(
            kind="alert_unacknowledged",
            subject=f"alert:{one.id}",
            words=f"Nobody took an alert on for {ESCALATES.total_seconds() / 60:.0f} minutes.",
            unit="supervision",
            due_at=now + ESCALATES,
        )
        known = await connection.fetchval(
            "SELECT true FROM task WHERE kind = $1 AND subject = $2 LIMIT 1", task.kind, task.subject
        )
        if not known:
            await open_tasks(connection, [task], at=now, actor="gateway")

    async def _settle(self, now: datetime) -> None:
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SETTLED)
        for row in rows:
            if row["message_no"]:
                async with self._database.session() as session:
                    one = await alert(session, row["alert_id"])
                text = f"{self._said(one)}\n{self._words('taken_on', name=row['name'])}"
                params = {"chat_id": int(row["chat"]), "message_id": int(row["message_no"]), "text": text}
                await self._api.call("editMessageText", params)
            async with self._database.connection() as connection:
                await connection.execute(
                    "UPDATE alert_told SET settled_at = $3 WHERE alert_id = $1 AND chat = $2",
                    row["alert_id"],
                    row["chat"],
                    now,
                )
