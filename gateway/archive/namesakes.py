"""The same customer under another form of the name: other script, width, blanks, remarks or company suffix.

A name alone makes nobody the same person: there are thousands of 王强. Two records are one customer where the
names are forms of one name and something else says so too: the identity number, a telephone number they share,
or that the name is that of a registered company (a corner shop's is not).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from gateway.archive.names import forms, is_company, plain

# Remarks, titles and what else makes no difference (`name_form`, of all names that a sweep has seen).
_ALIKE: Final = """
SELECT DISTINCT form.mine, c.id FROM unnest($1::int[], $2::text[], $3::boolean[]) AS form(mine, plain, alone)
JOIN customer m ON m.id = form.mine
JOIN name_form f ON f.plain = form.plain
JOIN customer c ON c.name = f.name AND c.id <> form.mine
WHERE form.plain <> '' AND (form.alone OR (c.id_masked = m.id_masked AND m.id_masked <> '') OR EXISTS (
  SELECT 1 FROM account theirs JOIN contact_link one ON one.account_id = theirs.id
  JOIN contact_link other ON other.contact_point_id = one.contact_point_id
  JOIN account ours ON ours.id = other.account_id
  WHERE theirs.customer_id = c.id AND ours.customer_id = m.id))
"""
_SAME: Final = """
SELECT DISTINCT form.mine, c.id FROM unnest($1::int[], $2::text[], $3::boolean[]) AS form(mine, name, alone)
JOIN customer m ON m.id = form.mine
JOIN customer c ON c.name = form.name AND c.id <> form.mine
WHERE form.alone OR (c.id_masked = m.id_masked AND m.id_masked <> '') OR EXISTS (
  SELECT 1 FROM account theirs JOIN contact_link one ON one.account_id = theirs.id
  JOIN contact_link other ON other.contact_point_id = one.contact_point_id
  JOIN account ours ON ours.id = other.account_id
  WHERE theirs.customer_id = c.id AND ours.customer_id = m.id)
"""


async def same_customers(connection: Any, customers: Sequence[int]) -> list[int]:
    """`customers` (ids) and every record that is one of them under another form of the name."""
    others = await namesakes_of(connection, customers)
    return sorted(set(customers).union(*others.values()))


async def namesakes_of(connection: Any, customers: Sequence[int]) -> dict[int, set[int]]:
    """For each of the customers the other records that are the same one; those without any are left out."""
    rows = await connection.fetch("SELECT id, name FROM customer WHERE id = ANY($1::int[])", list(customers))
    asked = [(row["id"], form, is_company(row["name"])) for row in rows for form in forms(row["name"])]
    found: defaultdict[int, set[int]] = defaultdict(set)
    if asked:
        for row in await connection.fetch(_SAME, *(list(column) for column in zip(*asked, strict=True))):
            found[row["mine"]].add(row["id"])
    if rows:
        alike = [(row["id"], plain(row["name"]), is_company(row["name"])) for row in rows]
        for row in await connection.fetch(_ALIKE, *(list(column) for column in zip(*alike, strict=True))):
            found[row["mine"]].add(row["id"])
    return dict(found)
