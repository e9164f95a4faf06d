"""Single messages: whoever may send asks for one from a template, and it is durable before it is acknowledged.

Requests that arrive together are looked at together: contacts are looked up for all of them at once. `accept` writes
the messages with one COPY in the caller's transaction; `judged` leaves the writing to the caller.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.archive import places
from gateway.archive.links import IN_EFFECT
from gateway.archive.segments import COLUMNS, segments_of
from gateway.kernel.errors import InvalidInput, LamplighterError, NotFound
from gateway.kernel.ids import new_id
from gateway.kernel.phones import InvalidPhone, PhoneNumber, parse
from gateway.kernel.segments import count
from gateway.notices.audience import REACH, TRUST, choice_of, link_of, recipient_of
from gateway.notices.history import NOTHING_TOLD, Told, told_before
from gateway.notices.holds import HOLD
from gateway.notices.policy import (
    USUAL,
    Decision,
    Link,
    Policy,
    PolicyTable,
    Recipient,
    SendAt,
    Wish,
    Withhold,
    choose_link,
    decide,
    goes_on_to,
)
from gateway.notices.wording import Template, Wording
from gateway.outbox import AccountPart, NewMessage, insert
from gateway.outbox.carriers import channel_to
from gateway.staff.tasks import NewTask, open_tasks

#: How long a person has to hand over what a single legal text says, and in whose name the task is opened.
_PAPER_WITHIN: Final = timedelta(days=1)
_ACTOR: Final = "policy"

_CONTACTS: Final = f"""
SELECT a.id AS account_id, a.account_no, a.sms_opt_out, a.language, {COLUMNS.format(now="$2")}, {places.COLUMNS},
       link.id AS link_id, link.role, {IN_EFFECT} AS state, link.is_default, link.verified_at, link.needs_proof,
       link.contact_point_id AS number_id,
       point.id AS point_id, point.kind AS point_kind, point.address, point.line, point.state AS point_state,
       false AS fresh, chat.wants, quiet.begins AS quiet_from, quiet.ends AS quiet_to, staff.id IS NOT NULL AS of_staff,
       CASE WHEN point.id IS NOT NULL THEN
         ARRAY(SELECT purpose FROM opt_out WHERE contact_point_id = point.id) END AS opt_outs,
       ARRAY(SELECT purpose FROM consent WHERE contact_point_id = point.id AND ended_at IS NULL) AS consents,
       hold.reason AS hold_reason, hold.words AS hold_words, hold.expires_at AS hold_until, {TRUST}
FROM account a
{places.PREMISE}
LEFT JOIN contact_link link ON link.account_id = a.id
LEFT JOIN {REACH}
LEFT JOIN chat ON chat.contact_point_id = reach.id
LEFT JOIN contact_point point ON point.id = reach.id
LEFT JOIN contact_hours quiet ON quiet.contact_point_id = point.id
LEFT JOIN staff_member staff ON staff.phone = point.address
LEFT JOIN link_trust ON link_trust.link_id = link.id
{HOLD}
WHERE a.account_no = ANY($1::text[])
"""
#: All that the policy goes by in a row of `_NUMBERS`, beside what was refused and what was consented to.
_FACTS: Final = itemgetter(
    "line", "point_state", "role", "state", "is_default", "verified_at", "needs_proof", "quiet_from", "quiet_to"
)
_OF_NUMBERS: Final = f"""
       NULL::text[] AS wants, quiet.begins AS quiet_from, quiet.ends AS quiet_to,
       link.id AS link_id, link.role, {IN_EFFECT} AS state, link.is_default, link.verified_at, link.needs_proof,
       false AS of_staff, NULL::float8 AS trust,
       ARRAY(SELECT purpose FROM opt_out WHERE contact_point_id = point.id) AS opt_outs,
       ARRAY(SELECT purpose FROM consent WHERE contact_point_id = point.id AND ended_at IS NULL) AS consents
