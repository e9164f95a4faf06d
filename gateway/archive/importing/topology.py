"""The grid (`topology`): substation → feeder → transformer area, with codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.archive.importing.grid import Place, settle
from gateway.archive.importing.kinds import Fate, ImportKind, Outcome, Parsed, Run
from gateway.archive.importing.reading import Reader
from gateway.archive.importing.words import AREA_KINDS
from gateway.kernel.database import Work
from gateway.kernel.tabular import Column, Headings


class TopologyKind(ImportKind[Place]):
    """The list of the grid: `topology`. A row is a transformer area with what is above it."""

    name = "topology"
    headings = (
        Headings(
            [
                Column(name="substation_id", words=("变电站编号", "变电站编码")),
                Column(name="substation_name", words=("变电站", "变电站名称")),
                Column(name="feeder_id", words=("线路编号", "线路编码"), required=True),
                Column(name="feeder_name", words=("线路", "线路名称")),
                Column(name="tarea_id", words=("台区编号", "台区编码"), required=True),
                Column(name="tarea_name", words=("台区", "台区名称")),
                Column(name="tarea_type", words=("台区类型", "公专变标志", "公变专变")),
                Column(name="district", words=("区县", "县区", "所属单位", "供电单位")),
            ]
        ),
    )

    def parse(self, cells: Reader) -> Place:
        return Place(
            substation_code=cells.text("substation_id") or None,
            substation=cells.text("substation_name") or None,
            feeder_code=cells.required("feeder_id"),
            feeder=cells.text("feeder_name") or None,
            area_code=cells.required("tarea_id"),
            area=cells.text("tarea_name") or None,
            kind=cells.word("tarea_type", AREA_KINDS) or None,
            district=cells.text("district") or None,
        )

    async def merge(self, work: Work, rows: Sequence[Parsed[Place]], run: Run) -> Outcome:
        settled = await settle(work, [row.record for row in rows], run)
        fates: list[Fate] = []
        for row in rows:
            fates.append(settled[row.record][1])
            settled[row.record] = (settled[row.record][0], Fate.UNCHANGED)
        return Outcome.of(fates, [])


TOPOLOGY: Final = TopologyKind()
