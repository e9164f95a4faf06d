"""Programmes of visits (四访): to whom, how often and about what the utility goes by itself.

The source names four and does not say which (domain notes S1.15): four stand here without a name of their own, for
the utility to fill in. An active one plans a series for each account of its audience that has a manager.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.followups.beginning import begin_due
from gateway.followups.rules import check_rule
from gateway.followups.tables import CHANNELS
from gateway.kernel import audit
from gateway.kernel.errors import InvalidInput, NotFound
from gateway.kernel.ids import new_id

#: Whose accounts a programme goes to.
AUDIENCES: Final[Mapping[str, str]] = {
    "vip": "a.vip",
    "important": "a.important_level IS NOT NULL",
    "vulnerable": "a.vulnerable IS NOT NULL",
    "key_concern": "a.key_concern",
    "all": "true",
}
_QUESTIONS: Final = ("服务质量如何？", "办理时限是否兑现？", "施工质量如何？")
#: First visits are spread over so many days, by the account's number.
_SPREAD: Final = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitProgramme:
    """A programme of visits."""

    code: str
    name: str
    topic: str
    channel: str = "visit"
    rule: str = "FREQ=MONTHLY;INTERVAL=3"
    audience: str = "vip"
    #: What the visitor asks: quality, timeliness, workmanship.
    questions: tuple[str, ...] = _QUESTIONS
    active: bool = False


STANDARD: Final[Mapping[str, VisitProgramme]] = {
    one.code: one
    for one in (
        VisitProgramme(code="visit1", name="第一访", topic="定期走访"),
        VisitProgramme(code="visit2", name="第二访", topic="定期走访", audience="important"),
        VisitProgramme(code="visit3", name="第三访", topic="定期走访", audience="vulnerable", rule="FREQ=MONTHLY"),
        VisitProgramme(code="visit4", name="第四访", topic="定期走访", audience="key_concern"),
    )
}

_UNPLANNED: Final = """
SELECT a.id, a.manager_no FROM account a
WHERE a.status = 'active' AND a.manager_no IS NOT NULL AND {audience}
  AND NOT EXISTS (SELECT 1 FROM followup_series s
                  WHERE s.programme = $1 AND s.account_id = a.id AND s.ended_at IS NULL)
ORDER BY a.id LIMIT 5000
"""
_PLAN: Final = """
INSERT INTO followup_series (id, account_id, manager_no, topic, channel, rule, starts_on, made_until, programme)
SELECT id, account_id, manager_no, $4, $5, $6, starts_on, starts_on - 1, $7
FROM unnest($1::uuid[], $2::int[], $3::text[], $8::date[]) AS new(id, account_id, manager_no, starts_on)
ON CONFLICT DO NOTHING
"""


async def programmes(connection: Any) -> dict[str, VisitProgramme]:
    """The four, as they stand."""
    found = dict(STANDARD)
    for row in await connection.fetch("SELECT * FROM visit_programme"):
        said: dict[str, Any] = {name: row[name] for name in VisitProgramme.__dataclass_fields__}
        found[row["code"]] = VisitProgramme(**(said | {"questions": tuple(row["questions"])}))
    return found


async def change(
    connection: Any, code: str, changes: Mapping[str, Any], *, now: datetime, zone: ZoneInfo, actor: str
) -> VisitProgramme:
    """Change a programme. Series that were planned keep their rule; one that is switched off ends them.

    Raises NotFound, InvalidInput naming the field.
    """
    before = (await programmes(connection)).get(code)
    if before is None:
        raise NotFound(f"There is no programme {code}: there are {', '.join(STANDARD)}.")
    after = replace(before, **changes)
    if after.audience not in AUDIENCES:
        raise InvalidInput(f"the audiences are {', '.join(AUDIENCES)}", field="audience")
    if after.channel not in CHANNELS:
        raise InvalidInput(f"the channels are {', '.join(CHANNELS)}", field="channel")
    after = replace(after, rule=check_rule(after.rule, now.astimezone(zone).date(), zone))
    names = tuple(VisitProgramme.__dataclass_fields__)
    places = ", ".join(f"${place}" for place in range(1, len(names) + 3))
    await connection.execute(
        f"""INSERT INTO visit_programme ({", ".join(names)}, changed_at, changed_by) VALUES ({places})
            ON CONFLICT (code) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in names[1:])},
              changed_at = excluded.changed_at, changed_by = excluded.changed_by""",
        *(list(value) if isinstance(value, tuple) else value for value in (getattr(after, name) for name in names)),
        now,
        actor,
    )
    if before.active and not after.active:
        await begin_due(connection, now, zone)
        await _end(connection, code, now)
    await audit.write(
        connection,
        at=now,
        actor=actor,
        action="visit_programme.changed",
        subject=f"visit_programme:{code}",
        before=asdict(before),
        after=asdict(after),
    )
    return after


async def _end(connection: Any, code: str, now: datetime) -> None:
    ended = await connection.fetch(
        "UPDATE followup_series SET ended_at = $2 WHERE programme = $1 AND ended_at IS NULL RETURNING id", code, now
    )
    await connection.execute(
        """UPDATE followup SET state = 'cancelled', outcome = 'the programme was switched off'
           WHERE series_id = ANY($1::uuid[]) AND state = 'planned'""",
        [row["id"] for row in ended],
    )


async def plan(connection: Any, now: datetime, zone: ZoneInfo) -> int:
    """Plan series for accounts that active programmes are to reach and do not yet; how many."""
    today, planned = now.astimezone(zone).date(), 0
    for one in (await programmes(connection)).values():
        if not one.active:
            continue
        rows: Sequence[Any] = await connection.fetch(_UNPLANNED.format(audience=AUDIENCES[one.audience]), one.code)
        await connection.execute(
            _PLAN,
            [new_id(now) for _ in rows],
            [row["id"] for row in rows],
            [row["manager_no"] for row in rows],
            one.topic,
            one.channel,
            one.rule,
            one.code,
            [today + timedelta(days=1 + row["id"] % _SPREAD) for row in rows],
        )
        planned += len(rows)
    return planned
