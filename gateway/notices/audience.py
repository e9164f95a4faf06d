"""The audience of a notice: every subject, and the contact point it is to be told at.

Subjects are read in the order they were made, chunk by chunk, and written down as recipients in the order of
contact points, so that composing finds together what one number is to be told. Both keep a cursor in the
notice's row, in the transaction of the chunk: after a crash the search goes on where it stood.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.archive import places
from gateway.archive.links import IN_EFFECT
from gateway.archive.segments import NAMES, SAID, TAGS, segments_of
from gateway.kernel.database import copy
from gateway.notices.holds import HOLD, paused_of
from gateway.notices.kinds import NoticeKind, audience_of
from gateway.notices.policy import (
    FRESH,
    Link,
    Policy,
    Recipient,
    SendAt,
    Wish,
    Withhold,
    channels_for,
    choose_link,
    decide,
)
from gateway.outbox.carriers import kind_of_point
from gateway.outbox.hours import Quiet

#: Subjects looked at in one transaction.
CHUNK: Final = 4000

#: Where recipients begin: those who are told first stand under the negative of their contact point, before all others.
FIRST: Final = -(2**62)
#: Segments that outages are told to first; the text of a number waits for none of its other accounts.
_FIRST_TOLD: Final = frozenset({"medical_device", "important"})

#: Columns of `notice_recipient` in the order of `Finder.recipients`.
RECIPIENT_COLUMNS: Final = (
    "notice_id", "told_at", "subject_id", "account_id", "link_id", "contact_point_id", "withheld_reason", "because",
)  # fmt: skip

#: The contact points that a link's person is reached at: its own, and the chats bound to its number.
REACH: Final = """LATERAL (
  SELECT link.contact_point_id AS id
  UNION ALL SELECT chat_point_id FROM chat_binding
    WHERE phone_point_id = link.contact_point_id AND ended_at IS NULL
) AS reach ON true"""

#: How likely a link is right, in steps, so that recipients of whom the same is known are alike.
TRUST: Final = "(floor(link_trust.probability * 20) / 20)::float8 AS trust"

# Whom a notice concerns is asked once and read on: asked anew for each chunk, an audience whose order no index keeps
# would be gone through and sorted each time.
_SUBJECTS: Final = """
SELECT subject_id, account_id, own_point FROM ({subjects}) AS all_subjects WHERE subject_id > $2 ORDER BY subject_id
"""
# One row a contact of each subject's account; a subject with a contact point of its own has that one alone. Links are
# found first and the chats bound to their numbers put beside them; what few have, such as chats, tags and refusals, is
# asked for all at once.
_CONTACTS: Final = f"""
WITH linked AS MATERIALIZED (
  SELECT s.subject_id, s.account_id, s.own_point, link.id AS link_id, link.role, {IN_EFFECT} AS state, link.is_default,
         link.verified_at, link.needs_proof, link.contact_point_id
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS s (subject_id, account_id, own_point)
  LEFT JOIN contact_link link ON link.account_id = s.account_id
    AND (s.own_point IS NULL OR link.contact_point_id = s.own_point{{elsewhere}})
), s AS (
  SELECT linked.*, coalesce(contact_point_id, CASE WHEN account_id IS NULL THEN own_point END) AS reach FROM linked
  UNION ALL
  SELECT linked.*, bound.chat_point_id FROM linked
  JOIN chat_binding bound ON bound.phone_point_id = linked.contact_point_id AND bound.ended_at IS NULL
)
SELECT s.subject_id, s.account_id, a.sms_opt_out, {SAID}, tagged.tags, {places.COLUMNS},
       s.link_id, s.role, s.state, s.is_default, s.verified_at, s.needs_proof,
       point.id AS point_id, point.kind AS point_kind, point.line, point.state AS point_state,
       staff.id IS NOT NULL AS of_staff, refused.purposes AS opt_outs,
       coalesce(granted.purposes, '{{{{}}}}') AS consents, chat.wants,
       quiet.begins AS quiet_from, quiet.ends AS quiet_to,
       hold.reason AS hold_reason, hold.words AS hold_words, hold.expires_at AS hold_until, {TRUST}
