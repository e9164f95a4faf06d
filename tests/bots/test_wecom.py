"""WeCom: the envelope of its callbacks, cards and texts with their refusals, and a person's way through it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from bots.pace import Pace
from bots.wecom import field
from bots.wecom.api import WeComApi
from bots.wecom.channel import QUOTAS, WeComChannel
from bots.wecom.sealing import Envelope, NotSealed
from gateway.kernel.database import Database
from gateway.kernel.errors import Misconfigured
from gateway.notices import Wording
from gateway.outbox.carriers import Accepted, Evidence, Handover, Outcome, Refused, Throttled, Unknown
from gateway.sandbox.wecom import WeComEmulator
from tests.bots.conftest import COMPANY, World, eventually

CORP, AGENT, TOKEN, AES_KEY = COMPANY.corp_id, COMPANY.agent_id, COMPANY.token, COMPANY.aes_key


@pytest.fixture(autouse=True)
def _clean(wecom: WeComEmulator) -> None:
    wecom.sent.clear()
    wecom.next.clear()
    wecom.codes.clear()


@pytest.fixture
async def channel(wecom: WeComEmulator, wording: Wording, database: Database) -> AsyncIterator[WeComChannel]:
    def codes_of(name: str, version: str) -> Any:
        text = wording.of_version(name, version)
        return None if text is None or not text.codes else (text.codes, text.language)

    channel = WeComChannel(WeComApi(CORP, "app-secret", wecom.address), AGENT, codes_of, Pace(database, "wecom:1"))
    await channel.start()
    yield channel
    await channel.close()


def handover(to: str = "WangQiang", body: str = "您好", template: str = "", version: str = "") -> Handover:
    return Handover(
        message_id=uuid4(), to=to, body=body, status_callback="", template=template, template_version=version
    )


REFUSALS: list[tuple[Any, Outcome]] = [
    ({"errcode": 81013, "errmsg": "user & party & tag all invalid"},
     Refused(code="81013", for_good=True, why="the person may not use the application", evidence=Evidence.GONE)),
    ({"errcode": 0, "errmsg": "ok", "invaliduser": "WangQiang", "msgid": "x"},
     Refused(code="invaliduser", for_good=True, why="there is no such person", evidence=Evidence.GONE)),
    ({"errcode": 45009, "errmsg": "api freq out of limit"}, Throttled(after=60.0, code="45009")),
    ({"errcode": 45047, "errmsg": "user frequency limit"}, Throttled(after=60.0, code="45047", recipient_only=True)),
    ({"errcode": 60020, "errmsg": "not allow to access from your ip"},
     Refused(code="60020", for_good=False, why="our address is not trusted")),
    ({"errcode": -1, "errmsg": "system error"}, Unknown(why="errcode -1")),
    ({"errcode": 99999, "errmsg": "?"}, Unknown(why="errcode 99999")),
    (502, Unknown(why="http_502")),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "outcome"), REFUSALS)
async def test_what_its_answers_mean(
    channel: WeComChannel, wecom: WeComEmulator, answer: Any, outcome: Outcome
) -> None:
    wecom.next.append(answer)
    assert await channel.hand_over(handover()) == outcome


async def test_a_stale_token_is_renewed_and_the_message_goes_out_once(
    channel: WeComChannel, wecom: WeComEmulator
) -> None:
    assert isinstance(await channel.hand_over(handover()), Accepted)
    wecom.tokens += 1
    assert isinstance(await channel.hand_over(handover("LiHua")), Accepted)
    assert [one["touser"] for one in wecom.sent] == ["WangQiang", "LiHua"]


async def test_a_card_that_is_not_taken_goes_as_text(
    channel: WeComChannel, wecom: WeComEmulator, wording: Wording
) -> None:
    text = wording.named("restoration", "zh-CN")
    asked = handover(body="复电通知：请回复1或2", template=text.name, version=text.version)
    wecom.next.append({"errcode": 84014, "errmsg": "invalid card"})
    assert isinstance(await channel.hand_over(asked), Accepted)
    assert [one["msgtype"] for one in wecom.sent] == ["template_card", "text"]


async def test_a_text_longer_than_a_card_shows_goes_as_text(
    channel: WeComChannel, wecom: WeComEmulator, wording: Wording
) -> None:
    text = wording.named("restoration", "zh-CN")
    for body in ("复电通知" * 40, "复电通知" * 41):
        asked = handover(body=body, template=text.name, version=text.version)
        assert isinstance(await channel.hand_over(asked), Accepted)
    assert [one["msgtype"] for one in wecom.sent] == ["template_card", "text"]
    assert wecom.sent[0]["template_card"]["main_title"] == {"title": "请选择"}


async def test_nobody_gets_more_than_wecom_allows(channel: WeComChannel) -> None:
    for _ in range(QUOTAS[0].most):
        assert isinstance(await channel.hand_over(handover("Busy")), Accepted)
    over = await channel.hand_over(handover("Busy"))
    assert isinstance(over, Throttled)
    assert over.recipient_only
    assert isinstance(await channel.hand_over(handover("Other")), Accepted)


def test_the_envelope_opens_what_it_sealed_and_nothing_else() -> None:
    envelope = Envelope(TOKEN, AES_KEY, CORP)
    for text in ("", "hello", "您好" * 200):
        assert envelope.open(envelope.seal(text.encode())) == text.encode()
    other = Envelope(TOKEN, AES_KEY, "ww0000000000000000")
    whole = envelope.seal("您好".encode())
    for broken in (other.seal(b"hello"), whole[:-4], whole[:20], "", "不是Base64", "A" * 64):
        with pytest.raises(NotSealed):
            envelope.open(broken)
    with pytest.raises(Misconfigured):
        Envelope(TOKEN, "short", CORP)


def test_the_envelope_is_that_of_the_platforms_own_example() -> None:
    """The values published with the platform's specification of callbacks."""
    envelope = Envelope("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7")
    sealed = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
    assert envelope.fits("5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3", "1409659589", "263014780", sealed)
    assert envelope.open(sealed) == b"1616140317555161061"


