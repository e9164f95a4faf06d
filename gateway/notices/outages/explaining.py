"""Who reported that supply is off before the outage was entered: it explains them as it does who reports later."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from gateway.notices.outages.saying import reference
from gateway.notices.outages.scopes import WITHIN
from gateway.notices.outages.timetable import Timetable

_ON_IT: Final = f"SELECT within.id FROM ({WITHIN}) AS within WHERE within.id = ANY($2::int[])"
_REPORTS: Final = """
INSERT INTO outage_report (outage_id, account_id, inbound_id, at)
SELECT DISTINCT ON (account_id) $1::int, account_id, inbound_id, $4::timestamptz
FROM unnest($2::int[], $3::uuid[]) AS earlier (account_id, inbound_id)
ON CONFLICT (outage_id, account_id) DO NOTHING
"""


class Report(Protocol):
    """A report of which nobody knows why, and the case that it is."""

    @property
    def case(self) -> UUID:
        """The case."""
        ...

    @property
    def account_id(self) -> int:
        """The account without supply."""
        ...

    @property
    def inbound_id(self) -> UUID:
        """What its customer said."""
        ...


class Explained(Protocol):
    """Told of the cases that an outage (`matter`) explains, in the connection's transaction."""

    async def __call__(
        self, connection: Any, cases: Sequence[UUID], matter: str, *, at: datetime, actor: str
    ) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """Where reports that came earlier are found, and who is told that they are explained."""

    unexplained: Callable[[Any, datetime], Awaitable[Sequence[Report]]]
    explained: Explained


async def attach(
    connection: Any, outage: Any, earlier: Earlier, *, actor: str, now: datetime, table: Timetable
) -> None:
    """Attach to an outage under way who reported it before: from now on they are told of it at any hour."""
    reports = await earlier.unexplained(connection, outage["starts_at"] - table.explains_after)
    if not reports:
        return
    rows = await connection.fetch(_ON_IT, outage["id"], [report.account_id for report in reports])
    on_it = {row["id"] for row in rows}
    reports = [report for report in reports if report.account_id in on_it]
    if not reports:
        return
    await connection.execute(
        _REPORTS,
        outage["id"],
        [report.account_id for report in reports],
        [report.inbound_id for report in reports],
        now,
    )
    cases = [report.case for report in reports]
    await earlier.explained(connection, cases, reference(outage["outage_no"]), at=now, actor=actor)
