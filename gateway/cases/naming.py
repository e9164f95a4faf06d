"""What the words of a work order name: accounts, meters, a place, a holder. Pure.

Clerks leave fields empty and write into the text what belongs there, each in their own way: with separators, in wide
characters, in Chinese numerals, by the tail of a number, with another word for a building. Two orders are of one matter
where they name one account or place (domain notes S2.3), so each of these ways must come to the same.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_ACCOUNT_WORD: Final = r"(?:户\s*号|用户编号|客户编号|用户号|用电编号|缴费编号|户头|[账帐][户号])"
_ACCOUNT: Final = re.compile(_ACCOUNT_WORD + r"[^\d,。;，；]{0,6}?(\d(?:[\s\-_.·–—]?\d){9,12})(?!\d)")
#: A number without a word before it is an account's where its check digit is right, and it is not a meter's or a
#: telephone's.
_BARE: Final = re.compile(r"(?<![\d.])(\d{10}|\d{12,13})(?![\d.])")
_NOT_BEFORE: Final = re.compile(r"(?:表|资产|工单|单号|编号|电话|手机|号码|身份证|证件|卡号)\D{0,4}$")
_TAIL: Final = re.compile(
    r"(?:户号(?:的)?(?:尾号|后四位|末四位|后4位|末4位)|(?<![机话码卡])尾号(?=\D{0,2}\d{4}的?(?:户|用电户|账户)))\D{0,2}(\d{4})(?!\d)"
)
_METER: Final = re.compile(r"(?:表号|表计号|表计编号|电表编号|资产号|资产编号)\D{0,4}(\d(?:[\s-]?\d){5,})")
_HOLDER: Final = re.compile(
    r"户[名主](?:为|是|叫|:|\s|“|「)*([一-鿿][*某]{1,3})"
    r"|户[名主](?:为|是|叫|:)[“「]?((?![原已没还未仍更空错旧老新本其另])[一-鿿]{2,4}?)(?=[的之,。、()”」]|电费|欠费|短信|账单|用电|缴费|\s|$)"
)
_SURNAME: Final = re.compile(r"户[名主](?:是|为)?姓([一-鿿])")

_NUMERAL: Final = re.compile(
    r"([零〇一二三四五六七八九十]{1,4})(?=号楼|号院|单元|栋|幢|座|组|室|队|社|月[\d一二三四五六七八九十])"
    r"|(?<=[栋幢座组元月])([零〇一二三四五六七八九十]{1,4})|(?<=号楼)([零〇一二三四五六七八九十]{1,4})"
)
_DIGIT: Final = {word: number for number, word in enumerate("零一二三四五六七八九")} | {"〇": 0}
#: One number of an address, and what may stand between it and the next.
_PART: Final = r"\d{1,4}(?!\d|月|日|年|元|度|伏|点|次|个|块|楼|层|千瓦)[A-Za-z]?"
_BETWEEN: Final = (
    r"(?:(?:号楼(?![道梯上下顶])|号院|单元|[#栋幢座组队社室号、/]|户(?![号名主口]))(?:[-铺]|(?<=[#栋幢])楼)?|-)"
)
_RUN: Final = re.compile(rf"([一-鿿]{{2,}})({_PART}{_BETWEEN}(?:{_PART}{_BETWEEN}?){{0,3}})([一-鿿]{{0,4}})")
_BUILDING: Final = re.compile(r"号楼|单元|[#栋幢座]|号-")
_GROUP: Final = re.compile(r"[组队社]")
_HYPHENS: Final = re.compile(rf"^{_PART}-{_PART}-{_PART}")
#: Words after the numbers which are a part of the place.
_REST: Final = re.compile(r"^(?:水泵房|电梯|公共照明|充电桩|地下室|车库|门卫室|配电房|商铺|铺)")
#: What a single number may follow, to be a house and not a counter or a day.
_STREET: Final = re.compile(r"(?:[路街巷道弄里村庄湾桥洼河坝沟岭组坪坡园苑院区位库]|胡同)$")
#: What a measure ends with: "200-300元" is no house.
_MEASURE: Final = re.compile(r"^(?:元|度|伏|千瓦|日|月|天|点|时|分|秒|次|块|个|名|人|年|岁|台|户|只|米|公里)")
#: A part of an address without which house it is.
_AREA: Final = re.compile(
    r"[一-鿿]{2,8}?(?:大道|路|街(?!道)|巷)(?!上|口?的?(?:营业厅|供电所|网点|银行|支行|变电站))|[一-鿿]{2,}?(?=\d{1,4}(?:组|号楼|栋|幢|座|#))|[一-鿿]{2,6}?(?:名苑|花园|小区|家园|公馆|华府)"
)
_ORDER: Final = re.compile(r"(?<!\d)\d{14}(?!\d)")
_RUNS: Final = re.compile(r"[一-鿿]{3,}")
_SURNAMES: Final = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾"
    "毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳欧管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪"
    "简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝"
)
_FIRM: Final = re.compile(
    r"([一-鿿]{2,8})(?:有限责任公司|股份有限公司|有限公司|公司|商行|超市|酒店|饭店|宾馆|驿站|合作社|厂|店)"
)
_TOWN: Final = re.compile(r"^(?:[一-鿿]{2,3}市)?(?:[一-鿿]{1,3}[区县])?")
_FORM: Final = re.compile(r"(?:有限责任|股份有限|有限)?公司$|(?:商行|超市|酒店|饭店|宾馆|驿站|合作社|厂|店)$")
_STAFF_AFTER: Final = re.compile(r"师傅|工作人员|抄表|收费员|客服|电工|班长|所长|经理|主任")
_STAFF_BEFORE: Final = re.compile(r"(?:师傅|工作人员|抄表员|收费员|催费员|客服|电工|班长|所长|窗口|坐席|员工)$")
#: Words of the clerk that stand before an address.
_BEFORE: Final = re.compile(
    r"客户|来电|反映|投诉|举报|申请|要求|咨询|查询|询问|建议|催办|催促|催问|再次|地址|住址|家住|住在|位于|居住|更换|校验|办理|修理|修复|"
    r"村民|居民|住户|用户|邻居|[一-鿿]{0,2}市(?=[一-鿿]{1,6}[区县])|[的称说报问将把]"
)
_LEVELS: Final = re.compile(
    r"^(?:(?P<district>[一-鿿]{1,6}?(?:(?<![小社园片辖])区|县)))?"
    r"(?:(?P<town>[一-鿿]{1,6}?(?:街道|镇|乡)))?(?:(?P<road>[一-鿿]{1,6}?(?:大道|街(?!道)|路|巷)))?(?P<tail>.*)$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A dwelling, shop or meter place, as far as words name it."""

    district: str
    town: str
    road: str
    #: The village or estate; empty where the road's number is all.
    tail: str
    numbers: tuple[str, ...]
    rest: str = ""

    @property
    def key(self) -> str:
        """Its numbers, by which orders that may name one place are looked up: `5-2-301`."""
        return "-".join(re.findall(r"\d+", "-".join(self.numbers)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What the words of an order name."""

    accounts: frozenset[str]
    tails: frozenset[str]
    meters: frozenset[str]
    place: Place | None
    #: A holder's name, perhaps masked: `李**`, `兰某某`, or a surname and a `~`.
    holder: str


@lru_cache(maxsize=4096)
def named_in(content: str) -> Named:
    """What an order's words name."""
    words = wide(content)
    accounts = {re.sub(r"\D", "", found) for found in _ACCOUNT.findall(words)}
    accounts.update(
        found[1]
        for found in _BARE.finditer(words)
        if _checked(found[1]) and not _NOT_BEFORE.search(words[: found.start()])
    )
    return Named(
        accounts=frozenset(accounts),
        tails=frozenset(_TAIL.findall(words)),
        meters=frozenset(re.sub(r"\D", "", found) for found in _METER.findall(words)),
        place=place_in(words),
        holder=_holder(words),
    )


@lru_cache(maxsize=4096)
def place_in(text: str) -> Place | None:
    """The first whole address that a text names, None where there is none. One building or street is no address."""
    words = in_figures(re.sub(r"\s+", "", wide(text)))
    for found in _RUN.finditer(words):
        name, run, after = _BEFORE.split(found[1])[-1], found[2], found[3]
        numbers = tuple(re.findall(_PART, run))
        rest = _REST.match(after)
        if len(name) < 2 or not _whole(name, run, numbers, after, rest is not None):
            continue
        levels = _LEVELS.match(name)
        assert levels is not None
        town, road, tail = (levels[level] or "" for level in ("town", "road", "tail"))
        return Place(
            district=levels["district"] or "",
            town=town,
            road=road,
            tail=tail,
            numbers=numbers,
            rest=rest[0] if rest else "",
        )
    return None


def in_figures(words: str) -> str:
    """A text in one width with the numerals of its addresses and days in figures: `六号楼四零一`, `六月三号`."""
    return _NUMERAL.sub(lambda found: str(_number(found[0])), words)


def areas_in(text: str) -> frozenset[str]:
    """The villages, estates and streets that a text names, whole address or not."""
    words = in_figures(re.sub(r"\s+", "", wide(text)))
    named = (_BEFORE.split(found)[-1] for found in _AREA.findall(words))
    return frozenset(name for name in named if len(name) > 1)


def apart(ones: frozenset[str], others: frozenset[str]) -> bool:
    """Whether two texts name areas, and none that both name."""
    return bool(ones and others) and not any(_ends_alike(one, other) for one in ones for other in others)


def order_in(content: str) -> str | None:
    """The number of the hotline's order that the words name: fourteen figures."""
    found = _ORDER.search(wide(content))
    return found[0] if found else None


def groups_apart(one: str, other: str) -> bool:
    """Whether two texts name groups of a village, and none that both name."""
    mine, theirs = (set(re.findall(r"\d{1,3}(?=组)", in_figures(wide(text)))) for text in (one, other))
    return bool(mine and theirs) and not mine & theirs


def names_of(content: str) -> frozenset[str]:
    """What in the words may be a holder's name: three or four characters, or what stands before the word for a firm.
    Names of the utility's own people are left out."""
    words = re.sub(r"\s+", "", wide(content))
    found = {
        run[at : at + size]
        for start, run in ((found.start(), found[0]) for found in _RUNS.finditer(words))
        for size in (3, 4)
        for at in range(len(run) - size + 1)
        if run[at] in _SURNAMES
        and not _STAFF_AFTER.match(words, start + at + size)
        and not _STAFF_BEFORE.search(words[: start + at])
    }
    for firm in _FIRM.findall(words):
        found.update(firm[at:] for at in range(len(firm) - 1))
    return frozenset(found)


def firm_core(name: str) -> str:
    """What people call a firm by: without its town and its form."""
    return _FORM.sub("", _TOWN.sub("", wide(name)))


def same_place(one: Place, other: Place) -> bool:
    """Whether two addresses are one: the same numbers, the same village, estate or road, and nothing that
    contradicts."""
    if one.numbers != other.numbers or (one.rest and other.rest and one.rest != other.rest):
        return False
    for mine, theirs in ((one.district, other.district), (one.town, other.town)):
        if mine and theirs and not _ends_alike(mine, theirs):
            return False
    if one.tail and other.tail:
        return _ends_alike(one.tail, other.tail)
    return bool(one.road and other.road) and not one.tail and not other.tail and _ends_alike(one.road, other.road)


def names_fit(one: str, other: str) -> bool:
    """Whether two names of a holder may be one person's, where either may be masked."""
    if one[:1] != other[:1]:
        return False
    if "某" in one + other or "~" in one + other:
        return True
    return len(one) == len(other) and all(a == b or "*" in (a, b) for a, b in zip(one, other, strict=True))


def wide(text: str) -> str:
    """A text in one form, whatever the width of its characters."""
    return unicodedata.normalize("NFKC", text)


def flat(text: str) -> str:
    """A text without blanks, in one width: to find an address of no known form in it."""
    return re.sub(r"\s+", "", wide(text)).casefold()


def _whole(name: str, run: str, numbers: tuple[str, ...], after: str, rest: bool) -> bool:
    """Whether these numbers name one dwelling, and not a building, a street, a day or a measure."""
    if run[-1].isdigit() and not rest and _MEASURE.match(after):
        return False
    if _BUILDING.search(run):
        return rest or (len(numbers) > 1 and not re.search(r"(?:号楼|单元|[#栋幢座])楼?$", run))
    if _GROUP.search(run):
        return len(numbers) > 1
    if len(numbers) > 1:
        return _HYPHENS.match(run) is not None
    return run.endswith(("号", "室", "号院")) and _STREET.search(name) is not None


def _ends_alike(one: str, other: str) -> bool:
    """Whether the shorter of two names ends the longer: what stands before it are other words, or a wider place."""
    short, long = sorted((one, other), key=len)
    return len(short) > 1 and long.endswith(short)


def _holder(words: str) -> str:
    if found := _SURNAME.search(words):
        return f"{found[1]}~"
    return found[1] or found[2] if (found := _HOLDER.search(words)) else ""


def _number(numeral: str) -> int:
    tens, ten, ones = numeral.rpartition("十")
    if not ten:
        return int("".join(str(_DIGIT[one]) for one in ones))
    return _DIGIT.get(tens[-1:], 1) * 10 + _DIGIT.get(ones[-1:], 0)


def _checked(number: str) -> bool:
    """Whether the last digit is the ISO 7064 MOD 11,10 check digit of the others."""
    product = 10
    for digit in number[:-1]:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return (product + int(number[-1])) % 10 == 1
