"""The wall of handsets and the carrier's controls."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import pytest
from playwright.async_api import async_playwright

from .conftest import NUMBER, Outside, Start

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"> \u202e反转 \x00"


async def put(carrier: Outside, body: Any, **headers: str) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **headers}
    async with carrier.session.put(f"{carrier.url}/_carrier/behaviour", data=data, headers=sent) as answer:
        return answer.status, await answer.json()


async def test_behaviour_changes_what_is_named_and_keeps_the_rest(start: Start) -> None:
    carrier = await start(latency=0.001)
    status, behaviour = await put(carrier, {"failures": {"30005": 0.5}, "rate_limit": 100})
    assert status == 200
    assert (behaviour["latency"], behaviour["failures"], behaviour["rate_limit"]) == (0.001, {"30005": 0.5}, 100)
    assert await carrier.get("/_carrier/behaviour") == behaviour


@pytest.mark.parametrize(
    "body",
    [
        {"latency": -1},
        {"latency": "soon"},
        {"lost_receipt_share": 1.5},
        {"failures": {"no": 1}},
        {"handsets": "angry"},
        {"mood": "good"},
        [],
        b"{",
        b"\xff",
        b"[" * 50_000,
    ],
)
async def test_bad_behaviour_is_refused(start: Start, body: Any) -> None:
    carrier = await start()
    before = await carrier.get("/_carrier/behaviour")
    status, answer = await put(carrier, body)
    assert (status, bool(answer["errors"])) == (422, True)
    assert await carrier.get("/_carrier/behaviour") == before


async def test_another_sites_form_changes_nothing(start: Start) -> None:
    status, _ = await put(await start(), {"latency": 1}, **{"Content-Type": "text/plain"})
    assert status == 422


async def test_luck_repeats_from_its_seed(start: Start) -> None:
    carrier = await start(receipts=False)
    drawn = []
    for _ in range(2):
        await put(carrier, {"failures": {"21614": 0.5}, "seed": 7})
        drawn.append([(await carrier.send())[0] for _ in range(20)])
    assert drawn[0] == drawn[1]
    assert set(drawn[0]) == {201, 400}


async def test_handsets_are_found_by_number_words_and_kind(start: Start) -> None:
    carrier = await start(receipts=False)
    await carrier.send(To="+8613900000001", Body="您的电费")
    await carrier.send(To="+8613900000002", Body="Your bill")
    await carrier.reply("STOP", "+8613900000002")

    async def found(**query: str) -> list[str]:
        return [card["number"][-1] for card in (await carrier.get("/_carrier/handsets", **query))["items"]]

    assert await found() == ["2", "1"]
    assert await found(limit="1") == ["2"]
    assert await found(skip="1") == ["1"]
    assert await found(q="139 0000 0001") == ["1"]
    assert await found(q="电费") == ["1"]
    assert await found(q="BILL") == ["2"]
    assert await found(q="nothing like it") == []
    assert await found(only="answered") == ["2"]
    assert await found(only="opted_out") == ["2"]
    assert await found(only="failed") == []


async def test_any_number_is_a_handset(start: Start) -> None:
    carrier = await start()
    card = await carrier.get("/_carrier/handsets/139 0000 0009")
    assert (card["number"], card["texts"]) == ("+8613900000009", [])
    assert (await carrier.get("/_carrier/handsets/nobody"))["errors"][0]["msg"] == "not a telephone number"
    assert (await carrier.get("/_carrier/handsets"))["totals"]["handsets"] == 0


@pytest.mark.parametrize("text", ["", "x" * 1601, None, 5])
async def test_an_answer_that_is_no_text_is_refused(start: Start, text: Any) -> None:
    assert await (await start()).reply(text) == 422


async def test_half_a_character_is_no_reason_to_fail(start: Start) -> None:
    carrier = await start()
    async with carrier.session.post(
        f"{carrier.url}/_carrier/handsets/{NUMBER}/reply",
        data=b'{"text": "\\ud83d!"}',
        headers={"Content-Type": "application/json"},
    ) as answer:
        assert answer.status == 202
    assert (await carrier.gateway.post())[1]["Body"] == "?!"


async def test_texts_arrive_as_events(start: Start) -> None:
    carrier = await start(receipt_delay=60)
    async with carrier.session.get(f"{carrier.url}/_carrier/events") as events:
        assert events.content_type == "text/event-stream"
        assert await events.content.readline() == b"retry: 1000\n"
        await carrier.send(Body=HOSTILE)
        while not (line := await events.content.readline()).startswith(b"data: "):
            pass
        event = json.loads(line.removeprefix(b"data: "))
    assert [card["number"] for card in event["cards"]] == [NUMBER]
    assert event["cards"][0]["texts"][0]["body"] == HOSTILE
    assert event["totals"]["taken"] == 1


async def test_clearing_forgets_refusals_too(start: Start) -> None:
    carrier = await start()
    await carrier.reply("STOP")
    await carrier.gateway.post()
    async with carrier.session.delete(f"{carrier.url}/_carrier/texts") as answer:
        assert answer.status == 204
    assert (await carrier.send())[0] == 201


async def test_the_page_needs_nothing_from_elsewhere(start: Start) -> None:
    carrier = await start()
    for path in ("/", "/_carrier/wall.css", "/_carrier/wall.js"):
        async with carrier.session.get(f"{carrier.url}{path}") as answer:
            assert answer.status == 200
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            found = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", await answer.text())
        assert set(found) <= {"http://www.w3.org"}, "the name of SVG is an address that nobody visits"


def test_the_page_writes_no_markup() -> None:
    script = (files("gateway.sandbox.carrier") / "page" / "wall.js").read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script)


def test_both_languages_say_everything() -> None:
    script = (files("gateway.sandbox.carrier") / "page" / "wall.js").read_text()
    chinese, english = (
        set(re.findall(r"(?:^|\s|\{)(\w+): (?=[\"\[(])", block))
        for block in re.findall(r'(?:"zh-CN"|en): \{(.*?)\n  \},', script, re.DOTALL)
    )
    assert chinese == english and len(chinese) > 30


@pytest.mark.browser
async def test_a_person_reads_and_answers_on_the_wall(start: Start) -> None:
    carrier = await start()
    await carrier.send(Body=HOSTILE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 390, "height": 844})
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
        await page.goto(carrier.url)
        shown = page.locator(".phone").first
        await shown.locator("p").first.wait_for()
        assert "<script>document.title" in await shown.locator("p").first.inner_text()

        await shown.locator("input").fill("打错了，我不是户主")
        await shown.locator("input").press("Enter")
        _, form = await carrier.gateway.post()
        assert (form["From"], form["Body"]) == (NUMBER, "打错了，我不是户主")
        await shown.locator(".mine p").first.wait_for()

        await page.locator("#open-number").fill("139 0000 0099")
        await page.locator("#open-number").press("Enter")
        await page.locator("dialog textarea").fill("什么时候来电？")
        await page.locator("dialog textarea").press("Enter")
        assert (await carrier.gateway.post())[1]["From"] == "+8613900000099"
        await page.locator("dialog .mine p").first.wait_for()

        await page.locator("dialog .close").click()
        await page.locator("#language").click()
        await page.get_by_role("heading", name="Wall of handsets").wait_for()
        assert await page.title() == "Wall of handsets · Lamplighter"
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        assert problems == []
        await browser.close()
