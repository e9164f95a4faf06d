from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.kernel.errors import InvalidInput, Misconfigured, NotFound
from gateway.kernel.segments import count
from gateway.notices.wording import KINDS, Severity, Template, ValueType, Wording, purposes_in_words
from gateway.notices.wording.compiling import compile_body
from gateway.notices.wording.reading import read_one

# A loaded machine is no failure of the property.
unhurried = settings(deadline=None)
SENDERS = {"zh-CN": "晴川供电", "en": "Qingchuan Power"}
SHANGHAI = ZoneInfo("Asia/Shanghai")
SHIPPED = Wording.load(sender_name=SENDERS)

HEAD = """---
kind: {kind}
class: {klass}
purpose: billing
tone: {tone}
language: {language}
hours: {hours}
variables:
{variables}
---
{body}
"""
AMOUNT = '  amount: {type: money, example: "86.50", longest: "999999.99"}'
AT = '  at: {type: datetime, example: "2025-06-25T09:00:00+08:00"}'
DUE = '  due: {type: date, example: "2025-06-25"}'

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Puts one template, in Chinese and English, into a directory of its own."""

    def put(
        zh: str,
        en: str | None = "Your bill is {{ amount|money }}.",
        *,
        variables: str = AMOUNT,
        name: str = "bill",
        tone: str = "neutral",
        klass: str = "N",
        kind: str = "bill",
        hours: str = "service",
    ) -> Path:
        for language, body in (("zh-CN", zh), ("en", en)):
            if body is None:
                continue
            path = tmp_path / language / f"{name}{'' if tone == 'neutral' else '.' + tone}.txt"
            path.parent.mkdir(exist_ok=True)
            filled = HEAD.format(
                kind=kind, klass=klass, tone=tone, language=language, hours=hours, variables=variables, body=body
            )
            path.write_text(filled, encoding="utf-8")
        return tmp_path

    return put


def refused(directory: Path) -> str:
    with pytest.raises(Misconfigured) as caught:
        Wording.load(directory, SENDERS)
    return str(caught.value)


# The shipped texts


def test_the_shipped_texts_are_without_fault_or_advice() -> None:
    assert Wording.check(sender_name=SENDERS) == []
    assert SHIPPED.warnings == ()


def test_every_kind_has_its_usual_text_in_both_languages() -> None:
    for kind in KINDS:
        for language in ("zh-CN", "en"):
            template = SHIPPED.choose(kind, language)
            assert (template.kind, template.language, template.name) == (kind, language, kind)


@pytest.mark.parametrize("template", SHIPPED.templates, ids=lambda t: f"{t.language}-{t.name}-{t.tone}")
def test_each_text_is_signed_and_fits_its_segments(template: Template) -> None:
    text = template.example()
    assert text.startswith("【晴川供电】" if template.language == "zh-CN" else "Qingchuan Power: ")
    assert text == text.strip()
    assert count(template.longest()).parts <= template.front.most_segments
    assert "4100000039" not in text
    assert template.tone in ("warm", "official", "neutral")


def test_the_codes_are_what_the_contract_says() -> None:
    codes = {kind: dict(SHIPPED.choose(kind, "zh-CN").codes) for kind in KINDS}
    assert codes["survey"] == {**dict.fromkeys("54321", "score"), "9": "false_closure"}
    assert codes["restoration"] == {"1": "restored_confirm", "2": "not_restored", "0": "wrong_number"}
    assert codes["contact_confirm"] == {"1": "ack", "2": "wrong_number", "3": "not_account_holder"}
    assert dict(SHIPPED.choose("case_progress", "en", variant="low_score").codes) == {"8": "broken_commitment"}


# Choosing


def test_tones_and_languages_fall_back() -> None:
    warm = SHIPPED.choose("arrears", "zh-CN", "warm")
    official = SHIPPED.choose("arrears", "zh-CN", "official")
    assert (warm.name, official.name) == ("arrears", "arrears")
    assert warm.render(ARREARS) != official.render(ARREARS)
    assert SHIPPED.choose("arrears", "zh-CN") is warm
    assert SHIPPED.choose("survey", "zh-CN", "official").tone == "neutral"
    assert SHIPPED.choose("arrears", "zh", "warm") is warm
    assert SHIPPED.choose("arrears", "ug", "warm") is warm
    assert SHIPPED.choose("arrears", "en-GB", "warm").language == "en"
    assert SHIPPED.choose("arrears", "zh-CN", "warm", "several") is SHIPPED.named("arrears_several", "zh-CN", "warm")
    with pytest.raises(NotFound, match="no_such"):
        SHIPPED.named("no_such", "zh-CN")
    with pytest.raises(NotFound, match="bill, variant of_the_moon"):
        SHIPPED.choose("bill", "zh-CN", variant="of_the_moon")


# Rendering

ARREARS: dict[str, Any] = {
    "account_tail": "4100000039",
    "amount": Decimal("86.50"),
    "pay_by": date(2025, 7, 5),
}


def test_values_are_said_in_the_words_of_the_language() -> None:
    chinese = SHIPPED.choose("arrears", "zh-CN", "warm").render(ARREARS)
    assert "尾号0039" in chinese
    assert "86.50元" in chinese
    assert "7月5日" in chinese
    english = SHIPPED.choose("arrears", "en", "warm").render(ARREARS)
    assert "ending 0039" in english
    assert "86.50 is" in english
    assert "5 Jul" in english


def test_json_values_say_the_same_as_typed_ones() -> None:
    template = SHIPPED.choose("arrears", "zh-CN", "official")
    written = {"account_tail": "0039", "amount": "86.5", "pay_by": "2025-07-05"}
    assert template.render(written) == template.render(ARREARS)


def test_moments_are_told_on_the_clock_of_the_place_served() -> None:
    template = SHIPPED.choose("outage_fault", "zh-CN")
    values = {"area": "城东台区", "failed_at": datetime(2025, 6, 24, 16, 30, tzinfo=UTC)}
    assert "6月25日0时30分" in template.render(values)
    assert "6月24日22时30分" in template.render(values, ZoneInfo("Asia/Urumqi"))


@pytest.mark.parametrize(
    ("ends_at", "said"),
    [("2025-06-24T15:00+08:00", "6月24日9时至15时，"), ("2025-06-25T02:00+08:00", "6月24日9时至6月25日2时，")],
)
def test_a_stretch_names_the_second_day_only_where_it_is_another(ends_at: str, said: str) -> None:
    values = {"starts_at": "2025-06-24T09:00+08:00", "ends_at": ends_at, "area": "城东台区"}
    assert said in SHIPPED.named("outage_planned_reminder", "zh-CN").render(values)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"amount": None}, "amount"),
        ({"amount": 86.5}, "amount is expected as a decimal string, not float"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": "八十六"}, "amount"),
        ({"account_tail": "39"}, "account_tail"),
        ({"account_tail": 4100000039}, "account_tail"),
        ({"pay_by": "5 July"}, "pay_by"),
        ({"pay_by": datetime(2025, 7, 5)}, "needs its offset"),  # noqa: DTZ001
    ],
)
def test_a_value_that_does_not_fit_is_named(change: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidInput, match=told) as caught:
        SHIPPED.choose("arrears", "zh-CN", "warm").render({**ARREARS, **change})
    assert [fault.field for fault in caught.value.errors] == [f"values.{next(iter(change))}"]


def test_missing_and_unknown_values_are_named_together() -> None:
    with pytest.raises(InvalidInput, match="pay_by is missing, colour is unknown") as caught:
        values = {key: value for key, value in ARREARS.items() if key != "pay_by"}
        SHIPPED.choose("arrears", "zh-CN", "warm").render({**values, "colour": "red"})
    assert [(e.field, e.code) for e in caught.value.errors] == [
        ("values.pay_by", "missing"),
        ("values.colour", "unknown"),
    ]


def test_a_value_cannot_sign_for_another_sender_nor_bring_a_template() -> None:
    template = SHIPPED.choose("announcement", "zh-CN")
    text = template.render({"text": "【某银行】请点击\n{{ sender }}\u202e\ud800"})
    assert text == "【晴川供电】（某银行）请点击 {{ sender }}"
    with pytest.raises(InvalidInput, match="text does not fit: it is empty"):
        template.render({"text": " "})


def values_for(template: Template) -> st.SearchStrategy[dict[str, Any]]:
    by_type: dict[ValueType, st.SearchStrategy[Any]] = {
        ValueType.TEXT: st.one_of(st.text(min_size=1), st.sampled_from(["城东台区", "【】", "{{ x }}", "a\nb"])),
        ValueType.ACCOUNT_TAIL: st.from_regex(r"[0-9]{4,13}", fullmatch=True),
        ValueType.MONEY: st.decimals(-10_000_000, 10_000_000, places=2) | st.decimals(0, 1, places=4),
        ValueType.DATE: st.dates(date(1990, 1, 1), date(2100, 1, 1)),
        ValueType.TIME: st.times(),
        ValueType.DATETIME: st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
        ValueType.DURATION: st.timedeltas(timedelta(-1), timedelta(1000)),
        ValueType.INTEGER: st.integers(),
        ValueType.CODE: st.from_regex(r"[A-Za-z0-9-]{1,12}", fullmatch=True),
        ValueType.BOT_LINK: st.sampled_from(["4F1D09B2A7C35E68", "0123456789ABCDEF"]),
    }
    return st.fixed_dictionaries({name: by_type[v.type] for name, v in template.variables.items()})


by_jinja = {
    template: compile_body(Path("x"), "", template.front, template.body, 0, fast=False)[0]
    for template in (*SHIPPED.templates,)
}


@unhurried
@given(st.data())
def test_joining_strings_gives_what_jinja_gives(data: st.DataObject) -> None:
    template = data.draw(st.sampled_from(SHIPPED.templates))
    values = data.draw(values_for(template))
    slow = by_jinja[template]
    assert slow is not None
    try:
        expected = template.signature + slow(values, SHANGHAI)
    except InvalidInput as error:
        with pytest.raises(InvalidInput, match="does not fit") as caught:
            template.render(values, SHANGHAI)
        assert str(caught.value) == str(error)
        return
    assert template.render(values, SHANGHAI) == expected


# What is found when the process starts


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("本期电费{{ amount|money }}，{{ due|date }}前交", r"zh-CN/bill.txt:11: the variable due is used and not"),
        ("本期电费{% if x %}{{ amount|money }}{% endif %}", r":11: the variable x is used and not declared"),
        ("本期电费\n{% for a in list %}{{ a }}{% endfor %}{{ amount|money }}", r":12: the variable list is used"),
        ("本期电费{{ (amount|money)|join(sep) }}", "the variable sep is used and not declared"),
        ("本期电费已出", r"zh-CN/bill.txt:9: the variable amount is declared and never used"),
        ("本期电费{{ amount }}", r":11: the variable amount needs a filter: amount\|money"),
        ("本期电费{{ amount|date }}", "the filter date cannot say amount, which is money"),
        ("本期电费{{ amount|until }}", "the filter until cannot say amount"),
        ("本期电费{{ amount|money ", "zh-CN/bill.txt:11: "),
        ("本期电费{{ amount|moneys }}", "No filter named 'moneys'"),
        ("本期电费{{ amount.__class__ }}", "a text may not contain a getattr"),
        ("本期电费{% include 'x' %}{{ amount|money }}", "a text may not contain a include"),
        ("本期电费{{ amount|money }} {{ amount|money }}", "two variables stand side by side"),
        ("", "the text is empty"),
    ],
)
def test_a_wrong_text_keeps_the_process_from_starting(write: Write, body: str, told: str) -> None:
    assert re.search(told, refused(write(body)))


def test_a_text_that_cannot_be_filled_is_told_all_that_is_wrong_with_it(write: Write) -> None:
    told = refused(write("您多次欠费{{ amount|money }}{{ amount|money }}，请看 www.a.cn"))
    assert "two variables stand side by side" in told and "it blames the reader: 多次欠费" in told
    assert "a text may not carry a link: www." in told


def test_conditions_are_filled_by_jinja(write: Write) -> None:
    body = "本期电费{{ amount|money }}{% if amount > 100 %}，金额较大{% endif %}。"
    template = Wording.load(write(body), SENDERS).choose("bill", "zh-CN")
    assert template.render({"amount": "86.50"}) == "【晴川供电】本期电费86.50元。"
    assert template.render({"amount": "186.50"}) == "【晴川供电】本期电费186.50元，金额较大。"
    with pytest.raises(InvalidInput, match="amount does not fit"):
        template.render({"amount": "x"})


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ("  amount: {type: coin, example: '1', longest: '1'}", r"zh-CN/bill.txt:9: variables.amount.type: "),
        ("  amount: {type: money, example: '1'}", "must say its longest fill"),
        ("  amount: {type: money, example: 'x', longest: '1'}", "its sample values do not fill it"),
        ("  amount: [", "front matter is not YAML"),
        ("  amount: {type: money, example: '1', longest: '1', colour: red}", "variables.amount.colour"),
        ("  Amount: {type: money, example: '1', longest: '1'}", "variables.Amount"),
    ],
)
def test_wrong_front_matter_is_named(write: Write, variables: str, told: str) -> None:
    assert re.search(told, refused(write("本期电费{{ amount|money }}", variables=variables)))


def test_a_file_without_front_matter_or_in_another_encoding(write: Write) -> None:
    directory = write("本期电费{{ amount|money }}")
    (directory / "zh-CN" / "arrears.txt").write_text("本期电费", encoding="utf-8")
    (directory / "zh-CN" / "advice.txt").write_text("本期电费", encoding="gb18030")
    told = refused(directory)
    assert "arrears.txt:1: the file must begin with front matter" in told
    assert "advice.txt:1: the file is not UTF-8" in told


def test_a_language_left_out_is_named(write: Write) -> None:
    directory = write("本期电费{{ amount|money }}")
    write("本期电费{{ amount|money }}", None, name="bill_other")
    assert "zh-CN/bill_other.txt:1: the template bill_other (neutral) is missing in en" in refused(directory)
    assert Wording.load(directory, SENDERS, ["zh-CN"]).languages == ("zh-CN",)


def test_a_file_that_cannot_be_read_is_not_missing_as_well(write: Write) -> None:
    directory = write("本期电费{{ amount|money }}")
    write("本期电费{{ amount|money }}", "Your bill is {{ amount|money }}", name="bill_other")
    (directory / "en" / "bill.txt").write_text("Your bill", encoding="utf-8")
    assert refused(directory).count(".txt:") == 1


def test_tones_and_languages_must_take_the_same_values(write: Write) -> None:
    write("本期电费{{ amount|money }}", tone="warm")
    directory = write("{{ due|date }}前交电费", "Your bill is due {{ due|date }}", variables=DUE, tone="official")
    told = refused(directory)
    assert "the template bill differs in its variables (amount, due)" in told


def test_a_file_in_the_wrong_place_is_named(write: Write) -> None:
    directory = write("本期电费{{ amount|money }}")
    (directory / "zh-CN" / "bill.txt").rename(directory / "zh-CN" / "bill.warm.txt")
    (directory / "en" / "bill.txt").rename(directory / "zh-CN" / "bill.txt")
    told = refused(directory)
    assert "the file of tone neutral is named bill.warm.txt" in told
    assert "the file lies in zh-CN and says it is en" in told
    assert "there is no template in en" in told


def test_a_variant_needs_its_usual_text(write: Write) -> None:
    told = refused(write("本期电费{{ amount|money }}", name="bill_other"))
    assert "there is no usual template bill, only bill_other" in told


def test_the_version_follows_the_content(write: Write) -> None:
    first = Wording.load(write("本期电费{{ amount|money }}"), SENDERS).choose("bill", "zh-CN").version
    same = Wording.load(write("本期电费{{ amount|money }}"), SENDERS).choose("bill", "zh-CN").version
    other = Wording.load(write("这期电费{{ amount|money }}"), SENDERS).choose("bill", "zh-CN").version
    assert first == same != other
    assert len(first) == 12


# Lint


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("电费¥{{ amount|money }}", "carriers refuse a text with ¥"),
        ("【电费】{{ amount|money }}", "carriers refuse a text with 【"),
        ("电费{{ amount|money }}，见 https://example.org", "a text may not carry a link"),
        ("您多次欠费，共{{ amount|money }}电费", "it blames the reader: 多次欠费"),
        ("电费{{ amount|money }}未交，给我们带来麻烦", "it blames the reader: 给我们带来"),
        ("必须交清电费{{ amount|money }}", "it blames the reader: 必须"),
        ("电费{{ amount|money }}未交将停止供电", "only a legal notice may announce this: 停止供电"),
        ("电费{{ amount|money }}未交，否则上门", "it blames the reader: ，否则"),
        ("我们承诺退还电费{{ amount|money }}", "a promise must carry a date and a reference"),
        ("电费{{ amount|money }}，有疑问请回复2", "it asks for a reply of 2, which its head does not declare"),
    ],
)
def test_bad_manners_keep_the_process_from_starting(write: Write, body: str, told: str) -> None:
    assert told in refused(write(body))


@pytest.mark.parametrize(
    ("left_out", "told"),
    [
        ("欠费", "the reason"),
        ("交清即撤销", "how to cancel it"),
        ("24小时内恢复", "when supply returns"),
        ("有异议请拨95598", "where to dispute it"),
        ("{{ at|datetime }}", "a legal notice must give the date and the time"),
        ("{{ amount|money }}", "a legal notice must give the amount"),
    ],
)
def test_a_legal_notice_owes_its_reader_six_things(write: Write, left_out: str, told: str) -> None:
    whole = "因欠费{{ amount|money }}拟于{{ at|datetime }}停电，交清即撤销，24小时内恢复，有异议请拨95598"
    english = (
        "Arrears of {{ amount|money }}: supply stops {{ at|datetime }}. Pay to cancel; supply is restored in 24 h. "
        "To dispute: 95598."
    )
    options = {"klass": "L", "hours": "legal", "kind": "legal_notice", "name": "legal_notice"}
    Wording.load(write(whole, english, variables=f"{AMOUNT}\n{AT}", **options), SENDERS)
    variables = "\n".join(line for line in (AMOUNT, AT) if f"{{ {line.split(':')[0].strip()}|" not in left_out)
    assert told in refused(
        write(whole.replace(left_out, ""), english.replace(left_out, ""), variables=variables, **options)
    )


def test_a_commercial_text_says_how_to_refuse_more(write: Write) -> None:
    told = refused(write("用电建议：可省{{ amount|money }}", klass="C", hours="advice"))
    assert "must say how to refuse more of them" in told


def test_codes_that_are_declared_are_asked_for(write: Write) -> None:
    directory = write("本期电费{{ amount|money }}，不是您的请回复0", "Bill of {{ amount|money }}. Not yours? Reply 0.")
    for path in directory.glob("*/bill.txt"):
        path.write_text(path.read_text("utf-8").replace("\n---\n", '\ncodes: {"0": wrong_number}\n---\n', 1), "utf-8")
    Wording.load(directory, SENDERS)
    english = directory / "en" / "bill.txt"
    english.write_text(english.read_text("utf-8").replace("Not yours? Reply 0.", "Not yours? Call."), "utf-8")
    assert "en/bill.txt:12: its head declares a reply of 0, which it does not ask for" in refused(directory)


def test_a_text_prints_neither_names_nor_addresses(write: Write) -> None:
    variables = '  holder_name: {type: text, example: "王强", longest: "欧阳王强"}'
    told = refused(write("电费通知：{{ holder_name }}", "A bill for {{ holder_name }}", variables=variables))
    assert "a text may not print who somebody is or where they live: holder_name" in told


@pytest.mark.parametrize(
    ("zh", "en", "right"),
    [
        ("停电更正：{{ due|date }}停电取消", "Outage correction: {{ due|date }} is cancelled", False),
        (
            "停电更正：原定{{ due|date }}停电取消",
            "Outage correction: the one set for {{ due|date }} is cancelled",
            True,
        ),
        ("停电改到{{ due|date }}", "The outage moves to {{ due|date }}", False),
    ],
)
def test_a_correction_names_what_it_replaces(write: Write, zh: str, en: str, *, right: bool) -> None:
    options = {"name": "outage_update", "kind": "outage_update", "hours": "outage", "variables": DUE}
    directory = write(zh, en, **options)
    for path in directory.glob("*/*.txt"):
        path.write_text(path.read_text("utf-8").replace("purpose: billing", "purpose: outage"), "utf-8")
    if right:
        Wording.load(directory, SENDERS)
    else:
        told = refused(directory)
        assert told.count("a correction must name what it replaces") == 2


@pytest.mark.parametrize(
    ("wait", "zh", "en"),
    [
        (timedelta(minutes=150), "2小时30分钟", "2 hr 30 min"),
        ("PT45M", "45分钟", "45 min"),
        ("P1DT2H", "1天2小时", "1 day 2 hr"),
        (timedelta(seconds=61), "2分钟", "2 min"),
        ("PT0S", "0分钟", "0 min"),
    ],
)
def test_durations_are_said_in_words(write: Write, wait: object, zh: str, en: str) -> None:
    variables = "  wait: {type: duration, example: PT2H, longest: P9DT23H59M}"
    directory = write("停电还有{{ wait|duration }}", "The outage lasts {{ wait|duration }}", variables=variables)
    wording = Wording.load(directory, SENDERS)
    assert wording.named("bill", "zh-CN").render({"wait": wait}) == f"【晴川供电】停电还有{zh}"
    assert wording.named("bill", "en").render({"wait": wait}) == f"Qingchuan Power: The outage lasts {en}"
    for wrong in ("2 hours", -timedelta(hours=1), 120):
        with pytest.raises(InvalidInput, match="wait does not fit: a duration"):
            wording.named("bill", "en").render({"wait": wrong})


@pytest.mark.parametrize(
    ("senders", "chinese", "english"),
    [
        ("晴川供电", "【晴川供电】", "Power Supply: "),
        ("Qingchuan Power", "【Qingchuan Power】", "Qingchuan Power: "),
        ({"zh-CN": "晴川供电", "en": ""}, "【晴川供电】", "Power Supply: "),
        ({"zh-CN": "晴川供电", "en": "Qingchuan"}, "【晴川供电】", "Qingchuan: "),
    ],
)
def test_texts_are_signed_by_the_sender_of_their_language(senders: Any, chinese: str, english: str) -> None:
    wording = Wording.load(sender_name=senders)
    assert wording.named("bill", "zh-CN").signature == chinese
    assert wording.named("bill", "en").signature == english


def test_an_english_signature_in_chinese_is_refused() -> None:
    with pytest.raises(Misconfigured, match="would make every text in en twice as long"):
        Wording.load(sender_name={"zh-CN": "晴川供电", "en": "晴川"})


def test_a_vague_opening_is_told_whatever_its_values_are_called(write: Write) -> None:
    variables = '  area: {type: text, example: "东湖开发区幸福街道片区", longest: "东湖开发区幸福街道片区台区"}'
    wording = Wording.load(write("{{ area }}将于明日起停电", "An outage in {{ area }}", variables=variables), SENDERS)
    (only,) = wording.warnings
    assert "warning: the opening words do not say what the text is about: 东湖开发区幸福街道片区将于明日" in str(only)


def test_a_verification_says_how_long_it_is_valid(write: Write) -> None:
    options = {"kind": "verification", "name": "verification", "klass": "V", "hours": "any"}
    directory = write("验证码，电费{{ amount|money }}", "Code for a bill of {{ amount|money }}", **options)
    assert len(Wording.load(directory, SENDERS).warnings) == 2
    assert SHIPPED.choose("verification", "zh-CN").valid_for == timedelta(minutes=30)


def test_length_and_a_vague_opening_are_warnings(write: Write) -> None:
    long = "这里有一句与任何事情都不相干的开场白，然后才说到正题：本期电费{{ amount|money }}，" + "请留意。" * 10
    wording = Wording.load(write(long), SENDERS)
    assert [finding.severity for finding in wording.warnings] == [Severity.WARNING] * 2
    told = " ".join(map(str, wording.warnings))
    assert "2 segments at the longest fill, 1 allowed" in told
    assert "the opening words do not say what the text is about" in told


# Signatures and words


def test_an_english_text_is_not_signed_in_chinese() -> None:
    wording = Wording.load(sender_name="国网供电")
    assert wording.choose("apology", "zh-CN").example().startswith("【国网供电】")
    assert wording.choose("apology", "en").example().startswith("Power Supply: ")
    assert Wording.load(sender_name="Acme Grid").choose("apology", "en").example().startswith("Acme Grid: ")


@pytest.mark.parametrize("name", ["", " ", "【国网】", "a\nb"])
def test_a_sender_that_cannot_sign_is_refused(name: str) -> None:
    with pytest.raises(Misconfigured, match="cannot sign"):
        Wording.load(sender_name=name)


def test_purposes_are_named_for_customers() -> None:
    assert purposes_in_words(["billing"], "zh-CN") == "电费通知"
    assert purposes_in_words(["law", "outage"], "zh-CN") == "停复电通知和法定通知"
    everything = ["advice", "service", "outage", "billing"]
    assert purposes_in_words(everything, "zh-CN") == "电费通知、停复电通知、服务回访和用电建议"
    assert purposes_in_words(everything, "en") == "bills, outages, follow-ups and tips"
    with pytest.raises(KeyError, match="weather"):
        purposes_in_words(["weather"], "en")


def test_a_time_of_day_may_be_given_as_a_moment() -> None:
    template = SHIPPED.named("outage_fault_crew", "zh-CN")
    failed_at = datetime(2025, 6, 24, 10, tzinfo=UTC)
    moment = template.render(
        {"area": "城东", "failed_at": failed_at, "crew_at": datetime(2025, 6, 24, 10, 45, tzinfo=UTC)}
    )
    assert moment == template.render({"area": "城东", "failed_at": failed_at, "crew_at": time(18, 45)})


_INVITES = """---
kind: verification
class: {klass}
purpose: service
language: zh-CN
hours: any
valid_for: P7D
variables:
  code: {{type: {type}, example: ABCD1234, longest: ABCD1234}}
