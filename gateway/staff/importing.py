"""The list of staff (`staff`): members and their teams. Their numbers never stand on a customer's account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.archive.importing import ImportKind, Outcome, Parsed, Reader, RowRefused, Run
from gateway.archive.importing.kinds import Fate
from gateway.kernel.database import Work
from gateway.kernel.tabular import Column, Headings


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRecord:
    """A member of staff as the list has it; None where it says nothing."""

    staff_no: str
    name: str
    phone: str | None
    team_code: str | None
    team_name: str | None
    district: str | None
    job: str | None


class StaffKind(ImportKind[StaffRecord]):
    """The list of staff: `staff`."""

    name = "staff"
    headings = (
        Headings(
            [
                Column(name="staff_id", words=("工号", "员工编号", "人员编号"), required=True),
                Column(name="name", words=("姓名", "员工姓名"), required=True),
                Column(name="phone", words=("电话", "手机", "手机号码", "联系电话")),
                Column(name="team_id", words=("班组编号", "班组编码")),
                Column(name="team_name", words=("班组", "班组名称")),
                Column(name="role", words=("岗位", "职务", "角色")),
                Column(name="district", words=("区县", "县区", "所属单位")),
            ]
        ),
    )

    def parse(self, cells: Reader) -> StaffRecord:
        staff_no = cells.required("staff_id").upper()
        name = cells.name("name")
        if not name:
            raise RowRefused("name", "missing_value: The row cannot go in without this.")
        phones = cells.phones("phone")
        return StaffRecord(
            staff_no=staff_no,
            name=name,
            phone=phones.numbers[0].e164 if phones.numbers else None,
            team_code=cells.text("team_id") or cells.text("team_name") or None,
            team_name=cells.text("team_name") or None,
            district=cells.text("district") or None,
            job=cells.text("role") or None,
        )

    async def merge(self, work: Work, rows: Sequence[Parsed[StaffRecord]], run: Run) -> Outcome:
        records = {row.record.staff_no: row.record for row in rows}
        teams = {record.team_code: record for record in records.values() if record.team_code}
        await work.execute(
            _TEAMS,
            list(teams),
            [record.team_name or code for code, record in teams.items()],
            [record.district for record in teams.values()],
        )
        touched = await work.fetch(
            _MEMBERS,
            list(records),
            [record.name for record in records.values()],
            [record.phone for record in records.values()],
            [record.team_code for record in records.values()],
            [record.job for record in records.values()],
        )
        became = {row[0]: Fate.CREATED if row[1] else Fate.UPDATED for row in touched}
        # Of several rows for one member the last is taken, and what became of it counts once.
        return Outcome.of([became.pop(row.record.staff_no, Fate.UNCHANGED) for row in rows], [])


_TEAMS: Final = """
INSERT INTO team (code, name, district) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
ON CONFLICT (code) DO UPDATE SET name = excluded.name, district = coalesce(excluded.district, team.district)
WHERE (team.name, team.district) IS DISTINCT FROM (excluded.name, coalesce(excluded.district, team.district))
"""
_MEMBERS: Final = """
INSERT INTO staff_member (staff_no, name, phone, team_id, job)
SELECT u.staff_no, u.name, u.phone, t.id, u.job
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) u(staff_no, name, phone, team_code, job)
LEFT JOIN team t ON t.code = u.team_code
ON CONFLICT (staff_no) DO UPDATE SET name = excluded.name, phone = coalesce(excluded.phone, staff_member.phone),
  team_id = coalesce(excluded.team_id, staff_member.team_id), job = coalesce(excluded.job, staff_member.job)
WHERE (staff_member.name, staff_member.phone, staff_member.team_id, staff_member.job) IS DISTINCT FROM
  (excluded.name, coalesce(excluded.phone, staff_member.phone), coalesce(excluded.team_id, staff_member.team_id),
   coalesce(excluded.job, staff_member.job))
RETURNING staff_no, xmax = 0
"""

STAFF: Final = StaffKind()
