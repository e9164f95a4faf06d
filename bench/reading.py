"""Reading replies: texts a second on one core, with every rule and the statistical reader."""

from __future__ import annotations

import time

from bench.figures import Figure
from bench.lab import Lab
from gateway.inbox.understanding import Context, read, warm

#: What one core is asked for.
WANTED = 5_000

_TEXTS: tuple[tuple[str, str], ...] = (
    ("survey", "4 师傅很好就是来晚了"),
    ("survey", "非常满意"),
    ("survey", "本来想打5分，等了一天，给2分"),
    ("survey", "he was polite but it took three visits, 3"),
    ("arrears", "已经交了，昨天微信交的"),
    ("arrears", "发错人了，我不认识这个人"),
    ("arrears", "TD"),
    ("arrears", "能不能宽限几天，工资还没发"),
    ("arrears", "Where can I pay this bill?"),
    ("outage_fault", "什么时候来电啊"),
    ("outage_planned", "好的，收到"),
    ("restoration", "1"),
    ("restoration", "还没来电，隔壁都亮了"),
    ("none", "变压器冒烟了，快来人"),
    ("none", "说好周三来换表，到现在没人来"),
    ("contact_confirm", "房子去年就卖了"),
)


async def run(lab: Lab) -> list[Figure]:
    """Read the same few kinds of text over and over; each reading is made anew."""
    warm()
    asked = [(text, Context(kind=kind, hours_since=2.0)) for kind, text in _TEXTS]
    rounds = 300 if lab.quick else 1_000
    # What is compiled when the first text asks for it is not charged to the second: a gateway reads for weeks.
    for text, context in asked:
        read(text, context)
    began = time.process_time()
    for _ in range(rounds):
        for text, context in asked:
            read(text, context)
    rate = rounds * len(asked) / (time.process_time() - began)
    return [
        Figure(name="replies read", value=rate, baseline=WANTED, unit="texts/s", against="what is asked", at_least=1.0)
    ]
