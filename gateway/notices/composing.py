"""Composing: recipients become messages, one text for all that one number is to be told.

Recipients are read in the order of contact points, a chunk a transaction; the cursor moves with the messages it
made, so a crash composes nothing twice and leaves nothing out. Facts are read again with each chunk: what was
paid since the audience was found is withheld here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.archive import places
from gateway.archive.links import IN_EFFECT
from gateway.archive.segments import COLUMNS, segments_of
from gateway.kernel.ids import new_id
from gateway.kernel.segments import count
from gateway.notices.audience import FIRST, TRUST, facts_of, link_of, recipient_of
from gateway.notices.history import NOTHING_TOLD, Told, told_before, told_elsewhere
from gateway.notices.holds import HOLD, paused_of
from gateway.notices.kinds import Moment, NoticeKind, Row, Saying, subjects_of
from gateway.notices.policy import (
    FRESH,
    USUAL,
    Decision,
    History,
    Policy,
    SendAt,
    Wish,
    Withhold,
    channels_for,
    decide,
    goes_on_to,
    is_paused,
)
from gateway.notices.wording import Template, Wording
from gateway.outbox import AccountPart, NewMessage
from gateway.outbox.carriers import channel_to

#: Recipients composed in one transaction; a number with more subjects than this still gets one text.
CHUNK: Final = 2000
#: Recipients rendered before others on the event loop get their turn.
_AT_A_TIME: Final = 50

# A subject is looked up recipient by recipient (OFFSET keeps it so): where statistics are older than the outage, the
# planner takes it for a few rows and would work all of it out anew for each.
_RECIPIENTS: Final = f"""
WITH chunk AS MATERIALIZED (
  SELECT told_at, subject_id, account_id, link_id, contact_point_id, withheld_reason, because
  FROM {{recipients}} WHERE notice_id = $2 AND (told_at, subject_id) > ($3, $4)
  ORDER BY told_at, subject_id LIMIT $5
)
SELECT c.told_at, c.subject_id AS id, c.account_id AS recipient_account, c.withheld_reason, c.because,
       a.account_no AS number_of_account, a.sms_opt_out, a.language, {COLUMNS.format(now="$6")}, {places.COLUMNS},
       c.link_id, link.role, {IN_EFFECT} AS state, link.is_default, link.verified_at, link.needs_proof,
       c.contact_point_id AS point_id, point.kind AS point_kind, point.address, point.line,
       point.state AS point_state, false AS of_staff, quiet.begins AS quiet_from, quiet.ends AS quiet_to,
       CASE WHEN point.id IS NOT NULL THEN
         ARRAY(SELECT purpose FROM opt_out WHERE contact_point_id = point.id) END AS opt_outs,
       ARRAY(SELECT purpose FROM consent WHERE contact_point_id = point.id AND ended_at IS NULL) AS consents,
       hold.reason AS hold_reason, hold.words AS hold_words, hold.expires_at AS hold_until,
       {TRUST}, s.*
FROM chunk c
LEFT JOIN account a ON a.id = c.account_id
{places.PREMISE}
{HOLD}
LEFT JOIN contact_link link ON link.id = c.link_id
LEFT JOIN link_trust ON link_trust.link_id = c.link_id
LEFT JOIN contact_point point ON point.id = c.contact_point_id
LEFT JOIN contact_hours quiet ON quiet.contact_point_id = c.contact_point_id
LEFT JOIN LATERAL (
  SELECT * FROM ({{subjects}}) AS every WHERE every.subject_id = c.subject_id OFFSET 0
) AS s ON true
ORDER BY c.told_at, c.subject_id
"""

#: Openings that a composer keeps a moment for.
_MOMENTS: Final = 64


#: Where composing stands: the contact point (as `notice_recipient.told_at` has it) and the subject it has got to.
Cursor = tuple[int, int]
START: Final[Cursor] = (FIRST, 0)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Recipients that are composed together, by contact point, and what those were told before."""

    groups: list[list[Any]]
    past: Mapping[int, Told]
    #: When accounts were last told of such a thing at another number than the one they are told at now.
    elsewhere: Mapping[int, datetime]
    #: Where the cursor stands behind them.
    cursor: Cursor


#: What the policy answered within a chunk, by the facts it was asked about.
_Answers = dict[tuple[Any, ...], Decision]


