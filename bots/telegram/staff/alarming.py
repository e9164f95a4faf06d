"""Alerts in the staff's chats: told to supervision at once, to everybody when nobody takes one on for five minutes.

One node tells. It is written down after it was told: a node that dies between the two tells twice, which for danger
is the better mistake.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any, Final

from bots.channel import NoAnswer, NotConnected
from bots.pace import Pace
from bots.telegram.api import BotApi
from bots.telegram.channel import MESSAGES
from bots.telegram.staff.duty import PLATFORM, short
from bots.telegram.staff.supervising import TAKES_ON, alert_words
from bots.telegram.staff.whereabouts import Whereabouts, whereabouts
from bots.telegram.staff.words import StaffWords
from gateway.cases.reading import Alert, alert
from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.clock import Clock
from gateway.kernel.database import AWAY, Database, driver
from gateway.kernel.logs import logger
from gateway.kernel.settings import Settings
from gateway.staff.chat_sign_in import Listener, listening
from gateway.staff.tasks import NewTask, open_tasks

log = logger(__name__)

_ROUND: Final = 1.0
#: After so long nobody has to be asked twice: everybody is told.
ESCALATES: Final = timedelta(minutes=5)
_FIRST: Final = ("supervisor", "admin")
#: The chat itself is refused: it is gone, or its owner blocked the bot. Anything else passes, and is tried again.
_FOR_GOOD: Final = (400, 403)
#: Older alerts are not told any more to whoever signs in.
_TOLD_FOR: Final = timedelta(hours=12)

_ESCALATED: Final = "alert_unacknowledged"

_OPEN: Final = """
SELECT a.id, a.at, a.account_no, ARRAY(SELECT chat FROM alert_told t WHERE t.alert_id = a.id) AS told,
  EXISTS (SELECT FROM task WHERE kind = $2 AND subject = 'alert:' || a.id) AS escalated
FROM alert a WHERE a.acknowledged_at IS NULL AND a.at > $1 ORDER BY a.id
"""
_SETTLED: Final = """
SELECT t.alert_id, t.chat, t.message_no, a.acknowledged_at, coalesce(m.name, a.acknowledged_by) AS name, (
  SELECT l.language FROM staff_chat c JOIN staff_login l USING (staff_id)
  WHERE c.platform = $1 AND c.chat = t.chat ORDER BY c.id DESC LIMIT 1) AS language
