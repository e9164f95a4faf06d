"""Carrying out what was decided on a correction, and taking it back exactly."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from gateway.archive import bindings, links
from gateway.archive.changes import NewChange
from gateway.archive.deciding import Decided
from gateway.archive.links import LinkRow
from gateway.kernel.errors import Conflict

#: The states of a link that texts go out through.
_SENDING: Final = ("unverified", "verified")
_STOPPED_ELSEWHERE: Final = """
SELECT c.link_id FROM correction_link c JOIN correction x ON x.id = c.correction_id AND x.state = 'open'
WHERE c.link_id = ANY($1::bigint[]) AND c.correction_id <> $2 AND c.suspended AND c.lifted_at IS NULL
  AND c.decision IS NULL
"""
#: Links that a case which was opened again has suspended, and that nobody has decided.
_STOPPED_SINCE: Final = """
SELECT c.link_id, l.account_id, c.before_case::text FROM correction_link c JOIN contact_link l ON l.id = c.link_id
WHERE c.correction_id = $1 AND c.after IS NULL AND c.suspended AND c.lifted_at IS NULL AND l.state = 'suspended'
"""
_UNDECIDE: Final = """
UPDATE correction_link SET decision = NULL, decided_by = NULL, decided_at = NULL, before = NULL, after = NULL,
  suspended = suspended AND NOT $2,
  lifted_at = CASE WHEN $2 AND suspended_at IS NOT NULL THEN coalesce(lifted_at, $3) END WHERE correction_id = $1
