"""The customer's own hand: "换号了，新号139…" proposes a new contact, which counts once it is proven.

The number named is sent a code. It is registered when the code comes back from it, and, unless the proposal came
from a proven contact, with something only the holder has. What is proposed opens a correction, so that a person
sees it; the number given up is stopped when the new one is proven, and revoked by a person.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.archive import chats, proving
from gateway.archive.opening import Doubt, open_or_join
from gateway.archive.proving import Open, Wish
from gateway.inbox.answers import Recipient
from gateway.inbox.heard import Heard, Reaction, Tools, quoted
from gateway.kernel.phones import InvalidPhone, Kind, PhoneNumber, parse
from gateway.outbox import AccountPart, stop_links

#: Proof of a contact lasts 18 months (domain notes §7 "Verified and trusted").
_TRUSTED: Final = timedelta(days=548)
#: The text that asks at a trusted contact about another number.
ASKS_OTHER: Final = "contact_confirm_other"

_CHANGED: Final = re.compile(
    r"换(?:了|成|为|个)?(?:新)?(?:手机)?(?:号|电话)|换号|改号|新(?:的)?(?:手机|联系|电话)?(?:号|电话)|号码?(?:已|更|变|改)(?:经|更|变|换|改|为|成)"
    r"|(?:号码?|电话|手机)(?:已经?)?(?:换|改|变更|更新|更换)|(?:更新|更改|修改|变更|改成|改为|换成)[^0-9]{0,8}(?:号|电话|手机)"
    r"|(?:以后|今后|请|麻烦)?(?:都)?(?:发|打|联系)(?:到|给|往|至)?(?:这个|新|我)?(?:号|的)?[\s:：]*(?=1[3-9])"
    r"|\b(?:new|changed?|change my|update my|updated my)\b[^.]{0,24}\b(?:number|phone|mobile)\b"
    r"|\b(?:number|phone|mobile)\b[^.]{0,16}\b(?:is now|changed|has changed|was changed)\b",
    re.IGNORECASE,
)
#: Said of somebody else, or by somebody who should not be reached at all: no proposal of one's own.
_ANOTHERS: Final = re.compile(
    r"打错|发错|不是我|不认识|别人|他的|她的|户主的|房东的|[他她](?:新|换)|wrong number|\b(?:his|her|their)\b",
    re.IGNORECASE,
)
_DIGITS: Final = re.compile(r"(?<![\d.])(?:\+?86[\s-]?)?1[3-9]\d(?:[\s-]?\d{4}){2}(?![\d.])|\+\d[\d\s-]{7,16}\d")

_HELD: Final = """
SELECT l.id AS link_id, l.account_id, a.account_no, l.role, l.state, l.verified_at, a.customer_id, a.language
FROM contact_link l JOIN account a ON a.id = l.account_id
WHERE l.contact_point_id = $1 AND l.state IN ('unverified', 'verified') ORDER BY l.is_default DESC, l.id
"""


def named_number(text: str, sender: str, region: str) -> PhoneNumber | None:
    """The one mobile number that a text says is the writer's new one; None where it says no such thing. Pure."""
    plain = unicodedata.normalize("NFKC", text)
    if _ANOTHERS.search(plain) or not _CHANGED.search(plain):
        return None
    written = {re.sub(r"\D", "", one)[-11:] for one in _DIGITS.findall(plain)}
    if len(written) != 1:
        return None
    try:
        number = parse(written.pop(), region)
    except InvalidPhone:
        return None
    return number if number.kind is not Kind.LANDLINE and number.e164 != sender else None


async def react(connection: Any, heard: Heard, tools: Tools) -> Reaction | None:
    """Take a code that was asked for, an answer about another number, or a proposal; None for any other text."""
    question = heard.thread.question
    if question is not None and question.template == ASKS_OTHER:
        yes = heard.thread.digit == "1" or (heard.thread.digit is None and heard.reading.intents == ("ack",))
        if yes or heard.thread.digit == "2":
            return await _answer_for_other(connection, heard, tools, yes=yes)
    if heard.contact_point_id is not None and (told := proving.figures(heard.text)):
        proofs = await proving.open_codes(connection, heard.contact_point_id, heard.at)
        if proofs and any(len(figure) == len("407512") for figure in told):
            return await _take_code(connection, heard, proofs, told, tools)
    number = named_number(heard.text, heard.sender, tools.region)
    if number is None or heard.contact_point_id is None:
        return None
    return await _propose(connection, heard, number, tools)