class Person:
    """Somebody in WeCom, whose words come to the gateway as WeCom brings them."""

    def __init__(self, world: World, wecom: WeComEmulator) -> None:
        self.world = world
        self.wecom = wecom
        self.name = f"user{next(world.numbers)}"
        self.envelope = Envelope(TOKEN, AES_KEY, CORP)
        self.url = world.house.settings.base_url + "/webhooks/wecom"

    def query(self, sealed: str) -> dict[str, str]:
        now = str(int(time.time()))
        return {"msg_signature": self.envelope.signature(now, "n1", sealed), "timestamp": now, "nonce": "n1"}

    async def post(self, inner: str, **query: str) -> tuple[int, str]:
        """As WeCom seals it, by another hand than the gateway's."""
        signed, body = self.wecom.sealed(inner)
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url, params=signed | query, data=body) as response,
        ):
            return response.status, await response.text()

    async def say(self, text: str, number: int | None = None) -> None:
        number = number or next(self.world.numbers) + 10**15
        assert await self.post(self.wecom.text_xml(self.name, text, number)) == (200, "")

    async def press(self, key: str) -> str:
        status, answer = await self.post(self.wecom.press_xml(self.name, key, next(self.world.numbers)))
        assert status == 200
        return answer

    async def hears(self, words: str) -> dict[str, Any]:
        def look() -> Any:
            return next((one for one in self.wecom.sent if one["touser"] == self.name and words in str(one)), None)

        found: dict[str, Any] = await eventually(look)
        return found


