"""What the rules find: one statement a rule over the cases of its window, however many there are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.cases.warnings.rules import Code, Rule

#: Cases that a warning names; the figures count all.
_NAMED: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a rule found: the unit it is about, in words, and what shows it."""

    subject: str
    unit: str
    words: str
    evidence: Mapping[str, Any]


# $1 and $2 are the window, $3 how many at least, $4 the share, $5 the places. All give: subject, unit, n, of, cases.
_TYPICAL: Final = """
SELECT 'unit:' || unit || '/' || topic AS subject, unit, topic, n, total AS of, cases FROM (
  SELECT unit, topic, count(*) AS n, sum(count(*)) OVER (PARTITION BY unit) AS total,
         (array_agg(id ORDER BY id DESC))[:20] AS cases
  FROM "case" WHERE opened_at >= $1 AND opened_at < $2 AND klass <> 'praise' GROUP BY unit, topic) AS found
WHERE n >= $3 AND n >= $4 * total AND $5::int > 0
"""
# By the classes of the repeat statistic (S2.4); a case that was joined came again too.
_REPEATED: Final = """
SELECT 'unit:' || unit || '/' || topic AS subject, unit, topic, count(*) AS n, sum(came) AS of,
       (array_agg(last ORDER BY last DESC))[:20] AS cases
FROM (
  SELECT (array_agg(unit ORDER BY id DESC))[1] AS unit, topic, subject, sum(contacts) AS came,
         (array_agg(id ORDER BY id DESC))[1] AS last
  FROM "case" WHERE opened_at >= $1 AND opened_at < $2 AND klass NOT IN ('fault_report', 'praise', 'enquiry')
  GROUP BY topic, subject HAVING sum(contacts) > 1) AS again
GROUP BY unit, topic HAVING count(*) >= $3 AND $4::float8 >= 0 AND $5::int > 0
"""
_COMMON_TOPIC: Final = """
SELECT 'topic:' || topic AS subject, 'supervision' AS unit, topic, count(*) AS n, count(DISTINCT unit) AS of,
       (array_agg(id ORDER BY id DESC))[:20] AS cases
FROM "case" WHERE opened_at >= $1 AND opened_at < $2 AND klass NOT IN ('praise', 'enquiry')
GROUP BY topic HAVING count(DISTINCT subject) >= $3 AND count(DISTINCT unit) >= $5 AND $4::float8 >= 0
"""
_COMMON_AREA: Final = """
SELECT 'transformer_area:' || a.transformer_area_id || '/' || c.topic AS subject,
       (array_agg(c.unit ORDER BY c.id DESC))[1] AS unit,
       coalesce(min(t.name), min(t.code)) || ': ' || c.topic AS topic,
       count(*) AS n, count(DISTINCT c.subject) AS of, (array_agg(c.id ORDER BY c.id DESC))[:20] AS cases
FROM "case" c JOIN account a ON a.id = c.account_id JOIN transformer_area t ON t.id = a.transformer_area_id
WHERE c.opened_at >= $1 AND c.opened_at < $2 AND c.klass NOT IN ('praise', 'enquiry')
GROUP BY a.transformer_area_id, c.topic HAVING count(DISTINCT c.subject) >= $3 AND $4::float8 >= 0 AND $5::int > 0
"""
_ESCALATING: Final = """
SELECT 'case:' || id AS subject, unit, topic, contacts AS n, contradictions AS of, ARRAY[id] AS cases FROM "case" c
WHERE opened_at >= $1 AND opened_at < $2 AND state <> 'closed' AND $4::float8 >= 0 AND $5::int > 0
  AND (contacts >= $3 OR contradictions > 0 OR severity_why = 'may go further up'
       OR severity_why LIKE 'again within 30 days of%'
       OR EXISTS (SELECT 1 FROM commitment p WHERE p.case_id = c.id AND p.state = 'broken'))
"""


def _say(row: Any, rule: Rule) -> Callable[[Code], str]:
    said: dict[Code, str] = {
        "typical_topic": f"{row['topic']}: {row['n']} of {row['of']} cases of {row['unit']} in {rule.days} days",
        "repeated_matter": f"{row['topic']}: {row['n']} matters came again ({row['of']} contacts) in {rule.days} days",
        "common_topic": f"{row['topic']}: {row['n']} cases in {row['of']} units in {rule.days} days",
        "common_area": f"{row['topic']}: {row['n']} cases of {row['of']} customers in {rule.days} days",
        "escalating_case": f"{row['topic']}: raised {row['n']} times, closure contradicted {row['of']} times,"
        " or a promise about it was broken",
    }
    return said.__getitem__


_QUERIES: Final[Mapping[Code, str]] = {
    "typical_topic": _TYPICAL,
    "repeated_matter": _REPEATED,
    "common_topic": _COMMON_TOPIC,
    "common_area": _COMMON_AREA,
    "escalating_case": _ESCALATING,
}


async def find(connection: Any, code: Code, rule: Rule, now: datetime) -> list[Found]:
    """What a rule finds in the days before `now`."""
    rows = await connection.fetch(
        _QUERIES[code], now - timedelta(days=rule.days), now, rule.at_least, rule.share, rule.places
    )
    return [
        Found(
            subject=row["subject"],
            unit=rule.unit or row["unit"],
            words=_say(row, rule)(code),
            evidence={
                "topic": row["topic"],
                "count": int(row["n"]),
                "of": int(row["of"]),
                "cases": [str(one) for one in row["cases"][:_NAMED]],
            },
        )
        for row in rows
    ]


def written(evidence: Mapping[str, Any]) -> str:
    """Evidence as JSON."""
    return json.dumps(evidence, ensure_ascii=False)
