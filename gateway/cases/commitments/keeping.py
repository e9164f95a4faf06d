"""What people do with commitments: make them, say how far they are, keep, renegotiate or admit to breaking them.

Every use case works in the session's transaction. The customer hears of each commitment and the text is its proof;
where no text reaches, somebody is to ring, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.reach import require_account
from gateway.cases.commitments.rules import Deed, Kind, State, after, moment_of
from gateway.cases.commitments.telling import SUBJECT, Heard, Said, Telling
from gateway.cases.owners import must_be_known
from gateway.cases.words import internal_code
from gateway.kernel import audit
from gateway.kernel.acting import needs
from gateway.kernel.clock import Clock
from gateway.kernel.database import driver
from gateway.kernel.errors import Conflict, InvalidInput, NotFound
from gateway.kernel.ids import new_id
from gateway.kernel.phones import InvalidPhone, parse
from gateway.staff import notes
from gateway.staff.heads import heads_of
from gateway.staff.tasks import NewTask, drop_tasks, open_tasks

#: How soon a person takes a broken commitment up, and rings where no text reaches.
TAKEN_UP: Final = timedelta(hours=24)
SUPERVISION: Final = "supervision"
#: Tasks that nothing is left of once a commitment has ended.
_WHILE_OPEN: Final = ("commitment_due", "commitment_tell")
#: A commitment lies ahead, and not further than this.
_FARTHEST: Final = timedelta(days=3 * 366)

_INSERT: Final = """
INSERT INTO commitment (id, kind, topic, what, case_id, account_id, to_number, unit, owner_no, made_at, made_by, due_at,
                        next_at, replaces)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCommitment:
    """What is promised. It belongs to a case, an account or a number; unit and topic are the case's by default."""

    what: str
    due_at: datetime
    kind: Kind = "work"
    case_id: UUID | None = None
    account_no: str | None = None
    number: str | None = None
    topic: str | None = None
    unit: str | None = None
    owner_no: str | None = None
    #: How the customer was told already, where he was; otherwise a text tells him.
    told_how: str | None = None


