"""Answers that look made up are set apart, with the reason, and never deleted (domain notes §4.5.3).

A person outside the unit decides what they are worth; until then they are no part of any score.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.evaluations.tallies import uncount

#: How far back answers are looked at together.
WINDOW: Final = timedelta(days=7)
#: So many different holders may answer from one number within 30 days: a family, a company's office.
HOLDERS_OF_A_NUMBER: Final = 3
_SERVED_WITHIN: Final = timedelta(days=60)
_NUMBER_WINDOW: Final = timedelta(days=30)
#: So many services rated from one number within the span are a burst. Many numbers at once are none: their
#: questions left together.
BURST: Final = 4
BURST_WITHIN: Final = timedelta(minutes=10)
#: The same words about one person from so many numbers; words shorter than this are said by many (很好, 满意).
ALIKE: Final = 4
_LEAST_WORDS: Final = 8

_WORDS: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known about an answer and those around it."""

    of_staff: bool
    #: Different account holders for whom this number answered lately, this one included.
    holders: int
    #: Services rated from this number within `BURST_WITHIN`, this one included.
    at_once: int
    #: Numbers that said the same words about the same person lately, this one included.
    saying_the_same: int


def suspicions(known: Known) -> list[str]:
    """Why an answer looks made up; nothing where it does not."""
    reasons = {
        "staff_number": known.of_staff,
        "one_number_for_many": known.holders > HOLDERS_OF_A_NUMBER,
        "burst": known.at_once >= BURST,
        "same_words": known.saying_the_same >= ALIKE,
    }
    return [reason for reason, holds in reasons.items() if holds]


def same(words: str | None) -> str | None:
    """Words in the form in which they are compared: width, case, blanks and points make no other; None for a few."""
    plain = "".join(_WORDS.findall(unicodedata.normalize("NFKC", words or "").casefold()))
    return plain if len(plain) >= _LEAST_WORDS else None


_ANSWER: Final = """
SELECT e.comment, e.contact_point_id, e.channel, i.person_no, i.team_code,
       EXISTS (SELECT 1 FROM contact_point p JOIN staff_member s ON s.phone = p.address
               WHERE p.id = e.contact_point_id) AS of_staff
FROM evaluation e JOIN invitation i ON i.id = e.invitation_id WHERE e.id = $1
"""
_OF_NUMBER: Final = """
SELECT e.id, e.at, a.customer_id FROM evaluation e JOIN invitation i ON i.id = e.invitation_id
LEFT JOIN account a ON a.id = i.account_id WHERE e.contact_point_id = $1 AND e.at > $2
"""
_AROUND: Final = """
SELECT e.id, e.comment, e.contact_point_id FROM invitation i JOIN evaluation e ON e.invitation_id = i.id
WHERE i.person_no = $1 AND i.occurred_at > $2 AND e.at > $3 AND e.comment IS NOT NULL
"""
_SET_APART: Final = """
UPDATE evaluation SET suspicions = suspicions || new.reasons,
  state = CASE WHEN state = 'counted' THEN 'quarantined' ELSE state END
FROM (SELECT $2::text[] AS reasons) AS new
WHERE id = ANY($1::uuid[]) AND NOT suspicions @> new.reasons AND reviewed_at IS NULL
RETURNING id, invitation_id
"""


async def suspect(connection: Any, evaluation: UUID, now: datetime) -> list[str]:
    """Look at an answer that was just recorded, and at those around it; what was found against it."""
    answer = await connection.fetchrow(_ANSWER, evaluation)
    point = answer["contact_point_id"]
    if point is None:
        return []
    own = await connection.fetch(_OF_NUMBER, point, now - _NUMBER_WINDOW)
    at_once = [one for one in own if now - one["at"] < BURST_WITHIN]
    alike: list[Any] = []
    if (words := same(answer["comment"])) is not None and answer["person_no"] is not None:
        around = await connection.fetch(_AROUND, answer["person_no"], now - _SERVED_WITHIN, now - WINDOW)
        alike = [one for one in around if same(one["comment"]) == words]
    found = suspicions(
        Known(
            of_staff=answer["of_staff"],
            holders=len({one["customer_id"] for one in own}),
            at_once=len(at_once),
            saying_the_same=len({one["contact_point_id"] for one in alike}),
        )
    )
    # What is found of several answers together holds for each of them.
    together = {"same_words": alike, "burst": at_once, "one_number_for_many": own}
    for reason in found:
        whole = [one["id"] for one in together.get(reason, ())] or [evaluation]
        await _set_apart(connection, whole, reason)
    return found


async def _set_apart(connection: Any, evaluations: Sequence[UUID], reason: str) -> None:
    rows = await connection.fetch(_SET_APART, list(evaluations), [reason])
    if not rows:
        return
    await uncount(connection, [row["invitation_id"] for row in rows])
    await connection.execute(
        """INSERT INTO audit_entry (at, actor, action, subject, after)
           SELECT e.at, 'gateway', 'evaluation.quarantined', 'evaluation:' || e.id,
                  jsonb_build_object('reason', $2::text)
           FROM evaluation e WHERE e.id = ANY($1::uuid[])""",
        [row["id"] for row in rows],
        reason,
    )