FROM alert_told t JOIN alert a ON a.id = t.alert_id
LEFT JOIN staff_member m ON 'staff:' || m.staff_no = a.acknowledged_by
WHERE t.settled_at IS NULL AND a.acknowledged_at IS NOT NULL LIMIT 200
"""
#: For so long it is tried to say in a chat that an alert was taken on.
_SAID_FOR: Final = timedelta(hours=1)


class Alarms:
    """Tells staff of alerts, and that one was taken on."""

    def __init__(self, api: BotApi, database: Database, clock: Clock, pace: Pace, settings: Settings) -> None:
        self._api = api
        self._database = database
        self._clock = clock
        self._pace = pace
        self._settings = settings

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            try:
                await self.round()
            except AWAY as error:
                unless_cancelled()
                log.warning("alerts put off", error=type(error).__name__)
            await asyncio.sleep(_ROUND)

    async def round(self) -> int:
        """Tell whom nobody told; how many chats."""
        now = self._clock.now()
        async with self._database.connection() as connection:
            waiting = await connection.fetch(_OPEN, now - _TOLD_FOR, _ESCALATED)
        told = 0
        for row in waiting:
            told += await self._tell(row, now)
        await self._settle(now)
        return told

    async def _tell(self, row: Any, now: datetime) -> int:
        late = now - row["at"] >= ESCALATES
        async with self._database.connection() as connection:
            heard = await listening(connection, PLATFORM, roles=None if late else _FIRST, account_no=row["account_no"])
        untold = [one for one in heard if one.chat not in row["told"]]
        if not untold and (not late or row["escalated"]):
            return 0
        async with self._database.session() as session:
            one = await alert(session, row["id"])
            where = (await whereabouts(await driver(session), [one.id]))[one.id]
            if late and not row["escalated"]:
                await self._escalate(await driver(session), one, now)
            await session.commit()
        told = 0
        for listener in untold:
            # Whoever was told something this second is told in the next round; nobody waits for another's chat.
            if await self._pace.take(listener.chat, MESSAGES) > 0:
                continue
            try:
                message = await self._send(one, where, listener, late)
            except (NotConnected, NoAnswer) as error:
                log.warning("a chat was not told of an alert", error=str(error))
                continue
            told += 1
            async with self._database.connection() as connection:
                await connection.execute(
                    """INSERT INTO alert_told (alert_id, chat, message_no, at) VALUES ($1, $2, $3, $4)
                       ON CONFLICT DO NOTHING""",
                    one.id,
                    listener.chat,
                    message,
                    now,
                )
        return told

    async def _send(self, one: Alert, where: Whereabouts, listener: Listener, late: bool) -> str:
        words = StaffWords(listener.language or self._settings.language)
        params: dict[str, Any] = {
            "chat_id": int(listener.chat),
            "text": self._said(words, one, where) + (words("escalated") if late else ""),
        }
        if listener.may(TAKES_ON):
            button = {"text": words("take_on"), "callback_data": f"al:{short(one.id)}"}
            params["reply_markup"] = {"inline_keyboard": [[button]]}
        await self._pace.overall()
        reply = await self._api.call("sendMessage", params)
        if reply.retry_after is not None or reply.status not in (*_FOR_GOOD, 200):
            raise NoAnswer(f"{reply.status} {reply.description}")
        if not reply.ok:
            # Somebody who blocked the bot keeps no other from being told.
            log.warning("an alert was not told", status=reply.status, why=reply.description)
            return ""
        return str(reply.result["message_id"])

    def _said(self, words: StaffWords, one: Alert, where: Whereabouts) -> str:
        return alert_words(words, one, where, f"{one.at.astimezone(self._settings.zone):%m-%d %H:%M}")

    async def _escalate(self, connection: Any, one: Alert, now: datetime) -> None:
        task = NewTask(
            kind=_ESCALATED,
            subject=f"alert:{one.id}",
            words=f"Nobody took an alert on for {ESCALATES.total_seconds() / 60:.0f} minutes.",
            unit="supervision",
            account_id=await connection.fetchval("SELECT id FROM account WHERE account_no = $1", one.account_no),
            due_at=now + ESCALATES,
        )
        await open_tasks(connection, [task], at=now, actor="gateway")

    async def _settle(self, now: datetime) -> None:
        """Say in the chats that an alert was taken on; what fails is tried again, and holds up no other."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SETTLED, PLATFORM)
        for row in rows:
            if row["message_no"] and not await self._say_taken(row) and now - row["acknowledged_at"] < _SAID_FOR:
                continue
            async with self._database.connection() as connection:
                await connection.execute(
                    "UPDATE alert_told SET settled_at = $3 WHERE alert_id = $1 AND chat = $2",
                    row["alert_id"],
                    row["chat"],
                    now,
                )

    async def _say_taken(self, row: Any) -> bool:
        async with self._database.session() as session:
            one = await alert(session, row["alert_id"])
            where = (await whereabouts(await driver(session), [one.id]))[one.id]
        words = StaffWords(row["language"] or self._settings.language)
        text = f"{self._said(words, one, where)}\n{words('taken_on', name=row['name'])}"
        params = {"chat_id": int(row["chat"]), "message_id": int(row["message_no"]), "text": text}
        try:
            reply = await self._api.call("editMessageText", params)
        except (NotConnected, NoAnswer) as error:
            log.warning("a chat was not told that an alert is taken on", error=str(error))
            return False
        return reply.retry_after is None and reply.status < 500
