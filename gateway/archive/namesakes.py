"""The same customer under another form of the name: other script, width, blanks or company suffix.

A name alone makes nobody the same person: there are thousands of 王强. Two records are one customer where the
names are forms of one name and something else says so too: the identity number, a telephone number they share,
or that the name is that of a registered company (a corner shop's is not).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import opencc

#: Suffixes under which one company is written down, the barest first.
_SUFFIXES: Final = ("", "公司", "有限公司", "有限责任公司", "股份有限公司", "集团有限公司")
_SUFFIX: Final = re.compile(r"(?:(?:集团)?(?:股份)?有限(?:责任)?)?公司$")
_BLANKS: Final = re.compile(r"\s+")
_TO_WIDE: Final = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@lru_cache(maxsize=2)
def _script(table: str) -> Any:
    return opencc.OpenCC(table)


def forms(name: str) -> list[str]:
    """The forms in which a name may stand in the archive, itself first."""
    plain = _BLANKS.sub("" if not name.isascii() else " ", unicodedata.normalize("NFKC", name)).strip()
    simple: str = _script("t2s").convert(plain)
    bases = [simple]
    core = _SUFFIX.sub("", simple)
    if core != simple and len(core) > 1:
        bases += [core + suffix for suffix in _SUFFIXES]
    found = [name, plain]
    for base in bases:
        old: str = _script("s2t").convert(base)
        found += [base, old, base.translate(_TO_WIDE), old.translate(_TO_WIDE)]
    if not plain.isascii():
        # Lists set two-character names apart: 王 强.
        found += [
            f"{word[0]}{blank}{word[1]}" for word in (simple, plain) if len(word) == 2 for blank in (" ", "\u3000")
        ]
    return [form for form in dict.fromkeys(found) if form]


def is_company(name: str) -> bool:
    """Whether a name is that of a registered company, of which a place has one."""
    return _SUFFIX.search(_script("t2s").convert(unicodedata.normalize("NFKC", name))) is not None


_SAME: Final = """
SELECT DISTINCT c.id FROM unnest($1::int[], $2::text[], $3::boolean[]) AS form(mine, name, alone)
JOIN customer m ON m.id = form.mine
JOIN customer c ON c.name = form.name AND c.id <> ALL($4::int[])
WHERE form.alone OR c.id_masked = m.id_masked OR EXISTS (
  SELECT 1 FROM account theirs JOIN contact_link one ON one.account_id = theirs.id
  JOIN contact_link other ON other.contact_point_id = one.contact_point_id
  JOIN account ours ON ours.id = other.account_id
  WHERE theirs.customer_id = c.id AND ours.customer_id = m.id)
"""


async def same_customers(connection: Any, customers: Sequence[int]) -> list[int]:
    """`customers` (ids) and every record that is one of them under another form of the name."""
    rows = await connection.fetch("SELECT id, name FROM customer WHERE id = ANY($1::int[])", list(customers))
    asked = [(row["id"], form, is_company(row["name"])) for row in rows for form in forms(row["name"])]
    if not asked:
        return list(customers)
    ids, names, companies = zip(*asked, strict=True)
    others = await connection.fetch(_SAME, ids, names, companies, list(customers))
    return sorted({*customers, *(row["id"] for row in others)})
