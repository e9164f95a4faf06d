"""Lists of recycled and dead numbers, as operators and clouds deliver them (`number_checks`).

Each row says of a number what became of it, and if the list says so when. What it means for each link is for the
model: a number given to somebody else since the link was written down is another's (domain notes §3.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.archive import evidence
from gateway.archive.importing.kinds import Fate, ImportKind, Outcome, Parsed, Refusal, Run
from gateway.archive.importing.reading import Reader, RowRefused
from gateway.archive.signals import Sign
from gateway.kernel.database import Work
from gateway.kernel.tabular import Column, Headings

#: What lists say, and what it comes to: words of operators, codes of Aliyun (twice-tel 0–3, empty number) and of
#: Baidu's number status (domain notes §3.3).
VERDICTS: Final = {
    **dict.fromkeys(
        ("二次放号", "二次号", "二次号码", "重新放号", "是", "1", "recycled", "reassigned", "yes"), "recycled"
    ),
    **dict.fromkeys(("空号", "销号", "注销", "已注销", "停用", "3", "02", "04", "12", "empty", "inactive"), "inactive"),
    **dict.fromkeys(("正常", "实号", "活跃", "否", "2", "01", "normal", "active", "no"), "active"),
    **dict.fromkeys(
        (
            "未知",
            "无法判断",
            "沉默号",
            "沉默",
            "风险号",
            "0",
            "suspect_empty",
            "unknown",
            "no_data",
            "no_data_available",
        ),
        "unknown",
    ),
}
UNKNOWN_NUMBER: Final = "unknown_number: The archive does not have this number."


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberCheck:
    """What a list says of a number."""

    number: str
    verdict: str
    given_on: date | None


class NumberChecksKind(ImportKind[NumberCheck]):
    """A list of what became of numbers: `number_checks`."""

    name = "number_checks"
    tables = ("number_lookup",)
    headings = (
        Headings(
            [
                Column(
                    name="number", words=("手机号", "手机号码", "号码", "电话号码", "mobile", "phone"), required=True
                ),
                Column(
                    name="status",
                    words=("状态", "号码状态", "检测结果", "结果", "是否二次放号", "result"),
                    required=True,
                ),
                Column(name="given_on", words=("放号日期", "二次放号日期", "入网日期", "销号日期", "日期", "date")),
            ]
        ),
    )

    def parse(self, cells: Reader) -> NumberCheck:
        field = cells.phones("number")
        if not field.numbers:
            column, reason = cells.refused[0] if cells.refused else ("number", "empty: There is no number in the row.")
            raise RowRefused(column, reason)
        word = cells.required("status")
        verdict = VERDICTS.get(word) or VERDICTS.get(word.casefold())
        if verdict is None:
            raise RowRefused("status", f"unknown_word: Known are {'、'.join(VERDICTS)}.")
        return NumberCheck(number=field.numbers[0].e164, verdict=verdict, given_on=cells.day("given_on"))

    async def merge(self, work: Work, rows: Sequence[Parsed[NumberCheck]], run: Run) -> Outcome:
        # Of several rows for one number the last is taken, and what became of it counts once.
        records = {row.record.number: row.record for row in rows}
        known = {
            row[0]
            for row in await work.fetch(
                "SELECT address FROM contact_point WHERE kind = 'phone' AND address = ANY($1::text[])", list(records)
            )
        }
        fresh = await work.fetch(
            _INSERT,
            list(records),
            [record.verdict for record in records.values()],
            [record.given_on for record in records.values()],
            run.now,
        )
        became = {row[0]: Fate.CREATED for row in fresh}
        await _judge(work, [records[number] for number in became], run)
        refusals = [
            Refusal(row=row.row, column="number", reason=UNKNOWN_NUMBER)
            for row in rows
            if row.record.number not in known
        ]
        fates = [became.pop(row.record.number, Fate.UNCHANGED) for row in rows if row.record.number in known]
        return Outcome.of(fates, refusals)


async def _judge(work: Work, fresh: Sequence[NumberCheck], run: Run) -> None:
    """Keep what the list says as evidence on the links it speaks of, and judge them."""
    told = [check for check in fresh if check.verdict in _SIGNALS]
    rows = await work.fetch(
        _SPOKEN_OF,
        [check.number for check in told],
        [_SIGNALS[check.verdict] for check in told],
        [check.given_on for check in told],
        run.now,
    )
    source = {"source": "file", "import": str(run.import_id)}
    signs = [
        Sign(
            contact_point_id=row[0],
            account_id=row[1],
            kind=row[2],
            at=run.now,
            evidence=source if row[3] is None else {**source, "given_on": row[3].isoformat()},
        )
        for row in rows
    ]
    await evidence.take(work.connection, signs, run.now)


# What was known to be right after the number was given to somebody else is not touched by that.
_SPOKEN_OF: Final = """
SELECT l.contact_point_id, l.account_id, u.kind, u.given_on
FROM unnest($1::text[], $2::text[], $3::date[]) u(address, kind, given_on)
JOIN contact_point p ON p.address = u.address AND p.kind = 'phone'
JOIN contact_link l ON l.contact_point_id = p.id AND l.state IN ('unverified', 'verified')
WHERE u.kind <> 'lookup' OR greatest(l.verified_at::date, l.registered_on, l.updated_on, '-infinity'::date)
  <= coalesce(u.given_on, $4::date)
"""
#: What a list's verdict is evidence of (`judging.WEIGHTS`).
_SIGNALS: Final = {"recycled": "lookup", "inactive": "unallocated"}

# A list that says again what was said last adds nothing.
_INSERT: Final = """
INSERT INTO number_lookup (contact_point_id, at, source, verdict, detail)
SELECT p.id, $4, 'file', u.verdict, jsonb_strip_nulls(jsonb_build_object('given_on', u.given_on))
FROM unnest($1::text[], $2::text[], $3::date[]) u(address, verdict, given_on)
JOIN contact_point p ON p.address = u.address AND p.kind = 'phone'
LEFT JOIN LATERAL (SELECT l.verdict, l.detail FROM number_lookup l
                   WHERE l.contact_point_id = p.id AND l.source = 'file' ORDER BY l.id DESC LIMIT 1) last ON true
WHERE last.verdict IS DISTINCT FROM u.verdict OR last.detail ->> 'given_on' IS DISTINCT FROM u.given_on::text
RETURNING (SELECT address FROM contact_point WHERE id = contact_point_id)
"""

NUMBER_CHECKS: Final = NumberChecksKind()
