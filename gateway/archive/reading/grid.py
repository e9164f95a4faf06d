"""The grid as people choose from it: feeders, and the transformer areas that hang on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.tables import Feeder, Substation, TransformerArea


@dataclass(frozen=True, slots=True, kw_only=True)
class FeederSeen:
    """A feeder; `code` is its name where it has no code."""

    code: str
    name: str
    substation: str | None
    #: Transformer areas that hang on it.
    areas: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaSeen:
    """A transformer area; `code` is its name where it has no code."""

    code: str
    name: str
    feeder: str | None


async def feeders(session: AsyncSession) -> list[FeederSeen]:
    """Every feeder, by substation and name."""
    areas = select(TransformerArea.feeder_id, func.count().label("areas")).group_by(TransformerArea.feeder_id)
    hanging = areas.subquery()
    rows = await session.execute(
        select(
            func.coalesce(Feeder.code, Feeder.name).label("code"),
            Feeder.name,
            Substation.name.label("substation"),
            func.coalesce(hanging.c.areas, 0).label("areas"),
        )
        .outerjoin(Substation, Substation.id == Feeder.substation_id)
        .outerjoin(hanging, hanging.c.feeder_id == Feeder.id)
        .order_by(Substation.name, Feeder.name)
    )
    return [FeederSeen(**row._mapping) for row in rows]


async def areas(session: AsyncSession, feeders: Sequence[str]) -> list[AreaSeen]:
    """The transformer areas on these feeders (codes, or names where there is none), by feeder and name."""
    line = func.coalesce(Feeder.code, Feeder.name)
    rows = await session.execute(
        select(
            func.coalesce(TransformerArea.code, TransformerArea.name).label("code"),
            TransformerArea.name,
            Feeder.name.label("feeder"),
        )
        .join(Feeder, Feeder.id == TransformerArea.feeder_id)
        .where(line.in_(feeders))
        .order_by(Feeder.name, TransformerArea.name)
    )
    return [AreaSeen(**row._mapping) for row in rows]