"""
#: A number that somebody else makes known at this moment is in neither half: it is there when asked for again.
_NUMBERS: Final = f"""
WITH asked AS (SELECT * FROM unnest($1::text[], $2::text[]) AS asked(address, line)), made AS (
  INSERT INTO contact_point (kind, address, line) SELECT 'phone', address, line FROM asked
  ON CONFLICT (address, kind) DO NOTHING RETURNING id, address, line, state
), point AS (
  SELECT *, true AS fresh FROM made UNION ALL
  SELECT id, address, line, state, false FROM contact_point WHERE kind = 'phone' AND address = ANY($1::text[])
)
SELECT point.id AS point_id, point.fresh, 'phone' AS point_kind, point.address, point.line, point.state AS point_state,
       {_OF_NUMBERS}
FROM point LEFT JOIN contact_link link ON link.contact_point_id = point.id
LEFT JOIN contact_hours quiet ON quiet.contact_point_id = point.id
"""
#: Those of numbers that are known, read alone. Looked up number by number (OFFSET keeps it so), whatever was known of
#: the tables when it was planned.
_NUMBERS_AS_THEY_ARE: Final = f"""
SELECT point.id AS point_id, false AS fresh, 'phone' AS point_kind, point.address, point.line,
       point.state AS point_state, {_OF_NUMBERS}
FROM unnest($1::text[]) AS asked (address)
CROSS JOIN LATERAL (
  SELECT * FROM contact_point WHERE address = asked.address AND kind = 'phone' OFFSET 0) AS point
