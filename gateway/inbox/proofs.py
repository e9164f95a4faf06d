"""Proving the contacts that a correction brought, on behalf of staff: a code, the trusted channel, or papers seen."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive import bindings, chats, links, proving
from gateway.archive.proving import Wish
from gateway.archive.reach import part_of, within_sql
from gateway.evaluations import must_not_have_handled
from gateway.inbox.answers import Recipient
from gateway.inbox.heard import Tools
from gateway.inbox.proposing import moment_of_trust
from gateway.kernel import audit
from gateway.kernel.acting import acting_in, require
from gateway.kernel.clock import Clock
from gateway.kernel.database import driver
from gateway.kernel.errors import Conflict, InvalidInput, NotFound
from gateway.outbox import AccountPart, give_up_at

_REACHED = f"""
SELECT p.id FROM contact_point p WHERE p.kind = 'phone' AND p.address = $1 AND EXISTS (
  SELECT 1 FROM contact_link l WHERE l.contact_point_id = p.id AND l.state IN ('unverified', 'verified')
    AND {within_sql("l.account_id", "$2")})
"""
#: The same, whatever the state of its links.
_STANDS = f"""
SELECT p.id FROM contact_point p WHERE p.kind = 'phone' AND p.address = $1 AND EXISTS (
  SELECT 1 FROM contact_link l WHERE l.contact_point_id = p.id AND {within_sql("l.account_id", "$2")})
"""
_BROUGHT = """
SELECT l.id AS link_id, l.account_id, a.account_no, l.contact_point_id, p.address AS number, l.role, l.needs_proof,
       a.language
