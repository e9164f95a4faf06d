"""Reacting to "not me": stop, apologise once, open the correction, in one transaction (design §6, walk 2)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from gateway.archive import chats, evidence, opening
from gateway.archive.corrections import AddedContact, Doubt, Opened, open_or_join
from gateway.archive.held import held, rows_of
from gateway.archive.misdirection import Concern, Disowning, HeldLink, Spoken, concerned, meant_by, unsaid
from gateway.archive.names import plain
from gateway.archive.signals import Sign
from gateway.archive.trust.judging import Verdict
from gateway.inbox.heard import Heard, Reaction, Tools, quoted
from gateway.inbox.threads import Sent, accounts_told, accounts_within, parts_of
from gateway.outbox import stop_links

#: Short refusals that answer the question of a contact check as its code does.
_NO: Final = frozenset(("不是", "否", "不", "不是我", "no", "n", "2"))
#: Words that name nobody may speak of any text that came so shortly before them.
_JUST_TOLD: Final = timedelta(hours=24)
#: The kind of signal that an unclear word leaves.
SEEMS: Final = "seems_wrong"
#: The reason of a link that waits for a person to read what was said, or for the customer to say which was meant.
IN_DOUBT: Final = "in doubt"
#: The effect that an inbound has which we asked to say which account is meant.
ASKED_ACCOUNT: Final = "asked_account"
#: The figures that accounts are named by, and whose they are not if they are called one's own.
_FIGURES: Final = re.compile(r"\d{4,}")
_OWN: Final = re.compile(r"我(?:家|的|自己)的?(?:户号|电表|账户)|\bmy (?:own )?account\b", re.IGNORECASE)
#: Whatever went out so shortly before words that name nobody may be what they speak of, and waits to be said.
_LATELY: Final = timedelta(hours=72)


async def react(connection: Any, heard: Heard, intent: Disowning, tools: Tools) -> Reaction:
    """Suspend what the reply concerns, pull back what is queued, open or join the case, apologise once."""
    reaction = Reaction()
    about = _about(heard)
    point = heard.contact_point_id
    if point is None or (about is None and heard.account is None):
        reaction.leave("says we have the wrong number, but nothing was sent to it in 90 days")
        return reaction
    reaction.answers = None if about is None else about.id
    rows = await rows_of(connection, point)
    links = [held(row) for row in rows]
    if not links:
        reaction.leave("says we have the wrong number, but no account is linked to it")
        return reaction
    spoken = await _spoken_of(connection, heard, intent, about, links)
    if spoken.maybe:
        reaction.add(await hold(connection, heard, intent))
        await _ask_account(connection, heard, tools, reaction)
        return reaction
    answered = spoken.accounts
    in_doubt = [link.link_id for link in links if link.state == "suspended" and link.account_id in answered]
    await opening.hold_for_good(connection, in_doubt, f"reply: {intent}")
    concern = await _concern(connection, heard, intent, spoken, links)
    beside = await _unsaid(connection, heard, intent, about, links, concern)
    of_accounts = [link.account_id for link in concern.stopped] or sorted(answered)
    verdicts = await _note(connection, heard, intent, reaction.answers, of_accounts)
    if concern.doubtful:
        reaction.leave("the number was confirmed after the message it answers: a person judges who is right")
    if concern.stopped:
        await _halt(connection, heard, intent, reaction.answers, concern.stopped, verdicts, reaction)
        if not beside:
            await _apologise(connection, heard, tools, reaction)
        left_alone = [link.account_no for link in concern.standing if link not in beside]
        if left_alone:
            reaction.caused("left_alone", accounts=left_alone)
        await _ask(connection, heard, concern, {row["link_id"]: row for row in rows}, tools, reaction)
    elif not concern.doubtful and any(link.account_id in answered for link in links):
        reaction.caused("already_stopped")
    elif not concern.doubtful:
        reaction.leave("says it is not reached rightly, but the account of the message has no link to the number")
    if beside:
        await _hold(connection, heard, intent, reaction.answers, [], beside, verdicts, reaction)
        await _ask_account(connection, heard, tools, reaction)
    return reaction


async def hold(connection: Any, heard: Heard, intent: Disowning) -> Reaction:
    """Hold what would be stopped if the text said "not me", until a person has read it; nobody is written to.

    A word that is unclear is acted on as well: should it be true, no more texts follow it (promise P3). What may be
    meant beside it is put in question, until somebody says or decides which it is.
    """
    reaction = Reaction()
    about, point = _about(heard), heard.contact_point_id
    if point is None or about is None:
        return reaction
    reaction.answers = about.id
    links = [held(row) for row in await rows_of(connection, point)]
    spoken = await _spoken_of(connection, heard, intent, about, links)
    concern = await _concern(connection, heard, intent, spoken, links)
    beside = await _unsaid(connection, heard, intent, about, links, concern)
    if not concern.stopped and not beside:
        return reaction
    of_accounts = [link.account_id for link in concern.stopped] or sorted(spoken.accounts)
    verdicts = await _note(connection, heard, SEEMS, about.id, of_accounts)
    await _hold(connection, heard, intent, about.id, concern.stopped, beside, verdicts, reaction)
    return reaction


async def _hold(
    connection: Any,
    heard: Heard,
    intent: Disowning,
    about: UUID | None,
    stopped: Sequence[HeldLink],
    beside: Sequence[HeldLink],
    verdicts: Mapping[int, Verdict],
    reaction: Reaction,
) -> None:
    """Suspend `stopped` in doubt, and put in question what may be meant `beside`, number by number."""
    words = f"{IN_DOUBT}: {intent}"
    for of_number in _by_number([*stopped, *beside]):
        sure = [link for link in of_number if link in stopped]
        rest = [link for link in of_number if link not in stopped]
        opened, withheld = await _suspend(connection, heard, words, about, sure, verdicts, rest)
        reaction.caused(
            "links_held",
            accounts=[link.account_no for link in of_number],
            links=sorted([*opened.suspended, *opened.questioned]),
            correction_id=str(opened.id),
            messages_withheld=withheld,
        )
        reaction.caused("correction_joined" if opened.joined else "correction_opened", id=str(opened.id))


async def _concern(
    connection: Any, heard: Heard, intent: Disowning, spoken: Spoken, links: Sequence[HeldLink]
) -> Concern:
    about = _about(heard)
    return concerned(
        _meant(heard, intent),
        links,
        answered=spoken.accounts,
        told=await accounts_told(connection, await chats.person(connection, heard.contact_point_id or 0), heard.at),
        since=heard.at if about is None else about.sent_at,
        spared=spoken.maybe,
        by_code=_says_not_this_number(heard),
    )


async def _unsaid(
    connection: Any, heard: Heard, intent: Disowning, about: Sent | None, links: Sequence[HeldLink], concern: Concern
) -> tuple[HeldLink, ...]:
    """What a stranger's words that name no account may mean as well: all that the number was told of these days."""
    if about is None or heard.account is not None or _meant(heard, intent) != "wrong_number" or _named(heard, links):
        return ()
    lately = [one.id for one in heard.sent if about.sent_at - one.sent_at <= _LATELY]
    return unsaid(links, await accounts_within(connection, lately), concern, about.sent_at)