"""
_LISTED: Final = "SELECT link_id FROM correction_link WHERE correction_id = $1"


class Stop(Protocol):
    """Withholds what is queued through links; `gateway.outbox.stop_links` is one."""

    async def __call__(
        self, connection: Any, links: Sequence[int], *, reason: str, at: datetime, words: str
    ) -> int: ...


async def listed(connection: Any, case: UUID) -> dict[int, LinkRow]:
    """The links of a case by id, locked."""
    rows = await connection.fetch(_LISTED, case)
    return await links.lock(connection, [row["link_id"] for row in rows])


async def held(connection: Any, case: UUID) -> dict[int, dict[str, Any]]:
    """The links that a case suspended, as they were before."""
    rows = await connection.fetch(
        "SELECT link_id, before_case::text FROM correction_link WHERE correction_id = $1 AND suspended", case
    )
    return {row["link_id"]: json.loads(row["before_case"]) for row in rows}


async def carry_out(
    connection: Any,
    case: UUID,
    reason: str,
    rows: Mapping[int, LinkRow],
    decided: Mapping[int, Decided],
    now: datetime,
) -> list[NewChange]:
    """Change the links as decided; what upstream must hear of it."""
    told: list[NewChange] = []
    before_case = await held(connection, case)
    revoked = [id_ for id_, d in sorted(decided.items()) if d.decision == "revoke" and rows[id_].state != "revoked"]
    await links.revoke(connection, revoked, at=now, reason=reason)
    await bindings.end_unfounded(connection, {rows[id_].contact_point_id for id_ in revoked}, at=now)
    told += [_change("link_revoked", rows[id_], rows[id_].role) for id_ in revoked]
    changed: list[tuple[int, dict[str, Any]]] = []
    for id_, decision in sorted(decided.items()):
        row = rows[id_]
        if decision.decision == "revoke" or row.state == "revoked":
            continue
        # Only the suspension that is this case's own may be lifted by it: another case may hold the link too.
        after = {**row.snapshot, "questioned_at": None}
        if id_ in before_case and row.state == "suspended":
            after |= {name: before_case[id_][name] for name in ("state", "state_since", "reason")}
        if decision.decision == "change_role" and decision.role != row.role:
            after["role"] = decision.role
            told.append(_change("role_changed", row, str(decision.role)))
        if after != row.snapshot:
            changed.append((id_, after))
    await links.restore(connection, changed)
    return told


async def note_decisions(
    connection: Any,
    case: UUID,
    rows: Mapping[int, LinkRow],
    decided: Mapping[int, Decided],
    actor: str,
    now: datetime,
) -> None:
    """Keep what was decided, by whom, and each link before and after."""
    after = await links.lock(connection, list(decided))
    await connection.execute(
        """UPDATE correction_link c SET decision = d.decision, decided_by = $2, decided_at = $3,
             before = coalesce(c.before, d.before), after = d.after,
             lifted_at = CASE WHEN c.suspended AND d.decision <> 'revoke' THEN coalesce(c.lifted_at, $3) END
           FROM unnest($4::bigint[], $5::text[], $6::jsonb[], $7::jsonb[]) AS d(link_id, decision, before, after)
           WHERE c.correction_id = $1 AND c.link_id = d.link_id""",
        case,
        actor,
        now,
        list(decided),
        [decision.decision for decision in decided.values()],
        [json.dumps(rows[id_].snapshot) for id_ in decided],
        [json.dumps(after[id_].snapshot) for id_ in decided],
    )


async def note_lifted(connection: Any, case: UUID, lifted: Sequence[int], now: datetime) -> None:
    """Keep when links that a case had suspended were found to be right."""
    await connection.execute(
        """UPDATE correction_link SET lifted_at = $3
           WHERE correction_id = $1 AND link_id = ANY($2::bigint[]) AND lifted_at IS NULL""",
        case,
        list(lifted),
        now,
    )


async def settled(connection: Any, case: UUID) -> set[int]:
    """Links that an earlier round of the case decided and that need no decision again."""
    rows = await connection.fetch(
        "SELECT link_id FROM correction_link WHERE correction_id = $1 AND decision IS NOT NULL", case
    )
    return {row["link_id"] for row in rows}


async def keep_undecided(connection: Any, case: UUID, actor: str, now: datetime) -> None:
    """Decide whatever is undecided as it stands: the doubt that asked for a new decision was unfounded."""
    rows = await connection.fetch(
        "SELECT link_id FROM correction_link WHERE correction_id = $1 AND decision IS NULL", case
    )
    as_it_is = await links.lock(connection, [row["link_id"] for row in rows])
    snapshots = [json.dumps(link.snapshot) for link in as_it_is.values()]
    await connection.execute(
        """UPDATE correction_link c SET decision = 'keep', decided_by = $2, decided_at = $3,
             before = coalesce(c.before, d.now), after = d.now
           FROM unnest($4::bigint[], $5::jsonb[]) AS d(link_id, now)
           WHERE c.correction_id = $1 AND c.link_id = d.link_id""",
        case,
        actor,
        now,
        list(as_it_is),
        snapshots,
    )


async def note_applied(connection: Any, case: UUID, actor: str | None, now: datetime, due_at: datetime) -> str:
    """Keep who decided the case and by when it is to be complete; the state it is in now.

    Without an actor an earlier decision stands.
    """
    await connection.execute(
        """UPDATE correction SET applied_at = CASE WHEN $2::text IS NULL THEN applied_at ELSE $3 END,
             applied_by = coalesce($2, applied_by), due_at = $4, escalated_at = NULL WHERE id = $1""",
        case,
        actor,
        now,
        due_at,
    )
    unproven = await connection.fetchval(
        """SELECT EXISTS (SELECT 1 FROM correction_contact c JOIN contact_link l ON l.id = c.link_id
                          WHERE c.correction_id = $1 AND l.needs_proof AND l.state <> 'revoked')""",
        case,
    )
    return "verifying" if unproven else "applied"


async def take_back_decisions(
    connection: Any, case: UUID, at: datetime, *, whole: bool
) -> tuple[list[NewChange], list[int]]:
    """Put the decided links back as they were before; what upstream must hear of it, and accounts reached again.

    Taken back as a `whole` what the case itself had stopped sends again too, as before anything was in doubt.
    Raises Conflict where a link is no longer as the case left it, since then the revert would undo what others
    decided later.
    """
    kept = await connection.fetch(
        """SELECT link_id, before::text, after::text, before_case::text, suspended,
                  suspended_at::text, (SELECT reason FROM correction WHERE id = $1) AS reason
           FROM correction_link WHERE correction_id = $1 AND after IS NOT NULL ORDER BY link_id""",
        case,
    )
    as_it_is = await links.lock(connection, [row["link_id"] for row in kept])
    elsewhere = {row["link_id"] for row in await connection.fetch(_STOPPED_ELSEWHERE, list(as_it_is), case)}
    told: list[NewChange] = []
    reached: set[int] = set()
    back: list[tuple[int, dict[str, Any]]] = []
    for row in kept:
        link, before, after = as_it_is[row["link_id"]], json.loads(row["before"]), json.loads(row["after"])
        if (link.state, link.role) != (after["state"], after["role"]) and before != after:
            raise Conflict(f"the link of account {link.account_no} was changed since; settle that first")
        if whole:
            before = _undoubted(before, after, json.loads(row["before_case"]) if row["suspended"] else None)
        elif row["suspended"] and before["state"] in _SENDING:
            # It was decided, then stopped, then decided again: that it was stopped stands.
            stopped = {"state": "suspended", "state_since": row["suspended_at"], "reason": row["reason"]}
            before = {**before, **stopped}
        if before["state"] in _SENDING and link.id in elsewhere:
            raise Conflict(f"the link of account {link.account_no} is stopped by another case; settle that first")
        if after["state"] == "revoked" and before["state"] != "revoked":
            told.append(_change("link_restored", link, before["role"]))
        elif after["role"] != before["role"]:
            told.append(_change("role_changed", link, before["role"]))
        if before != after:
            back.append((link.id, before))
            if before["state"] in _SENDING and after["state"] not in _SENDING:
                reached.add(link.account_id)
    if whole:
        for row in await connection.fetch(_STOPPED_SINCE, case):
            back.append((row["link_id"], json.loads(row["before_case"])))
            reached.add(row["account_id"])
    await links.restore(connection, back)
    await bindings.take_up(connection, [link for link, _ in back], at=at)
    await connection.execute(_UNDECIDE, case, whole, at)
    if whole:
        listed_links = [row["link_id"] for row in await connection.fetch(_LISTED, case)]
        reached.update(await links.answer(connection, listed_links))
    return told, sorted(reached)


def _undoubted(before: dict[str, Any], after: dict[str, Any], own: dict[str, Any] | None) -> dict[str, Any]:
    """A link before it was decided, without the suspension that the case itself had put on it.

    The suspension was the case's own where the decision could lift it (`after`), or where the case holds what the
    link was before that (`own`).
    """
    was = after if after["state"] in _SENDING else own
    if before["state"] != "suspended" or was is None:
        return {**before, "questioned_at": None}
    return {**before, **{name: was[name] for name in ("state", "state_since", "reason")}, "questioned_at": None}


async def take_back_contacts(connection: Any, case: UUID, stop: Stop, now: datetime) -> list[NewChange]:
    """Take the contacts that a case brought away again; what upstream must hear of it."""
    kept = await connection.fetch(
        "SELECT link_id, before::text FROM correction_contact WHERE correction_id = $1 ORDER BY 1", case
    )
    rows = await links.lock(connection, [row["link_id"] for row in kept])
    made = [row["link_id"] for row in kept if row["before"] is None]
    changed = [(row["link_id"], json.loads(row["before"])) for row in kept if row["before"] is not None]
    elsewhere = await connection.fetchval(
        "SELECT count(*) FROM correction_link WHERE link_id = ANY($1::bigint[]) AND correction_id <> $2", made, case
    )
    if elsewhere:
        raise Conflict("a contact that this case brought is part of another case; settle that first")
    told = [_change("link_revoked", rows[id_], rows[id_].role) for id_ in made]
    told += [_change("role_changed", rows[id_], before["role"]) for id_, before in changed]
    # Revoked first, so that what is queued through them is withheld with a reason before they are gone.
    await links.revoke(connection, made, at=now, reason="taken back")
    await stop(connection, made, reason="revoked", at=now, words="the correction that brought the link was reverted")
    # A case that was opened again lists what it brought; with the link goes its place in the list.
    await connection.execute(
        "DELETE FROM correction_link WHERE correction_id = $2 AND link_id = ANY($1::bigint[])", made, case
    )
    await connection.execute("DELETE FROM contact_link WHERE id = ANY($1::bigint[])", made)
    await links.restore(connection, changed)
    await connection.execute("DELETE FROM correction_contact WHERE correction_id = $1", case)
    return told


def _change(kind: str, link: LinkRow, role: str) -> NewChange:
    return NewChange(kind=kind, account_no=link.account_no, number=link.number, role=role)
