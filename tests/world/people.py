"""The town: accounts, who lives there, who answers at which number, and what the utility's file says of it.

Every way in which a number comes to stand on the wrong account (domain notes §5.1) is here in its usual trace,
beside what only looks like it: families on one telephone, landlords, firms that pay for many.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import ClassVar

from tests.walks import files

ACCOUNTS = (
    "account_no,customer_no,holder_name,segment,id_masked,tariff_class,premise_id,city,district,street,community,"
    "building,unit,room,address,open_date,status,updated_date"
).split(",")
CONTACTS = (
    "contact_id,account_no,role,contact_name,mobile,landline,source,registered_date,updated_date,is_default,remark"
).split(",")

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅建国文辉力志永健世广义兴良海山仁波宁贵福生龙"
    "元全胜学祥才发武新利清飞彬富顺信子昌成康星光天达安岩中茂进林有坚和彪博诚先敬震振壮会思群豪心邦承乐绍"
    "功松善厚庆民友裕河哲江浩亮政谦亨奇固之轮翰朗伯宏言若鸣朋斌梁栋维启克伦翔旭鹏泽晨辰士以"
)
_TRADITIONAL = str.maketrans(
    "刘陈杨赵黄吴孙马罗郑谢韩冯萧邓许卢蒋贾叶阎丽军艳杰娟兰红国辉广义兴贵龙学发庆",
    "劉陳楊趙黃吳孫馬羅鄭謝韓馮蕭鄧許盧蔣賈葉閻麗軍艷傑娟蘭紅國輝廣義興貴龍學發慶",
)
_HOMOPHONES = {
    "伟": "炜",
    "芳": "方",
    "静": "婧",
    "丽": "莉",
    "磊": "蕾",
    "军": "君",
    "娟": "涓",
    "明": "鸣",
    "华": "花",
    "志": "智",
    "文": "雯",
    "宏": "红",
    "浩": "昊",
    "斌": "彬",
    "玉": "钰",
    "建": "健",
}
_SOURCES = ("counter", "app", "hotline", "meter_reader", "migration", "developer_batch")


@dataclass
class Person:
    """Somebody with a telephone. Six in ten never answer anything."""

    id: int
    name: str
    mobile: str
    answers: bool


@dataclass
class Contact:
    """A row of the upstream file's list of contacts."""

    account: str
    role: str
    name: str
    mobile: str
    source: str
    registered: date
    updated: date
    default: bool
    remark: str = ""
    #: Which trouble brought it here; empty for what is right.
    cause: str = ""


@dataclass
class Account:
    """An account: what the file says of it and, in `people`, who truly belongs to it."""

    number: str
    customer: str
    holder: str
    segment: str
    id_masked: str
    place: tuple[str, str, str, str]
    opened: date
    updated: date
    people: set[int] = field(default_factory=set)
    #: The person who would rightly be told of it.
    owner: int = -1


