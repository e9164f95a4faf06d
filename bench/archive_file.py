"""A flat export as offices send it (用户档案: GB18030, CRLF), of any length, the same every time.

The shapes and how often they occur are those of a sample of 2,000 accounts: five numbers in six are typed
plainly, the others with blanks, dashes, prefixes, names, or not at all; one in six is shared by accounts.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

HEADINGS: Final = (
    "户号,户名,用电地址,用电类别,供电电压,合同容量(kVA),台区名称,线路名称,变电站,联系人,移动电话,固定电话,联系人2,联系电话2,"
    "重要客户等级,敏感客户,重点关注,特殊用电,VIP,客户经理,立户日期,用户状态"
).split(",")

_SURNAMES: Final = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹"
_GIVEN: Final = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂香志建国华玉珍文海波东学"
_STREETS: Final = ("幸福街道", "滨河街道", "东关街道", "白云镇", "清水镇", "石桥乡")
_VILLAGES: Final = ("章家河", "金穗园", "和平里", "柳树湾", "南山新村", "阳光花园", "老城坊", "稻香村")

#: Accounts on one transformer area, areas on one feeder, feeders on one substation.
_ON_AREA, _ON_FEEDER, _ON_STATION = 43, 3, 8

_Typed = Callable[[str], str]
#: How a mobile is typed, and how many of a thousand are.
_MOBILES: Final[tuple[tuple[int, _Typed], ...]] = (
    (845, lambda digits: digits),
    (13, lambda digits: f"{digits[:3]} {digits[3:7]} {digits[7:]}"),
    (12, lambda digits: f"{digits[:3]}-{digits[3:7]}-{digits[7:]}"),
    (12, lambda digits: f"+86{digits}"),
    (10, lambda digits: f"86{digits}"),
    (8, lambda digits: f"86-{digits}"),
    (8, lambda digits: f"{digits}.0"),
    (8, lambda digits: f"{digits}\t"),
    (7, lambda digits: f"0{digits}"),
    (7, lambda digits: f" {digits}　"),
    (6, lambda digits: f"0086{digits}"),
    (6, lambda digits: digits.translate(str.maketrans("0123456789", "０１２３４５６７８９"))),
    (5, lambda digits: f"{digits}(儿子)"),
    (4, lambda digits: f"{digits}/1390002{digits[-4:]}"),
    (4, lambda digits: f"0398-2{digits[-6:]}"),
    (17, lambda digits: ""),
    (4, lambda digits: "-"),
    (4, lambda digits: "无"),
    (4, lambda digits: "王秀英"),
    (4, lambda digits: f"{digits[0]}.{digits[1:3]}E+10"),
    (3, lambda digits: f"'{digits}"),
    (3, lambda digits: digits[:10]),
    (3, lambda digits: "13800138000"),
    (3, lambda digits: f"{digits[:5]}O{digits[6:]}"),
)
_LANDLINES: Final[tuple[tuple[int, _Typed], ...]] = (
    (897, lambda digits: ""),
    (47, lambda digits: f"0398-2{digits[-6:]}"),
    (18, lambda digits: f"03982{digits[-6:]}"),
    (9, lambda digits: f"(0398)2{digits[-6:]}"),
    (6, lambda digits: f"2{digits[-6:]}"),
    (6, lambda digits: f"0398 2{digits[-6:]}"),
    (9, lambda digits: f"0398-2{digits[-6:]}转{digits[-3:]}"),
    (8, lambda digits: f"0398-2{digits[-6:]} ext {digits[-3:]}"),
)
_MOBILE_WEIGHTS: Final = [weight for weight, _ in _MOBILES]
_LANDLINE_WEIGHTS: Final = [weight for weight, _ in _LANDLINES]


def write(path: Path, accounts: int, *, seed: int = 7) -> None:
    """Write the export of `accounts` accounts to `path`, a row at a time."""
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(HEADINGS)
        writer.writerows(_rows(accounts, random.Random(seed)))


def _rows(accounts: int, draw: random.Random) -> Iterator[list[str]]:
    area = feeder = station = ""
    shared = "13900000001"
    for at in range(accounts):
        if at % _ON_AREA == 0:
            number = at // _ON_AREA
            area = f"{_VILLAGES[number % len(_VILLAGES)]}{number + 1}号公变"
            feeder = f"10kV{_VILLAGES[number // _ON_FEEDER % len(_VILLAGES)]}{number // _ON_FEEDER + 1}线"
            station = f"110kV双河{number // _ON_FEEDER // _ON_STATION + 1}变"
        holder = _name(draw)
        # One in six answers for the account before as well.
        mobile = shared if draw.random() < 0.17 else _mobile(at)
        shared = mobile
        [(_, typed)] = draw.choices(_MOBILES, _MOBILE_WEIGHTS)
        [(_, landline)] = draw.choices(_LANDLINES, _LANDLINE_WEIGHTS)
        has_second = draw.random() < 0.26
        household = draw.random() < 0.93
        yield [
            f"{410_000_000_000 + at}",
            holder,
            _address(at),
            "居民生活" if household else "一般工商业",
            "220V" if household else "380V",
            draw.choice(("4", "6", "8", "10")) if household else draw.choice(("30", "50", "160")),
            area,
            feeder,
            station,
            holder if draw.random() < 0.8 else _name(draw),
            typed(mobile),
            landline(mobile),
            _name(draw) if has_second else "",
            _mobile(at + 50_000_000) if has_second else "",
            "二级" if at % 500 == 0 else "",
            "是" if at % 100 == 0 else "",
            "是" if at % 99 == 0 else "",
            "独居老人" if at % 180 == 0 else "",
            "否" if at % 50 else "是",
            "LZ1001" if at % 105 == 0 else "",
            f"{2000 + at % 25}/{at % 12 + 1:02}/{at % 28 + 1:02}",
            "正常用电" if at % 40 else "已销户",
        ]


def _name(draw: random.Random) -> str:
    name = draw.choice(_SURNAMES) + draw.choice(_GIVEN)
    return name + draw.choice(_GIVEN) if draw.random() < 0.7 else name


def _address(at: int) -> str:
    street, village = _STREETS[at // 5000 % len(_STREETS)], _VILLAGES[at // 300 % len(_VILLAGES)]
    return f"岚州市东湖区{street}{village}{at // 40 % 60 + 1}组{at % 400 + 1}号"


def _mobile(number: int) -> str:
    """A different mobile for each number, in no order."""
    return f"1{3 + number % 7}{number * 48_271 % 1_000_000_007 % 1_000_000_000:09}"