async def _ask_account(connection: Any, heard: Heard, tools: Tools, reaction: Reaction) -> None:
    """Ask which of the accounts is meant that somebody pays or acts for; a person may say it as well."""
    asked = await tools.answers.ask_account(connection, heard.to, heard.at)
    reaction.leave("stands for several accounts and does not say which is meant")
    if asked is not None:
        reaction.caused(ASKED_ACCOUNT, message_id=str(asked))


async def _answered(connection: Any, heard: Heard, intent: Disowning, about: Sent, links: Sequence[HeldLink]) -> Spoken:
    """The accounts a text speaks of: those of the message it answers, or of one that came with it."""
    newest = {part.account_id for part in await parts_of(connection, about.id)}
    if _meant(heard, intent) != "wrong_number":
        return Spoken(frozenset(newest))
    recent = [one.id for one in heard.sent if about.sent_at - one.sent_at <= _JUST_TOLD and one.id != about.id]
    return meant_by(newest, await accounts_within(connection, recent), links, about.sent_at)


async def _spoken_of(
    connection: Any, heard: Heard, intent: Disowning, about: Sent | None, links: Sequence[HeldLink]
) -> Spoken:
    """The accounts a text speaks of: the one chosen in a dialogue, those named, else those of what it answers."""
    if heard.account is not None:
        return Spoken(frozenset({heard.account.account_id}))
    named = _named(heard, links)
    return (
        Spoken(frozenset(named)) if named or about is None else await _answered(connection, heard, intent, about, links)
    )


def _named(heard: Heard, links: Sequence[HeldLink]) -> set[int]:
    """The accounts that a text names as none of the number's."""
    return _denied(heard.text, links) or (set() if _OWN.search(heard.text) else by_figures(heard.text, links))


def _by_number(stopped: Sequence[HeldLink]) -> list[list[HeldLink]]:
    """Links by their numbers: what is said in a chat is said of every number that it is bound to."""
    return [
        [link for link in stopped if link.point_id == point] for point in dict.fromkeys(one.point_id for one in stopped)
    ]


