"""Correction cases: opened by staff, decided link by link, seen through, taken back as a whole (promise P7).

    open ── apply ──► verifying ── new contacts proven ──► applied ── sign ──► watching ── 30 days ──► closed
     │ └── dismiss ──► dismissed                              │
     └── trouble again, decisions taken back ◄────────────────┴── revert ──► reverted ── apply

A revert takes the case back as a whole: every link stands again as it did before the case, what it had stopped sends
again. Where only the decisions are taken back, the case is open again and what it had stopped stays stopped. Nothing
here commits: the caller's transaction keeps or loses all of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive import carrying_out, changes, checklist, completing, signals
from gateway.archive import evidence as evidence_of
from gateway.archive import links as contact_links
from gateway.archive.adding import AddedContact, add_contacts
from gateway.archive.carrying_out import Stop
from gateway.archive.checklist import Elsewhere
from gateway.archive.completing import CatchUp, tell_nobody
from gateway.archive.deciding import Decided, Proposed, match
from gateway.archive.opening import DUE, REASONS, Doubt, Opened, open_or_join
from gateway.archive.reach import require_account_no
from gateway.archive.reading.corrections import require_whole_case
from gateway.archive.trust.judging import Verdict
from gateway.kernel import audit
from gateway.kernel.acting import acting_in, needs
from gateway.kernel.clock import Clock
from gateway.kernel.database import driver
from gateway.kernel.errors import Conflict, InvalidInput, NotFound
from gateway.kernel.phones import InvalidPhone, parse

__all__ = ["AddedContact", "Corrections", "Doubt", "Opened", "Stop", "open_or_join"]

_UNDECIDED: Final = ("open", "reverted")
_DECIDED: Final = ("verifying", "applied", "watching", "closed")


_OPEN_BESIDE: Final = "SELECT true FROM correction WHERE contact_point_id = $1 AND state = 'open' AND id <> $2"


#: Asks whoever holds a number whether it is theirs; in the connection's transaction.
Ask = Callable[[Any, Sequence[AddedContact], datetime], Awaitable[Any]]


#: Raises Forbidden where a member of staff (by number) must keep off these accounts at a moment.
Guard = Callable[[Any, str, Sequence[str], datetime], Awaitable[None]]


async def let_everybody(_connection: Any, _staff_no: str, _accounts: Sequence[str], _at: datetime) -> None:
    """The guard where no room rates anybody."""


async def ask_nobody(_connection: Any, _added: Sequence[AddedContact], _at: datetime) -> None:
    """The asker where no room writes texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    id: UUID
    state: str
    reason: str
    contact_point_id: int | None
    account_no: str | None
    applied_at: datetime | None