segments: 2
---
本号码绑定聊天：打开 {body} 即可。
"""


@pytest.mark.parametrize(
    ("klass", "type_", "body", "wrong"),
    [
        ("V", "bot_link", "{{ code }}", ""),
        ("N", "bot_link", "{{ code }}", "only a verification may carry the link"),
        ("V", "code", "https://t.me/somebody?start={{ code }}", "may not carry a link"),
    ],
)
def test_the_one_link_is_that_to_the_utilitys_own_bot(klass: str, type_: str, body: str, wrong: str) -> None:
    source = _INVITES.format(klass=klass, type=type_, body=body)
    template, findings = read_one(
        Path("templates/zh-CN/verification_x.txt"), source, "zh-CN", "【国网供电】", SHANGHAI, "our_bot"
    )
    errors = [finding.message for finding in findings if finding.severity is Severity.ERROR]
    if wrong:
        assert any(wrong in message for message in errors)
        return
    assert template is not None
    assert not errors
    assert "https://t.me/our_bot?start=FFFF0000" in template.render({"code": "FFFF0000"})
    with pytest.raises(InvalidInput):
        template.render({"code": "https://evil.example/"})


def test_without_a_bot_no_link_leaves() -> None:
    template = SHIPPED.named("verification_chat_link", "zh-CN")
    with pytest.raises(InvalidInput, match="no bot"):
        template.render({"code": "FFFF0000", "days": 7})