def by_figures(text: str, links: Sequence[HeldLink]) -> set[int]:
    """The accounts that a text names by the last figures of their numbers, four or more."""
    figures = _FIGURES.findall(unicodedata.normalize("NFKC", text))
    return {link.account_id for link in links if any(link.account_no.endswith(one) for one in figures)}


def _denied(text: str, links: Sequence[HeldLink]) -> set[int]:
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
    """A code answers its question; words are about the newest message. An account that was chosen needs neither."""
    if heard.account is not None:
        return None
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
    return "moved_or_sold" if heard.account is not None or heard.by_code or _says_no(heard) else intent


def _says_not_this_number(heard: Heard) -> bool:
    question = heard.thread.question
    return question is not None and question.kind == "contact_confirm" and (heard.by_code or _says_no(heard))


async def _note(
    connection: Any, heard: Heard, intent: str, about: UUID | None, accounts: Sequence[int | None]
) -> dict[int, Verdict]:
    """Keep what was said as evidence; what is judged of the links it speaks of."""
    words = {
        "words": quoted(heard.text),
        "inbound_id": str(heard.id),
        "message_id": None if about is None else str(about),
    }
    assert heard.contact_point_id is not None, "only a number we know is judged"
    signs = [
        Sign(contact_point_id=number, account_id=account, kind=intent, at=heard.at, evidence=words)
        for number in await chats.numbers_behind(connection, heard.contact_point_id)
        for account in accounts or [None]
    ]
    return await evidence.take(connection, signs, heard.at)


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
    verdicts = await _note(connection, heard, intent, about, [link.account_id for link in stopped])
    await _halt(connection, heard, intent, about, stopped, verdicts, reaction)
    await _apologise(connection, heard, tools, reaction)


async def _apologise(connection: Any, heard: Heard, tools: Tools, reaction: Reaction) -> None:
    if (apology := await tools.answers.apologise(connection, heard.to, heard.at)) is not None:
        reaction.caused("apology_queued", message_id=str(apology))


async def _halt(
    connection: Any,
    heard: Heard,
    intent: str,
    about: UUID | None,
    stopped: Sequence[HeldLink],
    verdicts: Mapping[int, Verdict],
    reaction: Reaction,
) -> None:
    for of_number in _by_number(stopped):
        opened, withheld = await _suspend(connection, heard, f"reply: {intent}", about, of_number, verdicts)
        reaction.caused(
            "links_suspended",
            accounts=[link.account_no for link in of_number],
            links=opened.suspended,
            messages_withheld=withheld,
        )
        reaction.caused("correction_joined" if opened.joined else "correction_opened", id=str(opened.id))
    if any(verdicts[link.link_id].doubtful_word for link in stopped if link.link_id in verdicts):
        reaction.leave("the number paid after our reminders, or was confirmed lately: a person judges who is right")


async def _suspend(
    connection: Any,
    heard: Heard,
    words: str,
    about: UUID | None,
    stopped: Sequence[HeldLink],
    verdicts: Mapping[int, Verdict],
    beside: Sequence[HeldLink] = (),
) -> tuple[Opened, int]:
    """Suspend links of one number and put others in question, in one case; how many queued texts that withheld."""
    said = {
        "kind": "reply",
        "words": quoted(heard.text),
        "inbound_id": str(heard.id),
        "message_id": None if about is None else str(about),
    }
    judged = [verdicts[link.link_id] for link in stopped if link.link_id in verdicts]
    opened: Opened = await open_or_join(
        connection,
        Doubt(
            contact_point_id=(*stopped, *beside)[0].point_id,
            accounts=[link.account_id for link in stopped],
            suspend=[link.link_id for link in stopped],
            reason="reply",
            words=words,
            actor=heard.actor,
            at=heard.at,
            hints=[said, *(evidence.hint(verdict) for verdict in judged[:1])],
            question=[link.link_id for link in beside],
        ),
    )
    stopping = [*opened.suspended, *opened.questioned]
    withheld = await stop_links(connection, stopping, reason="misdirected", at=heard.at, words=words)
    return opened, withheld


async def _ask(
    connection: Any, heard: Heard, concern: Concern, rows: dict[int, Any], tools: Tools, reaction: Reaction
) -> None:
    """Ask about the mover's other accounts, which go on until answered: one by one, as each answer is a bare code."""
    for link in sorted(concern.asked, key=lambda one: one.probability or 1)[:1]:
        row = rows[link.link_id]
        contact = AddedContact(
            link_id=link.link_id,
            contact_point_id=row["point_id"],
            number=row["number"],
            line=row["line"],
            account_id=link.account_id,
            account_no=link.account_no,
            language=row["language"],
        )
        asked = await tools.answers.check_contacts(connection, [contact], heard.at, answered=reaction.answers)
        if asked:
            reaction.caused("asked_about", account=link.account_no, message_ids=[str(id_) for id_ in asked])
