"""Supervision cards (督办卡) that were issued elsewhere, as a file: `supervision_cards`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.archive.importing import ImportKind, Outcome, Parsed, Reader, RowRefused, Run
from gateway.archive.importing.kinds import Fate, Refusal
from gateway.kernel import audit
from gateway.kernel.database import Work
from gateway.kernel.ids import new_id
from gateway.kernel.tabular import Column, Headings


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRecord:
    """A card as the file has it: three people by their staff numbers."""

    card_no: str
    words: str
    issuer: str
    doer: str
    checker: str
    due_at: datetime
    unit: str | None


class SupervisionCardsKind(ImportKind[CardRecord]):
    """Supervision cards: `supervision_cards`. One that nobody has reported on yet may be given another time."""

    name = "supervision_cards"
    tables = ("supervision_card",)
    headings = (
        Headings(
            [
                Column(name="card_id", words=("督办编号", "督办卡编号"), required=True),
                Column(name="words", words=("督办事项", "督办内容"), required=True),
                Column(name="issuer", words=("签发人", "签发人工号"), required=True),
                Column(name="doer", words=("责任人", "责任人工号"), required=True),
                Column(name="checker", words=("督察人", "检查人", "督察人工号"), required=True),
                Column(name="due_at", words=("完成期限", "督办期限"), required=True),
                Column(name="unit", words=("责任单位", "责任班组")),
            ]
        ),
    )

    def parse(self, cells: Reader) -> CardRecord:
        cells.required("due_at")
        due_at = cells.moment("due_at")
        if due_at is None:
            raise RowRefused(*cells.refused[-1])
        people = {name: cells.required(name).upper() for name in ("issuer", "doer", "checker")}
        if len(set(people.values())) < len(people):
            raise RowRefused("checker", "same_person: Issuer, doer and checker are three people.")
        return CardRecord(
            card_no=cells.required("card_id").removesuffix(".0"),
            words=cells.required("words"),
            due_at=due_at,
            unit=cells.text("unit") or None,
            **people,
        )

    async def merge(self, work: Work, rows: Sequence[Parsed[CardRecord]], run: Run) -> Outcome:
        people = [getattr(row.record, name) for row in rows for name in ("issuer", "doer", "checker")]
        teams: dict[str, str | None] = {
            row["staff_no"]: row["team"]
            for row in await work.fetch(
                """SELECT s.staff_no, t.code AS team FROM staff_member s LEFT JOIN team t ON t.id = s.team_id
                   WHERE s.staff_no = ANY($1::text[])""",
                people,
            )
        }
        fates, refusals = [], []
        for row in rows:
            wrong = _wrong(row.record, teams)
            if wrong is not None:
                refusals.append(Refusal(row=row.row, column=wrong[0], reason=wrong[1]))
                continue
            fates.append(await self._keep(work, row.record, row.record.unit or teams[row.record.doer] or "", run))
        return Outcome.of(fates, refusals)

    async def _keep(self, work: Work, record: CardRecord, unit: str, run: Run) -> Fate:
        subject, said = f"card:{record.card_no}", (record.words, record.due_at)
        stands = await work.connection.fetchrow(
            "SELECT id, state, words, due_at FROM supervision_card WHERE subject = $1 FOR UPDATE", subject
        )
        if stands is not None and (stands["state"] != "issued" or (stands["words"], stands["due_at"]) == said):
            return Fate.UNCHANGED
        card = new_id(run.now) if stands is None else stands["id"]
        after: dict[str, Any] = {"card": record.card_no, "due_at": record.due_at.isoformat()}
        if stands is None:
            await work.execute(
                """INSERT INTO supervision_card (id, subject, words, issuer, unit, doer, checker, issued_at, due_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
                card, subject, record.words, record.issuer, unit, record.doer, record.checker, run.now, record.due_at,
            )  # fmt: skip
            after |= {"issuer": record.issuer, "doer": record.doer, "checker": record.checker, "unit": unit}
        else:
            await work.execute("UPDATE supervision_card SET words = $2, due_at = $3 WHERE id = $1", card, *said)
        await audit.write(
            work.connection,
            at=run.now,
            actor=f"import:{run.import_id}",
            action="supervision_card.imported",
            subject=f"supervision_card:{card}",
            before=None if stands is None else {"due_at": stands["due_at"].isoformat()},
            after=after,
        )
        return Fate.CREATED if stands is None else Fate.UPDATED


def _wrong(record: CardRecord, teams: dict[str, str | None]) -> tuple[str, str] | None:
    """The column and the reason of a card that nobody may issue."""
    for name in ("issuer", "doer", "checker"):
        if getattr(record, name) not in teams:
            return name, "unknown_staff: There is nobody so numbered."
    doer = teams[record.doer]
    if doer is not None and doer == teams[record.checker]:
        return "checker", "same_team: The checker is of another team than the doer."
    if record.unit is None and doer is None:
        return "unit", "missing_value: The doer is in no team: name the unit."
    return None


SUPERVISION_CARDS: Final = SupervisionCardsKind()
