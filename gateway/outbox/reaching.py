"""How well the right person is reached: measures by organisation and month, each with what it rests on.

A text counts as misdirected once its link proved wrong, in the month in which it was delivered: the finding is
carried back to all that went through the link since it was last proven (domain notes §5.4). A text for several
accounts counts once, in the organisation of the first of them. So the figures of a month may rise later; they never
fall but by a revert. One statement a measure, over all at once; a measure is grouped by month, by organisation, by
both and in all by the database. What was delivered on days that are over is read from their tallies.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from gateway.archive.coverage import COVERED, ORGANISED, PROVEN_FOR
from gateway.kernel.ids import first_id
from gateway.outbox import tallies

By = Literal["month", "organisation", "both", "all"]

#: What a share is told of: the scale of its value.
PER: Final[Mapping[str, int]] = {"misdirected": 10_000}

#: Names of the measures that are shares, in the order in which they are told.
SHARES: Final = (
    "misdirected", "after_report", "thorough_first", "recurred", "resurrections_blocked", "falsely_suspended",
    "reachable", "verified",
)  # fmt: skip
#: Names of those that are times, in seconds.
TIMES: Final = ("to_stop", "to_complete", "falsely_stopped_for")


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of a whole; `value` is null where the whole is nothing, and per 10,000 for `misdirected`."""

    numerator: int
    denominator: int
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long something took: how often it was seen, and in seconds its median and the time 95 % stayed within."""

    n: int
    median: float | None
    p95: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaching:
    """The measures of one organisation in one month; null where they are of every organisation or of every month.

    `misdirected`: texts that went to a wrong person, of those delivered. `after_report`: texts handed over more than
    a second after the link was stopped, of the links stopped on somebody's word. `thorough_first`: corrections that
    made no trouble again, of those signed. `recurred`: corrections whose contact was wrong again within 30 days, of
    those decided. `resurrections_blocked`: imports of a revoked link, of the revoked links there are.
    `falsely_suspended`: links let go again, of those suspended. `reachable`, `verified`: accounts with a contact that
    sends, and with one proven lately, of all accounts.
    """

    month: str | None
    organisation: str | None
    misdirected: Share
    after_report: Share
    thorough_first: Share
    recurred: Share
    resurrections_blocked: Share
    falsely_suspended: Share
    reachable: Share
    verified: Share
    to_stop: Times
    to_complete: Times
    falsely_stopped_for: Times


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalPrecision:
    """Of the links that a kind of evidence spoke of and that were decided since, those that it was right about.

    What speaks for a link is right where the link was kept, what speaks against it where it was revoked.
    """

    kind: str
    month: str | None
    organisation: str | None
    right: Share


#: Links that proved wrong, and since when they were not proven right: a person revoked them, or somebody's word
#: stopped them and nothing was decided yet. That a number is dead says nothing of whose it was, a number
#: that its own customer gave up was right until then, and what waits in doubt has proved nothing yet.
_WRONG: Final = """
SELECT l.id AS link_id, l.account_id, l.contact_point_id, coalesce(l.verified_at, '-infinity') AS proven,
       coalesce((SELECT min(c.suspended_at) FROM correction_link c WHERE c.link_id = l.id AND c.lifted_at IS NULL),
                l.state_since) AS stopped_at
FROM contact_link l
WHERE l.state = 'revoked' AND l.reason NOT IN ('bounce', 'invalid_format', 'proposal', 'taken back')
   OR l.state = 'suspended'
     AND (l.reason LIKE 'reply%' OR l.reason IN ('ticket', 'staff_report', 'staff_number', 'upstream_conflict'))
"""
#: Texts delivered from `$1` to `$2`, one by one; and those of the days that were counted.
_DELIVERED: Final = """
SELECT to_char(m.delivered_at AT TIME ZONE $3, 'YYYY-MM') AS month, {organisation}, 0 AS part, 1 AS whole
FROM message m JOIN message_account r ON r.id = m.id AND r.position = 0 {org}
WHERE m.state = 'delivered' AND m.id >= $4 AND m.id < $5 AND r.id >= $4 AND r.id < $5
  AND m.delivered_at >= $1 AND m.delivered_at < $2"""
_TALLIED: Final = """
SELECT to_char(day, 'YYYY-MM') AS month, organisation, 0 AS part, delivered AS whole
FROM delivery_tally WHERE day = ANY ($1::date[])"""
#: Each measure yields rows of (at or month, organisation) with a `part` and a `whole`, or with `seconds`.
_MEASURES: Final[Mapping[str, str]] = {
    "misdirected": """
