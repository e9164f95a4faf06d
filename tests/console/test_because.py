"""Stored decisions in words."""

from __future__ import annotations

import pytest

from gateway.web.console.because import Because
from gateway.web.console.wording import catalogue


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (
            "to the holder, the default contact; 08:00–21:00, not on public holidays (policy 3)",
            "发给户主，默认联系人；法定节假日除外 08:00–21:00（规则第 3 版）",
        ),
        ("the household is vulnerable; a person visits or calls instead", "该户需要特别照顾，改由人工上门或致电"),
        ("a text of the kind arrears went to the person less than 72 hours before", "距上一条催费不足 72 小时"),
        ("to the number that wrote; at any hour", "发给来信号码；任何时段"),
        (
            "to the holder, the default contact; 08:00–20:00, not 12:00–14:00 by their own wish (policy 1)",
            "发给户主，默认联系人；按本人意愿避开 12:00–14:00 08:00–20:00（规则第 1 版）",
        ),
        ("paid since the audience was found (policy 1)", "名单确定以后，内容已不成立（已缴清）（规则第 1 版）"),
        ("nobody has translated this", "nobody has translated this"),
    ],
)
def test_a_decision_is_said_in_chinese(stored: str, shown: str) -> None:
    because = Because(catalogue())
    assert because.say("zh-CN", stored) == shown
    assert because.say("en", stored) == stored[:1].upper() + stored[1:]
