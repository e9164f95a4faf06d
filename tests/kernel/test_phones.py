from __future__ import annotations

import csv
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.errors import InvalidInput
from gateway.kernel.phones import InvalidPhone, Kind, PhoneField, PhoneNumber, Reason, parse, parse_field

SAMPLE = Path(__file__).parent / "data" / "phone_fields.csv"
M = "+8613800236805"
N = "+8615900102228"
L = "+863982868105"


def numbers(found: PhoneField) -> list[str]:
    return [number.e164 for number in found.numbers]


@pytest.mark.parametrize(
    "typed",
    [
        "13800236805",
        "138 0023 6805",
        "138-0023-6805",
        "138.0023.6805",
        " 13800236805\u3000",
        "13800236805\t",
        "'13800236805",
        '="13800236805"',
        "１３８００２３６８０５",
        "１３８－００２３－６８０５",
        "+8613800236805",
        "+86 138 0023 6805",
        "＋86 13800236805",
        "(+86)138 0023 6805",
        "008613800236805",
        "86-13800236805",
        "8613800236805",
        "013800236805",
        "13800236805.0",
        "1.3800236805E+10",
        "138OO236805",
        "\u202d13800236805\u202c",
        "13800236805;",
    ],
)
def test_one_mobile_in_many_dresses(typed: str) -> None:
    assert parse_field(typed) == PhoneField(numbers=(PhoneNumber(M),))
    assert parse_field(typed).numbers[0].kind is Kind.MOBILE


@pytest.mark.parametrize(
    ("typed", "found", "extension"),
    [
        ("0398-2868105", L, None),
        ("03982868105", L, None),
        ("(0398)2868105", L, None),
        ("（0398）2868105", L, None),
        ("0398 2868105", L, None),
        ("0398-286 8105", L, None),
        ("+86-398-2868105", L, None),
        ("+86 (0398) 286 8105", L, None),
        ("0086 398 2868105", L, None),
        ("3982868105", L, None),  # the leading 0 of a numeric cell
        ("0398-2868105转487", L, "487"),
        ("0398-2868105 转 487", L, "487"),
        ("0398-2868105分机487", L, "487"),
        ("0398-2868105 ext 487", L, "487"),
        ("0398-2868105 Ext.487", L, "487"),
        ("0398-2868105x487", L, "487"),
        ("0398-2868105#487", L, "487"),
        ("0398-2868105-487", L, "487"),
        ("0398-2868105-1", L, "1"),
        ("0398-2868105,487", L, "487"),
        ("03982868105 8001", L, "8001"),
        ("010-65551234", "+861065551234", None),
        ("010-6555-1234-8001", "+861065551234", "8001"),
        ("021 65551234", "+862165551234", None),
    ],
)
def test_landlines_and_extensions(typed: str, found: str, extension: str | None) -> None:
    field = parse_field(typed)
    assert (numbers(field), field.extension, field.problem) == ([found], extension, None)
    assert field.numbers[0].kind is Kind.LANDLINE


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("13800236805/15900102228", [M, N]),
        ("13800236805、15900102228", [M, N]),
        ("13800236805;15900102228", [M, N]),
        ("13800236805；15900102228", [M, N]),
        ("13800236805,15900102228", [M, N]),
        ("13800236805，15900102228", [M, N]),
        ("13800236805\\15900102228", [M, N]),
        ("13800236805 15900102228", [M, N]),
        ("13800236805或15900102228", [M, N]),
        ("13800236805 或者 15900102228", [M, N]),
        ("13800236805\n15900102228", [M, N]),
        ("1380023680515900102228", [M, N]),
        ("138 0023 6805 159 0010 2228", [M, N]),
        ("13800236805 0398-2868105", [M, L]),
        ("0398-2868105/2868106", [L, "+863982868106"]),
        ("13800236805/13800236805", [M]),
    ],
)
def test_several_numbers_in_one_cell(typed: str, found: list[str]) -> None:
    field = parse_field(typed)
    assert numbers(field) == found
    assert (field.problem, field.extension, field.name) == (None, None, None)


@pytest.mark.parametrize(
    ("typed", "found", "name", "note"),
    [
        ("手机13800236805", [M], None, None),
        ("电话:13800236805", [M], None, None),
        ("TEL:13800236805", [M], None, None),
        ("13800236805(儿子)", [M], None, "儿子"),
        ("13800236805（物业）", [M], None, "物业"),
        ("户主手机13800236805", [M], None, "户主"),
        ("13800236805王强", [M], "王强", None),
        ("王强:13800236805", [M], "王强", None),
        ("联系人：雷和胜 13800236805", [M], "雷和胜", None),
        ("和珅13800236805", [M], "和珅", None),
        ("阿卜杜拉·买买提 13800236805", [M], "阿卜杜拉·买买提", None),
        ("JOHN SMITH 13800236805", [M], "JOHN SMITH", None),
        ("王强13800236805李丽15900102228", [M, N], None, None),  # whose is which is not for us to say
    ],
)
def test_words_beside_a_number(typed: str, found: list[str], name: str | None, note: str | None) -> None:
    field = parse_field(typed)
    assert (numbers(field), field.name, field.note, field.problem) == (found, name, note, None)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("13800138000", "placeholder"),
        ("+86 138 0013 8000", "placeholder"),
        ("013800138000", "placeholder"),
        ("11111111111", "placeholder"),
        ("00000000000", "placeholder"),
        ("12345678901", "placeholder"),
        ("13000000000", "placeholder"),
        ("13888888888", "placeholder"),
        ("13812345678", "placeholder"),
        ("13000012345", "placeholder"),
        ("123456", "placeholder"),
        ("0", "placeholder"),
        ("-", "placeholder"),
        ("/", "placeholder"),
        ("无", "placeholder"),
        ("暂无", "placeholder"),
        ("空", "placeholder"),
        ("NULL", "placeholder"),
        ("1.96E+10", "mangled_by_spreadsheet"),
        ("1.380023681E+10", "mangled_by_spreadsheet"),
        ("1380023680", "too_short"),
        ("138002368055", "too_long"),
        ("4805641", "no_area_code"),
        ("6555-1234", "no_area_code"),
        ("95598", "short_code"),
        ("10086", "short_code"),
        ("12002368055", "impossible"),
        ("0398-1868105", "impossible"),
        ("+861380023", "too_short"),
        ("+1 202", "too_short"),
        ("+999 13800236805", "impossible"),
        ("abc", "not_a_number"),
        ("见备注", "not_a_number"),
    ],
)
def test_what_is_no_number_says_why(typed: str, reason: str) -> None:
    field = parse_field(typed)
    assert (numbers(field), field.problem) == ([], reason)
    with pytest.raises(InvalidPhone) as refused:
        parse(typed)
    assert refused.value.reason == reason or (reason, refused.value.reason) == (
        "mangled_by_spreadsheet",
        "not_a_number",
    )


