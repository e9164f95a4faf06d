"""What people do with cases: raise, judge, write on, hand on, tell, close them. Nothing here commits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.reach import require_account
from gateway.cases import closing, handing_over
from gateway.cases.closing import CASE, SILENCE, CaseTexts
from gateway.cases.commitments.of_cases import settle_contact
from gateway.cases.events import befell
from gateway.cases.owners import must_be_known, must_be_outside
from gateway.cases.raising import RULES as CLASS_RULES
from gateway.cases.raising import Opened, Raised, open_or_join, told
from gateway.cases.urgent import KIND as URGENT
from gateway.cases.urgent import Pressing, press, presses
from gateway.cases.words import internal_code
from gateway.kernel import audit
from gateway.kernel.acting import acting_in, needs
from gateway.kernel.clock import Clock
from gateway.kernel.database import driver
from gateway.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from gateway.kernel.phones import InvalidPhone, parse
from gateway.staff.tasks import drop_tasks

#: Lifts what a case holds up (the pause of an account's reminders): connection, case, actor, moment.
Lift = Callable[[Any, UUID, str, datetime], Awaitable[int]]


#: Topics that only the gateway gives: a case of one of them is not asked about, since a survey raised it.
_OF_SURVEYS: Final = ("low_score",)


def _must_be_free(topic: str | None) -> None:
    """Raise InvalidInput for a topic that nobody may give by hand: it would choose who is not asked (promise P6)."""
    if topic is not None and topic.strip().casefold() in _OF_SURVEYS:
        raise InvalidInput("this topic is for what customers said in a survey", field="topic")


def _administers(session: AsyncSession) -> bool:
    acting = acting_in(session)
    return acting is not None and "admin" in acting.scopes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """What a customer told a member of staff; of an account, of a number, or of both."""

    klass: str
    topic: str
    summary: str
    account_no: str | None = None
    number: str | None = None
    unit: str | None = None
    owner_no: str | None = None
    #: Whether the customer is told by text under which reference it stands.
    tell: bool = True


class Cases:
    """Use cases on one case each. Each raises NotFound, and Conflict where the case's state does not allow it."""

    def __init__(self, clock: Clock, lift: Lift, texts: CaseTexts, *, region: str = "CN") -> None:
        self._clock = clock
        self._lift = lift
        self._texts = texts
        self._region = region

    @needs("cases:write")
    async def open(self, session: AsyncSession, asked: NewCase, *, actor: str) -> Opened:
        """Open a case, or join the open one on the same matter. Raises InvalidInput naming the field."""
        _must_be_free(asked.topic)
        await must_be_known(session, asked.owner_no, asked.unit)
        connection, now = await driver(session), self._clock.now()
        account, point, number = await self._whose(connection, asked)
        subject = f"account:{account}" if account is not None else f"number:{number}"
        opened = await open_or_join(
            connection,
            Raised(
                klass=asked.klass,
                topic=asked.topic,
                matter=asked.topic,
                subject=subject,
                account_id=account,
                contact_point_id=point,
                said="",
                broken=False,
                words=asked.summary,
                inbound_id=None,
                answers=None,
                actor=actor,
                at=now,
                unit=asked.unit,
                owner_no=asked.owner_no,
            ),
        )
        if asked.tell and not opened.joined:
            row = await connection.fetchrow(f"{CASE} WHERE k.id = $1", opened.id)
            message, withheld = await self._texts.tell(
                connection, row, "case_progress_noted", {"contact_by": opened.due_at}, now
            )
            if message is not None and withheld is None:
                await told(connection, opened.id, message, at=now, contact_by=opened.due_at)
        return opened

    @needs("cases:write")
    async def write(self, session: AsyncSession, case_id: UUID, *, note: str, actor: str) -> None:
        """Write something on a case."""
        connection, _ = await self._open(session, case_id)
        await self._keep(connection, case_id, "noted", note, actor, {"note": note})

    @needs("cases:write")
    async def assign(
        self,
        session: AsyncSession,
        case_id: UUID,
        *,
        unit: str | None,
        owner_no: str | None,
        note: str | None,
        actor: str,
    ) -> None:
        """Hand a case on, to a unit or a person; its owner is never blank. Another unit has to acknowledge it."""
        if unit is None and owner_no is None:
            raise InvalidInput("a case is handed on to a unit, a person or both", field="unit")
        await must_be_known(session, owner_no, unit)
        connection, row = await self._open(session, case_id)
        if unit is not None and unit != row["unit"]:
            await handing_over.hand_over(
                connection, row, unit=unit, owner_no=owner_no, note=note, actor=actor, at=self._clock.now()
            )
        else:
            await connection.execute(
                'UPDATE "case" SET owner_no = coalesce($2, owner_no) WHERE id = $1', case_id, owner_no
            )
        before = {"unit": row["unit"], "owner": row["owner_no"]}
        after = {"unit": unit or row["unit"], "owner": owner_no or row["owner_no"], "note": note}
        words = f"to {after['unit']}{f', {owner_no}' if owner_no else ''}{f': {note}' if note else ''}"
        await self._keep(connection, case_id, "assigned", words, actor, after, before)

    @needs("cases:write")
    async def acknowledge(
        self, session: AsyncSession, case_id: UUID, handover_id: int, *, owner_no: str | None, actor: str
    ) -> None:
        """The receiving unit has it."""
        await must_be_known(session, owner_no)
        connection, _ = await self._found(session, case_id)
        await handing_over.acknowledge(
            connection,
            case_id,
            handover_id,
            owner_no=owner_no,
            actor=actor,
            at=self._clock.now(),
            anybody=_administers(session),
        )

    @needs("cases:write")
    async def give_back(
        self, session: AsyncSession, case_id: UUID, handover_id: int, *, reason: str, actor: str
    ) -> None:
        """It is not for the receiving unit."""
        connection, _ = await self._open(session, case_id)
        await handing_over.give_back(
            connection,
            case_id,
            handover_id,
            reason=reason,
            actor=actor,
            at=self._clock.now(),
            anybody=_administers(session),
        )

    @needs("cases:write")
    async def rate(
        self,
        session: AsyncSession,
        case_id: UUID,
        handover_id: int,
        *,
        rating: int,
        note: str | None,
        actor: str,
        two_people: bool,
    ) -> None:
        """Say how a hand-over was, by the receiving side. Raises Forbidden for who handed over."""
        connection, _ = await self._found(session, case_id)
        await handing_over.rate(
            connection,
            case_id,
            handover_id,
            rating=rating,
            note=note,
            actor=actor,
            at=self._clock.now(),
            two_people=two_people,
            anybody=_administers(session),
        )

    @needs("cases:write")
    async def tell(self, session: AsyncSession, case_id: UUID, *, progress: str, actor: str) -> None:
        """Tell the customer how far it is, in the customer's words. Raises Conflict where no text reaches."""
        if code := internal_code(progress):
            raise InvalidInput(f"customers do not know what {code} is", field="progress")
        connection, row = await self._open(session, case_id)
        now = self._clock.now()
        message, withheld = await self._texts.tell(connection, row, "case_progress_stage", {"progress": progress}, now)
        if message is None or withheld is not None:
            raise Conflict(f"no text reaches the customer: {withheld}; ring, and note that with /contacted")
        await self._heard(connection, case_id, "told", progress, actor, now, message)

    @needs("cases:write")
    async def contacted(self, session: AsyncSession, case_id: UUID, *, note: str, actor: str) -> None:
        """Somebody got in touch with the customer: the promise to do so is kept."""
        connection, _ = await self._open(session, case_id)
        now = self._clock.now()
        await self._heard(connection, case_id, "contacted", note, actor, now, None)
        await settle_contact(connection, case_id, released=False, outcome=note, actor=actor, at=now)

    @needs("cases:write")
    async def judge(
        self,
        session: AsyncSession,
        case_id: UUID,
        *,
        severity: str | None,
        klass: str | None,
        topic: str | None,
        note: str,
        actor: str,
    ) -> None:
        """A person judges severity, class or topic otherwise; what the rule said is kept beside it (S2.18)."""
        if severity is None and klass is None and topic is None:
            raise InvalidInput("nothing is judged otherwise", field="severity")
        _must_be_free(topic)
        connection, row = await self._open(session, case_id)
        new = {
            "severity": severity or row["severity"],
            "klass": klass or row["klass"],
            "topic": topic or row["topic"],
        }
        taken = await connection.fetchval(
            """SELECT number FROM "case" WHERE subject = $1 AND klass = $2 AND matter = $3 AND state = 'open'
                 AND id <> $4""",
            row["subject"],
            new["klass"],
            row["matter"],
            case_id,
        )
        if taken is not None:
            raise Conflict(f"S{taken:06d} is open on that matter in that class already")
        await connection.execute(
            """UPDATE "case" SET klass = $2, topic = $3, severity = $4, severity_by_rule = CASE
                 WHEN severity <> $4 THEN coalesce(severity_by_rule, severity) ELSE severity_by_rule END,
                 severity_why = CASE WHEN severity <> $4 THEN $5 ELSE severity_why END WHERE id = $1""",
            case_id,
            new["klass"],
            new["topic"],
            new["severity"],
            note,
        )
        before = {name: row[name] for name in new if row[name] != new[name]}
        after = {name: new[name] for name in before} | {"note": note}
        words = ", ".join(f"{name}: {row[name]} → {new[name]}" for name in before)
        await self._keep(connection, case_id, "classed", f"{words}: {note}", actor, after, before)
        await self._press(connection, row, new["klass"], new["severity"], note, actor)

    @needs("cases:write")
    async def close(self, session: AsyncSession, case_id: UUID, *, outcome: str, actor: str) -> None:
        """Say what came of a case; the customer is asked whether it is solved. What it held up goes on."""
        connection, row = await self._open(session, case_id)
        now = self._clock.now()
        await closing.ask(connection, row, self._texts, outcome=outcome, actor=actor, at=now)
        lifted = await self._lift(connection, case_id, actor, now)
        await audit.write(
            connection,
            at=now,
            actor=actor,
            action="case.asked",
            subject=f"case:{case_id}",
            after={"outcome": outcome, "holds_lifted": lifted},
        )
        await drop_tasks(
            connection,
            [f"case:{case_id}"],
            kinds=(URGENT, "case_silent", "closure_contradicted"),
            because="the case was dealt with",
            at=now,
            actor=actor,
        )

    @needs("cases:write")
    async def answer(
        self, session: AsyncSession, case_id: UUID, *, solved: bool, note: str, actor: str, two_people: bool
    ) -> None:
        """What the customer said on the telephone: solved or not. Raises Forbidden for who closed the case."""
        connection, row = await self._found(session, case_id)
        if row["state"] != "asked":
            raise Conflict(f"the case is {row['state']}")
        if row["asked_by"] == actor and not two_people:
            raise Forbidden("the customer is asked by somebody other than who closed the case")
        if solved and not two_people:
            await must_be_outside(connection, row, actor)
        now = self._clock.now()
        if solved:
            await closing.confirm(connection, case_id, "confirmed", words=note, actor=actor, at=now)
            return
        due_at = now + CLASS_RULES[row["klass"]].within
        if (
            await closing.contradict(
                connection, case_id, words=note, due_at=due_at, inbound_id=None, actor=actor, at=now
            )
            is None
        ):
            raise Conflict("another case is open on the same matter")

    async def _whose(self, connection: Any, asked: NewCase) -> tuple[int | None, int | None, str | None]:
        account = None
        if asked.account_no is not None:
            account = await connection.fetchval("SELECT id FROM account WHERE account_no = $1", asked.account_no)
            if account is None:
                raise InvalidInput(f"there is no account {asked.account_no}", field="account_no")
        if asked.number is None:
            if account is None:
                raise InvalidInput("a case is an account's or a number's", field="account_no")
            return account, None, None
        try:
            number = parse(asked.number, self._region).e164
        except InvalidPhone as error:
            raise InvalidInput(f"not a telephone number: {error}", field="number") from error
        point = await connection.fetchval("SELECT id FROM contact_point WHERE kind = 'phone' AND address = $1", number)
        return account, point, number

    async def _press(self, connection: Any, row: Any, klass: str, severity: str, why: str, actor: str) -> None:
        critical = severity == "critical"
        if not presses(klass, severity) or (
            row["severity"] in ("critical", severity) and presses(row["klass"], row["severity"])
        ):
            return
        now = self._clock.now()
        if critical:
            # What its own unit has is supervision's from now on.
            await drop_tasks(
                connection,
                [f"case:{row['id']}"],
                kinds=(URGENT,),
                because="it was judged critical",
                at=now,
                actor=actor,
            )
        pressing = Pressing(
            case=row["id"],
            reference=row["reference"],
            words=row["summary"],
            why=why,
            account_id=row["account_id"],
            unit=row["unit"],
            owner_no=row["owner_no"],
            critical=critical,
            due_at=row["due_at"] if row["due_at"] > now else None,
        )
        await press(connection, [pressing], at=now, actor=actor)

    async def _heard(
        self,
        connection: Any,
        case_id: UUID,
        kind: str,
        words: str,
        actor: str,
        now: datetime,
        message: UUID | None,
    ) -> None:
        await connection.execute(
            'UPDATE "case" SET told_at = $2, next_at = $3 WHERE id = $1', case_id, now, now + SILENCE
        )
        await befell(connection, case_id, kind, at=now, by=actor, detail=words, message_id=message)
        await drop_tasks(
            connection,
            [f"case:{case_id}"],
            kinds=("case_silent",),
            because="the customer was told",
            at=now,
            actor=actor,
        )
        await audit.write(
            connection,
            at=now,
            actor=actor,
            action=f"case.{kind}",
            subject=f"case:{case_id}",
            after={"words": words, "message": None if message is None else str(message)},
        )

    async def _open(self, session: AsyncSession, case_id: UUID) -> tuple[Any, Any]:
        connection, row = await self._found(session, case_id)
        if row["state"] != "open":
            raise Conflict(
                "the case is closed" if row["state"] == "closed" else "the customer is being asked whether it is solved"
            )
        return connection, row

    async def _found(self, session: AsyncSession, case_id: UUID) -> tuple[Any, Any]:
        connection = await driver(session)
        row = await connection.fetchrow(f"{CASE} WHERE k.id = $1 FOR UPDATE OF k", case_id)
        if row is None:
            raise NotFound("There is no case with this id.")
        await require_account(session, row["account_id"], "case")
        return connection, row

    async def _keep(
        self,
        connection: Any,
        case_id: UUID,
        kind: str,
        detail: str,
        actor: str,
        after: dict[str, Any],
        before: dict[str, Any] | None = None,
    ) -> None:
        now = self._clock.now()
        await befell(connection, case_id, kind, at=now, by=actor, detail=detail)
        await audit.write(
            connection,
            at=now,
            actor=actor,
            action=f"case.{kind}",
            subject=f"case:{case_id}",
            before=before,
            after=after,
        )
