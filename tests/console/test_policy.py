"""The policy as a form: read back to the letter, what would change shown first, wrong fields named, versions kept."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.notices.policies import document_of, merged, table_of
from gateway.notices.policy import DEFAULT
from gateway.web.console import policy_form
from gateway.web.console.wording import catalogue

from .conftest import Visitors
from .world import World

DOCUMENT = document_of(DEFAULT)
CHANNELS = ("sms", "telegram")


def sent(document: dict[str, Any]) -> dict[str, Any]:
    """A form as a browser sends it when nobody touched it."""
    shown = policy_form.values(policy_form.sections(document, CHANNELS), document)
    return {
        name: "yes" if value is True else list(value) if isinstance(value, tuple) else value
        for name, value in shown.items()
        if value not in (False, ())
    }


OTHER = merged(
    DOCUMENT,
    {
        "arrears_gap": "PT90M",
        "channels": [{"segment": "vip", "channels": ["telegram", "sms"]}],
        "tones": {"sensitive": None, "vip": "official"},
        "ladder": {"warm_share": 0.375, "legal": {"heads": ["E1", "E2"]}, "rates": {"others": "0.00250"}},
        "outages": {"reminders": DOCUMENT["outages"]["reminders"][1:]},
    },
)


@pytest.mark.parametrize("document", [DOCUMENT, OTHER])
def test_a_form_that_nobody_touched_changes_nothing(document: dict[str, Any]) -> None:
    document = document_of(table_of(document, DEFAULT, 1))
    assert policy_form.read(policy_form.sections(document, CHANNELS), sent(document), document) == {}


def test_what_is_typed_is_what_changes() -> None:
    form = sent(DOCUMENT) | {
        "policy.hours.service.closes": "19:00",
        "policy.arrears_gap": "96",
        "policy.tones.vip": "official",
        "policy.person_instead.vip": ["arrears", "survey"],
        "policy.ladder.rates.residential": "0.5",
        "policy.ladder.legal.heads": "E1，E2",
        "policy.channels.0.segment": "vip",
        "policy.channels.0.channels.0": "telegram",
        "policy.ladder.stages.6.name": "second_reminder",
        "policy.ladder.stages.6.day": "20",
        "policy.outages.confirm_soon": "90",
    }
    del form["policy.outages.reminders.1.sent"]
    form["policy.tones.sensitive"] = ""
    form["policy.ladder.stages.1.name"] = ""
    changes = policy_form.read(policy_form.sections(DOCUMENT, CHANNELS), form, DOCUMENT)
    after = document_of(table_of(merged(DOCUMENT, changes), DEFAULT, 2))
    assert after["hours"]["service"]["closes"] == "19:00:00" and after["arrears_gap"] == "P4D"
    assert after["tones"] == {"vulnerable": "warm", "vip": "official"}
    assert after["person_instead"]["vip"] == ["arrears", "survey"]
    assert after["ladder"]["rates"]["residential"] == "0.0005" and after["ladder"]["legal"]["heads"] == ["E1", "E2"]
    assert after["channels"] == [{"segment": "vip", "channels": ["telegram"]}]
    assert [stage["name"] for stage in after["ladder"]["stages"]] == [
        "bill_issued", "overdue", "daily_charge", "contact", "second_reminder", "legal",
    ]  # fmt: skip
    assert [one["step"] for one in after["outages"]["reminders"]] == ["week", "eve"]
    assert after["outages"]["confirm_soon"] == "PT1H30M"
    told = {(line.section, line.row, line.cell.label) for line, _, _ in policy_form.compared(DOCUMENT, after, CHANNELS)}
    assert {("hours", "service", "closes"), ("segments", "sensitive", "tone"), ("reminders", "day", "sent")} <= told
    assert ("stages", "legal", "day") not in told


async def test_a_change_is_looked_at_made_and_gone_back_from(world: World, visitor: Visitors) -> None:
    admin, reviewer, elsewhere = visitor("admin"), visitor("reviewer"), visitor("elsewhere")
    assert 'name="policy.arrears_gap"' not in (await reviewer.get("/policy"))[1]
    assert (await reviewer.post("/policy", {"base": "1"}))[0] == 403 == (await elsewhere.get("/policy"))[0]
    async with world.database.session() as session:
        in_force = await world.house.policy.version(session, None)
    form = sent(dict(in_force.policy)) | {"base": str(in_force.version)}
    form = {name: value for name, value in form.items() if not isinstance(value, list)} | {"policy.arrears_gap": "x"}
    lists = [
        (name, one) for name, value in sent(dict(in_force.policy)).items() if isinstance(value, list) for one in value
    ]

    def whole(**changed: str) -> list[tuple[str, str]]:
        return [*{**form, **changed}.items(), *lists]

    status, text, _ = await admin.post("/policy/try", whole())
    assert status == 422 and "两次催费之间: 请填数字" in text and 'value="x"' in text
    form["policy.arrears_gap"] = "100"
    status, text, _ = await admin.post("/policy/try", whole(**{"policy.hours.service.closes": "07:00"}))
    assert status == 422 and "结束要晚于开始" in text
    status, text, _ = await admin.post("/policy/try", whole())
    assert status == 200 and "将有 1 处变化" in text and 'value="100"' in text
    status, text, _ = await admin.post("/policy", whole())
    assert status == 422 and "为什么" in text and 'value="100"' in text
    status, text, _ = await admin.post("/policy", whole(why="少打扰"))
    assert status == 303, text
    status, text, _ = await admin.post("/policy", whole(why="少打扰"))
    assert status == 409
    new = in_force.version + 1
    status, text = await reviewer.get(f"/policy/{new}")
    assert status == 200 and "与上一版相比" in text and "少打扰" in text and "<ins>100 小时</ins>" in text
    assert (await admin.get(f"/policy?like={in_force.version}"))[0] == 200
    status, text = await reviewer.get("/policy-versions?format=csv")
    assert status == 200 and "少打扰" in text
    status, text = await reviewer.get(f"/policy/{new}/document")
    assert '"arrears_gap": "P4DT4H"' in text
    status, text, _ = await admin.post("/policy", {"base": str(new), "json": '{"arrears_gap": "P3D"}', "why": "改回来"})
    assert status == 303, text


def test_every_field_has_its_words() -> None:
    words = catalogue()
    for section in policy_form.sections(DOCUMENT, CHANNELS):
        assert f"policy_sections.{section.key}" in words and f"policy_leads.{section.key}" in words
        for row in section.rows:
            assert not row.area or f"{row.area}.{row.key}" in words, row
            for cell in row.cells:
                assert f"policy.{cell.label}" in words, cell
                for choice in cell.choices:
                    assert not choice or f"{cell.area}.{choice.replace(' ', '_')}" in words, (cell, choice)
