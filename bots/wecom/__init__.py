"""WeCom (企业微信): an application's messages to people, and what they write to it."""

from __future__ import annotations

import hashlib
import html
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

from bots import binding, desk
from bots.channel import NoAnswer, NotConnected
from bots.choices import choices, codes_in, pressed
from bots.pace import Pace, forgetting
from bots.platform import Answered, Opened, Platform, Rooms
from bots.updates import WAKE, Call, Update, Updates
from bots.wecom.api import WeComApi
from bots.wecom.channel import NAME, OVERALL, QUOTAS, WeComChannel
from bots.wecom.sealing import Envelope, NotSealed
from bots.words import Words
from gateway.archive import chats
from gateway.archive.chats import ChatRow
from gateway.archive.proving import figures
from gateway.kernel.logs import logger
from gateway.outbox import give_up_at
from gateway.outbox.carriers import InboundText
from gateway.outbox.lanes import LaneSpec

log = logger(__name__)

_PATH: Final = "/webhooks/wecom"
#: The event of a pressed button, the call that replaces the buttons, and for how many seconds an answer to the
#: callback may wait to do it instead (WeCom waits for five).
_PRESSED: Final = "template_card_event"
_REPLACE: Final = "message/update_template_card"
_SOON: Final = 1.5
#: Seconds that a callback's timestamp may be off.
_FRESH: Final = 600
#: Characters of what stands in place of a card's buttons.
_REPLACED: Final = 20
_FIELD: Final = re.compile(r"<(\w+)>(?:<!\[CDATA\[(.*?)\]\]>|([^<]*))</\1>", re.DOTALL)
_BIND: Final = re.compile(r"(?:绑定|bind)\s*(\+?[\d\s-]{5,20})", re.IGNORECASE)
#: What is taken for a code, right or wrong, while one is awaited.
_CODE: Final = re.compile(r"\d{4,8}")
_UNBIND: Final = ("解绑", "解除绑定", "unlink")
#: Words and keys of the application's menu that show something.
_SHOWS: Final = {"户号": "accounts", "我的户号": "accounts", "accounts": "accounts", "电费": "bills", "bills": "bills"}


