"""What is kept how long, on its page: seen, tried out, changed with a reason."""

from __future__ import annotations

from gateway.web.console.wording import catalogue

from .conftest import Visitors
from .world import World


async def test_a_rule_is_tried_out_and_changed_with_a_reason(world: World, visitor: Visitors) -> None:
    admin, auditor = visitor("admin"), visitor("auditor")
    status, text = await auditor.get("/retention")
    assert status == 200 and "短信正文" in text
    status, text = await auditor.get("/retention/message_bodies")
    assert status == 200 and "<form" not in text.partition("<main")[2].partition("</main>")[0]
    assert (await auditor.post("/retention/message_bodies", {"days": "200", "why": "x"}))[0] == 403
    status, text, _ = await admin.post("/retention/message_bodies/try", {"days": "200"})
    assert status == 200 and 'value="200"' in text
    status, text, _ = await admin.post("/retention/message_bodies", {"days": "20", "why": "太长"})
    assert status == 422 and "150" in text and "太长" in text
    status, text, _ = await admin.post("/retention/message_bodies", {"days": "200", "why": "法务要求"})
    assert status == 303, text
    _, text = await admin.get("/retention")
    assert "法务要求" in text and "200" in text
    assert (await admin.get("/retention/nothing"))[0] == 404


def test_every_rule_has_its_words(world: World) -> None:
    words = catalogue()
    for name in world.house.retention.rules:
        assert f"retained.{name}" in words and f"retained_how.{name}" in words, name
