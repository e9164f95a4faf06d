"""The carrier's own doors under `/_carrier/`: how it behaves, what it counted, and its handsets.

None of this exists at Twilio; the gateway never comes here, only people, tests and benchmarks do.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final

from aiohttp import web
from pydantic import ValidationError

from gateway.kernel.errors import InvalidInput
from gateway.sandbox.carrier.behaviour import Behaviour
from gateway.sandbox.carrier.chats import App, card
from gateway.sandbox.carrier.network import Network, number_of
from gateway.sandbox.carrier.people import ANSWERS, BOUNCES
from gateway.sandbox.carrier.texts import Handset, Text, last

#: Texts on a card of the wall, and on a handset that is looked at.
_ON_CARD: Final = 4
_ON_HANDSET: Final = 50
_LARGEST_PAGE: Final = 200
#: Handsets that a search goes through: it runs on the loop that also answers the gateway.
_SEARCHED: Final = 20_000
_LONGEST_REPLY: Final = 1_600

#: Seconds between two events, and handsets in one: a wall is for eyes, and eyes are slow.
_EVENT_EVERY: Final = 0.25
_IN_ONE_EVENT: Final = 30


class Control:
    """The handlers of `/_carrier/…`."""

    def __init__(self, network: Network, apps: Sequence[App] = ()) -> None:
        self._network = network
        self._apps = {app.name: app for app in apps}
        self._streams: set[asyncio.Task[Any]] = set()

    def routes(self) -> list[web.RouteDef]:
        """The routes, all but the wall's page."""
        return [
            web.get("/_carrier/behaviour", self.behaviour),
            web.put("/_carrier/behaviour", self.behave),
            web.get("/_carrier/stats", self.stats),
            web.get("/_carrier/texts", self.texts),
            web.delete("/_carrier/texts", self.clear),
            web.get("/_carrier/people", self.people),
            web.get("/_carrier/handsets", self.handsets),
            web.get("/_carrier/handsets/{number}", self.handset),
            web.post("/_carrier/handsets/{number}/reply", self.reply),
            web.get("/_carrier/chats", self.chats),
            web.get("/_carrier/chats/{platform}/{number}", self.chat),
            web.post("/_carrier/chats/{platform}/{number}", self.act),
            web.get("/_carrier/events", self.events, allow_head=False),
        ]

    async def close(self, _: web.Application) -> None:
        """End the streams, which would otherwise hold up the server's end."""
        for stream in self._streams:
            stream.cancel()

    async def behaviour(self, _: web.Request) -> web.Response:
        """How the carrier behaves now."""
        return _json(self._network.behaviour.model_dump())

    async def behave(self, request: web.Request) -> web.Response:
        """Change what the body names; the rest stays."""
        wanted = await _object(request)
        try:
            behaviour = Behaviour.model_validate(self._network.behaviour.model_dump() | wanted)
        except ValidationError as error:
            return _json({"errors": json.loads(error.json(include_url=False))}, 422)
        self._network.behave(behaviour)
        return await self.behaviour(request)

    async def stats(self, _: web.Request) -> web.Response:
        """What was counted since the start, or since the texts were cleared."""
        network = self._network
        return _json(
            {
                **dict(sorted(network.counts.items())),
                "texts": len(network.texts),
                "handsets": network.texts.handsets,
                "repeated": network.texts.repeated,
                "posts_waiting": network.post_office.waiting,
            }
        )

    async def texts(self, request: web.Request) -> web.Response:
        """Texts newest first: of one number with `to`, or of all; `limit` and `before` (an `n`) page."""
        query = request.query
        newest = self._network.texts.newest(query.get("to") or None)
        before = _integer(query.get("before"), 0)
        found = (_text(text) for text in newest if not before or text.n < before)
        return _json({"items": list(islice(found, _integer(query.get("limit"), 10_000)))})

    async def clear(self, _: web.Request) -> web.Response:
        """Forget every text, every refusal and every count."""
        self._network.texts.clear()
        self._network.counts.clear()
        return web.Response(status=204)

    async def people(self, _: web.Request) -> web.Response:
        """Which endings of a number decide what its unattended handset does."""
        return _json({"bounces": BOUNCES, "answers": ANSWERS})

    async def handsets(self, request: web.Request) -> web.Response:
        """Handsets by last activity; `q` in the number or a text on the card, `only` one kind, `limit`, `skip`."""
        query = request.query
        limit = min(_integer(query.get("limit"), 60), _LARGEST_PAGE)
        skip = _integer(query.get("skip"), 0)
        found = self._wanted(query.get("q", ""), query.get("only", ""))
        cards = [_card(handset) for handset in islice(found, skip, skip + limit)]
        more = next(found, None) is not None
        return _json({"items": cards, "more": more, "totals": self._totals()})

    async def handset(self, request: web.Request) -> web.Response:
        """One handset with its newest texts, also one that never had any."""
        number = number_of(request.match_info["number"])
        handset = self._network.texts.known(number) or Handset(number)
        return _json(_card(handset, _ON_HANDSET))

    async def reply(self, request: web.Request) -> web.Response:
        """Send a text from this handset to the utility."""
        number = number_of(request.match_info["number"])
        body = (await _object(request)).get("text")
        if not isinstance(body, str) or not 0 < len(body) <= _LONGEST_REPLY:
            raise InvalidInput(f"a text of 1 to {_LONGEST_REPLY} characters", field="text")
        # A lone surrogate is valid JSON and no text.
        text = self._network.reply(number, body.encode("utf-8", "replace").decode())
        return _json(_text(text), 202)

    async def chats(self, request: web.Request) -> web.Response:
        """The chat programs there are, and the chats by last activity; `q` in the number or a text, `limit`."""
        words = request.query.get("q", "").strip().casefold()
        cards = [card(app, number, _ON_CARD) for app in self._apps.values() for number in app.numbers()]
        found = [
            one
            for one in sorted(cards, key=lambda one: one["at"], reverse=True)
            if words.replace(" ", "") in one["number"] or any(words in text["body"].casefold() for text in one["texts"])
        ]
        limit = min(_integer(request.query.get("limit"), 60), _LARGEST_PAGE)
        return _json({"platforms": list(self._apps), "items": found[:limit]})

    async def chat(self, request: web.Request) -> web.Response:
        """One chat with its newest messages, also one that nobody has begun."""
        return _json(card(*self._chat(request), _ON_HANDSET))

    async def act(self, request: web.Request) -> web.Response:
        """Do what a person does in a chat: `text`, `press` with `message`, `share` the number, `block`."""
        app, number = self._chat(request)
        match await _object(request):
            case {"text": str() as text} if 0 < len(text.strip()) <= _LONGEST_REPLY:
                app.say(number, text.encode("utf-8", "replace").decode())
            case {"press": str() as data, "message": int() as message}:
                app.press(number, message, data)
            case {"share": True}:
                app.share(number)
            case {"block": bool() as blocked}:
                app.block(number, blocked=blocked)
            case _:
                raise InvalidInput("a text, a button that is pressed, the number that is shared, or whether it blocks")
        return _json(card(app, number, _ON_HANDSET), 202)

    def _chat(self, request: web.Request) -> tuple[App, str]:
        app = self._apps.get(request.match_info["platform"])
        if app is None:
            raise InvalidInput("no such chat program", field="platform")
        return app, number_of(request.match_info["number"])

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: the cards of handsets and chats in which something changed, and the totals."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        await response.prepare(request)
        # The newest change last; a card that changes again moves there, so this stays small.
        changed: dict[str, Handset] = {}

        def watch(handset: Handset) -> None:
            changed.pop(handset.number, None)
            changed[handset.number] = handset
            if len(changed) > _IN_ONE_EVENT:
                del changed[next(iter(changed))]

        talked: dict[tuple[str, str], None] = {}
        heard = {name: partial(_note, talked, name) for name in self._apps}
        stream = asyncio.current_task()
        assert stream is not None
        self._streams.add(stream)
        self._network.watchers.add(watch)
        for name, app in self._apps.items():
            app.watchers.add(heard[name])
        try:
            await self._stream(response, changed, talked)
        except ConnectionError:
            pass
        finally:
            self._network.watchers.discard(watch)
            for name, app in self._apps.items():
                app.watchers.discard(heard[name])
            self._streams.discard(stream)
        return response

    async def _stream(
        self, response: web.StreamResponse, changed: dict[str, Handset], talked: dict[tuple[str, str], None]
    ) -> None:
        quiet = 0
        await response.write(b"retry: 1000\n\n")
        while True:
            if changed or talked or quiet >= 20:
                # An event without cards keeps the line alive, and finds out whether it still is.
                cards = [_card(handset) for handset in changed.values()]
                changed.clear()
                chats = [card(self._apps[name], number, _ON_CARD) for name, number in talked]
                talked.clear()
                event = {"cards": cards, "chats": chats, "totals": self._totals()}
                await response.write(f"data: {json.dumps(event)}\n\n".encode())
                quiet = 0
            quiet += 1
            await asyncio.sleep(_EVENT_EVERY)

    def _totals(self) -> dict[str, int]:
        counts = self._network.counts
        names = ("taken", "delivered", "undelivered", "failed", "inbound")
        return {name: counts[name] for name in names} | {"handsets": self._network.texts.handsets}

    def _wanted(self, words: str, only: str) -> Iterator[Handset]:
        words = words.strip().casefold()
        digits = words.replace(" ", "").replace("-", "")
        for handset in islice(self._network.texts.active(), _SEARCHED):
            shown = last(handset, _ON_CARD)
            if only and not _is(handset, shown, only):
                continue
            if (
                not words
                or (digits and digits in handset.number)
                or any(words in text.body.casefold() for text in shown)
            ):
                yield handset