class Composer:
    """Turns recipients of a notice into messages."""

    def __init__(self, wording: Wording, *, zone: ZoneInfo, region: str, policy: Policy) -> None:
        self._wording = wording
        self._zone = zone
        self._region = region
        self._policy = policy
        self._moments: dict[tuple[bool, datetime], Moment] = {}

    def wish(self, notice: Any, kind: NoticeKind) -> Wish:
        """What the notice wants to say, as the policy needs it."""
        template = self._wording.named(kind.template, self._wording.languages[0], notice["tone"])
        return Wish(
            kind=template.kind,
            klass=template.klass,
            purpose=template.purpose,
            hours=template.hours,
            not_before=notice["not_before"],
            expires_at=None if kind.outlives else notice["expires_at"],
            channels=tuple(json.loads(notice["channels"] or "null") or USUAL),
            any_channel=not json.loads(notice["channels"] or "null"),
        )

    async def read(
        self,
        connection: Any,
        notice: Any,
        kind: NoticeKind,
        behind: Cursor,
        now: datetime,
        size: int = CHUNK,
        *,
        recipients: str = "notice_recipient",
    ) -> Chunk | None:
        """Read the recipients behind a cursor, whole numbers only, and what those numbers were told before.

        `recipients` is the table they stand in.
        """
        rows = await connection.fetch(
            _RECIPIENTS.format(subjects=subjects_of(kind, notice["about"]), recipients=recipients),
            notice["about"],
            notice["id"],
            *behind,
            size,
            now,
        )
        if not rows:
            return None
        groups = list(_groups(rows, kind.merges))
        if kind.merges and len(rows) == size and groups[-1][0]["told_at"]:
            # The last number's subjects may go on in the next chunk: leave it whole for then.
            if len(groups) == 1:
                return await self.read(connection, notice, kind, behind, now, size * 2, recipients=recipients)
            groups.pop()
        points = [group[0]["point_id"] for group in groups if group[0]["told_at"]]
        past = await told_before(connection, points, now)
        accounts = [(row["recipient_account"], row["point_id"]) for group in groups for row in group if row["told_at"]]
        wish, gap = self.wish(notice, kind), self._policy().arrears_gap
        elsewhere = await told_elsewhere(connection, wish.kind, accounts, now, gap)
        last = groups[-1][-1]
        return Chunk(groups, past, elsewhere, (last["told_at"], last["id"]))

    async def compose(
        self, notice: Any, kind: NoticeKind, chunk: Chunk, now: datetime, asked: set[int]
    ) -> tuple[list[NewMessage], list[tuple[Row, UUID]]]:
        """The messages of a chunk, and each subject with the id of the message that speaks for it.

        `asked` holds the contact points that this notice has written to already, where its texts do not merge.
        """
        wish = self.wish(notice, kind)
        messages: list[NewMessage] = []
        told: list[tuple[Row, UUID]] = []
        answers: _Answers = {}
        for number, group in enumerate(chunk.groups):
            if number % _AT_A_TIME == 0:
                await asyncio.sleep(0)
            point = group[0]["point_id"] if group[0]["told_at"] else 0
            before = chunk.past.get(point, NOTHING_TOLD)
            if point in asked:
                before = Told(last_by_kind={wish.kind: now}, last_commercial_at=now, texts=before.texts)
            for message, subjects in self._compose(notice, kind, wish, group, before, chunk.elsewhere, now, answers):
                messages.append(message)
                told.extend((subject, message.id) for subject in subjects)
                if message.state == "queued" and not kind.merges:
                    asked.add(point)
        return messages, told

    def _compose(
        self, notice: Any, kind: NoticeKind, wish: Wish, group: list[Any], before: Told,
        elsewhere: Mapping[int, datetime], now: datetime, answers: _Answers,
    ) -> list[tuple[NewMessage, list[Any]]]:  # fmt: skip
        """The messages of one number: at most one that goes, and one for each subject that is withheld."""
        made: list[tuple[NewMessage, list[Any]]] = []
        live: list[Any] = []
        for row in group:
            if row["withheld_reason"] is not None:
                made.append((self._held(notice, kind, wish, [row], now, row["withheld_reason"], row["because"]), [row]))
            elif row["subject_id"] is None:
                why = f"{kind.gone} since the audience was found"
                made.append((self._held(notice, kind, wish, [row], now, kind.gone, why), [row]))
            elif (pause := is_paused(paused_of(row), wish.kind, now, self._policy())) is not None:
                # Since the audience was found; the others of the number are told without it.
                made.append((self._held(notice, kind, wish, [row], now, pause.reason, pause.because), [row]))
            elif (at := elsewhere.get(row["recipient_account"])) is not None:
                past = replace(before, last_by_kind={**before.last_by_kind, wish.kind: at})
                for part in kind.parts([row]):
                    made += self._tell(notice, kind, kind.wish(part, wish, now), part, past, now, answers)
            else:
                live.append(row)
        for part in kind.parts(live) if live else ():
            made += self._tell(notice, kind, kind.wish(part, wish, now), part, before, now, answers)
        return made

    def _tell(
        self, notice: Any, kind: NoticeKind, wish: Wish, part: Sequence[Any], before: Told, now: datetime,
        answers: _Answers,
    ) -> list[tuple[NewMessage, list[Any]]]:  # fmt: skip
        """One text about some subjects of one number, or a message for each that says why there is none."""
        first = part[0]
        decision = self._decide(first, wish, before, now, answers)
        if isinstance(decision, SendAt):
            saying = kind.say(part, self._moment(now, decision.at, decision.masked))
            template, body = self._text(saying, first, notice)
            if body in before.texts:
                decision = self._answer(first, wish, before.history(body), now)
        if isinstance(decision, SendAt):
            return [(self._message(notice, wish, saying, template, body, part, now, decision), list(part))]
        reason, why = (decision.reason if isinstance(decision, Withhold) else "expired"), decision.because
        return [(self._held(notice, kind, wish, [row], now, reason, why), [row]) for row in part]

    def _decide(self, row: Any, wish: Wish, before: Told, now: datetime, answers: _Answers) -> Decision:
        """The policy's answer for a number, before its text is known; asked once for all who are alike."""
        if before is not NOTHING_TOLD:
            return self._answer(row, wish, before.history(None), now)
        facts = (wish.kind, wish.hours, wish.matter, wish.not_before, wish.expires_at, *facts_of(row))
        answer = answers.get(facts)
        if answer is None:
            answer = answers[facts] = self._answer(row, wish, FRESH, now)
        return answer

    def _answer(self, row: Any, wish: Wish, history: History, now: datetime) -> Decision:
        recipient = recipient_of(row, (link_of(row),), self._zone, self._region)
        return decide(recipient, wish, history, now, self._policy())

    def _text(self, saying: Saying, subject: Row, notice: Any) -> tuple[Template, str]:
        language = subject["language"] or self._wording.languages[0]
        tone = notice["tone"] or self._policy().tone_of(segments_of(subject))
        template = self._wording.named(saying.template, language, tone)
        return template, template.render(saying.values, places.place_of(subject, self._zone, self._region)[0])

    def _moment(self, now: datetime, leaves: datetime, masked: bool) -> Moment:
        """The moment of a chunk: the same value for all its recipients that leave together."""
        kept = self._moments.get((masked, leaves))
        if kept is None or kept.now != now:
            if len(self._moments) > _MOMENTS:
                self._moments.clear()
            kept = Moment(now=now, zone=self._zone, leaves=leaves, masked=masked)
            self._moments[masked, leaves] = kept
        return kept

    def _message(
        self, notice: Any, wish: Wish, saying: Saying, template: Template, body: str, rows: Sequence[Any],
        now: datetime, go: SendAt,
    ) -> NewMessage:  # fmt: skip
        first = rows[0]
        ends = [one for one in (wish.expires_at, saying.expires_at) if one is not None]
        if template.valid_for is not None:
            # What the text says ages by itself, however long its notice is worth sending.
            ends.append(go.at + template.valid_for)
        channel, table = channel_to(first["point_kind"]), self._policy()
        channels = channels_for(wish, segments_of(first) if table.channels else (), table)
        return NewMessage(
            id=new_id(now),
            notice_id=notice["id"],
            contact_point_id=first["point_id"],
            to_address=first["address"],
            channel=channel,
            fallback=list(goes_on_to(channel, channels)) or None,
            fallback_minutes=notice["fallback_minutes"],
            template=template.name,
            template_version=template.version,
            kind=wish.kind,
            klass=wish.klass,
            purpose=wish.purpose,
            body=body,
            segments=count(body).parts if channel == "sms" else 1,
            decision=table.signed(go.because),
            hours=wish.hours.value,
            zone=first["time_zone"] or self._zone.key,
            created_at=now,
            not_before=go.at,
            closes_at=go.closes,
            expires_at=min(ends, default=None),
            priority=saying.priority,
            reference=saying.reference,
            accounts=_parts(rows),
        )

    def _held(
        self, notice: Any, kind: NoticeKind, wish: Wish, rows: Sequence[Any], now: datetime, reason: str, because: str
    ) -> NewMessage:
        """A message that says why nobody is told: withheld, or past its validity. It has no text."""
        first = rows[0]
        template = self._wording.named(kind.template, self._wording.languages[0], notice["tone"])
        return NewMessage(
            id=new_id(now),
            notice_id=notice["id"],
            contact_point_id=first["point_id"],
            to_address=first["address"],
            template=template.name,
            template_version=template.version,
            kind=wish.kind,
            klass=wish.klass,
            purpose=wish.purpose,
            body="",
            segments=0,
            withheld_reason=None if reason == "expired" else reason,
            expired=reason == "expired",
            decision=self._policy().signed(because),
            hours=wish.hours.value,
            zone=self._zone.key,
            created_at=now,
            not_before=now,
            expires_at=notice["expires_at"],
            accounts=_parts(rows),
        )


def _parts(rows: Sequence[Any]) -> list[AccountPart]:
    return [
        AccountPart(row["recipient_account"], row["number_of_account"], row["link_id"], row["ground"])
        for row in rows
        if row["recipient_account"] is not None
    ]


def _groups(rows: Sequence[Any], merges: bool) -> Iterator[list[Any]]:
    """Rows that share a text: all of one contact point where the kind merges, else each alone."""
    if not merges:
        yield from ([row] for row in rows)
        return
    for told_at, grouped in groupby(rows, key=itemgetter("told_at")):
        if told_at:
            yield list(grouped)
        else:
            yield from ([row] for row in grouped)