class Corrections:
    """What people do with correction cases. `region` is where numbers without a country belong.

    `rooms` say what else goes out through links: texts that wait, open invitations.
    """

    def __init__(
        self,
        clock: Clock,
        stop: Stop,
        ask: Ask = ask_nobody,
        *,
        rooms: Sequence[Elsewhere] = (),
        catch_up: CatchUp = tell_nobody,
        guard: Guard = let_everybody,
        region: str = "CN",
    ) -> None:
        self._clock = clock
        self._stop = stop
        self._ask = ask
        self._rooms = rooms
        self._catch_up = catch_up
        self._guard = guard
        self._region = region

    @needs("corrections:decide")
    async def open_case(
        self,
        session: AsyncSession,
        *,
        account_no: str,
        number: str | None,
        reason: str,
        evidence: str,
        new_contacts: Sequence[Proposed],
        note: str | None,
        actor: str,
    ) -> UUID:
        """Open a case on an account, or on one number of it; its id. New contacts are kept as proposals."""
        if reason not in REASONS:
            raise InvalidInput("unknown reason", field="reason")
        await require_account_no(session, account_no)
        await self._keep_off(session, {account_no, *(one.account_no or account_no for one in new_contacts)})
        connection = await driver(session)
        now = self._clock.now()
        account = await connection.fetchval("SELECT id FROM account WHERE account_no = $1", account_no)
        if account is None:
            raise InvalidInput("there is no such account", field="account_no")
        point, link = await self._named(connection, account, number)
        verdicts: dict[int, Verdict] = {}
        if point is not None:
            sign = signals.Sign(
                contact_point_id=point,
                account_id=account,
                kind=reason,
                at=now,
                evidence={"words": evidence, "by": actor},
            )
            verdicts = await evidence_of.take(connection, [sign], now)
        hints: list[dict[str, Any]] = [{"kind": "evidence", "words": evidence}] if evidence else []
        hints += [
            {
                "kind": "new_contact",
                "account_no": contact.account_no or account_no,
                "number": self._e164(contact.number, f"new_contacts[{index}].number"),
                "role": contact.role,
            }
            for index, contact in enumerate(new_contacts)
        ]
        hints += [evidence_of.hint(verdict) for verdict in verdicts.values()]
        opened = await open_or_join(
            connection,
            Doubt(
                contact_point_id=point,
                accounts=[account],
                suspend=[link] if link in verdicts and verdicts[link].action == "suspend" else [],
                reason=reason,
                words=reason,
                actor=actor,
                at=now,
                note=note,
                hints=hints,
            ),
        )
        await self._stop(connection, opened.suspended, reason="misdirected", at=now, words="a correction was opened")
        return opened.id

    @needs("corrections:decide")
    async def apply(
        self,
        session: AsyncSession,
        correction_id: UUID,
        *,
        links: Sequence[Decided],
        new_contacts: Sequence[Proposed],
        note: str | None,
        actor: str,
    ) -> None:
        """Carry out the decision on every link of the case and add the new contacts, unverified and asked.

        Raises InvalidInput naming what is undecided or cannot be, Conflict for a case already decided and for
        a contact that was revoked.
        """
        connection = await driver(session)
        now = self._clock.now()
        await self._work_on(session, correction_id, [one.account_no for one in new_contacts if one.account_no])
        case = await _locked(connection, correction_id, _UNDECIDED, "apply")
        rows = await carrying_out.listed(connection, case.id)
        decided = match(
            [_Normal(d, self._e164(d.number, f"links[{i}].number")) for i, d in enumerate(links)],
            {(row.account_no, row.number): row.id for row in rows.values()},
            await carrying_out.settled(connection, case.id),
        )
        told = await carrying_out.carry_out(connection, case.id, case.reason, rows, decided, now)
        revoked = [id_ for id_, d in decided.items() if d.decision == "revoke"]
        await self._stop(connection, revoked, reason="revoked", at=now, words="the link was revoked by a correction")
        added, brought = await add_contacts(
            connection,
            case.id,
            new_contacts,
            default_account=case.account_no or _only([row.account_no for row in rows.values()]),
            region=self._region,
            at=now,
        )
        await carrying_out.note_decisions(connection, case.id, rows, decided, actor, now)
        await self._ask(connection, added, now)
        state = await carrying_out.note_applied(connection, case.id, actor, now, now + completing.TO_COMPLETE)
        await _settle(connection, case.id, state, note, now)
        await audit.write(
            connection,
            at=now,
            actor=actor,
            action="correction.applied",
            subject=f"correction:{case.id}",
            before={"state": case.state, "links": {str(id_): row.snapshot for id_, row in rows.items()}},
            after={
                "links": {str(id_): d.decision for id_, d in decided.items()},
                "added_links": [contact.link_id for contact in added],
                "note": note,
            },
        )
        await changes.record(connection, [*told, *brought], at=now, correction_id=case.id)
        await self._catch_up(connection, sorted({rows[id_].account_id for id_ in decided}), case.id, now)

    @needs("corrections:decide")
    async def dismiss(self, session: AsyncSession, correction_id: UUID, *, note: str | None, actor: str) -> None:
        """The doubt was unfounded: what the case suspended sends again, as it did before.

        A case that was decided before the doubt goes back to where it was: what was decided then stands.
        """
        connection = await driver(session)
        now = self._clock.now()
        await self._work_on(session, correction_id)
        case = await _locked(connection, correction_id, _UNDECIDED, "dismiss")
        rows = await carrying_out.listed(connection, case.id)
        held = await carrying_out.held(connection, case.id)
        lifted = [(id_, was) for id_, was in held.items() if rows[id_].state == "suspended"]
        await contact_links.restore(connection, lifted)
        going_on = await contact_links.answer(connection, list(rows))
        await carrying_out.note_lifted(connection, case.id, [id_ for id_, _ in lifted], now)
        if case.reason == "bounce":
            await connection.execute(
                """UPDATE contact_point SET state = 'active', state_since = $2
                   WHERE id = $1 AND state = 'unreachable'""",
                case.contact_point_id,
                now,
            )
        state = "dismissed"
        if case.applied_at is not None:
            await carrying_out.keep_undecided(connection, case.id, actor, now)
            state = await carrying_out.note_applied(connection, case.id, None, now, now + completing.TO_COMPLETE)
        await _settle(connection, case.id, state, note, now)
        await audit.write(
            connection,
            at=now,
            actor=actor,
            action="correction.dismissed",
            subject=f"correction:{case.id}",
            before={"state": case.state},
            after={"state": state, "restored_links": [id_ for id_, _ in lifted], "note": note},
        )
        lifted_accounts = {rows[id_].account_id for id_, _ in lifted}
        await self._catch_up(connection, sorted({*going_on, *lifted_accounts}), case.id, now)

    @needs("corrections:decide")
    async def sign(
        self,
        session: AsyncSession,
        correction_id: UUID,
        *,
        waive: Sequence[str],
        note: str | None,
        actor: str,
        two_people: bool,
    ) -> None:
        """Sign as a second person that nothing is left of the case; it is watched for 30 days, then closed."""
        connection = await driver(session)
        await self._work_on(session, correction_id)
        case = await _locked(connection, correction_id, ("verifying", "applied"), "be signed")
        await completing.sign(
            connection,
            case.id,
            rooms=self._rooms,
            waive=waive,
            note=note,
            actor=actor,
            two_people=two_people,
            at=self._clock.now(),
        )

    async def left(self, session: AsyncSession, correction_id: UUID) -> list[checklist.Left]:
        """What is left of a case before it may be signed."""
        return await checklist.left(await driver(session), correction_id, self._rooms)

    async def concerned(self, session: AsyncSession, correction_id: UUID) -> list[checklist.Concerned]:
        """What beside its links a case concerns: texts that wait, open invitations."""
        return await checklist.concerned(await driver(session), correction_id, self._rooms)

    @needs("corrections:decide")
    async def revert(
        self,
        session: AsyncSession,
        correction_id: UUID,
        *,
        note: str | None,
        actor: str,
        only_decisions: bool = False,
    ) -> None:
        """Put every link back as it stood before the case, and tell what was withheld from those that send again.

        With `only_decisions` the links go back to where they were before `apply`: what the case had stopped stays
        stopped, and it is open for another decision. Raises Conflict where a link was changed by others since.
        """
        connection = await driver(session)
        now = self._clock.now()
        await self._work_on(session, correction_id)
        case = await _locked(connection, correction_id, _DECIDED, "revert", again=True)
        if only_decisions and await connection.fetchval(_OPEN_BESIDE, case.contact_point_id, case.id):
            raise Conflict("there is another open case on this number; settle that first")
        told = await carrying_out.take_back_contacts(connection, case.id, self._stop, now)
        restored, reached = await carrying_out.take_back_decisions(connection, case.id, now, whole=not only_decisions)
        told += restored
        state = "open" if only_decisions else "reverted"
        await _settle(connection, case.id, state, note, None if only_decisions else now)
        await connection.execute(
            """UPDATE correction SET applied_at = NULL, applied_by = NULL, signed_at = NULL, signed_by = NULL,
                 watch_until = NULL, closed_at = NULL, waived = '[]', due_at = $2, escalated_at = NULL WHERE id = $1""",
            case.id,
            now + DUE,
        )
        await audit.write(
            connection,
            at=now,
            actor=actor,
            action="correction.taken_back" if only_decisions else "correction.reverted",
            subject=f"correction:{case.id}",
            before={"state": case.state},
            after={"state": state, "note": note},
        )
        await changes.record(connection, told, at=now, correction_id=case.id)
        await self._catch_up(connection, reached, case.id, now)

    async def _work_on(self, session: AsyncSession, correction_id: UUID, named: Sequence[str] = ()) -> None:
        """Raise unless the case is within reach as a whole, and who acts handled nothing of its accounts lately."""
        await require_whole_case(session, correction_id)
        acting = acting_in(session)
        if acting is not None and acting.staff_no is not None:
            connection = await driver(session)
            rows = await connection.fetch(
                """SELECT a.account_no FROM correction_link c JOIN contact_link l ON l.id = c.link_id
                   JOIN account a ON a.id = l.account_id WHERE c.correction_id = $1
                   UNION SELECT a.account_no FROM correction c JOIN account a ON a.id = c.account_id
                   WHERE c.id = $1""",
                correction_id,
            )
            await self._keep_off(session, {*(row["account_no"] for row in rows), *named})

    async def _keep_off(self, session: AsyncSession, accounts: Collection[str]) -> None:
        acting = acting_in(session)
        if acting is not None and acting.staff_no is not None:
            await self._guard(await driver(session), acting.staff_no, sorted(accounts), self._clock.now())

    async def _named(self, connection: Any, account: int, number: str | None) -> tuple[int | None, int | None]:
        """The contact point and the link that `number` names on the account."""
        if number is None:
            return None, None
        row = await connection.fetchrow(
            """SELECT p.id AS point, l.id AS link FROM contact_point p
               JOIN contact_link l ON l.contact_point_id = p.id AND l.account_id = $2
               WHERE p.address = $1 AND p.kind = 'phone'""",
            self._e164(number, "number"),
            account,
        )
        if row is None:
            raise InvalidInput("the account has no such number", field="number")
        return row["point"], row["link"]

    def _e164(self, number: str, field: str) -> str:
        try:
            return parse(number, self._region).e164
        except InvalidPhone as error:
            raise InvalidPhone(error.reason, field=field) from None


