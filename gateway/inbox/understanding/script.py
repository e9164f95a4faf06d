"""Traditional characters to simplified ones, one for one.

The table is OpenCC's, taken once when the module loads (that of rare characters when the first one comes) and
used as a plain character table: context-free (so that spaces or marks between two characters change nothing),
linear, and safe for lone surrogates. Characters whose meaning in a text message differs from OpenCC's default
stand in `OURS`.
"""

from __future__ import annotations

from functools import cache

from opencc import OpenCC

# OpenCC leaves these to its phrase tables, or reads them in their literary sense.
OURS = {
    "著": "着", "妳": "你", "祢": "你", "牠": "它", "祂": "它", "覆": "复", "瞭": "了", "藉": "借", "乾": "干",
    "徵": "征", "係": "系", "纔": "才", "麽": "么", "幺": "么", "佔": "占", "佈": "布", "喫": "吃", "甚": "什",
    "裏": "里", "裡": "里", "帳": "账", "帐": "账", "賬": "账", "嘸": "无", "鍾": "钟", "閤": "合", "衹": "只",
    "祇": "只", "迴": "回", "週": "周", "餘": "余", "後": "后", "嚐": "尝", "噁": "恶", "啟": "启",
    "噹": "当", "昇": "升", "陞": "升", "託": "托", "剋": "克", "菸": "烟", "煙": "烟", "嚮": "向", "傢": "家",
    "隻": "只", "沈": "沉", "濛": "蒙", "矇": "蒙", "懞": "蒙", "擡": "抬", "濕": "湿", "溼": "湿",
    "唄": "呗", "囉": "啰", "咗": "了", "嘅": "的", "冇": "没有", "唔": "不", "佢": "他", "哋": "们", "俾": "给",
    "畀": "给", "嗰": "那", "喺": "在", "嚟": "来", "睇": "看", "邊": "边", "咁": "这么",
}  # fmt: skip


def _table(*blocks: tuple[int, int]) -> dict[int, str]:
    convert = OpenCC("t2s").convert
    letters = [chr(code) for first, end in blocks for code in range(first, end)]
    simple = convert("\n".join(letters)).split("\n")
    return {ord(old): new for old, new in zip(letters, simple, strict=True) if old != new}


TABLE: dict[int, str] = _table((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00)) | {
    ord(old): new for old, new in OURS.items()
}
#: Characters from here on are in hardly any text.
_RARE = "\U00020000"


@cache
def _rare() -> dict[int, str]:
    return _table((0x20000, 0x2A6E0))


def simplified(text: str) -> str:
    """The text with each traditional character replaced by its simplified form."""
    simple = text.translate(TABLE)
    return simple.translate(_rare()) if max(simple, default="") >= _RARE else simple