def test_a_name_in_the_number_column_is_kept_as_a_name() -> None:
    field = parse_field("雷和胜")
    assert (field.numbers, field.name, field.problem) == ((), "雷和胜", Reason.NOT_A_NUMBER)


def test_what_can_be_used_is_used_and_the_rest_is_reported() -> None:
    field = parse_field("13800236805/1590010222")
    assert (numbers(field), field.problem) == ([M], Reason.TOO_SHORT)


@pytest.mark.parametrize("typed", ["", " ", "\u3000", "\t\r\n", "\ufeff"])
def test_an_empty_cell_is_no_problem(typed: str) -> None:
    assert parse_field(typed) == PhoneField()
    with pytest.raises(InvalidPhone) as refused:
        parse(typed)
    assert refused.value.reason is Reason.EMPTY


@pytest.mark.parametrize(
    ("typed", "region", "e164", "kind"),
    [
        ("+1 202 555 0100", "CN", "+12025550100", "unknown"),
        ("0012025550100", "CN", "+12025550100", "unknown"),
        ("+61-491570020", "CN", "+61491570020", "mobile"),
        ("+852-90000000", "CN", "+85290000000", "unknown"),
        ("202-555-0100", "US", "+12025550100", "unknown"),
        ("+8613800236805", "US", M, "mobile"),
        ("07911 123456", "GB", "+447911123456", "mobile"),
        ("400-678-9012", "CN", "+864006789012", "unknown"),
    ],
)
def test_other_countries(typed: str, region: str, e164: str, kind: str) -> None:
    field = parse_field(typed, region)
    assert [(number.e164, number.kind) for number in field.numbers] == [(e164, kind)]
    assert parse(typed, region) == PhoneNumber(e164)


@pytest.mark.parametrize("typed", ["13800236805王强", "13800236805/15900102228", "0398-2868105-1", "0398-2868105转1"])
def test_one_number_means_one_number(typed: str) -> None:
    with pytest.raises(InvalidPhone):
        parse(typed)


def test_a_number_never_shows_itself() -> None:
    number = parse("13800004443")
    assert number.masked == str(number) == f"{number}" == "+86138****4443"
    assert repr(number) == "PhoneNumber(+86138****4443)"
    assert "0004443" not in repr(parse_field("13800004443"))
    assert PhoneNumber("+12345678").masked == "+1****78"


def test_a_refusal_names_the_field_and_not_the_number() -> None:
    refused = InvalidPhone(Reason.TOO_SHORT, field="to")
    assert isinstance(refused, InvalidInput)
    assert [(error.field, error.code) for error in refused.errors] == [("to", "too_short")]
    assert str(refused) == "The number has too few digits."
    assert all(reason.sentence.endswith(".") for reason in Reason)


def test_numbers_are_equal_by_their_digits() -> None:
    assert parse("138 0023 6805") == PhoneNumber(M) != PhoneNumber(N)
    assert len({parse("13800236805"), parse("+8613800236805"), PhoneNumber(M, Kind.UNKNOWN)}) == 1


def test_fields_of_a_real_archive() -> None:
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            field = parse_field(row["typed"])
            found = (" ".join(numbers(field)), field.extension or "", field.problem or "")
            assert found == (row["numbers"], row["extension"], row["problem"]), row["typed"]


@given(st.text(max_size=40) | st.text(alphabet="0123456789+-() 转/、extE.O王强０１", max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    field = parse_field(text)
    assert all(
        number.e164[0] == "+" and number.e164[1:].isdecimal() and number.e164.isascii() for number in field.numbers
    )
    assert all(7 <= len(number.e164) <= 16 for number in field.numbers)
    assert field.numbers or field.problem or not field.extension
    with suppress(InvalidPhone):
        assert parse(text).e164


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_every_mobile_is_read_alike_however_written(digits: str) -> None:
    plain = parse_field(digits)
    for typed in (f"+86{digits}", f"0086 {digits}", f"{digits[:3]}-{digits[3:7]}-{digits[7:]}", f"0{digits}"):
        assert parse_field(typed) == plain
    assert bool(plain.numbers) != bool(plain.problem)