FROM correction_contact c JOIN contact_link l ON l.id = c.link_id JOIN account a ON a.id = l.account_id
JOIN contact_point p ON p.id = l.contact_point_id
WHERE c.correction_id = $1 AND a.account_no = $2 AND p.address = $3 AND l.state <> 'revoked' FOR UPDATE OF l
"""


class Proofs:
    """What staff do to prove a contact. Nothing here commits."""

    def __init__(self, clock: Clock, tools: Tools) -> None:
        self._clock = clock
        self._tools = tools

    async def prove(
        self,
        session: AsyncSession,
        correction_id: UUID,
        *,
        account_no: str,
        number: str,
        how: str,
        code: str | None,
        note: str | None,
        actor: str,
    ) -> None:
        """Ask for a proof (`code` without its code, `trusted_channel`), or take one (`code` with it, `counter`).

        Raises NotFound for a contact that the case did not bring, Conflict for one that is proven or cannot be
        asked, InvalidInput for a wrong code and for papers without a note.
        """
        connection = await driver(session)
        row = await connection.fetchrow(_BROUGHT, correction_id, account_no, number)
        if row is None:
            raise NotFound("The correction brought no such contact.")
        if not row["needs_proof"]:
            raise Conflict("the contact is proven already")
        acting = acting_in(session)
        if acting is not None and acting.staff_no is not None:
            await must_not_have_handled(connection, acting.staff_no, [account_no], self._clock.now())
        if how == "counter":
            await self._seen(connection, row, note, actor)
        elif how == "trusted_channel":
            await self._ask_other(connection, correction_id, row, actor)
        elif code is None:
            await self._send_code(connection, correction_id, row, actor)
        else:
            await self._take_code(connection, row, code, actor)

    async def invite(self, session: AsyncSession, number: str, *, actor: str) -> None:
        """Send a number the word that binds a chat to it, once, within a week; `number` is E.164.

        Raises NotFound for a number that stands for no account, Conflict where too many were sent today.
        """
        connection = await driver(session)
        now = self._clock.now()
        point = await connection.fetchval(_REACHED, number, part_of(session))
        if point is None:
            raise NotFound("No account is reached at this number.")
        if not await chats.may_invite(connection, point, now):
            raise Conflict("too many codes were sent today")
        token = await chats.new_token(connection, point, chat=None, at=now)
        to = Recipient(number=number, contact_point_id=point, language=await links.language_of(connection, point))
        template = "verification_chat_link" if self._tools.bot_link else "verification_chat_invitation"
        values = {"code": token, "days": chats.LINK_LASTS.days}
        await self._tools.answers.send_text(connection, template, values, to, now, lasts=chats.LINK_LASTS)
        await audit.write(connection, at=now, actor=actor, action="chat.invited", subject=f"contact_point:{point}")

    async def unlink(self, session: AsyncSession, number: str, *, actor: str) -> int:
        """End the bindings of chats to a number, whose person asks for it or has it no more; how many there were.

        What waits for those chats goes on by SMS where it may. Raises NotFound for a number that stands for no account.
        """
        require(session, "archive:write")
        connection = await driver(session)
        now = self._clock.now()
        point = await connection.fetchval(_STANDS, number, part_of(session))
        if point is None:
            raise NotFound("No account is reached at this number.")
        ended = await bindings.end_at(connection, point, why="ended by staff", actor=actor, at=now)
        for chat in ended:
            await give_up_at(connection, chat, code="unbound", at=now, words="the chat was unlinked by staff")
        return len(ended)

    async def _seen(self, connection: Any, row: Any, note: str | None, actor: str) -> None:
        if not (note or "").strip():
            raise InvalidInput("say what was seen: which paper, where", field="note")
        await self._verified(connection, row, "counter", actor, note)

    async def _verified(self, connection: Any, row: Any, how: str, actor: str, note: str | None = None) -> None:
        now = self._clock.now()
        await links.verify(connection, [row["link_id"]], at=now, how=how)
        await audit.write(
            connection,
            at=now,
            actor=actor,
            action="link.proven",
            subject=f"contact_point:{row['contact_point_id']}",
            after={"link": row["link_id"], "how": how, "note": note},
        )
        await self._tools.proven(connection, [row["link_id"]], now)

    async def _send_code(self, connection: Any, case: UUID, row: Any, actor: str) -> None:
        now = self._clock.now()
        if not await proving.may_ask(connection, row["contact_point_id"], actor, now):
            raise Conflict("too many codes were sent today")
        code = proving.new_code()
        to = Recipient(number=row["number"], contact_point_id=row["contact_point_id"], language=row["language"])
        part = AccountPart(row["account_id"], row["account_no"], row["link_id"])
        message = await self._tools.answers.send_code(connection, to, code, [part], now, with_knowledge=False)
        await proving.ask(
            connection, [_wish(row, case)], row["contact_point_id"], how="code", code=code, message_id=message,
            asked_by=actor, at=now,
        )  # fmt: skip

    async def _take_code(self, connection: Any, row: Any, code: str, actor: str) -> None:
        now = self._clock.now()
        proofs = [
            one
            for one in await proving.open_codes(connection, row["contact_point_id"], now)
            if one.account_id == row["account_id"]
        ]
        given, _ = proving.fits(proofs, [code])
        if not given:
            raise InvalidInput("this is not the code that was sent, or its time is over", field="code")
        await proving.settle(connection, given, "proven", now)
        await self._verified(connection, row, "code", actor)

    async def _ask_other(self, connection: Any, case: UUID, row: Any, actor: str) -> None:
        now = self._clock.now()
        trusted = await proving.proven_contact(connection, row["account_id"], moment_of_trust(now))
        if trusted is None:
            raise Conflict("the account has no contact that was proven within 18 months")
        to = Recipient(
            number=trusted["number"], contact_point_id=trusted["contact_point_id"], language=trusted["language"]
        )
        part = AccountPart(row["account_id"], row["account_no"], trusted["link_id"])
        message = await self._tools.answers.ask_other(connection, to, part, row["number"], now)
        await proving.ask(
            connection, [_wish(row, case)], row["contact_point_id"], how="trusted_channel", code=None,
            message_id=message, asked_by=actor, at=now,
        )  # fmt: skip


def _wish(row: Any, case: UUID) -> Wish:
    return Wish(account_id=row["account_id"], account_no=row["account_no"], role=row["role"], correction=case)