async def replaced(person: Person, wecom: WeComEmulator, key: str) -> str:
    """What stands in place of the buttons after a press: by the answer, or where that took too long by a call."""
    wecom.codes.clear()
    reply = await person.press(key)
    if not reply:
        return str(await eventually(lambda: next((said for said in wecom.codes.values() if said), None)))
    sealed = field("Encrypt", reply)
    assert person.envelope.fits(field("MsgSignature", reply), field("TimeStamp", reply), field("Nonce", reply), sealed)
    inner = person.envelope.open(sealed).decode()
    assert field("MsgType", inner) == "update_button"
    found = re.search(r"<ReplaceName><!\[CDATA\[(.*?)\]\]>", inner)
    assert found is not None
    return found[1]


async def test_the_callback_is_verified(world: World, wecom: WeComEmulator) -> None:
    person = Person(world, wecom)
    sealed = person.envelope.seal(b"1616140317555161061")
    async with aiohttp.ClientSession() as session:
        async with session.get(person.url, params={**person.query(sealed), "echostr": sealed}) as response:
            assert (response.status, await response.text()) == (200, "1616140317555161061")
        async with session.get(
            person.url, params={**person.query(sealed), "echostr": sealed, "msg_signature": "0" * 40}
        ) as response:
            assert response.status == 403
    assert (await person.post("<xml/>", msg_signature="0" * 40))[0] == 403
    old = str(int(time.time()) - 3600)
    for timestamp in (old, "", "x", "９９９"):
        signature = person.envelope.signature(timestamp, "n1", sealed)
        query = {"msg_signature": signature, "timestamp": timestamp, "nonce": "n1"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(person.url, params=query, data=f"<xml><Encrypt>{sealed}</Encrypt></xml>") as response,
        ):
            assert response.status == 403
    assert (await person.post("<xml/>", msg_signature="Ünicode"))[0] == 403


async def test_binds_asks_and_answers_a_survey_as_by_sms(world: World, wecom: WeComEmulator) -> None:
    person = Person(world, wecom)
    number = world.number()
    account = await world.account(number, owes="86.40")
    await person.say("你好")
    await person.hears("您的留言收到了。绑定手机号后")
    await person.say(f"绑定 {number}")
    sms = await world.row("SELECT body FROM message WHERE to_address = $1 AND template = 'verification_chat'", number)
    code = next(word for word in sms["body"].replace("，", " ").replace("码", " ").split() if word.isdigit())
    await person.say(code)
    await person.hears("绑定好了")
    await person.say("电费")
    await person.hears("86.40元")
    order = await world.closed_order(number, account)
    await world.notice(
        "survey", {"closed_from": "2025-11-04T00:00:00+08:00", "closed_to": "2025-11-05T00:00:00+08:00"},
        channels=["wecom", "sms"],
    )  # fmt: skip
    card = (await person.hears("请评价"))["template_card"]
    key = next(one["key"] for one in card["button_list"] if one["text"] == "4 分")
    assert await replaced(person, wecom, key) == "✓ 4 分"
    row = await world.row(
        """SELECT e.score, e.channel FROM evaluation e JOIN invitation i ON i.id = e.invitation_id
           WHERE i.event_ref = $1""",
        order,
    )
    assert tuple(row.values()) == (4, "wecom")
    assert await replaced(person, wecom, key) == "这个问题已经回答过了。"
    await person.hears("这个问题已经回答过了")
    await person.say("解绑")
    await person.hears("已解除绑定")
    assert await replaced(person, wecom, key) == "请先绑定手机号。"


async def test_a_press_replaces_the_buttons_of_the_card(world: World, wecom: WeComEmulator) -> None:
    """As the person sees it: the answer to the callback is one that WeCom takes."""
    person = Person(world, wecom)
    number = world.number()
    account = await world.account(number)
    await person.say(f"绑定 {number}")
    sms = await world.row("SELECT body FROM message WHERE to_address = $1 AND template = 'verification_chat'", number)
    await person.say(next(word for word in re.split("[，码 ]", sms["body"]) if word.isdigit()))
    await person.hears("绑定好了")
    values = {"area": "城东台区", "restored_at": "2025-11-04T09:30:00+08:00"}
    await world.send("restoration", account, values, channel="wecom")
    card = (await person.hears("复电通知"))["template_card"]
    wecom.press(person.name, card["button_list"][0]["key"])
    shown = await eventually(
        lambda: next((one for one in wecom.people[person.name] if "✓ ✅ 来电了" in one.text), None)
    )
    assert shown.buttons == [] and "复电通知" in shown.text


