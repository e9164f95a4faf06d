"""Texts over HTTP: read, previewed, proposed, approved by somebody else, answered by carriers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import House
from tests.web.test_access import make_key


async def source_of(house: House, name: str, language: str = "zh-CN") -> str:
    found = await house.call("GET", f"/templates/{name}")
    return next(one["source"] for one in found["items"] if one["language"] == language)


def changed(source: str, name: str = "apology", language: str = "zh-CN", **more: Any) -> dict[str, Any]:
    return {"name": name, "language": language, "source": source, **more}


@pytest.fixture(autouse=True)
async def recorded(house: House) -> None:
    """The release's texts are recorded, as a start does."""
    texts: Any = house.services.texts
    await texts._keeper.start()


async def test_texts_are_listed_page_by_page_with_what_they_take(house: House) -> None:
    every = await house.call("GET", "/templates?limit=500")
    assert every["next"] is None and len(every["items"]) == len(house.services.texts.in_force.templates)
    walked, cursor = [], ""
    while True:
        page = await house.call("GET", f"/templates?limit=30{cursor}")
        walked += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert walked == every["items"]
    survey = next(one for one in every["items"] if (one["name"], one["language"]) == ("survey", "zh-CN"))
    assert survey["class"] == "S" and survey["codes"]["9"] == "false_closure" and survey["edited"] is False
    assert survey["example"]["body"].startswith("【国网供电】请评价")
    assert survey["longest"]["encoding"] == "UCS-2" and survey["longest"]["segments"] == 1
    kinds = await house.call("GET", "/templates?kind=bill,survey&language=en&limit=100")
    assert {one["kind"] for one in kinds["items"]} == {"bill", "survey"}
    assert {one["language"] for one in kinds["items"]} == {"en"}


async def test_a_preview_shows_the_text_and_what_is_wrong_and_keeps_nothing(house: House) -> None:
    source = await source_of(house, "apology")
    wrong = changed(source.replace("您的反馈收到了", "您多次欠费"))
    long = changed(await source_of(house, "survey") + "谢谢您一直以来的支持", "survey")
    ((blaming, longer),) = (await house.call("POST", "/templates/preview", json={"texts": [wrong, long]})).values()
    assert {(one["severity"], one["line"]) for one in blaming["findings"]} == {("error", 9)}
    assert "多次欠费" in blaming["findings"][0]["message"]
    assert longer["longest"]["segments"] == 2 and longer["findings"][0]["severity"] == "warning"
    assert (await house.call("GET", "/template-revisions"))["items"] == []
    broken = changed("no front matter")
    (seen,) = (await house.call("POST", "/templates/preview", json={"texts": [broken]}))["texts"]
    assert seen["example"] is None and "front matter" in seen["findings"][0]["message"]


async def test_a_text_is_proposed_by_one_and_approved_by_another(house: House) -> None:
    clerk = await make_key(house.database, "templates:read", "templates:write", "templates:approve", called="clerk")
    head = await make_key(house.database, "templates:read", "templates:approve", called="head")
    source = (await source_of(house, "apology")).replace("非常抱歉", "十分抱歉")
    asked = {"texts": [changed(source)], "note": "warmer"}
    draft = await house.call("POST", "/template-revisions", key=clerk, json=asked, expect=201)
    assert draft["state"] == "draft" and draft["texts"][0]["source"] == source
    path = f"/template-revisions/{draft['id']}"
    await house.call("POST", f"{path}/approve", key=clerk, expect=403)
    done = await house.call("POST", f"{path}/approve", key=head)
    assert (done["state"], done["decided_by"], done["texts"][0]["in_force"]) == ("approved", "key:head", True)
    assert await house.call("GET", path) == done
    await house.call("POST", f"{path}/approve", key=head, expect=409)
    edited = await house.call("GET", "/templates?edited=true")
    (text,) = edited["items"]
    assert "十分抱歉" in text["example"]["body"] and text["shipped_version"] != text["version"]
    versions = (await house.call("GET", "/templates/apology/versions"))["items"]
    assert {(one["language"], one["version"], one["in_force"]) for one in versions} >= {
        ("zh-CN", text["version"], True),
        ("zh-CN", text["shipped_version"], False),
    }
    old = await house.call("GET", f"/templates/apology/versions/{text['shipped_version']}")
    assert "非常抱歉" in old["source"]


async def test_a_proposal_is_withdrawn_by_its_author_or_refused_by_who_may(house: House) -> None:
    clerk = await make_key(house.database, "templates:read", "templates:write", called="clerk")
    other = await make_key(house.database, "templates:read", "templates:write", called="other")
    source = (await source_of(house, "apology")).replace("非常抱歉", "十分抱歉")
    asked = {"texts": [changed(source)]}
    first = await house.call("POST", "/template-revisions", key=clerk, json=asked, expect=201)
    await house.call("POST", f"/template-revisions/{first['id']}/refuse", key=other, expect=403)
    gone = await house.call("POST", f"/template-revisions/{first['id']}/refuse", key=clerk)
    assert gone["state"] == "withdrawn"
    second = await house.call("POST", "/template-revisions", key=clerk, json=asked, expect=201)
    refused = await house.call("POST", f"/template-revisions/{second['id']}/refuse", json={"remark": "太长"})
    assert (refused["state"], refused["remark"]) == ("refused", "太长")
    listed = await house.call("GET", "/template-revisions?state=refused")
    assert [one["id"] for one in listed["items"]] == [second["id"]]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ({"name": "Apology"}, "texts[0].name"),
        ({"tone": "rude"}, "texts[0].tone"),
        ({"source": "您好"}, "texts[0].source"),
        ({"language": "fr"}, "texts[0].source"),
        ({"colour": "red"}, "texts[0].colour"),
    ],
)
async def test_bad_proposals_name_the_field(house: House, text: dict[str, Any], field: str) -> None:
    asked = changed(await source_of(house, "apology")) | text
    problem = await house.call("POST", "/template-revisions", json={"texts": [asked]}, expect=422)
    assert field in {one["field"] for one in problem["errors"]}
    twice = changed(await source_of(house, "apology"))
    problem = await house.call("POST", "/template-revisions", json={"texts": [twice, twice]}, expect=422)
    assert problem["errors"][0]["field"] == "texts[1]"


async def test_what_a_carrier_says_stands_with_the_version(house: House) -> None:
    (text, *_) = (await house.call("GET", "/templates/survey"))["items"]
    path = f"/templates/survey/versions/{text['version']}/carriers/cmpp"
    await house.call("PUT", path, json={"state": "submitted"})
    answer = {"state": "refused", "carrier_template_id": "T-9", "reason": "问卷调查类"}
    seen = await house.call("PUT", path, json=answer)
    (word,) = seen["carriers"]
    assert (word["carrier"], word["state"], word["reason"]) == ("cmpp", "refused", "问卷调查类")
    async with house.database.work() as work:
        entries = await work.fetch("SELECT * FROM audit_entry WHERE subject LIKE 'template:survey:%' ORDER BY id")
    assert len(entries) == 2 and "submitted" in entries[1]["before"]
    await house.call("PUT", "/templates/survey/versions/none/carriers/cmpp", json={"state": "submitted"}, expect=404)
    await house.call("GET", "/templates/survey/versions/none", expect=404)
    await house.call("GET", "/templates/none", expect=404)
    await house.call("GET", "/templates/none/versions", expect=404)