SELECT to_char(delivered_at AT TIME ZONE $3, 'YYYY-MM') AS month, organisation, 1 AS part, 0 AS whole FROM (
  SELECT DISTINCT m.id, m.delivered_at, org.organisation
  FROM wrong w
  JOIN message_account r ON r.account_id = w.account_id AND r.link_id = w.link_id AND r.id >= $4 AND r.id < $5
  JOIN message_account f ON f.id = r.id AND f.position = 0 AND f.id >= $4 AND f.id < $5
  JOIN org ON org.account_id = f.account_id
  JOIN message m ON m.id = r.id AND m.id >= $4 AND m.id < $5
  WHERE m.state = 'delivered' AND m.delivered_at >= $1 AND m.delivered_at < $2
    AND m.delivered_at > w.proven) AS once""",
    "after_report": """
SELECT to_char(w.stopped_at AT TIME ZONE $3, 'YYYY-MM') AS month, org.organisation, (
    SELECT count(*) FROM message_account r JOIN message m ON m.id = r.id
    WHERE r.account_id = w.account_id AND r.link_id = w.link_id AND r.id >= $4 AND m.id >= $4
      AND coalesce(m.claimed_at, m.sent_at) > w.stopped_at + interval '1 second'
      AND m.state IN ('sent', 'delivered', 'undelivered', 'uncertain'))::int AS part, 1 AS whole
FROM wrong w JOIN org ON org.account_id = w.account_id
WHERE w.stopped_at >= $1 AND w.stopped_at < $2 AND EXISTS (
  SELECT FROM correction_link c WHERE c.link_id = w.link_id AND c.suspended)""",
    "thorough_first": """
SELECT to_char(x.signed_at AT TIME ZONE $3, 'YYYY-MM') AS month, org.organisation,
       (x.reopened = 0 AND x.recurred_at IS NULL)::int AS part, 1 AS whole
FROM cases x JOIN org USING (account_id) WHERE x.signed_at >= $1 AND x.signed_at < $2""",
    "recurred": """
SELECT to_char(x.applied_at AT TIME ZONE $3, 'YYYY-MM') AS month, org.organisation,
       (x.recurred_at <= x.applied_at + interval '30 days')::int AS part, 1 AS whole
FROM cases x JOIN org USING (account_id) WHERE x.applied_at >= $1 AND x.applied_at < $2""",
    "resurrections_blocked": """
SELECT to_char(c.at AT TIME ZONE $3, 'YYYY-MM') AS month, org.organisation, 1 AS part, 0 AS whole
FROM conflict c JOIN contact_link l ON l.id = c.link_id JOIN org USING (account_id)
WHERE c.link_state = 'revoked' AND c.at >= $1 AND c.at < $2
UNION ALL
SELECT to_char(month, 'YYYY-MM'), org.organisation, 0, 1
FROM contact_link l JOIN org USING (account_id)
CROSS JOIN LATERAL generate_series(date_trunc('month', greatest(l.state_since, $1) AT TIME ZONE $3),
  ($2::timestamptz AT TIME ZONE $3) - interval '1 microsecond', interval '1 month') AS month
WHERE l.state = 'revoked' AND l.state_since < $2""",
    "falsely_suspended": """
SELECT to_char(c.suspended_at AT TIME ZONE $3, 'YYYY-MM') AS month, org.organisation,
       (c.lifted_at IS NOT NULL)::int AS part, 1 AS whole
FROM correction_link c JOIN contact_link l ON l.id = c.link_id JOIN org USING (account_id)
WHERE c.suspended_at >= $1 AND c.suspended_at < $2""",
    "reachable": """
