"""What a person does in a conversation: answers by hand, and takes back what a misreading caused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive import opening
from gateway.archive.chats import SPEAKING
from gateway.archive.reach import require_account_no, require_accounts
from gateway.evaluations import must_not_be_rated_by
from gateway.inbox import labels
from gateway.inbox.consenting import resume_purpose
from gateway.kernel import audit
from gateway.kernel.acting import acting_in, require
from gateway.kernel.database import driver
from gateway.kernel.errors import Conflict, LamplighterError, NotFound
from gateway.notices import Asked, Taken, lift_of_case

#: The text that free words are sent in.
TEMPLATE: Final = "announcement"
#: What a refusal in words may name beside a single purpose.
_PURPOSES: Final = ("billing", "outage", "service", "advice", "demand_response", "all")


class Accepts(Protocol):
    """Accepts single messages; `gateway.notices.Acceptor` is one."""

    async def accept(
        self, connection: Any, asked: Sequence[Asked], *, now: datetime
    ) -> Sequence[Taken | LamplighterError]: ...


class Reverts(Protocol):
    """Takes corrections back; `gateway.archive.corrections.Corrections` is one."""

    async def dismiss(self, session: AsyncSession, correction_id: UUID, *, note: str | None, actor: str) -> None: ...

    async def revert(self, session: AsyncSession, correction_id: UUID, *, note: str | None, actor: str) -> None: ...


async def answer(
    session: AsyncSession,
    accepting: Accepts,
    account_no: str,
    text: str,
    *,
    at_number: str | None,
    actor: str,
    at: datetime,
) -> Taken:
    """Send free words to whoever is reached for an account, as policy allows: what it withholds says why.

    `at_number`: the account's number that wrote, where it still stands there. Raises NotFound, InvalidInput.
    """
    require(session, "messages:send")
    await require_account_no(session, account_no)
    connection = await driver(session)
    asked = Asked(template=TEMPLATE, values={"text": text}, account_no=account_no, at_number=at_number)
    (taken,) = await accepting.accept(connection, [asked], now=at)
    if isinstance(taken, LamplighterError):
        raise taken
    await audit.write(
        connection,
        at=at,
        actor=actor,
        action="conversation.answered",
        subject=f"message:{taken.id}",
        after={"account_no": account_no, "state": taken.state, "withheld_reason": taken.withheld_reason},
    )
    return taken


async def undo(
    session: AsyncSession, inbound_id: UUID, reverts: Reverts, *, note: str | None, actor: str, at: datetime
) -> list[str]:
    """Take back what a misreading caused, and let a person read the text anew; the effects that were taken back.

    Corrections that it opened are dismissed (or reverted, where they were applied), refusals lifted, pauses of
    reminders ended. A correction that rests on more by now, texts that have left and scores stay; the remark names
    them.
    Raises NotFound, and Conflict where there is nothing to take back.
    """
    require(session, "inbound:resolve")
    connection = await driver(session)
    row = await connection.fetchrow(
        """SELECT id, state, effects::text, remark, contact_point_id, answers, received_at
           FROM inbound WHERE id = $1 FOR UPDATE""",
        inbound_id,
    )
    if row is None:
        raise NotFound("There is no inbound with this id.")
    await _within_reach(session, connection, row)
    acting = acting_in(session)
    if acting is not None and acting.staff_no is not None:
        await must_not_be_rated_by(connection, acting.staff_no, row["answers"])
    effects: list[dict[str, Any]] = json.loads(row["effects"])
    if row["state"] == "received":
        raise Conflict("it has not been read yet")
    done, left = await _take_back(session, connection, row, effects, reverts, note=note, actor=actor, at=at)
    if not done:
        raise Conflict("nothing that it caused can be taken back here")
    remark = "taken back by a person" + (f"; this stays: {', '.join(left)}" if left else "")
    await connection.execute(
        """UPDATE inbound SET state = 'triage', remark = $2, resolved_by = NULL, resolved_at = NULL,
             effects = effects || $3::jsonb WHERE id = $1""",
        inbound_id,
        remark,
        json.dumps([{"effect": "taken_back", "what": done, "left": left, "by": actor}]),
    )
    await labels.forget(connection, inbound_id)
    await audit.write(
        connection,
        at=at,
        actor=actor,
        action="inbound.taken_back",
        subject=f"inbound:{inbound_id}",
        before={"effects": effects},
        after={"taken_back": done, "left": left, "note": note},
    )
    return done


async def _within_reach(session: AsyncSession, connection: Any, row: Any) -> None:
    """Raise NotFound unless every account that the sender stands for is within reach."""
    accounts = await connection.fetch(
        f"""SELECT account_id FROM message_account WHERE id = $1
            UNION SELECT account_id FROM contact_link
              WHERE contact_point_id IN ({SPEAKING.format(point="$2::int", at="$3::timestamptz")})
                AND state <> 'revoked'""",
        row["answers"],
        row["contact_point_id"],
        row["received_at"],
    )
    await require_accounts(session, [one["account_id"] for one in accounts], "inbound")


async def _take_back(
    session: AsyncSession,
    connection: Any,
    row: Any,
    effects: Sequence[dict[str, Any]],
    reverts: Reverts,
    *,
    note: str | None,
    actor: str,
    at: datetime,
) -> tuple[list[str], list[str]]:
    """Effects that were taken back, and those that stay. What was taken back before counts as neither."""
    last = max((place for place, one in enumerate(effects) if one["effect"] == "taken_back"), default=-1)
    done: list[str] = []
    left: list[str] = []
    point = row["contact_point_id"]
    paused = any(one["effect"] == "reminders_paused" for one in effects[last + 1 :])
    for one in effects[last + 1 :]:
        kind = one["effect"]
        if kind == "correction_opened":
            case = UUID(one["id"])
            alone = not await opening.rests_on_more(connection, case, row["id"])
            back = alone and await _take_back_correction(session, connection, case, reverts, note=note, actor=actor)
        elif kind == "opted_out" and point is not None:
            back = False
            for purpose in [part for part in str(one["purpose"]).split(", ") if part in _PURPOSES]:
                back |= await resume_purpose(connection, point, purpose, at=at, source="console", actor=actor)
        elif kind in ("case_opened", "case_joined", "case_reopened") and paused:
            back = bool(await lift_of_case(connection, UUID(one["id"]), actor, at))
            kind = "reminders_paused"
        elif kind in _OWN or kind in _FOLLOWS:
            if kind in _OWN:
                left.append(kind)
            continue
        else:
            continue
        (done if back else left).append(kind)
    return done, left


#: Effects that are not taken back here; and those that come and go with another.
_OWN: Final = ("evaluation_recorded", "evaluation_withdrawn", "correction_joined", "case_taken_back", "opted_in")
_FOLLOWS: Final = ("links_suspended", "links_held", "reminders_paused", "apology_queued", "confirmation_queued")


async def _take_back_correction(
    session: AsyncSession, connection: Any, case_id: UUID, reverts: Reverts, *, note: str | None, actor: str
) -> bool:
    state = await connection.fetchval("SELECT state FROM correction WHERE id = $1", case_id)
    if state == "open":
        await reverts.dismiss(session, case_id, note=note or "the reply was misread", actor=actor)
    elif state in ("verifying", "applied", "watching", "closed"):
        await reverts.revert(session, case_id, note=note or "the reply was misread", actor=actor)
    else:
        return False
    return True