def field(name: str, xml: str) -> str:
    """A field of WeCom's flat XML. A parser would be a way in for entities that nobody asked for.

    Fields are read one after another, so what looks like one inside somebody's words is only words.
    """
    found = next((one for one in _FIELD.finditer(xml) if one[1] == name), None)
    return "" if found is None else (found[2] if found[2] is not None else html.unescape(found[3]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """The application's address: WeCom verifies it by GET and reports by POST."""

    envelope: Envelope
    updates: Updates
    path: str = _PATH
    carrier: str = NAME
    methods: Sequence[str] = ("GET", "POST")

    async def answer(
        self, *, method: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Answered:
        """Check signature and age, open, store, answer once that is committed. The answer to a press says what came
        of it where that is known at once; else, and for all else, messages say it."""
        text = body.decode("utf-8", "replace")
        sealed = query.get("echostr", "") if method == "GET" else field("Encrypt", text)
        signed = (query.get("msg_signature", ""), query.get("timestamp", ""), query.get("nonce", ""))
        if not self.envelope.fits(*signed, sealed) or not _is_fresh(signed[1]):
            return Answered(status=403, outcome="forged")
        try:
            inner = self.envelope.open(sealed)
        except NotSealed:
            return Answered(status=403, outcome="forged")
        if method == "GET":
            return Answered(body=inner)
        xml = inner.decode("utf-8", "replace")
        number = field("MsgId", xml) or hashlib.sha256(inner).hexdigest()
        if field("Event", xml) != _PRESSED:
            await self.updates.put(number, field("FromUserName", xml), inner)
            return Answered()
        shown = await self.updates.put_and_see(number, field("FromUserName", xml), inner, method=_REPLACE, within=_SOON)
        if shown is None:
            return Answered()
        return Answered(body=self._passive(xml, shown["params"]["button"]["replace_name"]), content_type="text/xml")

    def _passive(self, xml: str, said: str) -> bytes:
        """The answer that replaces the buttons of the card, once it is known what came of the press."""
        reply = (
            f"<xml><ToUserName><![CDATA[{field('FromUserName', xml)}]]></ToUserName>"
            f"<FromUserName><![CDATA[{field('ToUserName', xml)}]]></FromUserName>"
            f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[update_button]]></MsgType>"
            f"<Button><ReplaceName><![CDATA[{said}]]></ReplaceName></Button></xml>"
        )
        sealed, now, nonce = self.envelope.seal(reply.encode()), str(int(time.time())), "lamplighter"
        signature = self.envelope.signature(now, nonce, sealed)
        return (
            f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
            f"<TimeStamp>{now}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        ).encode()


def _is_fresh(timestamp: str) -> bool:
    """Whether it was signed just now: what was overheard is of no use later. In real time, also in the sandbox."""
    return timestamp.isascii() and timestamp.isdigit() and abs(time.time() - int(timestamp[:12])) <= _FRESH


class WeComBot:
    """Deals with what people write to the application, in plain words: WeCom has no dialogues."""

    def __init__(self, rooms: Rooms, api: WeComApi, agent_id: int, pace: Pace) -> None:
        self._rooms = rooms
        self._api = api
        self._agent_id = agent_id
        self._pace = pace

    async def handle(self, connection: Any, update: Update) -> list[Call]:
        """One report in the connection's transaction; what is to be said."""
        xml = update.body.decode("utf-8", "replace")
        if not update.chat or int(field("AgentID", xml) or self._agent_id) != self._agent_id:
            await self._rooms.intake.keep(connection, update.body, channel=NAME)
            return []
        chat = await chats.open_chat(connection, NAME, update.chat, at=update.at)
        words = binding.words_for(chat, None, self._rooms)
        kind = field("MsgType", xml)
        if kind == "event" and field("Event", xml) == _PRESSED:
            return await self._press(connection, update, chat, words, xml)
        if kind == "event":
            said = await self._event(connection, update, chat, words, xml)
        elif kind == "text":
            said = await self._text(connection, update, chat, words, field("Content", xml).strip(), field("MsgId", xml))
        else:
            await self._hear(connection, chat, f"[{kind}]", field("MsgId", xml))
            said = words("text_only")
        return [self._say(chat, said)] if said else []

    async def excuse(self, connection: Any, update: Update) -> list[Call]:
        """What is said where a report could not be dealt with; a person is left the bytes."""
        await self._rooms.intake.keep(connection, update.body, channel=NAME)
        chat = await chats.find(connection, NAME, update.chat)
        return [] if chat is None else [self._say(chat, Words(chat.language)("sorry"))]

    async def show(self, call: Call) -> None:
        """Say something; what may have been said is not said again."""
        if call["method"] == "message/send":
            await self._pace.turn(str(call["params"]["touser"]), QUOTAS)
        try:
            answer = await self._api.call(str(call["method"]), call["params"])
        except NoAnswer as error:
            log.warning("whether something was said is unknown", why=str(error))
            return
        except NotConnected as error:
            raise TimeoutError(str(error)) from error
        if answer["errcode"] != 0:
            log.warning("something was not said", errcode=answer["errcode"])

    def _say(self, chat: ChatRow, text: str) -> Call:
        params = {"touser": chat.address, "agentid": self._agent_id, "msgtype": "text", "text": {"content": text}}
        return {"method": "message/send", "params": params}

    async def _event(self, connection: Any, update: Update, chat: ChatRow, words: Words, xml: str) -> str:
        event, key = field("Event", xml), field("EventKey", xml)
        if event in ("subscribe", "enter_agent"):
            return "" if chat.phones else words("hello") + "\n" + words("bind_by_words")
        if event == "unsubscribe":
            if await chats.left(connection, chat.point, why="unsubscribed", actor="customer", at=update.at):
                await give_up_at(connection, chat.point, code="unsubscribed", at=update.at, words="the chat was left")
            return ""
        return await self._show(connection, chat, words, _SHOWS[key]) if key in _SHOWS else ""

    async def _press(self, connection: Any, update: Update, chat: ChatRow, words: Words, xml: str) -> list[Call]:
        """A button of a card: what its digit says by SMS. The card then says what came of it instead."""
        found = pressed(field("EventKey", xml))
        asked = None
        if found is not None and chat.phones:
            asked = await desk.question(connection, found[0], chat.point, update.at)
        if asked is not None:
            await desk.seen(connection, asked, field("TaskId", xml) or "-", update.at)
        if found is None or asked is None or asked.answered or not asked.open:
            why = "stale_answered" if asked is not None and asked.answered else "stale_over"
            said = words(why if chat.phones else "not_bound")
            return [*self._replaced(chat, xml, said), self._say(chat, said)]
        code = found[1]
        labels = {
            one.code: one.label
            for row in choices(asked.template, asked.version, partial(codes_in, self._rooms.wording))
            for one in row
        }
        await self._hear(connection, chat, code, str(update.id), replies_to=asked.id)
        return self._replaced(chat, xml, words("answer_taken", answer=labels.get(code, code)))

    def _replaced(self, chat: ChatRow, xml: str, said: str) -> list[Call]:
        """The buttons of the card that was pressed replaced by some words, for which WeCom gave a code."""
        code = field("ResponseCode", xml)
        if not code:
            return []
        params = {
            "userids": [chat.address],
            "agentid": self._agent_id,
            "response_code": code,
            "button": {"replace_name": said[:_REPLACED]},
        }
        return [{"method": _REPLACE, "params": params}]

    async def _text(self, connection: Any, update: Update, chat: ChatRow, words: Words, text: str, number: str) -> str:
        wanted = _BIND.fullmatch(text)
        if wanted is not None:
            asked = await binding.ask_for_code(connection, self._rooms, chat, wanted[1], now=update.at)
            return words({"sent": "code_sent", "not_a_number": "not_a_number", "too_many": "too_many_codes"}[asked])
        if _CODE.fullmatch(text) and await chats.awaits_code(connection, chat.point, at=update.at):
            return await self._code(connection, update, chat, words, text)
        if not chat.phones:
            # Whoever is in danger is heard before he is known.
            await self._hear(connection, chat, text, number)
            return words("heard_unbound") + "\n" + words("bind_by_words")
        if text in _UNBIND:
            await chats.unbind(connection, chat.point, why="asked for in the chat", actor="customer", at=update.at)
            await give_up_at(connection, chat.point, code="unbound", at=update.at, words="the chat was unlinked")
            return words("unbound")
        if text in _SHOWS:
            return await self._show(connection, chat, words, _SHOWS[text])
        await self._hear(connection, chat, text, number)
        return ""

    async def _code(self, connection: Any, update: Update, chat: ChatRow, words: Words, typed: str) -> str:
        """The code that was asked for. A wrong one is told the same for a number that nobody knows."""
        code = next(iter(figures(typed)), "")
        phone, _ = await chats.redeem_code(connection, chat.point, code, at=update.at)
        if phone is None:
            return words("wrong_code_in_words")
        await chats.bind(connection, chat.point, phone, how="code", at=update.at)
        return words("bound", count=len(await desk.accounts(connection, [phone])))

    async def _show(self, connection: Any, chat: ChatRow, words: Words, what: str) -> str:
        seen = await desk.accounts(connection, chat.phones)
        if what == "accounts":
            lines = [words("account", tail=one.tail, holder=one.holder, address=one.address) for one in seen]
        else:
            lines = await desk.bills_in_words(connection, seen, words)
        return "\n".join(lines) or words("no_accounts")

    async def _hear(
        self, connection: Any, chat: ChatRow, text: str, number: str, *, replies_to: UUID | None = None
    ) -> None:
        said = InboundText(
            carrier_id=number, sender=chat.address, recipient=NAME, text=text, raw={}, replies_to=replies_to
        )
        await self._rooms.intake.put(connection, said, channel=NAME)


def open_wecom(rooms: Rooms) -> Opened:
    """The application."""
    settings = rooms.settings.wecom
    lane = LaneSpec(
        name=f"{NAME}:{settings.agent_id}",
        channel=NAME,
        carrier=NAME,
        sender=str(settings.agent_id),
        rate=OVERALL,
        concurrency=16,
    )
    pace = Pace(rooms.database, lane.name)
    api = WeComApi(settings.corp_id, settings.secret.get_secret_value(), lambda: settings.api_base)
    bot = WeComBot(rooms, api, settings.agent_id, pace)
    updates = Updates(NAME, rooms.database, rooms.clock, handle=bot.handle, show=bot.show, excuse=bot.excuse)
    envelope = Envelope(settings.token.get_secret_value(), settings.aes_key.get_secret_value(), settings.corp_id)
    return Opened(
        name=NAME,
        lane=lane,
        channel=WeComChannel(api, settings.agent_id, partial(codes_in, rooms.wording), pace),
        hooks=[Callback(envelope=envelope, updates=updates)],
        parts={"wecom updates": updates.run, "wecom intake": updates.take_in},
        forget=forgetting(pace, updates.forget),
        listens={WAKE: updates.wake},
    )


PLATFORM = Platform(name=NAME, wanted=lambda settings: bool(settings.wecom.secret.get_secret_value()), open=open_wecom)
