"""Reacting to "not me": stop, apologise once, open the correction, in one transaction (design §6, walk 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from gateway.archive.corrections import AddedContact, Doubt, Opened, open_or_join
from gateway.archive.held import held, rows_of
from gateway.archive.misdirection import Concern, Disowning, HeldLink, concerned
from gateway.archive.names import plain
from gateway.archive.signals import Sign, record
from gateway.inbox.heard import Heard, Reaction, Tools, quoted
from gateway.inbox.threads import Sent, accounts_told, parts_of
from gateway.outbox import stop_links

#: Short refusals that answer the question of a contact check as its code does.
_NO: Final = frozenset(("不是", "否", "不", "不是我", "no", "n", "2"))
#: A mover's other accounts are asked about, each with a text: more than this would be a burden.
_MOST_ASKED: Final = 3


async def react(connection: Any, heard: Heard, intent: Disowning, tools: Tools) -> Reaction:
    """Suspend what the reply concerns, pull back what is queued, open or join the case, apologise once."""
    reaction = Reaction()
    about = _about(heard)
    point = heard.contact_point_id
    if point is None or about is None:
        reaction.leave("says we have the wrong number, but nothing was sent to it in 90 days")
        return reaction
    reaction.answers = about.id
    rows = await rows_of(connection, point)
    links = [held(row) for row in rows]
    if not links:
        reaction.leave("says we have the wrong number, but no account is linked to it")
        return reaction
    answered = _named(heard.text, links) or {part.account_id for part in await parts_of(connection, about.id)}
    concern = concerned(
        _meant(heard, intent),
        links,
        answered=answered,
        told=await accounts_told(connection, point, heard.at),
        since=about.sent_at,
    )
    await _note(connection, heard, intent, about.id, [link.account_id for link in concern.stopped] or sorted(answered))
    if concern.doubtful:
        reaction.leave("the number was confirmed after the message it answers: a person judges who is right")
    if concern.stopped:
        await _halt(connection, heard, intent, about.id, concern.stopped, tools, reaction)
        if concern.standing:
            reaction.caused("left_alone", accounts=[link.account_no for link in concern.standing])
        await _ask(connection, heard, concern, {row["link_id"]: row for row in rows}, tools, reaction)
    elif not concern.doubtful and any(link.account_id in answered for link in links):
        reaction.caused("already_stopped")
    elif not concern.doubtful:
        reaction.leave("says it is not reached rightly, but the account of the message has no link to the number")
    return reaction


def _named(text: str, links: Sequence[HeldLink]) -> set[int]:
    """The accounts whose holder the text says not to be: "我不是王强" speaks of his, whatever was sent last."""
    said = plain(text)
    return {
        link.account_id
        for link in links
        if len(plain(link.holder)) > 1 and any(f"{no}{plain(link.holder)}" in said for no in ("不是", "不叫", "not"))
    }


async def held_links(connection: Any, heard: Heard) -> list[HeldLink]:
    """The links of the number that answered; the number is locked."""
    return [held(row) for row in await rows_of(connection, heard.contact_point_id)]


def _about(heard: Heard) -> Sent | None:
    """A code answers its question; words are about the newest message."""
    if heard.by_code or _says_no(heard):
        return heard.thread.question
    return heard.thread.about or heard.thread.question


def _says_no(heard: Heard) -> bool:
    question = heard.thread.question
    return (
        question is not None and question.kind == "contact_confirm" and heard.text.strip(" 。.!！~").casefold() in _NO
    )


def _meant(heard: Heard, intent: Disowning) -> Disowning:
    """A code speaks for the accounts of its question alone, as one who moved does; a stranger speaks for all."""
    return "moved_or_sold" if heard.by_code or _says_no(heard) else intent


async def _note(connection: Any, heard: Heard, intent: str, about: UUID | None, accounts: Sequence[int | None]) -> None:
    evidence = {
        "words": quoted(heard.text),
        "inbound_id": str(heard.id),
        "message_id": None if about is None else str(about),
    }
    point = heard.contact_point_id
    assert point is not None, "only a number we know is judged"
    await record(
        connection,
        [
            Sign(contact_point_id=point, account_id=account, kind=intent, at=heard.at, evidence=evidence)
            for account in accounts or [None]
        ],
    )


async def stop(
    connection: Any,
    heard: Heard,
    intent: str,
    about: UUID | None,
    stopped: Sequence[HeldLink],
    tools: Tools,
    reaction: Reaction,
) -> None:
    """Suspend `stopped` on the customer's word, in answer to the message `about`, and all that goes with it."""
    await _note(connection, heard, intent, about, [link.account_id for link in stopped])
    await _halt(connection, heard, intent, about, stopped, tools, reaction)


async def _halt(
    connection: Any,
    heard: Heard,
    intent: str,
    about: UUID | None,
    stopped: Sequence[HeldLink],
    tools: Tools,
    reaction: Reaction,
) -> None:
    words = f"reply: {intent}"
    opened: Opened = await open_or_join(
        connection,
        Doubt(
            contact_point_id=heard.contact_point_id,
            accounts=[link.account_id for link in stopped],
            suspend=[link.link_id for link in stopped],
            reason="reply",
            words=words,
            actor=heard.actor,
            at=heard.at,
            hints=[
                {
                    "kind": "reply",
                    "words": quoted(heard.text),
                    "inbound_id": str(heard.id),
                    "message_id": None if about is None else str(about),
                }
            ],
        ),
    )
    withheld = await stop_links(connection, opened.suspended, reason="misdirected", at=heard.at, words=words)
    reaction.caused(
        "links_suspended",
        accounts=[link.account_no for link in stopped],
        links=opened.suspended,
        messages_withheld=withheld,
    )
    reaction.caused("correction_joined" if opened.joined else "correction_opened", id=str(opened.id))
    if (apology := await tools.answers.apologise(connection, heard.to, heard.at)) is not None:
        reaction.caused("apology_queued", message_id=str(apology))


async def _ask(
    connection: Any, heard: Heard, concern: Concern, rows: dict[int, Any], tools: Tools, reaction: Reaction
) -> None:
    """Ask about the mover's other accounts, which go on until answered."""
    for link in concern.asked[:_MOST_ASKED]:
        row = rows[link.link_id]
        contact = AddedContact(
            link_id=link.link_id,
            contact_point_id=int(heard.contact_point_id or 0),
            number=row["number"],
            line=row["line"],
            account_id=link.account_id,
            account_no=link.account_no,
            language=row["language"],
        )
        asked = await tools.answers.check_contacts(connection, [contact], heard.at)
        reaction.caused("asked_about", account=link.account_no, message_ids=[str(id_) for id_ in asked])
