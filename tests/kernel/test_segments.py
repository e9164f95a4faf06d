from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.segments import Encoding, Segments, count, split

GSM_LETTERS = "abcXYZ 019@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà\r\n"
GSM_EXTENSION = "\f^{}\\[~]|€"
REPAIR_ZH = (
    "【岚州供电】您6月20日的报修已处理完毕，请评价：5非常满意 4满意 3一般 2不满意 1非常不满意。"
    "回复数字即可，问题未解决请回复9。"
)
REPAIR_EN = (
    "Lanzhou Power: Your repair of 20 Jun is closed. Rate it: 5 very satisfied, 4 satisfied, 3 neutral, "
    "2 dissatisfied, 1 very dissatisfied. Not fixed? Reply 9."
)


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "GSM-7", 0, 0),
        ("hello", "GSM-7", 5, 1),
        (GSM_LETTERS, "GSM-7", len(GSM_LETTERS), 1),
        (GSM_EXTENSION, "GSM-7", 2 * len(GSM_EXTENSION), 1),
        ("\f", "GSM-7", 2, 1),
        ("\x1b", "UCS-2", 1, 1),  # the escape itself is no character of the alphabet
        ("ç", "UCS-2", 1, 1),
        ("`", "UCS-2", 1, 1),
        ("\t", "UCS-2", 1, 1),
        ("it’s", "UCS-2", 4, 1),
        ("a\u00a0b", "UCS-2", 3, 1),
        ("欠费", "UCS-2", 2, 1),
        ("{欠费}", "UCS-2", 4, 1),  # an extension character is one unit once the text is UCS-2
        (REPAIR_ZH, "UCS-2", len(REPAIR_ZH), 1),
        (REPAIR_EN, "GSM-7", len(REPAIR_EN), 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("电" * 70, "UCS-2", 70, 1),
        ("电" * 71, "UCS-2", 71, 2),
        ("电" * 134, "UCS-2", 134, 2),
        ("电" * 135, "UCS-2", 135, 3),
        ("电" * 160, "UCS-2", 160, 3),
        ("💡", "UCS-2", 2, 1),
        ("𠮷", "UCS-2", 2, 1),
        ("💡" * 35, "UCS-2", 70, 1),
        ("💡" * 36, "UCS-2", 72, 2),
        ("电" * 66 + "💡" + "电" * 66, "UCS-2", 134, 3),  # the pair moves on and pushes a third part
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),
        ("a" * 151 + "€" + "a" * 153, "GSM-7", 306, 2),
        ("\ud83d", "UCS-2", 1, 1),
    ],
)
def test_known_sizes(text: str, encoding: str, units: int, parts: int) -> None:
    assert count(text) == Segments(encoding=Encoding(encoding), units=units, parts=parts)
    assert len(split(text)) == parts
    assert "".join(split(text)) == text


def test_every_character_of_the_alphabet_is_in_it_once() -> None:
    alphabet = [chr(code) for code in range(0x10000) if not 0xD800 <= code <= 0xDFFF]
    septets = {character: count(character).units for character in alphabet if count(character).encoding == "GSM-7"}
    assert sum(1 for units in septets.values() if units == 1) == 127  # 128 less the escape
    assert "".join(sorted(c for c, units in septets.items() if units == 2)) == "".join(sorted(GSM_EXTENSION))


def test_a_pair_is_carried_over_whole() -> None:
    assert split("电" * 66 + "💡" + "电" * 66) == ["电" * 66, "💡" + "电" * 65, "电"]
    assert split("a" * 152 + "€" + "a" * 152) == ["a" * 152, "€" + "a" * 151, "a"]


@given(st.text(alphabet=GSM_LETTERS + GSM_EXTENSION * 3, max_size=700))
def test_gsm7_parts_hold(text: str) -> None:
    size = count(text)
    parts = split(text)
    assert size.encoding == "GSM-7"
    assert size.units == sum(2 if character in GSM_EXTENSION else 1 for character in text)
    assert "".join(parts) == text
    assert len(parts) == size.parts
    limit = 160 if len(parts) <= 1 else 153
    assert all(0 < count(part).units <= limit for part in parts)
    assert sum(count(part).units for part in parts) == size.units


@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from("电费💡𠮷a€"), max_size=400))
def test_any_text_is_divided_without_loss(text: str) -> None:
    size = count(text)
    parts = split(text)
    assert "".join(parts) == text
    assert len(parts) == size.parts
    if size.encoding == "UCS-2":
        widths = [len(part.encode("utf-16-le")) // 2 for part in parts]  # raises if a pair were broken
        assert sum(widths) == size.units
        assert max(widths) <= (70 if len(parts) == 1 else 67)
        if len(parts) > 1:
            assert size.units > 70
            assert all(width >= 66 for width in widths[:-1])
