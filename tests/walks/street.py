"""An invented grid with people on it, and the files that say so."""

from __future__ import annotations

from collections import defaultdict

from tests.walks import files
from tests.walks.gateway import Gateway

ACCOUNTS = (
    "account_no,customer_no,holder_name,tariff_class,address,feeder_id,tarea_id,important_level,vulnerable"
).split(",")
CONTACTS = "contact_id,account_no,role,contact_name,mobile,is_default".split(",")
TOPOLOGY = "substation_id,substation_name,feeder_id,feeder_name,tarea_id,tarea_name,tarea_type,district".split(",")


class Street:
    """Feeders with transformer areas, and homes on them; each has a number of its own unless one is given."""

    def __init__(self) -> None:
        self.topology = [TOPOLOGY]
        self.accounts = [ACCOUNTS]
        self.contacts = [CONTACTS]
        #: Feeder → accounts; account → number, and what makes it special.
        self.on: dict[str, list[str]] = defaultdict(list)
        self.number: dict[str, str] = {}
        self.urgent: set[str] = set()
        self._serial = 0

    def area(self, feeder: str, area: str) -> None:
        row = ["S9001", "110kV城东变", feeder, f"10kV{feeder}线", area, f"{area}公变", "public", "东湖区"]
        self.topology.append(row)

    def home(self, feeder: str, area: str, *, mobile: str | None = None, level: str = "", device: str = "") -> str:
        self._serial += 1
        account = files.account_no(910_000 + self._serial)
        mobile = mobile or f"138{61_000_000 + self._serial:08d}"
        name = f"住户{self._serial}"
        where = f"岚州市东湖区城东路{self._serial}号"
        self.accounts.append(
            [account, f"C91{self._serial:06d}", name, "residential", where, feeder, area, level, device]
        )
        self.contacts.append([f"CT91{self._serial}", account, "holder", name, mobile, "Y"])
        self.on[feeder].append(account)
        self.number[account] = f"+86{mobile}"
        if level or device:
            self.urgent.add(account)
        return account

    async def imported(self, gateway: Gateway) -> None:
        for kind, rows in (("topology", self.topology), ("accounts", self.accounts), ("contacts", self.contacts)):
            await gateway.imported(kind, files.sheet(rows).encode())