@dataclass(frozen=True, slots=True)
class _Normal:
    """A decision with its number as the archive writes it."""

    asked: Decided
    number: str

    @property
    def account_no(self) -> str:
        return self.asked.account_no

    @property
    def decision(self) -> str:
        return self.asked.decision

    @property
    def role(self) -> str | None:
        return self.asked.role


async def _locked(
    connection: Any, correction_id: UUID, states: Sequence[str], wish: str, *, again: bool = False
) -> _Case:
    """The case, in one of `states`; with `again`, one that was decided and has been opened again will do too."""
    row = await connection.fetchrow(
        """SELECT c.id, c.state, c.reason, c.contact_point_id, a.account_no, c.applied_at
           FROM correction c LEFT JOIN account a ON a.id = c.account_id WHERE c.id = $1 FOR UPDATE OF c""",
        correction_id,
    )
    if row is None:
        raise NotFound("there is no such correction")
    case = _Case(**dict(row))
    if case.state not in states and not (again and case.state == "open" and case.applied_at is not None):
        raise Conflict(f"a correction that is {case.state} cannot {wish}; only one that is {' or '.join(states)}")
    return case


async def _settle(connection: Any, case: UUID, state: str, note: str | None, at: datetime | None) -> None:
    await connection.execute(
        "UPDATE correction SET state = $2, settled_at = $3, note = coalesce($4, note) WHERE id = $1",
        case,
        state,
        at,
        note,
    )


def _only(values: Sequence[str]) -> str | None:
    """The one value that all are, or None."""
    return values[0] if len(set(values)) == 1 else None