def _note(talked: dict[tuple[str, str], None], platform: str, number: str) -> None:
    talked.pop((platform, number), None)
    talked[platform, number] = None
    if len(talked) > _IN_ONE_EVENT:
        del talked[next(iter(talked))]


def _is(handset: Handset, shown: list[Text], only: str) -> bool:
    if only == "answered":
        return any(text.inbound for text in handset.texts)
    if only == "failed":
        return any(text.status in {"undelivered", "failed"} for text in shown)
    return only == "opted_out" and handset.opted_out


def _card(handset: Handset, count: int = _ON_CARD) -> dict[str, Any]:
    return {
        "number": handset.number,
        "opted_out": handset.opted_out,
        "count": len(handset.texts),
        "texts": [_text(text) for text in last(handset, count)],
    }


def _text(text: Text) -> dict[str, Any]:
    return {
        "n": text.n,
        "sid": text.sid,
        "number": text.number,
        "sender": text.sender,
        "inbound": text.inbound,
        "body": text.body,
        "segments": text.segments,
        "status": text.status,
        "error": text.error,
        "created": round(text.created, 3),
        "callback": text.callback,
    }


async def _object(request: web.Request) -> dict[str, Any]:
    """Read a JSON object. Only from a body that calls itself JSON: other sites' forms cannot do that."""
    if request.content_type != "application/json":
        raise InvalidInput("the body must be application/json", field="Content-Type")
    try:
        body = await request.json()
    except (ValueError, RecursionError) as error:
        raise InvalidInput("the body is not JSON") from error
    if not isinstance(body, dict):
        raise InvalidInput("the body must be a JSON object")
    return body


def _json(answer: Any, status: int = 200) -> web.Response:
    return web.json_response(answer, status=status, headers={"Cache-Control": "no-store"})


def _integer(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 12 else default


@web.middleware
async def refuse_politely(request: web.Request, handler: Any) -> web.StreamResponse:
    """Answer 422 where a handler refused its input."""
    try:
        response: web.StreamResponse = await handler(request)
    except InvalidInput as error:
        return _json({"errors": [{"msg": str(error)}]}, 422)
    return response
