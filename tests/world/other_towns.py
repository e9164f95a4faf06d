"""Towns unlike the usual one, so that nothing is fitted to it: other shares, other names, other kinds of errors."""

from __future__ import annotations

from typing import ClassVar

from tests.world.people import Account, Contact, Town

_COMPOUND = ("欧阳", "司马", "上官", "诸葛", "皇甫", "尉迟")
_MINORITY = ("阿依古丽·买买提", "巴特尔", "次仁卓玛", "古丽娜尔·艾山", "乌云其其格", "扎西顿珠", "努尔兰·托合提")
_FOREIGN = ("John Smith", "Mary Jones", "Peter Schmidt", "Anna Kowalska")


class NamesTown(Town):
    """Compound and minority names, foreign ones, lists that add titles and remarks; families live far apart."""

    def _place(self, serial: int) -> tuple[str, str, str, str]:
        """Neighbours in the list are none in the town."""
        return super()._place(serial * 7919 % self.size)

    def name(self, surname: str = "") -> str:
        """A name as they come elsewhere."""
        chance = self.draw.random()
        if chance < 0.08:
            return self.draw.choice(_COMPOUND) + super().name("x")[1:]
        if chance < 0.14:
            return self.draw.choice(_MINORITY) + self.draw.choice(["", "·", "江"]).strip("·")
        if chance < 0.18:
            return f"{self.draw.choice(_FOREIGN)} {chr(65 + self.draw.randrange(26))}."
        return super().name(surname)

    def contact(self, account: Account, person: object, **more: object) -> Contact:  # type: ignore[override]
        """A row that is right, its name with what clerks add to it."""
        row = super().contact(account, person, **more)  # type: ignore[arg-type]
        chance = self.draw.random()
        if chance < 0.04:
            row.name += self.draw.choice(["先生", "女士", "(本人)", "【租户】"])
        elif chance < 0.06:
            row.name = ""
        return row


class ListsTown(Town):
    """Twice as many agents and slipped lists, many families and landlords, few numbers that were sold again."""

    households: ClassVar[dict[str, float]] = {
        "one": 48, "several": 14, "family": 8, "parents": 10, "landlord": 0.8, "payer": 0.8, "firm": 1.0, "shop": 4,
        "couple": 14,
    }  # fmt: skip
    troubles: ClassVar[dict[str, float]] = {
        "recycled": 0.02, "vacant": 0.01, "typo": 0.03, "tenant": 0.02, "owner": 0.02, "placeholder": 0.012,
    }  # fmt: skip
    lists: ClassVar[dict[str, float]] = {"half": 0.015, "agents": 0.055, "staff": 0.012, "shifts": 0.03}

    def _make_placeholder(self, account: Account) -> None:
        """Somebody had to write something."""
        row = self.default(account.number)
        if row is not None:
            row.mobile, row.cause = self.draw.choice(["13800138000", "13888888888", "15912345678"]), "placeholder"


class MovesTown(Town):
    """People come and go: many former owners and tenants, numbers sold again, half-made corrections; few agents."""

    troubles: ClassVar[dict[str, float]] = {
        "recycled": 0.06, "vacant": 0.03, "typo": 0.01, "tenant": 0.03, "owner": 0.05,
    }  # fmt: skip
    lists: ClassVar[dict[str, float]] = {"half": 0.04, "agents": 0.01, "staff": 0.002, "shifts": 0.004}


TOWNS = {"usual": Town, "names": NamesTown, "lists": ListsTown, "moves": MovesTown}