FROM s
LEFT JOIN account a ON a.id = s.account_id
{places.PREMISE}
LEFT JOIN contact_point point ON point.id = s.reach
LEFT JOIN chat ON chat.contact_point_id = s.reach
LEFT JOIN contact_hours quiet ON quiet.contact_point_id = point.id
LEFT JOIN staff_member staff ON staff.phone = point.address
LEFT JOIN link_trust ON link_trust.link_id = s.link_id
LEFT JOIN ({TAGS.format(accounts="$2", now="$4")}) AS tagged ON tagged.account_id = s.account_id
LEFT JOIN (
  SELECT contact_point_id, array_agg(purpose) AS purposes FROM opt_out
  WHERE contact_point_id = ANY (ARRAY(SELECT reach FROM s)) GROUP BY contact_point_id
) AS refused ON refused.contact_point_id = s.reach
LEFT JOIN (
  SELECT contact_point_id, array_agg(purpose) AS purposes FROM consent
  WHERE contact_point_id = ANY (ARRAY(SELECT reach FROM s)) AND ended_at IS NULL GROUP BY contact_point_id
) AS granted ON granted.contact_point_id = s.reach
{HOLD}
ORDER BY s.subject_id, s.link_id, point.kind <> 'phone', point.id
"""

# Where its own contact is good no more, a subject is told at another one, unless the kind is strict about it.
_ELSEWHERE: Final = """
       OR NOT EXISTS (SELECT 1 FROM contact_link own
                      WHERE own.account_id = s.account_id AND own.contact_point_id = s.own_point
                        AND own.state IN ('verified', 'unverified') AND own.questioned_at IS NULL)"""

_FACTS: Final = itemgetter(
    "role", "state", "is_default", "verified_at", "needs_proof", "point_kind", "line", "point_state", "of_staff",
    "trust", "sms_opt_out", "hold_reason", "hold_words", "hold_until", *(name for name in NAMES if name != "tags"),
)  # fmt: skip


def facts_of(row: Any) -> tuple[Any, ...]:
    """All that the policy goes by in a contact row. Rows of one moment with the same facts get the same answer."""
    return (
        *_FACTS(row), *(row["opt_outs"] or ()), None, *row["consents"], None, *(row.get("wants") or ()),
        row.get("quiet_from"), row.get("quiet_to"),
        row.get("reported"), row["time_zone"], row["calendar"], *(row["tags"] or ()),
    )  # fmt: skip


def link_of(row: Any, place: int = 0) -> Link:
    """The policy's view of one contact row; a number without a link counts as one without proof.

    `place` is that of its channel among those the text may use.
    """
    return Link(
        role=row["role"] or "holder",
        state=row["state"] or "unverified",
        link_id=row["link_id"] or 0,
        contact_point_id=row["point_id"],
        is_default=bool(row["is_default"]),
        verified_at=row["verified_at"],
        needs_proof=bool(row["needs_proof"]),
        line=row["line"],
        number_state=row["point_state"],
        opt_outs=frozenset(row["opt_outs"] or ()),
        consents=frozenset(row["consents"]),
        of_staff=row["of_staff"],
        place=place,
        trust=row["trust"],
        quiet=quiet_of(row),
    )


def quiet_of(row: Any) -> Quiet | None:
    """The hours in which the person of a contact row wants nothing."""
    begins, ends = row.get("quiet_from"), row.get("quiet_to")
    return None if begins is None or ends is None else Quiet(begins, ends)


def recipient_of(row: Any, links: Sequence[Link], zone: ZoneInfo, region: str) -> Recipient:
    """The policy's view of the account a row belongs to; `zone` and `region` are the utility's own."""
    there, calendar = places.place_of(row, zone, region)
    return Recipient(
        links=links,
        zone=there,
        region=calendar,
        sms_opt_out=bool(row["sms_opt_out"]),
        segments=segments_of(row),
        reported=bool(row.get("reported")),
        paused=paused_of(row),
    )


class Audience:
    """The subjects of a notice behind the subject `behind`, read on in one transaction of its connection."""

    def __init__(self, connection: Any, cursor: Any, contacts: str, size: int) -> None:
        self._connection = connection
        self._cursor = cursor
        self._contacts = contacts
        self._size = size

    @classmethod
    @asynccontextmanager
    async def of(
        cls, connection: Any, notice: Any, kind: NoticeKind, behind: int = 0, size: int = CHUNK
    ) -> AsyncIterator[Audience]:
        """Open it; what is read with it has to be read before it closes."""
        query = _SUBJECTS.format(subjects=audience_of(kind, notice["about"]))
        contacts = _CONTACTS.format(elsewhere="" if kind.strict else _ELSEWHERE)
        async with connection.transaction():
            yield cls(connection, await connection.cursor(query, notice["about"], behind), contacts, size)

    async def contacts(self, now: datetime) -> list[Any]:
        """The contact rows of the next subjects; none when all were read."""
        subjects = await self._cursor.fetch(self._size)
        if not subjects:
            return []
        columns = (list(column) for column in zip(*subjects, strict=True))
        rows: list[Any] = await self._connection.fetch(self._contacts, *columns, now)
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Decides for each subject of a notice at which contact point it is to be told."""

    zone: ZoneInfo
    region: str
    policy: Policy

    def recipients(self, rows: Sequence[Any], notice: UUID, wish: Wish, now: datetime) -> list[tuple[Any, ...]]:
        """Rows of `notice_recipient` for contact rows as `Audience` gives them."""
        found: list[tuple[Any, ...]] = []
        # A large notice asks the same few questions a million times.
        answers: dict[tuple[Any, ...], _Answer] = {}
        for subject_id, grouped in groupby(rows, key=itemgetter("subject_id")):
            contacts = list(grouped)
            facts = tuple([facts_of(row) for row in contacts])
            if (answer := answers.get(facts)) is None:
                answer = answers[facts] = self._answer(contacts, wish, now)
            account_id = contacts[0]["account_id"]
            # A withheld text still says whom it was meant for, where there is somebody.
            meant = None if answer.contact is None else contacts[answer.contact]
            link_id, point_id = (meant["link_id"], meant["point_id"]) if meant is not None else (None, None)
            told_at = 0 if answer.reason else -(point_id or 0) if answer.first else point_id
            found.append((notice, told_at, subject_id, account_id, link_id, point_id, answer.reason, answer.because))
        return found

    def _answer(self, contacts: Sequence[Any], wish: Wish, now: datetime) -> _Answer:
        """The policy's answer to a subject with these contacts."""
        table = self.policy()
        channels = channels_for(wish, segments_of(contacts[0]) if table.channels else (), table)
        found = [(place, choice_of(row, wish, channels)) for place, row in enumerate(contacts)]
        places = [place for place, choice in found if choice is not None]
        links = [link_of(contacts[place], choice) for place, choice in found if choice is not None]
        decision = decide(recipient_of(contacts[0], links, self.zone, self.region), wish, FRESH, now, table)
        if isinstance(decision, SendAt) and decision.link is not None:
            first = wish.purpose == "outage" and not _FIRST_TOLD.isdisjoint(segments_of(contacts[0]))
            return _Answer(_place(links, places, decision.link), None, None, first)
        reason = decision.reason if isinstance(decision, Withhold) else "expired"
        usual = choose_link(links, table)
        meant = usual if isinstance(usual, Link) else next(iter(links), None)
        return _Answer(None if meant is None else _place(links, places, meant), reason, decision.because)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What becomes of a subject: at which of its contacts it is told, or would be, and why it is not."""

    contact: int | None
    reason: str | None
    because: str | None
    #: It is told before those to whom the supply matters less, however large the notice.
    first: bool = False


def choice_of(row: Any, wish: Wish, channels: Sequence[str]) -> int | None:
    """Which choice a contact is among those that a text on these channels may use; None where it may not.

    A text that leaves its channel open goes first to the chat of whoever wants its purpose there.
    """
    kind = row["point_kind"]
    if wish.any_channel and kind != "phone" and wish.purpose in (row["wants"] or ()):
        return 0
    kinds = [kind_of_point(channel) for channel in channels]
    return kinds.index(kind) + 1 if kind in kinds else None


def _place(links: Sequence[Link], places: Sequence[int], chosen: Link) -> int:
    return next(place for link, place in zip(links, places, strict=True) if link is chosen)


async def bring_together(connection: Any, notice: UUID, recipients: str = "notice_recipient") -> None:
    """Once all were found: a number that is told first for one of its accounts is told of all of them then."""
    await connection.execute(
        f"""UPDATE {recipients} AS other SET told_at = first.told_at
            FROM (SELECT DISTINCT told_at FROM {recipients} WHERE notice_id = $1 AND told_at < 0) AS first
            WHERE other.notice_id = $1 AND other.told_at = -first.told_at""",
        notice,
    )


async def write_chunk(connection: Any, notice: UUID, found: Sequence[tuple[Any, ...]]) -> None:
    """Write recipients down and move the notice's cursor behind them; none means that all were found."""
    if found:
        await copy(connection, "notice_recipient", RECIPIENT_COLUMNS, found)
    else:
        await bring_together(connection, notice)
    await connection.execute(
        """UPDATE notice SET state = 'composing', audience = audience + $2, audience_found = $2 = 0,
             audience_cursor = coalesce($3, audience_cursor), point_cursor = $4 WHERE id = $1""",
        notice,
        len(found),
        found[-1][2] if found else None,
        FIRST,
    )