SELECT month, organisation, reachable AS part, accounts AS whole FROM coverage""",
    "verified": """
SELECT month, organisation, verified AS part, accounts AS whole FROM coverage""",
    "to_stop": """
SELECT to_char(c.suspended_at AT TIME ZONE $3, 'YYYY-MM') AS month, org.organisation,
       extract(epoch FROM c.suspended_at - first.said_at) AS seconds
FROM correction_link c JOIN contact_link l ON l.id = c.link_id JOIN org USING (account_id)
CROSS JOIN LATERAL (
  SELECT min(g.at) AS said_at FROM signal g
  WHERE g.contact_point_id = l.contact_point_id AND (g.account_id = l.account_id OR g.account_id IS NULL)
    AND g.kind IN ('wrong_number', 'moved_or_sold', 'seems_wrong', 'not_account_holder', 'ticket', 'staff_report')
    AND g.at <= c.suspended_at AND g.at > coalesce(l.verified_at, '-infinity')) AS first
WHERE c.suspended_at >= $1 AND c.suspended_at < $2 AND first.said_at IS NOT NULL""",
    "to_complete": """
SELECT to_char(x.signed_at AT TIME ZONE $3, 'YYYY-MM') AS month, org.organisation,
       extract(epoch FROM x.signed_at - x.opened_at) AS seconds
FROM cases x JOIN org USING (account_id) WHERE x.signed_at >= $1 AND x.signed_at < $2""",
    "falsely_stopped_for": """
SELECT to_char(c.suspended_at AT TIME ZONE $3, 'YYYY-MM') AS month, org.organisation,
       extract(epoch FROM c.lifted_at - c.suspended_at) AS seconds
FROM correction_link c JOIN contact_link l ON l.id = c.link_id JOIN org USING (account_id)
WHERE c.suspended_at >= $1 AND c.suspended_at < $2 AND c.lifted_at IS NOT NULL""",
}
# A case is that of its account, else of the first account that it lists.
_CASES: Final = """
CREATE TEMP TABLE cases ON COMMIT DROP AS
SELECT x.opened_at, x.applied_at, x.signed_at, x.recurred_at, x.reopened, coalesce(x.account_id, (
         SELECT l.account_id FROM correction_link c JOIN contact_link l ON l.id = c.link_id
         WHERE c.correction_id = x.id ORDER BY c.link_id LIMIT 1)) AS account_id
FROM correction x WHERE x.applied_at < $2::timestamptz AND (x.applied_at >= $1 OR x.signed_at >= $1)
"""
# What the sweeps saw; of the month that runs, where none has swept yet, what is so now.
_COVERAGE: Final = f"""
CREATE TEMP TABLE coverage ON COMMIT DROP AS
SELECT month, organisation, accounts, reachable, verified FROM contact_coverage
WHERE month >= to_char($1::timestamptz AT TIME ZONE $3, 'YYYY-MM')
  AND month <= to_char(($2::timestamptz - interval '1 microsecond') AT TIME ZONE $3, 'YYYY-MM')
UNION ALL
SELECT to_char($4::timestamptz AT TIME ZONE $3, 'YYYY-MM'), organisation, accounts, reachable, verified
FROM ({COVERED.replace("$1", "$5::timestamptz")}) AS now
WHERE $4::timestamptz >= $1 AND $4::timestamptz < $2 AND NOT EXISTS (
  SELECT FROM contact_coverage WHERE month = to_char($4::timestamptz AT TIME ZONE $3, 'YYYY-MM'))
"""
_GROUPS: Final[Mapping[By, str]] = {
    "month": "month",
    "organisation": "organisation",
    "both": "month, organisation",
    "all": "",
}
_ORG: Final = f"WITH org AS NOT MATERIALIZED ({ORGANISED})"
_SUMS: Final = "sum(part)::bigint AS part, sum(whole)::bigint AS whole"
_TIMES: Final = """count(*)::int AS n, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds::float8) AS median,
  percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds::float8) AS p95"""
#: Measures that read the table of cases, and that of coverage.
_OF_CASES: Final = frozenset({"thorough_first", "recurred", "to_complete"})
_OF_COVERAGE: Final = frozenset({"reachable", "verified"})
_SIGNALS: Final = """
SELECT {keys} g.kind, count(DISTINCT (g.kind, l.id)) AS whole,
       count(DISTINCT (g.kind, l.id)) FILTER (WHERE (d.decision = 'revoke') = (g.kind <> ALL($4::text[]))) AS part
