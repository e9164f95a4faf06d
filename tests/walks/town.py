"""An invented town and what is true of it, worked out apart from the gateway: for telling who had to be told, and when.

Nothing of it is like the sample archive: other lines and names, several accounts of one number, several numbers of one
account, numbers written in every way, lines that no text reaches, people to whom supply is urgent, accounts that are
closed, that move to another line meanwhile, and that keep other clocks.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

from tests.walks import files

TOPOLOGY = "substation_id,substation_name,feeder_id,feeder_name,tarea_id,tarea_name,tarea_type,district".split(",")
ACCOUNTS = (
    "account_no,customer_no,holder_name,segment,tariff_class,address,feeder_id,tarea_id,status,important_level,"
    "vulnerable,vip,language,time_zone"
).split(",")
CONTACTS = "contact_id,account_no,role,contact_name,mobile,landline,is_default".split(",")
BILLS = "billing_month,account_no,amount,due_date".split(",")
PAYMENTS = "payment_id,account_no,billing_month,amount,paid_at,channel".split(",")

_LINES = ("松涛甲线", "柳溪一回", "港务专线", "望江乙线", "Mill Lane", "北仓二回")
_ROLES = ("holder", "payer", "tenant", "relative", "landlord", "agent")
_HOME = ZoneInfo("Asia/Shanghai")
_ZONES = ("", "", "", "", "Asia/Urumqi")
_NAMES = ("欧阳静", "买买提·艾力", "司徒建国", "Anna Petrova", "尉迟敏", "诸葛晓雨")


@dataclass
class Home:
    """An account: where it hangs, and the numbers a text can reach it at, whoever of its people they belong to."""

    number: str
    feeder: str
    area: str
    closed: bool = False
    #: At any hour for what is urgent; and to whom a person goes instead of a reminder.
    urgent: bool = False
    spared: bool = False
    reached_at: set[str] = field(default_factory=set)
    owes: str = "0"
    due: str = ""
    paid_at: datetime | None = None
    zone: ZoneInfo = _HOME


def written(mobile: str, how: int) -> str:
    """A number as one clerk or another types it."""
    spaced = f"{mobile[:3]} {mobile[3:7]} {mobile[7:]}"
    full_width = "".join(chr(ord(digit) + 0xFEE0) for digit in mobile)
    ways = (
        mobile,
        f"+86 {spaced}",
        f"0086-{mobile}",
        spaced.replace(" ", "-"),
        full_width,
        f"0{mobile}",
        f"{mobile}(儿子)",
    )
    return ways[how % len(ways)]


class Town:
    """`homes` accounts on six lines with three transformer areas each, drawn from `seed`."""

    def __init__(self, homes: int, seed: int) -> None:
        self.by = Random(seed)
        self.homes: dict[str, Home] = {}
        self.topology, self.accounts, self.contacts = [TOPOLOGY], [ACCOUNTS], [CONTACTS]
        self.areas: dict[str, list[str]] = defaultdict(list)
        self._mobiles: list[str] = []
        self._rows: dict[str, list[str]] = {}
        for place, line in enumerate(_LINES):
            for letter in "XYZ":
                feeder, area = f"KV{place + 701}", f"PT{place + 701}{letter}"
                row = ["SS77", "35kV石梁变", feeder, line, area, f"{line[:2]}{letter}台区", "public", "江北区"]
                self.topology.append(row)
                self.areas[feeder].append(area)
        for serial in range(homes):
            self._settle(serial)

    def one_in(self, odds: int) -> bool:
        return self.by.randrange(odds) == 0

    def _mobile(self) -> str:
        if self._mobiles and self.one_in(5):
            return self.by.choice(self._mobiles)
        self._mobiles.append(f"1{self.by.choice('3578')}{self.by.randrange(3, 9)}{71_000_000 + len(self._mobiles):08d}")
        return self._mobiles[-1]

    def _settle(self, serial: int) -> None:
        feeder = self.by.choice(list(self.areas))
        home = Home(files.account_no(700_000 + serial), feeder, self.by.choice(self.areas[feeder]))
        home.closed = self.one_in(20)
        level = self.by.choice(("一级", "二级")) if self.one_in(15) else ""
        frail = self.by.choice(("ventilator", "home_oxygen", "elderly_alone")) if self.one_in(10) else ""
        vip = self.one_in(25)
        home.urgent = bool(level) or frail in ("ventilator", "home_oxygen")
        home.spared = bool(frail) or vip
        holder, zone = self.by.choice(_NAMES), self.by.choice(_ZONES)
        home.zone = ZoneInfo(zone) if zone else _HOME
        row = [
            home.number, f"KH{serial:07d}", holder, "individual", self.by.choice(("residential", "commercial")),
            f"江北区石梁路{serial}号", home.feeder, home.area, "closed" if home.closed else "active", level, frail,
            "Y" if vip else "N", self.by.choice(("zh", "zh", "zh", "en")), zone,
        ]  # fmt: skip
        self._rows[home.number] = row
        self.accounts.append(row)
        # Some have nobody to be told, and some default contacts are lines that take no text.
        roles = [] if self.one_in(25) else self.by.sample(_ROLES, self.by.choice((1, 1, 2, 3)))
        for place, role in enumerate(roles):
            landline = f"0571-8{self.by.randrange(10**6, 10**7)}" if self.one_in(9) else ""
            mobile = "" if landline else self._mobile()
            contact = f"LX{serial}{place}"
            name = holder if role == "holder" else self.by.choice(_NAMES)
            cell = written(mobile, self.by.randrange(7)) if mobile else ""
            self.contacts.append([contact, home.number, role, name, cell, landline, "Y" if place == 0 else "N"])
            if mobile:
                home.reached_at.add(f"+86{mobile}")
        self.homes[home.number] = home

    def move(self, homes: int) -> tuple[list[Home], list[list[str]]]:
        """Let some be supplied from another line from now on: those homes, and the file that says so."""
        moved = self.by.sample([home for home in self.homes.values() if not home.closed], homes)
        for home in moved:
            home.feeder = self.by.choice([feeder for feeder in self.areas if feeder != home.feeder])
            home.area = self.by.choice(self.areas[home.feeder])
            self._rows[home.number][6:8] = [home.feeder, home.area]
        return moved, [list(ACCOUNTS), *(self._rows[home.number] for home in moved)]

    def on(self, *, feeders: tuple[str, ...] = (), areas: tuple[str, ...] = ()) -> list[Home]:
        """The accounts that hang there and are supplied."""
        return [h for h in self.homes.values() if not h.closed and (h.feeder in feeders or h.area in areas)]
