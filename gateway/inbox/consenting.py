"""Reacting to refusals and returns: by purpose, confirmed once (domain notes §7 "Opt-out")."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Any, Final

from gateway.archive import chats, consents, links, opt_outs
from gateway.inbox.heard import Heard, Reaction, Tools
from gateway.inbox.understanding import Context, read
from gateway.kernel import audit
from gateway.kernel.phones import InvalidPhone, parse
from gateway.outbox import stop_purposes

#: Words that refuse everything, whatever the message answered was for.
_EVERYTHING: Final = re.compile(
    r"全部退订|退订(?:全部|所有|一切)|全退订?|(?:所有|全部|一切|任何)的?(?:短信|信息|消息|通知|提醒|东西)?[^。,]{0,6}(?:不要|别|停|退|取消)"
    r"|(?:不要|别|停止?)[^。,]{0,6}(?:任何|所有|一切|全部)|什么都(?:不要|别)|(?:以后|再)?(?:一条|一个)?都(?:不要|别)再?发"
    r"|\bstop\s*all\b|\bunsubscribe\s+(?:me\s+)?(?:from\s+)?all\b|\ball\s+(?:texts|messages)\b"
)


def refuses_everything(text: str) -> bool:
    """Whether a refusal's words are about all messages rather than those of one purpose."""
    return _EVERYTHING.search(unicodedata.normalize("NFKC", text).casefold()) is not None


def only_about_texts(text: str) -> bool:
    """Whether words say nothing but that our texts should stop, or come again ("退订", "恢复订阅")."""
    return set(read(text, Context()).intents) <= {"opt_out", "opt_in"}


async def refuse(connection: Any, heard: Heard, tools: Tools) -> Reaction:
    """Stop the purpose of the message answered, or everything; confirm once, and never the same twice."""
    reaction = Reaction()
    about = heard.thread.about or heard.thread.question
    reaction.answers = about.id if about else None
    point = heard.contact_point_id
    if point is None:
        point = await _kept_for_later(connection, heard.sender, tools.region)
    if point is None:
        reaction.leave("refuses our texts, but the sender is no telephone number")
        return reaction
    everything = about is None or tools.opt_out_scope == "all" or refuses_everything(heard.text)
    purpose = opt_outs.ALL if about is None or everything else about.purpose
    withheld = await stop(connection, point, purpose, at=heard.at, source="reply", actor=heard.actor)
    if withheld is None:
        reaction.caused("already_refused", purpose=purpose)
        return reaction
    reaction.caused("opted_out", purpose=purpose, messages_withheld=withheld)
    if await links.all_disowned(connection, await chats.numbers_behind(connection, point)):
        # Told already that nothing comes any more: what is "still sent" would be no truth, and one text too many.
        return reaction
    refused = await opt_outs.refused(connection, point)
    message = await tools.answers.confirm_refusal(
        connection,
        heard.to,
        opt_outs.PURPOSES if purpose == opt_outs.ALL else [purpose],
        opt_outs.still_sent(refused),
        heard.at,
    )
    reaction.caused("confirmation_queued", message_id=str(message))
    return reaction


async def stop(
    connection: Any, contact_point_id: int, purpose: str, *, at: datetime, source: str, actor: str
) -> int | None:
    """Note a refusal and withhold what is queued for it; how many texts, or None where it stood already."""
    new = await opt_outs.refuse(connection, contact_point_id, purpose, at=at, source=source)
    if not new:
        return None
    withheld = 0
    # A refusal is the person's: it holds at his number and in his chats, wherever he gave it.
    for point in await chats.person(connection, contact_point_id):
        if point != contact_point_id:
            await opt_outs.refuse(connection, point, purpose, at=at, source=source)
        withheld += await stop_purposes(connection, point, [purpose], at=at, words=f"refused by {source}")
    await audit.write(
        connection,
        at=at,
        actor=actor,
        action="opt_out.given",
        subject=f"contact_point:{contact_point_id}",
        after={"purpose": purpose, "source": source},
    )
    return withheld


async def resume_purpose(
    connection: Any, contact_point_id: int, purpose: str, *, at: datetime, source: str, actor: str
) -> bool:
    """Take back the refusal of one purpose, wherever the person is reached; False where nothing was refused.

    A consent that the refusal ended stands again where the customer said so here; by a person's hand it needs a proof.
    """
    person = await chats.person(connection, contact_point_id)
    back = [await opt_outs.resume_one(connection, point, purpose, at=at) for point in person]
    for point in person if source != "console" else ():
        words = f"refusal taken back, {source}"
        await consents.renew(connection, point, evidence=words, actor=actor, at=at, source=source, only=purpose)
    if any(back):
        await audit.write(
            connection,
            at=at,
            actor=actor,
            action="opt_out.taken_back",
            subject=f"contact_point:{contact_point_id}",
            before={"purposes": [purpose], "source": source},
        )
    return any(back)


async def resume(connection: Any, heard: Heard, tools: Tools) -> Reaction:
    """Take back every refusal of the number, and say what comes again."""
    reaction = Reaction()
    about = heard.thread.about or heard.thread.question
    reaction.answers = about.id if about else None
    point = heard.contact_point_id
    resumed = await opt_outs.resume(connection, point) if point is not None else []
    for other in await chats.person(connection, point) if point is not None else ():
        await opt_outs.resume(connection, other)
        # Who was asked for a consent once and refused comes back by this word; it is their proof.
        given = await consents.renew(connection, other, evidence=f"inbound:{heard.id}", actor=heard.actor, at=heard.at)
        resumed = opt_outs.in_order({*resumed, *given})
    if point is None or not resumed:
        reaction.leave("asks us to start again, but nothing was refused on this number")
        return reaction
    await audit.write(
        connection,
        at=heard.at,
        actor=heard.actor,
        action="opt_out.taken_back",
        subject=f"contact_point:{point}",
        before={"purposes": resumed},
    )
    reaction.caused("opted_in", purposes=resumed)
    message = await tools.answers.confirm_return(connection, heard.to, resumed, heard.at)
    reaction.caused("confirmation_queued", message_id=str(message))
    return reaction


async def _kept_for_later(connection: Any, sender: str, region: str) -> int | None:
    """A contact point for a number the archive does not know, so that a later import finds the refusal."""
    try:
        number = parse(sender, region)
    except InvalidPhone:
        return None
    point: int = await connection.fetchval(
        """INSERT INTO contact_point (kind, address, line) VALUES ('phone', $1, $2)
           ON CONFLICT (address, kind) DO UPDATE SET address = excluded.address RETURNING id""",
        number.e164,
        number.kind.value,
    )
    return point
