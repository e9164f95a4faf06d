"""An invented population of any size, and what is right for each account of it: the model the gateway is held to."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field

from tests.walks import files

ACCOUNTS = "account_no,customer_no,holder_name,tariff_class,address,vulnerable,sms_optout".split(",")
CONTACTS = "contact_id,account_no,role,contact_name,mobile,landline,is_default".split(",")
_WITHHELD = {"none": "no_contact", "landline": "invalid_number", "refuses": "opted_out", "frail": "visit_instead"}
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"


@dataclass
class Person:
    """Somebody with a name, perhaps a number, and accounts."""

    name: str
    mobile: str
    accounts: list[str] = field(default_factory=list)


@dataclass
class Population:
    """The files of a population, and what must become of a text to each account."""

    accounts: bytes
    contacts: bytes
    arrears: bytes
    bills: bytes
    #: Account → number in E.164 that is written to.
    reached: dict[str, str]
    #: Account → why it is not reminded of arrears. Frail households are visited instead; they do get bills.
    withheld: dict[str, str]

    def texts(self) -> dict[str, set[str]]:
        """Number → accounts that its one text speaks for."""
        texts: dict[str, set[str]] = defaultdict(set)
        for account, number in self.reached.items():
            if account not in self.withheld:
                texts[number].add(account)
        return dict(texts)


def _mobile(serial: int) -> str:
    return f"137{(serial * 7919 + 20_304_517) % 10**8:08d}"


def _typed(mobile: str, draw: random.Random) -> str:
    """The number as somebody typed it."""
    return draw.choice(
        [
            mobile,
            mobile,
            mobile,
            f"+86{mobile}",
            f"0086-{mobile}",
            f"{mobile[:3]}-{mobile[3:7]}-{mobile[7:]}",
            f"{mobile[:3]} {mobile[3:7]} {mobile[7:]}",
            mobile.translate(str.maketrans("0123456789", "０１２３４５６７８９")),
        ]
    )


def people(size: int, seed: int) -> Population:
    """`size` accounts: shared numbers, several accounts a person, opt-outs, landlines, gaps, frail households."""
    draw = random.Random(seed)
    accounts, contacts, arrears, bills = [ACCOUNTS], [CONTACTS], [files.ARREARS], [["账期", "户号", "金额", "应缴日期"]]
    reached: dict[str, str] = {}
    withheld: dict[str, str] = {}
    serial = people_made = 0
    while serial < size:
        people_made += 1
        mobile = _mobile(people_made)
        kind = draw.choices(
            ["one", "several", "agent", "none", "landline", "landline_first", "refuses", "frail"],
            [60, 14, 2, 5, 5, 4, 6, 4],
        )[0]
        owned = {"several": draw.randint(2, 4), "agent": draw.randint(5, 9)}.get(kind, 1)
        customer, name = f"C{seed}{people_made:07d}", draw.choice(_SURNAMES) + draw.choice(_GIVEN) + draw.choice(_GIVEN)
        for _ in range(min(owned, size - serial)):
            serial += 1
            account = files.account_no(1_000_000 + seed * 100_000 + serial)
            if kind == "agent":
                customer, name = f"C{seed}A{serial:07d}", draw.choice(_SURNAMES) + draw.choice(_GIVEN)
            flags = ["home_oxygen" if kind == "frail" else "", "Y" if kind == "refuses" else "N"]
            accounts.append([account, customer, name, "residential", f"岚州市东湖区锦绣路{serial}号", *flags])
            owed = f"{draw.randint(100, 99_999) / 100:.2f}"
            arrears.append(files.owes(account, name, owed))
            bills.append(["202504", account, owed, "2025-04-25"])
            landline = f"0398-{2_000_000 + serial}"
            if kind in ("landline", "landline_first"):
                contacts.append([f"CT{seed}{serial}L", account, "holder", name, "", landline, "Y"])
            if kind not in ("none", "landline"):
                role = "agent" if kind == "agent" else "holder"
                first = "N" if kind == "landline_first" else "Y"
                contacts.append([f"CT{seed}{serial}", account, role, name, _typed(mobile, draw), "", first])
                reached[account] = f"+86{mobile}"
            reasons = {
                "none": "no_contact",
                "landline": "invalid_number",
                "refuses": "opted_out",
                "frail": "visit_instead",
            }
            if kind in reasons:
                withheld[account] = reasons[kind]
    return Population(
        accounts=files.sheet(accounts).encode(),
        contacts=files.sheet(contacts).encode(),
        arrears=files.sheet(arrears).encode(),
        bills=files.sheet(bills).encode(),
        reached=reached,
        withheld=withheld,
    )
