"""Reacting to somebody related who is not the holder: asked once whether to go on, and as whom (domain notes §7).

A relative or tenant is never struck off by a machine: only "don't send me" suspends that one link.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from gateway.archive import changes, links
from gateway.inbox import disowning
from gateway.inbox.heard import Heard, Reaction, Tools
from gateway.inbox.places import accounts_meant
from gateway.inbox.threads import OPEN, Sent, parts_of
from gateway.kernel import audit
from gateway.outbox import AccountPart

TEMPLATE: Final = "clarification_role"
INTENT: Final = "not_account_holder"

#: What a code of the question says; the last stands for agents and landlords both.
_CODES: Final[Mapping[str, str]] = {"1": "relative", "2": "tenant", "3": "agent"}
#: What words say, the plainest first.
_WORDS: Final = (
    ("landlord", re.compile(r"我是房东|房子是我的|出租给|\bi(?:'m| am) the landlord\b|\bmy tenants?\b", re.IGNORECASE)),
    ("tenant", re.compile(r"租客|租户|租房|租的|租住|承租|\btenants?\b|\bi(?:'m| am)? rent", re.IGNORECASE)),
    (
        "relative",
        re.compile(
            r"家人|家属|亲戚|儿子|女儿|老公|老婆|丈夫|妻子|爸|妈|父亲|母亲|爷爷|奶奶|外公|外婆|哥|姐|弟|妹"
            r"|\b(?:son|daughter|husband|wife|father|mother|mum|dad|parents?|family|relative|brother|sister)\b",
            re.IGNORECASE,
        ),
    ),
    ("agent", re.compile(r"代办|代缴|代交|物业|中介|管家|\bagent\b|\bcaretaker\b|\bmanaging\b", re.IGNORECASE)),
)


def is_answer(heard: Heard) -> bool:
    """Whether a text answers our asking for the role: by code, or in words that fit while that is open."""
    asked = _asked(heard)
    if asked is None:
        return False
    if heard.by_code:
        return heard.thread.question is not None and heard.thread.question.id == asked.id
    return bool({"opt_out", "wrong_number", "moved_or_sold", INTENT, "ack"} & set(heard.reading.intents[:1]))


def _asked(heard: Heard) -> Sent | None:
    question = heard.thread.question
    if question is not None and question.template == TEMPLATE:
        return question
    newest = next(iter(heard.sent), None)
    open_still = newest is not None and newest.template == TEMPLATE and heard.at - newest.sent_at <= OPEN
    return newest if open_still else None


async def ask(connection: Any, heard: Heard, tools: Tools) -> Reaction:
    """Ask whether to keep receiving, and as whom; with a wish to be left alone, stop that link instead."""
    reaction = Reaction()
    if heard.by_code:
        reaction.leave("somebody else should receive it: who is to be asked")
        return reaction
    part = next((part for part in await accounts_meant(connection, heard) if part.link_id is not None), None)
    if part is None or heard.contact_point_id is None:
        reaction.leave("is not the account's holder, but no link of the account to the number is known")
        return reaction
    if "opt_out" in heard.reading.intents:
        await _stop(connection, heard, part, tools, reaction)
        return reaction
    asked = await tools.answers.ask_role(connection, heard.to, part, heard.at)
    if asked is None:
        reaction.leave("says again that somebody else is the holder: asked once already")
    else:
        reaction.caused("asked_role", account=part.account_no, message_id=str(asked))
    return reaction


async def answer(connection: Any, heard: Heard, tools: Tools) -> Reaction:
    """Do what the answer to our asking says about that one link."""
    reaction = Reaction()
    asked = _asked(heard)
    assert asked is not None, "only an answer to our asking comes here"
    reaction.answers = asked.id
    parts = [part for part in await parts_of(connection, asked.id) if part.link_id is not None]
    if not parts:
        reaction.leave("answers our asking for the role, but the link is gone")
        return reaction
    code = heard.thread.digit if heard.by_code else None
    if code == "0" or (code is None and heard.reading.intents[0] in ("opt_out", "wrong_number", "moved_or_sold")):
        await _stop(connection, heard, parts[0], tools, reaction)
        return reaction
    role = _role(heard, code)
    if role is None:
        reaction.leave("goes on receiving, but does not say as whom")
    else:
        await _keep_on(connection, heard, parts[0], role, tools, reaction)
    return reaction


def _role(heard: Heard, code: str | None) -> str | None:
    said = [turn.text for turn in reversed(heard.dialogue.turns) if turn.role == "customer"] or [heard.text]
    in_words = next((role for text in said for role, words in _WORDS if words.search(text)), None)
    if code is None:
        return in_words
    role = _CODES.get(code)
    return "landlord" if role == "agent" and in_words == "landlord" else role


async def _keep_on(
    connection: Any, heard: Heard, part: AccountPart, role: str, tools: Tools, reaction: Reaction
) -> None:
    link = (await links.lock(connection, [part.link_id or 0])).get(part.link_id or 0)
    if link is None or link.state not in ("unverified", "verified"):
        reaction.leave("goes on receiving, but the link was stopped meanwhile: a person judges who is right")
        return
    await connection.execute("UPDATE contact_link SET role = $2 WHERE id = $1", link.id, role)
    await links.verify(connection, [link.id], at=heard.at, how="reply")
    await tools.proven(connection, [link.id], heard.at)
    if link.role != role:
        change = changes.NewChange(kind="role_changed", account_no=link.account_no, number=link.number, role=role)
        await changes.record(connection, [change], at=heard.at)
    await audit.write(
        connection,
        at=heard.at,
        actor=heard.actor,
        action="link.role_changed",
        subject=f"contact_link:{link.id}",
        before={"role": link.role, "state": link.state},
        after={"role": role, "state": "verified", "how": "reply", "inbound_id": str(heard.id)},
    )
    reaction.caused("role_kept", account=link.account_no, role=role, link=link.id)


async def _stop(connection: Any, heard: Heard, part: AccountPart, tools: Tools, reaction: Reaction) -> None:
    held = [link for link in await disowning.held_links(connection, heard) if link.link_id == part.link_id]
    live = [link for link in held if link.state in ("unverified", "verified")]
    if live:
        await disowning.stop(connection, heard, INTENT, reaction.answers, live, tools, reaction)
    else:
        reaction.caused("already_stopped")
