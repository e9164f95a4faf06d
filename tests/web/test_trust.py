"""Trust and sweeps over HTTP."""

from __future__ import annotations

from typing import Any

from tests.web.conftest import ROOT


async def test_a_sweep_on_demand_reckons_every_link_and_says_why(house: Any) -> None:
    async with house.database.connection() as connection:
        await connection.execute(
            """INSERT INTO customer (id, name) VALUES (1, '王强'), (2, '赵根祥');
               INSERT INTO premise (id, address) VALUES (1, '锦绣街1号'), (2, '锦绣街9号');
               INSERT INTO account (id, account_no, customer_id, premise_id, holder_name)
                 VALUES (1, '4100000039', 1, 1, '王强'), (2, '4100000047', 2, 2, '赵根祥');
               INSERT INTO contact_point (id, address) VALUES (1, '+8613900000001');
               INSERT INTO contact_link (account_id, contact_point_id, role, name, registered_on)
                 VALUES (1, 1, 'holder', '王强', '2010-01-01'), (2, 1, 'holder', '赵根祥', '2021-01-01')"""
        )
    swept = await house.call("POST", "/sweeps", expect=201)
    assert (swept["links"], swept["cases"]) == (2, 1)
    assert (await house.call("GET", "/sweeps"))["items"] == [swept]
    trust = await house.call("GET", "/trust")
    assert (trust["links"], trust["doubted"], trust["outcomes"]) == (2, 1, 0)
    assert {weight["mark"] for weight in trust["weights"]} >= {"later_elsewhere", "proven"}
    (doubted,) = (await house.call("GET", "/trust/links"))["items"]
    assert doubted["account_no"] == "4100000039" and doubted["probability"] < 0.15
    assert "registered later elsewhere" in doubted["because"][0]
    (case,) = (await house.call("GET", "/corrections"))["items"]
    assert case["reason"] == "name_mismatch" and case["hints"][0]["beside"]["account_no"] == "4100000047"
    assert [link["state"] for link in case["links"]] == ["unverified", "unverified"]
    page = await house.call("GET", "/contacts/13900000001")
    assert doubted["probability"] in [link["probability"] for link in page["links"]]
    answer = await house.client.get("/api/v1/trust/plot", headers={"Authorization": f"Bearer {ROOT}"})
    assert answer.content_type == "image/svg+xml" and "<svg" in await answer.text()