async def _propose(connection: Any, heard: Heard, number: PhoneNumber, tools: Tools) -> Reaction | None:
    assert heard.contact_point_id is not None, "only somebody we know has a number to change"
    reaction = Reaction(answers=heard.thread.answers.id if heard.thread.answers else None)
    old, *others = await chats.numbers_behind(connection, heard.contact_point_id)
    if others:
        reaction.leave("names a new number in a chat that is bound to several: which one it replaces wants a person")
        return reaction
    held = await connection.fetch(_HELD, old)
    if not held:
        return None
    mine = [row for row in held if row["customer_id"] == held[0]["customer_id"]]
    if len(mine) < len(held):
        reaction.leave("changed numbers, and the old one stands for other customers too: whose it is wants a person")
    if await connection.fetchval("SELECT true FROM staff_member WHERE phone = $1 LIMIT 1", number.e164):
        reaction.leave("names a member of staff's number as the new one")
        return reaction
    opened = await open_or_join(
        connection,
        Doubt(
            contact_point_id=old,
            accounts=[row["account_id"] for row in mine],
            suspend=[],
            reason="proposal",
            words="the customer says that the number has changed",
            actor=heard.actor,
            at=heard.at,
            hints=[
                {
                    "kind": "new_contact",
                    "account_no": row["account_no"],
                    "number": number.e164,
                    "role": row["role"],
                    "words": quoted(heard.text),
                    "inbound_id": str(heard.id),
                }
                for row in mine
            ],
        ),
    )
    reaction.caused("correction_joined" if opened.joined else "correction_opened", id=str(opened.id))
    point = await _point(connection, number)
    asked_by = f"contact_point:{heard.contact_point_id}"
    if not await proving.may_ask(connection, point, asked_by, heard.at):
        reaction.leave("names a new number, but too many codes were sent today")
        return reaction
    trusted = all(
        row["state"] == "verified" and row["verified_at"] and heard.at - row["verified_at"] < _TRUSTED for row in mine
    )
    code = proving.new_code()
    to = Recipient(number=number.e164, contact_point_id=point, language=mine[0]["language"])
    parts = [AccountPart(row["account_id"], row["account_no"], None) for row in mine]
    message = await tools.answers.send_code(connection, to, code, parts, heard.at, with_knowledge=not trusted)
    await proving.ask(
        connection,
        [
            Wish(account_id=r["account_id"], account_no=r["account_no"], role=r["role"], correction=opened.id)
            for r in mine
        ],
        point,
        how="code",
        code=code,
        message_id=message,
        asked_by=asked_by,
        at=heard.at,
        needs_knowledge=not trusted,
        replaces=old,
    )
    reaction.caused("code_sent", message_id=str(message), accounts=[row["account_no"] for row in mine])
    return reaction


async def _take_code(
    connection: Any, heard: Heard, proofs: Sequence[Open], told: Sequence[str], tools: Tools
) -> Reaction:
    reaction = Reaction(answers=None)
    given, code = proving.fits(proofs, told)
    if code is None:
        await proving.missed(connection, proofs, heard.at)
        reaction.caused("code_wrong", tries=proofs[0].tries + 1)
        return reaction
    amounts = await tools.amounts(connection, [one.account_id for one in given])
    shown = [
        one
        for one in given
        if not one.needs_knowledge
        or any(proving.knows(told, code, other.account_no, amounts.get(other.account_id, ())) for other in given)
    ]
    if not shown:
        await proving.missed(connection, given, heard.at)
        reaction.caused("code_without_knowledge")
        return reaction
    await proving.settle(connection, shown, "proven", heard.at)
    await _proven(connection, heard, shown, "code", tools, reaction)
    return reaction


async def _answer_for_other(connection: Any, heard: Heard, tools: Tools, *, yes: bool) -> Reaction:
    """The trusted contact of the account agrees to another number, or does not."""
    question = heard.thread.question
    assert question is not None, "only an answer to our asking comes here"
    reaction = Reaction(answers=question.id)
    proofs = await proving.asked_with(connection, question.id, heard.at)
    if not proofs:
        reaction.leave("answers about another number, but that was settled already")
    elif yes:
        await proving.settle(connection, proofs, "proven", heard.at)
        await _proven(connection, heard, proofs, "trusted_channel", tools, reaction)
    else:
        await proving.settle(connection, proofs, "refused", heard.at)
        reaction.caused("contact_refused", accounts=[one.account_no for one in proofs])
        reaction.leave("the account's trusted contact refuses the new number")
    return reaction


async def _proven(
    connection: Any, heard: Heard, proofs: Sequence[Open], how: str, tools: Tools, reaction: Reaction
) -> None:
    """Register what was proven, stop what it replaces, and tell what was missed."""
    made = await proving.link_proven(connection, proofs, how=how, actor=heard.actor, at=heard.at)
    reaction.caused("contact_proven", links=made, accounts=[one.account_no for one in proofs])
    if any(one.replaces_point_id is not None for one in proofs):
        # What the number given up was told, the customer was told.
        await _give_up(connection, heard, proofs, reaction)
    else:
        for case in await tools.proven(connection, made, heard.at):
            reaction.caused("correction_proven", id=str(case))
    first = proofs[0]
    to = Recipient(number=first.number, contact_point_id=first.contact_point_id, language=heard.language)
    part = AccountPart(first.account_id, first.account_no, made[0])
    reaction.caused(
        "confirmation_queued", message_id=str(await tools.answers.tell_proven(connection, to, part, heard.at))
    )


async def _give_up(connection: Any, heard: Heard, proofs: Sequence[Open], reaction: Reaction) -> None:
    """Suspend the links of the number that the customer gave up; a person revokes them."""
    for old in sorted({one.replaces_point_id for one in proofs if one.replaces_point_id is not None}):
        accounts = [one.account_id for one in proofs if one.replaces_point_id == old]
        rows = await connection.fetch(
            "SELECT id FROM contact_link WHERE contact_point_id = $1 AND account_id = ANY($2::bigint[])", old, accounts
        )
        words = "the customer changed numbers"
        opened = await open_or_join(
            connection,
            Doubt(
                contact_point_id=old,
                accounts=accounts,
                suspend=[row["id"] for row in rows],
                reason="proposal",
                words=words,
                actor=heard.actor,
                at=heard.at,
                hints=[{"kind": "proven", "number": proofs[0].number, "inbound_id": str(heard.id)}],
            ),
        )
        await stop_links(connection, opened.suspended, reason="misdirected", at=heard.at, words=words)
        reaction.caused("links_suspended", links=opened.suspended)


async def _point(connection: Any, number: PhoneNumber) -> int:
    point: int = await connection.fetchval(
        """INSERT INTO contact_point (kind, address, line) VALUES ('phone', $1, $2)
           ON CONFLICT (address, kind) DO UPDATE SET address = excluded.address RETURNING id""",
        number.e164,
        number.kind.value,
    )
    return point


def moment_of_trust(at: datetime) -> datetime:
    """Since when a proof still counts."""
    return at - _TRUSTED