LEFT JOIN LATERAL (SELECT * FROM contact_link WHERE contact_point_id = point.id OFFSET 0) AS link ON true
LEFT JOIN LATERAL (SELECT * FROM contact_hours WHERE contact_point_id = point.id OFFSET 0) AS quiet ON true
"""
#: What such a row would say of a number that nobody knows yet, beside the number.
_UNKNOWN: Final[Mapping[str, Any]] = {
    "fresh": True, "point_kind": "phone", "point_state": "active", "wants": None, "quiet_from": None, "quiet_to": None,
    "link_id": None, "role": None, "state": None, "is_default": None, "verified_at": None, "needs_proof": None,
    "of_staff": False, "trust": None, "opt_outs": (), "consents": (),
}  # fmt: skip


# Not frozen, unlike other values: each request makes one, and a frozen one takes three times as long to make.
@dataclass(slots=True, kw_only=True)
class Asked:
    """One message as it was asked for: to a number or to an account. It is not changed once it is made."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    to: str | None = None
    account_no: str | None = None
    #: Of the account's numbers the one that it goes to, where it still stands there; or the chat of one, where that can
    #: still be written to.
    at_number: str | None = None
    channel: str | None = None
    tone: str | None = None
    language: str | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None
    reference: str | None = None
    #: The number of the account (its contact point) that alone is right for it, by SMS or in a chat of its person.
    point: int | None = None
    #: It goes on with what was asked already (`Wish.goes_on`).
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that was accepted: `queued`, `expired`, or `withheld` for a reason."""

    id: UUID
    state: str
    withheld_reason: str | None = None


_Filled = tuple[int, Asked, Template, PhoneNumber | None]
#: What a message has of its template and of what was decided.
_Fields = dict[str, Any]
#: The same by all that the policy goes by: at one moment, texts of one template to numbers at which nobody was told
#: anything and of which the same is known have it in common.
_Decided = dict[tuple[Any, ...], _Fields]


class Acceptor:
    """Accepts single messages, many to a transaction."""

    def __init__(
        self,
        wording: Wording,
        *,
        zone: ZoneInfo,
        region: str,
        language: str,
        policy: Policy,
        channels: Collection[str] = USUAL,
    ) -> None:
        self._wording = wording
        self._channels = frozenset(channels)
        self._zone = zone
        self._region = region
        self._language = language
        self._policy = policy

    async def accept(
        self, connection: Any, asked: Sequence[Asked], *, now: datetime, wake: bool = True
    ) -> list[Taken | LamplighterError]:
        """Write what can be accepted in the connection's transaction; one result for each request.

        Dispatchers are told of it at the commit, unless they are not to `wake` because the caller tells them.

        A recipient who must not be told gets a withheld message with the reason. InvalidInput names the field
        that is malformed or unknown.
        """
        filled, results = self._filled(asked)
        contacts = await self._contacts(connection, filled, now)
        results |= await self._judged(connection, filled, contacts, now)
        messages = [one for one in results.values() if isinstance(one, NewMessage)]
        await insert(connection, messages, wake=wake)
        await open_tasks(connection, [_paper(one, now) for one in messages if one.klass == "L"], at=now, actor=_ACTOR)
        return [_taken(results[index]) for index in range(len(asked))]

    async def judged(
        self, connection: Any, asked: Sequence[Asked], *, now: datetime
    ) -> list[NewMessage | LamplighterError]:
        """The same for messages to numbers, but nothing is written: what would be, one for each request.

        The `contact_point_id` of a number that is not known yet is below zero. Legal texts (class L), which open a
        task, want `accept`.
        """
        filled, results = self._filled(asked)
        wanted = {number.e164: number.kind for *_, number in filled if number is not None}
        contacts: defaultdict[str, list[Any]] = defaultdict(list)
        for row in await connection.fetch(_NUMBERS_AS_THEY_ARE, list(wanted)) if wanted else ():
            contacts[row["address"]].append(row)
        for turn, (address, line) in enumerate(wanted.items(), 1):
            if address not in contacts:
                contacts[address] = [{**_UNKNOWN, "point_id": -turn, "address": address, "line": line}]
        results |= await self._judged(connection, filled, contacts, now)
        return [results[index] for index in range(len(asked))]

    def _filled(self, asked: Sequence[Asked]) -> tuple[list[_Filled], dict[int, NewMessage | LamplighterError]]:
        """What can be filled in, and what speaks against the others."""
        filled: list[_Filled] = []
        refused: dict[int, NewMessage | LamplighterError] = {}
        for index, item in enumerate(asked):
            try:
                filled.append((index, item, *self._check(item)))
            except LamplighterError as error:
                refused[index] = error
        return filled, refused

    async def _judged(
        self, connection: Any, filled: Sequence[_Filled], contacts: Mapping[str, list[Any]], now: datetime
    ) -> dict[int, NewMessage | LamplighterError]:
        # Nobody was told anything at a number that was unknown until now.
        points = {row["point_id"] for rows in contacts.values() for row in rows if row["point_id"] and not row["fresh"]}
        past = await told_before(connection, list(points), now) if points else {}
        results: dict[int, NewMessage | LamplighterError] = {}
        decided: _Decided = {}
        for index, item, template, number in filled:
            rows = contacts.get(number.e164 if number else str(item.account_no), [])
            try:
                results[index] = self._message(item, template, rows, past, now, decided)
            except LamplighterError as error:
                results[index] = error
        return results

    def _check(self, item: Asked) -> tuple[Template, PhoneNumber | None]:
        if (item.to is None) == (item.account_no is None):
            raise InvalidInput("a message goes either to a number or to an account", field="to")
        if item.channel is not None and item.channel not in self._channels:
            raise InvalidInput(f"no such channel: {item.channel}", field="channel")
        if item.to is not None and item.channel not in (None, "sms"):
            raise InvalidInput("a number is reached by SMS; a chat is found by its account", field="channel")
        try:
            template = self._wording.named(item.template, item.language or self._language, item.tone)
        except NotFound as error:
            raise InvalidInput(str(error), field="template") from error
        if item.values.keys() != template.names:
            template.render(item.values, self._zone)
        if item.to is None:
            return template, None
        try:
            return template, parse(item.to, self._region)
        except InvalidPhone as error:
            raise InvalidInput(f"not a telephone number: {error}", field="to") from error

    async def _contacts(self, connection: Any, filled: Sequence[_Filled], now: datetime) -> dict[str, list[Any]]:
        """Contact rows by account number or by E.164 number."""
        contacts: defaultdict[str, list[Any]] = defaultdict(list)
        accounts = {str(item.account_no) for _, item, _, number in filled if number is None}
        if accounts:
            for row in await connection.fetch(_CONTACTS, list(accounts), now):
                contacts[row["account_no"]].append(row)
        # Sorted, so that two transactions that make the same numbers known wait for one another and never in a ring.
        wanted = sorted({number.e164: number.kind for *_, number in filled if number is not None}.items())
        while wanted:
            for row in await connection.fetch(_NUMBERS, [e164 for e164, _ in wanted], [kind for _, kind in wanted]):
                contacts[row["address"]].append(row)
            wanted = [(e164, kind) for e164, kind in wanted if e164 not in contacts]
        return contacts

    def _message(
        self, item: Asked, template: Template, rows: Sequence[Any], past: Mapping[int, Told], now: datetime,
        decided: _Decided,
    ) -> NewMessage:  # fmt: skip
        if not rows:
            raise InvalidInput(f"there is no account {item.account_no}", field="account_no")
        if item.at_number is not None:
            rows = [row for row in rows if _stands_at(row, item.at_number)] or rows
        if item.account_no is not None and item.language is None and rows[0]["language"]:
            template = self._wording.named(item.template, rows[0]["language"], item.tone)
        zone, _ = places.place_of(rows[0], self._zone, self._region)
        body = template.render(item.values, zone)
        fields, row = self._decided(item, template, rows, past, body, zone, now, decided)
        return NewMessage(
            id=new_id(now),
            contact_point_id=row["point_id"] if row else None,
            to_address=row["address"] if row else None,
            body=body,
            segments=count(body).parts if fields["channel"] == "sms" else 1,
            reference=item.reference,
            accounts=[AccountPart(rows[0]["account_id"], rows[0]["account_no"], row["link_id"] if row else None)]
            if item.account_no is not None
            else (),
            **fields,
        )

    def _decided(
        self, item: Asked, template: Template, rows: Sequence[Any], past: Mapping[int, Told], body: str, zone: ZoneInfo,
        now: datetime, decided: _Decided,
    ) -> tuple[_Fields, Any]:  # fmt: skip
        """What the template and the policy say of a text, and the contact row that is meant."""
        table = self._policy()
        if item.to is None or len(rows) > 1 or rows[0]["point_id"] in past or item.point is not None:
            decision, row = self._decide(item, template, rows, past, body, now, table)
            return _fields(item, template, rows[0], row, decision, zone, now, table), row
        row = rows[0]
        asked = (template, item.not_before, item.expires_at, item.goes_on, item.channel)
        facts = (*asked, *_FACTS(row), *row["opt_outs"], None, *row["consents"])
        fields = decided.get(facts)
        if fields is None:
            decision, _ = self._decide(item, template, rows, past, body, now, table)
            fields = decided[facts] = _fields(item, template, row, row, decision, zone, now, table)
        return fields, row

    def _decide(
        self, item: Asked, template: Template, rows: Sequence[Any], past: Mapping[int, Told], body: str, now: datetime,
        table: PolicyTable,
    ) -> tuple[Decision, Any]:  # fmt: skip
        wish = Wish(
            kind=template.kind,
            klass=template.klass,
            purpose=template.purpose,
            hours=template.hours,
            not_before=item.not_before,
            expires_at=item.expires_at,
            goes_on=item.goes_on,
            channels=_channels(item, rows[0], table),
            any_channel=item.channel is None,
        )
        usable = [
            # Whoever wrote in a chat is answered there, whatever else he wants told there.
            (row, 0 if _is_chat_of(row, item) else choice_of(row, wish, wish.channels))
            for row in rows
            if row["point_id"] is not None and (item.point is None or item.point in (row["point_id"], row["number_id"]))
        ]
        links = [link_of(row, choice) for row, choice in usable if choice is not None]
        recipient = (
            recipient_of(rows[0], links, self._zone, self._region)
            if item.account_no is not None
            else Recipient(links=_lenient(links), zone=self._zone, region=self._region)
        )
        usual = choose_link(recipient.links, table)
        meant = usual if isinstance(usual, Link) else next(iter(links), None)
        told = past.get(meant.contact_point_id, NOTHING_TOLD) if meant else NOTHING_TOLD
        decision = decide(recipient, wish, told.history(body), now, table)
        row = next((row for row in rows if meant is not None and row["point_id"] == meant.contact_point_id), None)
        return decision, row


def _fields(
    item: Asked, template: Template, first: Any, row: Any, decision: Decision, zone: ZoneInfo, now: datetime,
    table: PolicyTable,
) -> _Fields:  # fmt: skip
    """What a message has of its template and of what was decided; `row` is the contact that is meant, if any is."""
    at, closes = (decision.at, decision.closes) if isinstance(decision, SendAt) else (now, None)
    expires_at = item.expires_at
    if expires_at is None and template.valid_for is not None:
        expires_at = at + template.valid_for
    channel = item.channel or (channel_to(row["point_kind"]) if row else "sms")
    return {
        "template": template.name,
        "template_version": template.version,
        "kind": template.kind,
        "klass": template.klass,
        "purpose": template.purpose,
        "channel": channel,
        # What its person wants told in the chat still arrives where the chat fails.
        "fallback": list(goes_on_to(channel, _channels(item, first, table))) or None,
        "withheld_reason": decision.reason if isinstance(decision, Withhold) else None,
        "expired": not isinstance(decision, SendAt | Withhold),
        "decision": table.signed(decision.because),
        "hours": template.hours.value,
        "zone": zone.key,
        "created_at": now,
        "not_before": at,
        "closes_at": closes,
        "expires_at": expires_at,
    }


def _paper(message: NewMessage, now: datetime) -> NewTask:
    """A legal text is no service of the notice by itself: a person hands it over beside it (domain notes §7)."""
    part = next(iter(message.accounts), None)
    whom = f"account {part.account_no}" if part is not None else PhoneNumber(message.to_address or "").masked
    return NewTask(
        kind="paper_notice",
        subject=f"message:{message.id}",
        words=f"{whom}: hand the legal notice over on paper or read it out by phone; note who took it and when",
        due_at=now + _PAPER_WITHIN,
        account_id=part.account_id if part is not None else None,
    )


def _taken(result: NewMessage | LamplighterError) -> Taken | LamplighterError:
    return Taken(result.id, result.state, result.withheld_reason) if isinstance(result, NewMessage) else result


def _is_chat_of(row: Any, item: Asked) -> bool:
    return item.channel is None and row["point_kind"] != "phone" and row["address"] == item.at_number


def _stands_at(row: Any, address: str) -> bool:
    return bool(row["address"] == address and (row["point_kind"] == "phone" or row["point_state"] == "active"))


def _channels(item: Asked, row: Any, table: PolicyTable) -> tuple[str, ...]:
    """The channels it may use: the one that was asked for, or those of the account's segment."""
    if item.channel is not None:
        return (item.channel,)
    if item.account_no is None or not table.channels:
        return USUAL
    return table.channels_of(segments_of(row)) or USUAL


def _lenient(links: Sequence[Link]) -> Sequence[Link]:
    """A text to a number goes if any of its links is good; a number that is wrong for one account may be right."""
    good = [link for link in links if link.state in ("verified", "unverified")]
    return good or links