async def note(
    connection: Any,
    commitment: UUID,
    kind: str,
    *,
    at: datetime,
    by: str,
    detail: str | None = None,
    message_id: UUID | None = None,
    inbound_id: UUID | None = None,
) -> None:
    """Write down what befell a commitment."""
    await connection.execute(
        """INSERT INTO commitment_event (commitment_id, at, kind, by, detail, message_id, inbound_id)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        commitment,
        at,
        kind,
        by,
        detail,
        message_id,
        inbound_id,
    )


async def escalate(connection: Any, rows: list[Any], *, at: datetime, actor: str) -> None:
    """Bring broken commitments (rows of `SUBJECT`) before supervision and the head of whoever promised."""
    heads = await heads_of(
        connection, [row["owner_no"] for row in rows if row["owner_no"]], [row["unit"] for row in rows]
    )
    accounts = dict(
        await connection.fetch(
            "SELECT account_no, id FROM account WHERE account_no = ANY($1::text[])",
            [row["account_no"] for row in rows if row["account_no"]],
        )
    )
    tasks = []
    for row in rows:
        head = heads.get(row["owner_no"] or "") or heads.get(row["unit"])
        whose = f"{row['unit']}{', ' + row['owner_no'] if row['owner_no'] else ''}"
        tasks.append(
            NewTask(
                kind="commitment_broken",
                subject=f"commitment:{row['id']}",
                account_id=accounts.get(row["account_no"]),
                words=f"{row['reference']}: not kept by {whose}: {row['what']}",
                unit=SUPERVISION,
                owner_no=head,
                due_at=at + TAKEN_UP,
            )
        )
    await open_tasks(connection, tasks, at=at, actor=actor)
    told = [
        notes.Said(
            subject=f"commitment:{row['id']}",
            values={"reference": row["reference"], "what": row["what"]},
            account_no=row["account_no"],
        )
        for row in rows
    ]
    await notes.tell_role(connection, "supervisor", "promise_broken", told, at=at)
    await connection.executemany(
        "INSERT INTO commitment_event (commitment_id, at, kind, by, detail) VALUES ($1, $2, 'escalated', $3, $4)",
        [(row["id"], at, actor, task.owner_no or SUPERVISION) for row, task in zip(rows, tasks, strict=True)],
    )


class Commitments:
    """Use cases on commitments. Those on one raise NotFound, and Conflict where its state does not allow it."""

    def __init__(self, clock: Clock, telling: Telling, *, region: str) -> None:
        self._clock = clock
        self._telling = telling
        self._region = region

    @needs("cases:write")
    async def make(self, session: AsyncSession, asked: NewCommitment, *, actor: str) -> UUID:
        """Promise something to a customer, who is told. Raises InvalidInput naming the field."""
        await must_be_known(session, asked.owner_no, asked.unit)
        connection, now = await driver(session), self._clock.now()
        whose = await self._whose(connection, asked)
        if asked.case_id is not None or asked.account_no is not None:
            await require_account(session, whose["account_id"], "case" if asked.case_id is not None else "account")
        _check_time(asked.due_at, now)
        unit, topic = asked.unit or whose["unit"], asked.topic or whose["topic"]
        if unit is None:
            raise InvalidInput("a commitment has a unit that keeps it", field="unit")
        if topic is None:
            raise InvalidInput("a commitment outside a case says what it is about", field="topic")
        _check_words(topic, "topic")
        made = await self._insert(
            connection,
            kind=asked.kind,
            topic=topic,
            what=asked.what,
            case_id=asked.case_id,
            account_id=whose["account_id"],
            to_number=whose["number"],
            unit=unit,
            owner_no=asked.owner_no or whose["owner_no"],
            due_at=asked.due_at,
            actor=actor,
            now=now,
        )
        if asked.told_how is not None:
            await self._told_otherwise(connection, made, asked.told_how, actor, now)
        else:
            await self._prove(connection, made, "case_progress_promised", {"promised_by": asked.due_at}, actor, now)
        return made

    @needs("cases:write")
    async def told(self, session: AsyncSession, commitment_id: UUID, *, how: str, actor: str) -> None:
        """Note that a person told the customer, where no text did."""
        connection, row = await self._locked(session, commitment_id)
        if row["state"] != "open":
            raise Conflict(f"the commitment is {row['state']}")
        await self._told_otherwise(connection, commitment_id, how, actor, self._clock.now())

    @needs("cases:write")
    async def progress(self, session: AsyncSession, commitment_id: UUID, *, words: str, tell: bool, actor: str) -> None:
        """Say how far it is, in the customer's words; the texts at the marks say it too. `tell`: at once."""
        _check_words(words, "progress")
        connection, row = await self._locked(session, commitment_id)
        if row["state"] != "open":
            raise Conflict(f"the commitment is {row['state']}")
        now = self._clock.now()
        await connection.execute("UPDATE commitment SET progress = $2 WHERE id = $1", commitment_id, words)
        heard = Heard(message_id=None, withheld=None)
        if tell:
            values = {"promised_by": row["due_at"], "progress": words}
            (heard,) = await self._telling.tell(
                connection, [Said(row=row, template="case_progress", values=values, expires_at=row["due_at"])], now
            )
        await note(connection, commitment_id, "progress", at=now, by=actor, detail=words, message_id=heard.message_id)
        await self._audit(connection, "progress", commitment_id, actor, now, {"progress": words})

    @needs("cases:write")
    async def keep(self, session: AsyncSession, commitment_id: UUID, *, outcome: str, actor: str) -> None:
        """It is done: kept in time, or broken and done late. The customer is told and may deny it."""
        connection, row = await self._locked(session, commitment_id)
        now = self._clock.now()
        if row["fulfilled_at"] is not None:
            raise Conflict("it was noted as done already")
        state = self._next(row, "done", now)
        await connection.execute(
            """UPDATE commitment SET state = $2, fulfilled_at = $3, next_at = NULL, outcome = $4,
                 broken_at = CASE WHEN $2 = 'broken' THEN coalesce(broken_at, due_at) END,
                 ended_at = coalesce(ended_at, $3), ended_by = coalesce(ended_by, $5) WHERE id = $1""",
            commitment_id,
            state,
            now,
            outcome,
            actor,
        )
        heard = Heard(message_id=None, withheld=None)
        if row["kind"] == "work":
            (heard,) = await self._telling.tell(
                connection, [Said(row=row, template="case_progress_kept", values={})], now
            )
        kind = "kept" if state == "kept" else "fulfilled"
        await note(connection, commitment_id, kind, at=now, by=actor, detail=outcome, message_id=heard.message_id)
        await self._done_with(connection, commitment_id, actor, now)
        await self._audit(connection, kind, commitment_id, actor, now, {"outcome": outcome}, row["state"])

    @needs("cases:write")
    async def admit(self, session: AsyncSession, commitment_id: UUID, *, reason: str, actor: str) -> None:
        """It will not be kept, whoever promised it says so."""
        connection, row = await self._locked(session, commitment_id)
        now = self._clock.now()
        state = self._next(row, "admitted", now)
        await connection.execute(
            """UPDATE commitment SET state = $2, broken_at = $3, next_at = NULL, outcome = $4, ended_at = $3,
                 ended_by = $5 WHERE id = $1""",
            commitment_id,
            state,
            now,
            reason,
            actor,
        )
        heard = Heard(message_id=None, withheld=None)
        if row["kind"] == "work":
            (heard,) = await self._telling.tell(connection, [overdue(row, now)], now)
        await note(connection, commitment_id, "broken", at=now, by=actor, detail=reason, message_id=heard.message_id)
        await self._done_with(connection, commitment_id, actor, now)
        await escalate(connection, [row], at=now, actor=actor)
        await self._audit(connection, "broken", commitment_id, actor, now, {"reason": reason}, row["state"])

    @needs("cases:write")
    async def renegotiate(
        self,
        session: AsyncSession,
        commitment_id: UUID,
        *,
        due_at: datetime,
        what: str | None,
        reason: str,
        actor: str,
    ) -> UUID:
        """Put another commitment in its place before its time is up; the customer is told. The new one's id."""
        connection, row = await self._locked(session, commitment_id)
        now = self._clock.now()
        _check_time(due_at, now)
        state = self._next(row, "renegotiated", now)
        await connection.execute(
            """UPDATE commitment SET state = $2, next_at = NULL, outcome = $3, ended_at = $4, ended_by = $5
               WHERE id = $1""",
            commitment_id,
            state,
            reason,
            now,
            actor,
        )
        made = await self._insert(
            connection,
            kind=row["kind"],
            topic=row["topic"],
            what=what or row["what"],
            case_id=row["case_id"],
            account_id=row["account_id"],
            to_number=row["to_number"],
            unit=row["unit"],
            owner_no=row["owner_no"],
            due_at=due_at,
            actor=actor,
            now=now,
            replaces=commitment_id,
        )
        detail = f"{due_at.isoformat(timespec='minutes')}: {reason}"
        await note(connection, commitment_id, "renegotiated", at=now, by=actor, detail=detail)
        await self._done_with(connection, commitment_id, actor, now)
        await self._prove(connection, made, "case_progress_changed", {"promised_by": due_at}, actor, now)
        after_ = {"reason": reason, "due_at": due_at.isoformat(), "by": str(made)}
        await self._audit(connection, "renegotiated", commitment_id, actor, now, after_, row["state"])
        return made

    @needs("cases:write")
    async def release(self, session: AsyncSession, commitment_id: UUID, *, reason: str, actor: str) -> None:
        """The customer needs it no more, before its time is up."""
        connection, row = await self._locked(session, commitment_id)
        now = self._clock.now()
        state = self._next(row, "released", now)
        await connection.execute(
            """UPDATE commitment SET state = $2, next_at = NULL, outcome = $3, ended_at = $4, ended_by = $5
               WHERE id = $1""",
            commitment_id,
            state,
            reason,
            now,
            actor,
        )
        await note(connection, commitment_id, "released", at=now, by=actor, detail=reason)
        await self._done_with(connection, commitment_id, actor, now)
        await self._audit(connection, "released", commitment_id, actor, now, {"reason": reason}, row["state"])

    async def _whose(self, connection: Any, asked: NewCommitment) -> dict[str, Any]:
        if asked.case_id is not None:
            row = await connection.fetchrow(
                """SELECT k.unit, k.owner_no, k.topic, k.account_id, coalesce(p.address,
                     CASE WHEN k.subject LIKE 'number:%' THEN substr(k.subject, 8) END) AS number
                   FROM "case" k LEFT JOIN contact_point p ON p.id = k.contact_point_id AND p.kind = 'phone'
                   WHERE k.id = $1""",
                asked.case_id,
            )
            if row is None:
                raise InvalidInput("there is no such case", field="case")
            return dict(row)
        if asked.account_no is not None:
            account = await connection.fetchrow(
                "SELECT id, manager_no FROM account WHERE account_no = $1", asked.account_no
            )
            if account is None:
                raise InvalidInput(f"there is no account {asked.account_no}", field="account_no")
            number = self._number(asked.number) if asked.number else None
            return {
                "unit": None,
                "owner_no": account["manager_no"],
                "topic": None,
                "account_id": account["id"],
                "number": number,
            }
        if asked.number is None:
            raise InvalidInput("a commitment is made on a case, to an account or to a number", field="case")
        return dict.fromkeys(("unit", "owner_no", "topic", "account_id")) | {"number": self._number(asked.number)}

    def _number(self, text: str) -> str:
        try:
            return parse(text, self._region).e164
        except InvalidPhone as error:
            raise InvalidInput(f"not a telephone number: {error}", field="number") from error

    async def _insert(
        self,
        connection: Any,
        *,
        kind: str,
        topic: str,
        what: str,
        case_id: UUID | None,
        account_id: int | None,
        to_number: str | None,
        unit: str,
        owner_no: str | None,
        due_at: datetime,
        actor: str,
        now: datetime,
        replaces: UUID | None = None,
    ) -> UUID:
        made = new_id(now)
        await connection.execute(
            _INSERT,
            made,
            kind,
            topic,
            what,
            case_id,
            account_id,
            to_number,
            unit,
            owner_no,
            now,
            actor,
            due_at,
            moment_of(0, now, due_at),
            replaces,
        )
        await note(connection, made, "made", at=now, by=actor, detail=what)
        facts = {"what": what, "due_at": due_at.isoformat(), "unit": unit, "owner": owner_no, "kind": kind}
        await self._audit(connection, "made", made, actor, now, facts)
        return made

    async def _prove(
        self, connection: Any, commitment: UUID, template: str, values: dict[str, Any], actor: str, now: datetime
    ) -> None:
        row = await connection.fetchrow(f"{SUBJECT} WHERE c.id = $1", commitment)
        (heard,) = await self._telling.tell(
            connection, [Said(row=row, template=template, values=values, expires_at=row["due_at"])], now
        )
        await connection.execute(
            "UPDATE commitment SET told_message_id = $2 WHERE id = $1", commitment, heard.message_id
        )
        if heard.message_id is not None:
            await note(
                connection, commitment, "told", at=now, by=actor, detail=heard.withheld, message_id=heard.message_id
            )
        if heard.withheld is not None:
            ring = NewTask(
                kind="commitment_tell",
                subject=f"commitment:{commitment}",
                words=f"{row['reference']}: no text reaches the customer ({heard.withheld}); ring and say what is "
                f"promised: {row['what']}",
                unit=row["unit"],
                owner_no=row["owner_no"],
                due_at=min(now + TAKEN_UP, row["due_at"]),
            )
            await open_tasks(connection, [ring], at=now, actor=actor)

    async def _told_otherwise(self, connection: Any, commitment: UUID, how: str, actor: str, now: datetime) -> None:
        await connection.execute("UPDATE commitment SET told_how = $2 WHERE id = $1", commitment, how)
        await note(connection, commitment, "told", at=now, by=actor, detail=how)
        await self._audit(connection, "told", commitment, actor, now, {"how": how})
        await drop_tasks(
            connection,
            [f"commitment:{commitment}"],
            kinds=("commitment_tell",),
            because="the customer was told",
            at=now,
            actor=actor,
        )

    async def _locked(self, session: AsyncSession, commitment_id: UUID) -> tuple[Any, Any]:
        connection = await driver(session)
        row = await connection.fetchrow(
            f"""SELECT s.*, l.account_id, l.fulfilled_at FROM ({SUBJECT} WHERE c.id = $1) s
                JOIN commitment l ON l.id = s.id FOR UPDATE OF l""",
            commitment_id,
        )
        if row is None:
            raise NotFound("There is no commitment with this id.")
        await require_account(session, row["account_id"], "commitment")
        return connection, row

    @staticmethod
    def _next(row: Any, deed: Deed, now: datetime) -> State:
        state = after(row["state"], deed, at=now, due_at=row["due_at"])
        if state is None:
            late = row["state"] == "open"
            raise Conflict("its time is up" if late else f"the commitment is {row['state']}")
        return state

    @staticmethod
    async def _done_with(connection: Any, commitment: UUID, actor: str, now: datetime) -> None:
        await drop_tasks(
            connection,
            [f"commitment:{commitment}"],
            kinds=_WHILE_OPEN,
            because="the commitment has ended",
            at=now,
            actor=actor,
        )

    @staticmethod
    async def _audit(
        connection: Any,
        what: str,
        commitment: UUID,
        actor: str,
        now: datetime,
        facts: dict[str, Any],
        before: str | None = None,
    ) -> None:
        await audit.write(
            connection,
            at=now,
            actor=actor,
            action=f"commitment.{what}",
            subject=f"commitment:{commitment}",
            before=None if before is None else {"state": before},
            after=facts,
        )


def overdue(row: Any, now: datetime) -> Said:
    """The text which says that it was not done, and until when a supervisor gets in touch."""
    by = now + TAKEN_UP
    return Said(row=row, template="case_progress_overdue", values={"contact_by": by}, expires_at=by)


def _check_time(due_at: datetime, now: datetime) -> None:
    if due_at <= now:
        raise InvalidInput("a commitment lies ahead", field="due_at")
    if due_at > now + _FARTHEST:
        raise InvalidInput("nobody promises that far ahead", field="due_at")


def _check_words(words: str, field: str) -> None:
    """Words that customers read hold no codes of the utility's own (domain notes S0.22)."""
    if code := internal_code(words):
        raise InvalidInput(f"customers do not know what {code} is", field=field)
