"""Finding accounts by what somebody on the telephone or at the counter says: a number, a name, an address.

Numbers go through indexes, and so do names, by their characters; pinyin becomes the characters that are read so. A
part of an address looks through the rows until enough are found. No extension of PostgreSQL is asked for.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive import names
from gateway.archive.reach import part_of, within_sql
from gateway.kernel.database import driver
from gateway.kernel.phones import InvalidPhone, parse

By = Literal["number", "account", "meter", "name", "pinyin", "address", "staff"]

_ROWS: Final = """
SELECT a.account_no, a.holder_name, a.customer_id, pr.address, a.status, a.vip, a.vulnerable IS NOT NULL AS vulnerable
FROM account a JOIN premise pr ON pr.id = a.premise_id
"""
#: A name as its characters, as the index has it.
_CHARACTERS: Final = "string_to_array(a.holder_name, NULL::text)"
_LONGEST: Final = 60
#: Digits that a meter's number has at least.
_METER: Final = 8
#: Characters of ordinary names: those of GB 2312.
_ORDINARY: Final = "gb2312"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An account that fits, and by what."""

    account_no: str
    holder_name: str
    customer_id: int
    address: str
    status: str
    vip: bool
    vulnerable: bool
    by: By


@cache
def _readings() -> Mapping[str, str]:
    """The ordinary characters by their reading without tones."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for code in names.characters():
        character = chr(code)
        try:
            character.encode(_ORDINARY)
        except UnicodeEncodeError:
            continue
        for reading in names.readings(code):
            found[reading].append(character)
    return {reading: "".join(characters) for reading, characters in found.items()}


def syllables(words: str) -> list[str] | None:
    """`words` as syllables of pinyin, parted by blanks or not; None where it is no pinyin."""
    known = _readings()
    found: list[str] = []
    for word in words.lower().replace("'", " ").split():
        parts = _split(word, known)
        if parts is None:
            return None
        found += parts
    return found or None


def _split(word: str, known: Mapping[str, str]) -> list[str] | None:
    """The longest syllables first; a single consonant at the end stands for any that begin with it."""
    if not word:
        return []
    for length in range(min(6, len(word)), 0, -1):
        if word[:length] in known:
            rest = _split(word[length:], known)
            if rest is not None:
                return [word[:length], *rest]
    return None


def pattern(parts: Sequence[str]) -> str:
    """A regular expression for names that are read so, anywhere in the name."""
    known = _readings()
    return "".join(f"[{known[part]}]" for part in parts)


async def search(session: AsyncSession, words: str, *, region: str, limit: int) -> list[Found]:
    """Up to `limit` accounts within reach that fit `words`, those by number first."""
    words = words.strip()[:_LONGEST]
    if not words:
        return []
    connection, part = await driver(session), part_of(session)
    found: dict[str, Found] = {}

    async def add(by: By, condition: str, *values: Any, order: str = "") -> None:
        if len(found) >= limit:
            return
        rows = await connection.fetch(
            f"{_ROWS} WHERE {condition} AND {within_sql('a.id', '$1')} {order} LIMIT {limit}", part, *values
        )
        for row in rows:
            found.setdefault(row["account_no"], Found(**dict(row), by=by))

    digits = re.sub(r"[\s()+-]", "", words)
    if digits.isascii() and digits.isdigit() and len(digits) >= 3:
        await _by_digits(add, words, digits, region)
    elif re.fullmatch(r"[0-9A-Za-z]{6,20}", words) and any(map(str.isdigit, words)):
        await add("account", "a.account_no = $2", words.upper())
        await add("meter", "a.meter_no = $2", words.upper())
        await add("staff", "a.manager_no = $2", words.upper(), order="ORDER BY a.id")
    else:
        like = f"%{_wildcard(words)}%"
        # The characters go through an index, and what they let by is looked at.
        await add("name", f"{_CHARACTERS} @> string_to_array($3, NULL) AND a.holder_name LIKE $2", like, words)
        parts = syllables(words) if words.isascii() else None
        if parts:
            known = _readings()
            each = " AND ".join(f"{_CHARACTERS} && string_to_array(${at}, NULL)" for at in range(3, 3 + len(parts)))
            await add("pinyin", f"{each} AND a.holder_name ~ $2", pattern(parts), *(known[one] for one in parts))
        if not words.isascii() or not found:
            await add("address", "pr.address LIKE $2", like)
    return list(found.values())[:limit]


def _wildcard(words: str) -> str:
    """`words` for LIKE, none of it a wildcard."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def _by_digits(add: Any, words: str, digits: str, region: str) -> None:
    """By a telephone number, an account number or its beginning or end."""
    try:
        number = parse(words, region).e164
    except InvalidPhone:
        number = None
    if number is not None:
        await add(
            "number",
            """a.id IN (SELECT l.account_id FROM contact_link l JOIN contact_point p ON p.id = l.contact_point_id
                        WHERE p.address = $2 AND p.kind = 'phone')""",
            number,
        )
    await add("account", "a.account_no = $2", digits)
    await add("account", "a.account_no LIKE $2", f"{digits}%", order="ORDER BY a.account_no")
    if len(digits) == 4:
        # As texts name an account.
        await add("account", "right(a.account_no, 4) = $2", digits)
    if len(digits) >= _METER:
        await add("meter", "a.meter_no = $2", digits)
    if len(digits) < _METER:
        # A house number, not a telephone's.
        await add("address", "pr.address LIKE $2", f"%{digits}%")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSeen:
    """A customer with all accounts within reach."""

    id: int
    customer_no: str | None
    name: str
    segment: str
    accounts: list[Found]


async def customer(session: AsyncSession, customer_id: int) -> CustomerSeen | None:
    """A customer; None where there is none, or no account of theirs is within reach."""
    connection, part = await driver(session), part_of(session)
    row = await connection.fetchrow("SELECT id, customer_no, name, segment FROM customer WHERE id = $1", customer_id)
    if row is None:
        return None
    accounts = await connection.fetch(
        f"{_ROWS} WHERE a.customer_id = $2 AND {within_sql('a.id', '$1')} ORDER BY a.account_no LIMIT 500",
        part,
        customer_id,
    )
    if not accounts:
        return None
    return CustomerSeen(**dict(row), accounts=[Found(**dict(one), by="account") for one in accounts])


async def number_id(session: AsyncSession, numbers: Sequence[str]) -> dict[str, int]:
    """The ids of telephone numbers, for addresses of pages: a number itself does not belong into one."""
    rows = await (await driver(session)).fetch(
        "SELECT id, address FROM contact_point WHERE address = ANY($1::text[]) AND kind = 'phone'", list(numbers)
    )
    return {row["address"]: row["id"] for row in rows}


async def number_of(session: AsyncSession, point_id: int) -> str | None:
    """The telephone number with this id."""
    found: str | None = await (await driver(session)).fetchval(
        "SELECT address FROM contact_point WHERE id = $1 AND kind = 'phone'", point_id
    )
    return found