class Town:
    """Everything there is, and the truth about it. `holders` says whose a number is; who is missing is nobody."""

    #: How many kinds of households there are of each, and which share of accounts each trouble has.
    households: ClassVar[dict[str, float]] = {
        "one": 66, "several": 9, "family": 3, "parents": 6, "landlord": 0.35, "payer": 0.3, "firm": 0.6, "shop": 4,
        "couple": 10,
    }  # fmt: skip
    troubles: ClassVar[dict[str, float]] = {
        "recycled": 0.042, "vacant": 0.022, "typo": 0.02, "tenant": 0.013, "owner": 0.026,
    }  # fmt: skip
    lists: ClassVar[dict[str, float]] = {"half": 0.022, "agents": 0.028, "staff": 0.006, "shifts": 0.012}

    def __init__(self, size: int, seed: int, start: date) -> None:
        self.draw = random.Random(seed)
        self.start = start
        self.size = size
        self.people: list[Person] = []
        self.accounts: dict[str, Account] = {}
        self.contacts: list[Contact] = []
        self.holders: dict[str, int] = {}
        self.staff: list[tuple[str, str]] = []
        self._serials = 0
        self._customers = 0
        self._given: set[str] = set()
        self._populate()
        self._spoil()

    # The town as it should be.

    def mobile(self) -> str:
        """A number that nobody has had."""
        while True:
            one = f"1{self.draw.choice('3578')}{self.draw.randrange(10**9):09d}"
            if one not in self._given:
                self._given.add(one)
                return one

    def name(self, surname: str = "") -> str:
        """A name as they come: most have three characters."""
        draw = self.draw
        given = "".join(draw.choice(_GIVEN) for _ in range(2 if draw.random() < 0.75 else 1))
        return (surname or draw.choice(_SURNAMES)) + given

    def person(self, name: str = "", mobile: str | None = None) -> Person:
        """Somebody new."""
        one = Person(len(self.people), name or self.name(), mobile or self.mobile(), self.draw.random() < 0.4)
        self.people.append(one)
        self.holders[one.mobile] = one.id
        return one

    def _day(self, first: int = 2009, last: int = 2024) -> date:
        return date(first, 1, 1) + timedelta(days=self.draw.randrange((last - first + 1) * 365))

    def account(self, owner: Person, *, name: str = "", customer: str = "", segment: str = "individual") -> Account:
        """An account of somebody, at the next free address."""
        self._serials += 1
        serial, draw = self._serials, self.draw
        if not customer:
            self._customers += 1
            customer = f"41K{self._customers:09d}"
        opened = self._day()
        one = Account(
            number=files.account_no(2_000_000 + serial),
            customer=customer,
            holder=name or owner.name,
            segment=segment,
            id_masked=f"41************{(owner.id * 7919) % 10000:04d}",
            place=self._place(serial),
            opened=opened,
            updated=opened,
            people={owner.id},
            owner=owner.id,
        )
        self.accounts[one.number] = one
        draw.random()
        return one

    def _place(self, serial: int) -> tuple[str, str, str, str]:
        """Estate, building, staircase and flat. Who comes one after the other lives side by side."""
        return (f"小区{serial // 60}", f"{serial % 60 // 12 + 1}", f"{serial % 12 // 6 + 1}", f"{serial % 6 + 1}01")

    def contact(
        self, account: Account, person: Person, *, role: str = "holder", default: bool = True, **more: object
    ) -> Contact:
        """A row that is right."""
        after = account.opened
        registered = after + timedelta(days=int(self.draw.random() ** 2 * (self.start - after).days * 0.9))
        one = Contact(
            account.number,
            role,
            person.name,
            person.mobile,
            self.draw.choice(_SOURCES),
            registered,
            registered,
            default,
        )
        one = replace(one, **more)  # type: ignore[arg-type]
        if default:
            for other in self.contacts_of(account.number):
                other.default = False
        self.contacts.append(one)
        account.people.add(person.id)
        account.updated = max(account.updated, one.updated)
        return one

    def contacts_of(self, account: str) -> list[Contact]:
        """The rows of one account; the last ones made are looked at first."""
        return [one for one in self.contacts[-400:] if one.account == account]

    def _populate(self) -> None:
        draw, size = self.draw, self.size
        while self._serials < size:
            kind = draw.choices([*self.households], [*self.households.values()])[0]
            getattr(self, f"_{kind}")()

    def _extra(self, account: Account, owner: Person, chance: float = 0.22) -> None:
        """Perhaps somebody of the family beside the holder."""
        if self.draw.random() < chance:
            kin = self.person(self.name(owner.name[0] if self.draw.random() < 0.45 else ""))
            self.contact(account, kin, role="relative", default=self.draw.random() < 0.25)

    def _one(self) -> None:
        owner = self.person()
        account = self.account(owner)
        self.contact(account, owner)
        self._extra(account, owner)

    def _several(self) -> None:
        owner = self.person()
        first = self.account(owner)
        self.contact(first, owner)
        two_phones = self.person(owner.name) if self.draw.random() < 0.04 else None
        for _ in range(self.draw.randint(1, 3)):
            name = self._variant(owner.name)
            same = self.draw.random() < 0.75
            other = self.account(owner, name=name, customer=first.customer if same else "")
            if two_phones is not None:
                other.people.add(two_phones.id)
                first.people.add(two_phones.id)
            self.contact(other, two_phones or owner, name=owner.name)

    def _variant(self, name: str) -> str:
        chance = self.draw.random()
        if chance < 0.08:
            return name.translate(_TRADITIONAL)
        if chance < 0.14:
            return next((name.replace(old, new) for old, new in _HOMOPHONES.items() if old in name[1:]), name)
        if chance < 0.2:
            return f"{name[0]} {name[1:]}"
        return f"{name}(住宅)" if chance < 0.23 else name

    def _family(self) -> None:
        """Two households of one family on one telephone, each under its own holder's name: a look-alike."""
        owner = self.person()
        first = self.account(owner)
        self.contact(first, owner)
        kin = self.person(self.name(owner.name[0] if self.draw.random() < 0.65 else ""))
        second = self.account(kin)
        second.people.add(owner.id)
        own = self.draw.random() < 0.5
        self.contact(second, owner, name=kin.name if own else owner.name, role="holder" if own else "relative")

    def _parents(self) -> None:
        """A child pays for the parents."""
        child, parent = self.person(), self.person()
        own = self.account(child)
        self.contact(own, child)
        theirs = self.account(parent)
        if self.draw.random() < 0.5:
            self.contact(theirs, parent, default=False)
        self.contact(theirs, child, role=self.draw.choice(["payer", "relative"]))

    def _landlord(self) -> None:
        """A company lets flats and pays for them: one honest number on many households."""
        agent = self.person()
        company = f"岚州市{self.draw.choice(['祥美', '瑞嘉', '安和'])}公寓管理有限公司"
        for _ in range(self.draw.randint(8, 30)):
            holder = self.person()
            account = self.account(holder)
            if self.draw.random() < 0.3:
                self.contact(account, holder, default=False)
            name = company if self.draw.random() < 0.4 else agent.name
            self.contact(account, agent, role="payer", name=name, source="counter")

    def _payer(self) -> None:
        """Somebody pays for neighbours who cannot."""
        payer = self.person()
        for _ in range(self.draw.randint(4, 7)):
            holder = self.person()
            account = self.account(holder)
            self.contact(account, payer, role=self.draw.choice(["payer", "agent"]), source="counter")

    def _firm(self) -> None:
        clerk = self.person()
        name = (
            f"岚州市{self.name()[1:]}{self.draw.choice(['物业服务有限公司', '连锁超市有限公司', '通信有限责任公司'])}"
        )
        self._customers += 1
        customer = f"41K{self._customers:09d}"
        for _ in range(self.draw.randint(4, 14)):
            written = name.replace("有限责任公司", "有限公司") if self.draw.random() < 0.2 else name
            account = self.account(clerk, name=written, customer=customer, segment="group")
            self.contact(account, clerk, role=self.draw.choice(["holder", "payer"]), source="counter")

    def _shop(self) -> None:
        owner = self.person()
        account = self.account(
            owner,
            name=f"东湖区{owner.name[0]}{self.draw.choice('氏记家')}{self.draw.choice(['面馆', '药店', '理发店'])}",
        )
        self.contact(account, owner)

    def _couple(self) -> None:
        """The telephone is that of the holder's wife or husband, written down under either name."""
        owner, spouse = self.person(), self.person()
        account = self.account(owner)
        if self.draw.random() < 0.5:
            self.contact(account, owner, default=False)
        self.contact(account, spouse, role="relative", name=spouse.name if self.draw.random() < 0.8 else owner.name)

    # What goes wrong with it.

    def _spoil(self) -> None:
        draw = self.draw
        self._rows = {one.account: [] for one in self.contacts}  # type: dict[str, list[Contact]]
        for one in self.contacts:
            self._rows[one.account].append(one)
        whole = list(self.accounts)
        untouched = [
            number
            for number in whole
            if len(self.accounts[number].people) <= 3 and self.accounts[number].segment == "individual"
        ]
        draw.shuffle(untouched)
        take = iter(untouched)
        self._taken: set[str] = set()
        for cause, share in self.troubles.items():
            for _ in range(int(share * self.size)):
                account = self.accounts[next(take)]
                if account.number not in self._taken:
                    self._taken.add(account.number)
                    getattr(self, f"_make_{cause}")(account)
        self._make_half(int(self.lists["half"] * self.size))
        self._make_agents(int(self.lists["agents"] * self.size))
        self._make_staff(int(self.lists["staff"] * self.size), take)
        self._make_shifts(int(self.lists["shifts"] * self.size))

    def rows(self, account: str) -> list[Contact]:
        """The rows of an account."""
        return self._rows.setdefault(account, [])

    def default(self, account: str) -> Contact | None:
        """The row that messages go to as long as nobody thinks."""
        return next((one for one in self.rows(account) if one.default), None)

    def add(self, one: Contact) -> Contact:
        """Write a row into the file."""
        if one.default:
            for other in self.rows(one.account):
                other.default = False
        self.rows(one.account).append(one)
        self.contacts.append(one)
        self.accounts[one.account].updated = max(self.accounts[one.account].updated, one.updated)
        return one

    def _move_on(self, person: Person) -> str:
        """Somebody gives up a number and takes another; the old one."""
        old = person.mobile
        del self.holders[old]
        person.mobile = self.mobile()
        self.holders[person.mobile] = person.id
        return old

    def reissue(self, mobile: str, *, registered: date | None = None) -> None:
        """The operator sells a number again: to a stranger, or (`registered`) to a customer whose file has it."""
        newcomer = self.person(mobile=mobile)
        if registered is not None:
            account = self.account(newcomer)
            account.opened = min(account.opened, registered)
            row = Contact(
                account.number,
                "holder",
                newcomer.name,
                mobile,
                self.draw.choice(_SOURCES),
                registered,
                registered,
                True,
            )
            self.add(row)

    def _make_recycled(self, account: Account) -> None:
        row = self.default(account.number)
        if row is None or self.people[account.owner].mobile != row.mobile:
            return
        row.registered = row.updated = self._day(2009, 2017)
        account.opened = min(account.opened, row.registered)
        old = self._move_on(self.people[account.owner])
        last = self._left_behind(old, "recycled")
        known = self.draw.random() < 0.45
        after = last + timedelta(days=self.draw.randint(400, 2500))
        self.reissue(old, registered=min(after, self.start - timedelta(days=20)) if known else None)

    def _left_behind(self, mobile: str, cause: str) -> date:
        """Mark every row that still has a number its owner gave up; the day the last of them was written."""
        rows = [one for one in self.contacts if one.mobile == mobile]
        for one in rows:
            one.cause = one.cause or cause
            one.registered = one.updated = min(one.updated, date(2019, 6, 1))
        return max(one.updated for one in rows)

    def _make_vacant(self, account: Account) -> None:
        row = self.default(account.number)
        if row is None or self.people[account.owner].mobile != row.mobile:
            return
        self._left_behind(self._move_on(self.people[account.owner]), "vacant")

    def _make_typo(self, account: Account) -> None:
        row = self.default(account.number)
        if row is None:
            return
        right, place = row.mobile, self.draw.randint(3, 10)
        if self.draw.random() < 0.3 and right[place] != right[place - 1]:
            wrong = right[: place - 1] + right[place] + right[place - 1] + right[place + 1 :]
        else:
            wrong = right[:place] + str((int(right[place]) + self.draw.randint(1, 9)) % 10) + right[place + 1 :]
        if wrong in self.holders or right not in self.holders:
            return
        row.mobile, row.cause = wrong, "typo"
        if self.draw.random() < 0.45:
            self.person(mobile=wrong)
        if self.draw.random() < 0.4:
            # The same customer elsewhere, typed rightly.
            person = self.people[self.holders[right]]
            other = self.account(person, customer=account.customer, name=account.holder)
            self._rows.setdefault(other.number, [])
            at = max(other.opened, row.registered)
            self.add(Contact(other.number, row.role, row.name, right, "counter", at, at, True))

    def _make_tenant(self, account: Account) -> None:
        """A tenant who moved out long ago; often the next one, or the holder, stands beside."""
        tenant = self.person()
        at = self._day(2012, 2021)
        self.add(Contact(account.number, "tenant", tenant.name, tenant.mobile, "hotline", at, at, True, cause="tenant"))
        if self.draw.random() < 0.5:
            following = self.person()
            later = min(at + timedelta(days=self.draw.randint(300, 1200)), self.start - timedelta(days=30))
            account.people.add(following.id)
            self.add(
                Contact(account.number, "tenant", following.name, following.mobile, "counter", later, later, False)
            )

    def _make_owner(self, account: Account) -> None:
        self.sell(account, self._day(2016, 2024), fresh=self.draw.random() < 0.35)

    def sell(self, account: Account, at: date, *, fresh: bool) -> None:
        """The flat is sold, and the former owner's number stays behind. `fresh`: the new one's is there too."""
        row = self.default(account.number)
        buyer = self.person()
        at = max(at, max((one.updated for one in self.rows(account.number)), default=at) + timedelta(days=30))
        at = min(at, self.start + timedelta(days=200))
        for one in self.rows(account.number):
            one.cause = one.cause or "owner"
        account.holder, account.people, account.owner = buyer.name, {buyer.id}, buyer.id
        account.id_masked = f"41************{(buyer.id * 7919) % 10000:04d}"
        account.updated = at
        self._customers += 1
        account.customer = f"41K{self._customers:09d}"
        if fresh:
            # Written down beside the old one, and nobody made it the default.
            self.add(Contact(account.number, "holder", buyer.name, buyer.mobile, "counter", at, at, row is None))

    def _make_half(self, wanted: int) -> None:
        """The customer gave a new number for one account, and the others kept the old one."""
        by_owner: dict[int, list[Account]] = {}
        for account in self.accounts.values():
            if account.number not in self._taken and account.segment == "individual":
                by_owner.setdefault(account.owner, []).append(account)
        made = 0
        groups = [group for group in by_owner.values() if len(group) > 1]
        self.draw.shuffle(groups)
        for group in groups:
            rows = [self.default(one.number) for one in group]
            mobile = self.people[group[0].owner].mobile
            if made >= wanted or any(row is None or row.mobile != mobile for row in rows):
                continue
            at = self._day(2018, 2024)
            old = self._move_on(self.people[group[0].owner])
            fixed = rows[0]
            assert fixed is not None
            fixed.mobile, fixed.updated, fixed.remark = self.people[group[0].owner].mobile, at, "95598工单更正"
            self.accounts[fixed.account].updated = at
            for row in rows[1:]:
                assert row is not None
                if row.registered >= at:
                    row.registered = row.updated = at - timedelta(days=200)
                row.cause = "half"
                self._taken.add(row.account)
                made += 1
            if self.draw.random() < 0.6:
                self.reissue(old)

    def _make_agents(self, wanted: int) -> None:
        """Whoever registered a whole estate left their own number, mostly under the holders' names."""
        numbers = [number for number in self.accounts if number not in self._taken]
        made = 0
        while made < wanted and numbers:
            agent = self.person()
            first = self.draw.randrange(len(numbers))
            day = self._day(2010, 2020)
            for number in numbers[first : first + self.draw.randint(8, 30)]:
                account, row = self.accounts[number], self.default(number)
                if row is None or number in self._taken or len(account.people) > 2 or self.draw.random() < 0.35:
                    continue
                self._taken.add(number)
                row.mobile, row.cause = agent.mobile, "agent"
                row.source = self.draw.choice(["agent", "developer_batch"])
                row.role = "holder" if self.draw.random() < 0.6 else "agent"
                row.name = account.holder if self.draw.random() < 0.7 else self.name()
                row.registered = row.updated = day + timedelta(days=self.draw.randint(0, 9))
                made += 1

    def _make_staff(self, wanted: int, take: object) -> None:
        made = 0
        while made < wanted:
            one = self.person()
            self.staff.append((one.name, one.mobile))
            for _ in range(self.draw.randint(1, 6)):
                account = self.accounts[next(take)]  # type: ignore[call-overload]
                row = self.default(account.number)
                if row is not None and account.number not in self._taken:
                    self._taken.add(account.number)
                    row.mobile, row.source, row.cause, made = one.mobile, "meter_reader", "staff", made + 1
        self.staff += [(one.name, one.mobile) for one in (self.person() for _ in range(10))]

    def _make_shifts(self, wanted: int) -> None:
        """A list slipped by a row: each got the next one's number, sometimes with the name."""
        numbers = list(self.accounts)
        made = 0
        while made < wanted:
            first, long = self.draw.randrange(len(numbers) - 20), self.draw.randint(4, 14)
            run = numbers[first : first + long + 1]
            rows = [self.default(number) for number in run]
            if any(number in self._taken or row is None for number, row in zip(run, rows, strict=True)):
                if self.draw.random() < 0.02:
                    made += 1
                continue
            with_names = self.draw.random() < 0.5
            said = [(row.name, row.mobile, row.role) for row in rows if row is not None]
            for row, (name, mobile, _) in zip(rows[:-1], said[1:], strict=False):
                assert row is not None
                person = self.holders.get(mobile)
                if person in self.accounts[row.account].people or mobile == row.mobile:
                    continue
                row.mobile, row.cause = mobile, "shift"
                if with_names:
                    row.name = name
                self._taken.add(row.account)
                made += 1

    # What the utility exports, and what is true of it.

    def right(self, account: str, number: str) -> bool:
        """Whether somebody who belongs to the account answers at a number (E.164)."""
        return self.holders.get(number.removeprefix("+86")) in self.accounts[account].people

    def export(self) -> tuple[bytes, bytes]:
        """The night's files: accounts and contacts, as uncorrected as ever."""
        accounts: list[list[object]] = [list(ACCOUNTS)]
        for one in self.accounts.values():
            community, building, unit, room = one.place
            where = f"岚州市东湖区锦绣街道{community}{building}号楼{unit}单元{room}室"
            accounts.append(
                [one.number, one.customer, one.holder, one.segment, one.id_masked, "residential", f"PR{one.number}",
                 "岚州市", "东湖区", "锦绣街道", community, building, unit, room, where, one.opened, "active",
                 one.updated]
            )  # fmt: skip
        contacts: list[list[object]] = [list(CONTACTS)]
        for place, row in enumerate(self.contacts):
            contacts.append(
                [f"CT{place:09d}", row.account, row.role, row.name, row.mobile, "", row.source, row.registered,
                 row.updated, "Y" if row.default else "N", row.remark]
            )  # fmt: skip
        return files.sheet(accounts).encode(), files.sheet(contacts).encode()

    def staff_file(self) -> bytes:
        """The list of staff."""
        rows = [["staff_id", "name", "phone", "team_id", "team_name", "role", "district"]]
        for place, (name, mobile) in enumerate(self.staff):
            rows.append([f"E{place:06d}", name, mobile, "TM0001", "东湖区抄表催费班", "抄表催费员", "东湖区"])
        return files.sheet(rows).encode()