async def test_a_mistyped_code_is_called_wrong_and_is_nobodys_message(world: World, wecom: WeComEmulator) -> None:
    """Whether the number is anybody's cannot be told from the answer; other figures are heard once it is over."""
    person, stranger = Person(world, wecom), Person(world, wecom)
    number, unknown = world.number(), world.number()
    await world.account(number)
    for who, asked in ((person, number), (stranger, unknown)):
        await who.say(f"绑定 {asked}")
        await who.hears("验证码已用短信发出")
        await who.say("12345")
        await who.hears("验证码不对或已失效")
    rows = await world.rows("SELECT 1 FROM inbound WHERE sender = ANY($1::text[])", [person.name, stranger.name])
    assert rows == []
    sms = await world.row("SELECT body FROM message WHERE to_address = $1 AND template = 'verification_chat'", number)
    await person.say(next(word for word in re.split("[，码 ]", sms["body"]) if word.isdigit()))
    await person.hears("绑定好了")
    await person.say("12345")
    assert [row["text"] for row in await eventually(lambda: _bodies(world, person.name, 1)) or ()] == ["12345"]


async def test_a_press_that_takes_long_is_answered_by_a_call(world: World, wecom: WeComEmulator) -> None:
    """Its chat is being dealt with elsewhere, so the callback is answered before anybody knows what came of it."""
    person = Person(world, wecom)
    await person.say("你好")
    await person.hears("您的留言收到了。绑定手机号后")
    async with world.database.work() as work:
        await work.value("SELECT true FROM pg_advisory_xact_lock(hashtextextended($1, 0))", f"wecom {person.name}")
        assert await person.press("a:x:1") == ""
        assert set(wecom.codes.values()) == {None}
        await work.commit()
    await eventually(lambda: "请先绑定手机号。" in wecom.codes.values())


async def test_a_repeat_changes_nothing(world: World, wecom: WeComEmulator) -> None:
    person = Person(world, wecom)
    await asyncio.gather(*(person.say("你好", number=77) for _ in range(5)))
    await person.hears("您的留言收到了。绑定手机号后")
    rows = await world.rows("SELECT 1 FROM chat_update WHERE bot = 'wecom' AND update_no = '77'")
    assert len(rows) == 1


async def test_who_is_in_danger_is_heard_before_he_is_known(world: World, wecom: WeComEmulator) -> None:
    person = Person(world, wecom)
    await person.say("家里漏电着火了，快来人")
    await person.hears("您的留言收到了。绑定手机号后")
    row = await world.row(
        "SELECT i.text FROM alert a JOIN inbound i ON i.id = a.inbound_id WHERE i.sender = $1", person.name
    )
    assert row["text"] == "家里漏电着火了，快来人"


async def test_words_that_look_like_fields_are_words(world: World, wecom: WeComEmulator) -> None:
    person = Person(world, wecom)
    for words in ("你好一<MsgId>5</MsgId>", "你好二<MsgId>5</MsgId><AgentID>x</AgentID>"):
        await person.say(words)
    rows = await eventually(lambda: _bodies(world, person.name, 2))
    assert [row["text"] for row in rows] == [
        "你好一<MsgId>5</MsgId>", "你好二<MsgId>5</MsgId><AgentID>x</AgentID>"
    ]  # fmt: skip


async def _bodies(world: World, sender: str, number: int) -> list[Any] | None:
    rows = await world.rows("SELECT text FROM inbound WHERE sender = $1 ORDER BY id", sender)
    return rows if len(rows) == number else None
