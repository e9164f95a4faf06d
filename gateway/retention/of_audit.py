"""The audit trail: kept the longest of all, and then let go of too."""

from __future__ import annotations

from typing import Final

from gateway.retention.rules import Rule, Statements

RULES: Final[tuple[Rule, ...]] = (
    Statements(
        name="audit",
        days=3650,
        least=1095,
        kind="int",
        choose="SELECT id AS key FROM audit_entry WHERE at < $1",
        acts=("DELETE FROM audit_entry WHERE id = ANY($1::int[])",),
    ),
)