FROM signal g JOIN contact_link l ON l.contact_point_id = g.contact_point_id
  AND (g.account_id = l.account_id OR g.account_id IS NULL)
JOIN org ON org.account_id = l.account_id
JOIN LATERAL (SELECT c.decision FROM correction_link c WHERE c.link_id = l.id AND c.decided_at >= g.at
              ORDER BY c.decided_at LIMIT 1) AS d ON true
CROSS JOIN LATERAL (SELECT to_char(g.at AT TIME ZONE $3, 'YYYY-MM') AS month) AS named
WHERE g.at >= $1 AND g.at < $2 GROUP BY {groups} g.kind ORDER BY {groups} g.kind
"""
#: Kinds of evidence that speak for a link.
_FOR: Final = ("confirmed", "paid_after_reminder", "lookup_match")


async def measures(
    connection: Any,
    by: By,
    *,
    since: datetime,
    until: datetime,
    now: datetime,
    zone: str,
    only: Collection[str] = (*SHARES, *TIMES),
) -> list[Reaching]:
    """The measures of a span of whole months, in the order of month and organisation.

    In the connection's transaction, which keeps what is seen alike for all of them. Those not among `only` are not
    asked for, and nothing was seen of them.
    """
    await _prepare(connection, only, since, until, now, zone)
    found: dict[tuple[str | None, str | None], dict[str, Any]] = {}
    if "misdirected" in only:
        # What was delivered is the whole of what was misdirected.
        for row in await _delivered(connection, by, since, until, ZoneInfo(zone)):
            _count(found, "misdirected", row)
    span = [since, until, zone, first_id(since - tallies.WRITTEN_BEFORE), first_id(until)]
    for name, statement in _MEASURES.items():
        if name not in only:
            continue
        for row in await connection.fetch(_grouped(statement, by, timed=name in TIMES), *span):
            if name in TIMES:
                cell = found.setdefault((row["month"], row["organisation"]), {})
                cell[name] = Times(n=row["n"], median=_short(row["median"]), p95=_short(row["p95"]))
            else:
                _count(found, name, row)
    return [
        Reaching(
            month=month,
            organisation=organisation,
            **_told(cell),
        )
        for (month, organisation), cell in sorted(found.items(), key=lambda item: (item[0][0] or "", item[0][1] or ""))
    ]


async def precision(connection: Any, by: By, *, since: datetime, until: datetime, zone: str) -> list[SignalPrecision]:
    """How often each kind of evidence was right, among links that were decided after it came."""
    groups = f"{_GROUPS[by]}, " if _GROUPS[by] else ""
    rows = await connection.fetch(_ORG + _SIGNALS.format(keys=groups, groups=groups), since, until, zone, list(_FOR))
    return [
        SignalPrecision(
            kind=row["kind"],
            month=row["month"] if by in ("month", "both") else None,
            organisation=row["organisation"] if by in ("organisation", "both") else None,
            right=_share(row["part"], row["whole"], 1),
        )
        for row in rows
    ]


def flat(items: Sequence[Reaching]) -> tuple[list[str], list[list[object]]]:
    """Measures as a table: headings, and a row for each month and organisation."""
    heads = ["month", "organisation"]
    for name in SHARES:
        heads += [f"{name}_numerator", f"{name}_denominator", name]
    for name in TIMES:
        heads += [f"{name}_n", f"{name}_median_s", f"{name}_p95_s"]
    rows: list[list[object]] = []
    for item in items:
        row: list[object] = [item.month, item.organisation]
        for name in SHARES:
            share: Share = getattr(item, name)
            row += [share.numerator, share.denominator, share.value]
        for name in TIMES:
            times: Times = getattr(item, name)
            row += [times.n, times.median, times.p95]
        rows.append(row)
    return heads, rows


PRECISION_HEADS: Final = ["kind", "month", "organisation", "right_numerator", "right_denominator", "right"]


def flat_precision(items: Sequence[SignalPrecision]) -> list[list[object]]:
    """The precision of evidence as rows under `PRECISION_HEADS`."""
    return [
        [one.kind, one.month, one.organisation, one.right.numerator, one.right.denominator, one.right.value]
        for one in items
    ]


async def _delivered(connection: Any, by: By, since: datetime, until: datetime, zone: ZoneInfo) -> list[Any]:
    """What was delivered in a span: days that are over from their tallies, the others text by text."""
    days, spans = await tallies.counted(connection, since, until, zone)
    # Whose the accounts are is not looked up where nobody asks.
    named = by in ("organisation", "both")
    statement = _DELIVERED.format(
        organisation="org.organisation" if named else "NULL::text AS organisation",
        org="JOIN org USING (account_id)" if named else "",
    )
    rows = list(await connection.fetch(_summed(_TALLIED, by), days))
    for begin, end in spans:
        ids = first_id(begin - tallies.WRITTEN_BEFORE), first_id(end)
        rows += await connection.fetch(_summed(statement, by), begin, end, zone.key, *ids)
    return rows


def _count(found: dict[tuple[str | None, str | None], dict[str, Any]], name: str, row: Any) -> None:
    """Add what a row counts to a share of its month and organisation."""
    cell = found.setdefault((row["month"], row["organisation"]), {})
    part, whole = cell.get(name, (0, 0))
    cell[name] = (part + (row["part"] or 0), whole + (row["whole"] or 0))


async def _prepare(
    connection: Any, only: Collection[str], since: datetime, until: datetime, now: datetime, zone: str
) -> None:
    """The tables that several of the measures read, of those that are asked for."""
    await connection.execute("SET LOCAL work_mem = '64MB'")
    await connection.execute(f"CREATE TEMP TABLE wrong ON COMMIT DROP AS {_WRONG}")
    await connection.execute("ANALYZE wrong")
    statements = [_CASES] if _OF_CASES.intersection(only) else []
    statements += [_COVERAGE] if _OF_COVERAGE.intersection(only) else []
    for statement in statements:
        await connection.execute(
            statement.replace("$1", f"'{since.isoformat()}'")
            .replace("$2", f"'{until.isoformat()}'")
            .replace("$3", f"'{zone}'")
            .replace("$4", f"'{now.isoformat()}'")
            .replace("$5", f"'{(now - PROVEN_FOR).isoformat()}'")
        )


def _grouped(statement: str, by: By, *, timed: bool) -> str:
    # Every parameter is named, whether or not a measure needs it.
    given = "$1::timestamptz IS NOT NULL AND $2::timestamptz IS NOT NULL AND $3::text IS NOT NULL"
    ids = "$4::uuid IS NOT NULL AND $5::uuid IS NOT NULL"
    what = _TIMES if timed else _SUMS
    return _summed(f"SELECT * FROM ({statement}) AS found WHERE {given} AND {ids}", by, what)


def _summed(statement: str, by: By, what: str = _SUMS) -> str:
    """`what` of the rows of a statement, by month, by organisation, by both or in all."""
    groups = _GROUPS[by]
    keys = (
        "month" if by in ("month", "both") else "NULL::text AS month",
        "organisation" if by in ("organisation", "both") else "NULL::text AS organisation",
    )
    by_groups = f"GROUP BY {groups}" if groups else ""
    return f"{_ORG} SELECT {', '.join(keys)}, {what} FROM ({statement}) AS measured {by_groups}"


def _told(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Every measure of a cell, those that nothing was seen of included."""
    shares = {name: cell.get(name, (0, 0)) for name in SHARES}
    return {
        **{name: _share(part, whole, PER.get(name, 1)) for name, (part, whole) in shares.items()},
        **{name: cell.get(name, Times(n=0, median=None, p95=None)) for name in TIMES},
    }


def _share(part: int, whole: int, per: int) -> Share:
    return Share(numerator=part, denominator=whole, value=round(part / whole * per, 4) if whole else None)


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
