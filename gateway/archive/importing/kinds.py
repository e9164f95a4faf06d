"""What a kind of import is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.archive.importing.reading import Reader
from gateway.kernel.database import Work
from gateway.kernel.tabular import Headings, Row

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """A row of the file and the record that was read from it."""

    row: Row
    record: T


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What of a row does not go in. `column` is canonical; `reason` a stable word, a colon and a sentence."""

    row: Row
    column: str | None
    reason: str
    scope: Literal["row", "cell", "conflict"] = "row"


class Fate(IntEnum):
    """What became of a row; of several fates for one row the greatest counts."""

    UNCHANGED = 0
    UPDATED = 1
    CREATED = 2
    REJECTED = 3


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of the rows of a chunk."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refusals: list[Refusal] = field(default_factory=list)

    @classmethod
    def of(cls, fates: Iterable[Fate], refusals: list[Refusal]) -> Outcome:
        """Count the fates of a chunk's rows; rejected ones are counted by their refusals."""
        counts = [0, 0, 0, 0]
        for fate in fates:
            counts[fate] += 1
        return cls(
            created=counts[Fate.CREATED],
            updated=counts[Fate.UPDATED],
            unchanged=counts[Fate.UNCHANGED],
            refusals=refusals,
        )


@dataclass(slots=True, kw_only=True)
class Run:
    """One import under way: what its chunks share. `memory` is the kind's own, and lost in a restart."""

    import_id: UUID
    zone: ZoneInfo
    region: str
    now: datetime
    #: Accounts (ids) at which whoever handed the file in redirects nothing: the customer is asked about their work.
    kept_off: frozenset[int] = frozenset()
    #: The member of staff who handed it in; None for a program.
    staff_no: str | None = None
    memory: dict[str, Any] = field(default_factory=dict)


class ImportKind(ABC, Generic[T]):
    """One kind of file. Stateless: whatever a run has to remember is in its `Run`."""

    name: str
    headings: Sequence[Headings]
    #: The tables it fills, of which the planner hears while they grow.
    tables: Sequence[str] = ()

    def as_table(self, path: Path, _zone: ZoneInfo) -> Path:
        """The file as a table, where it is of a form of the kind's own (a calendar): beside it, and the same each time.

        Raises `BadTable`, `TooLarge`.
        """
        return path

    @abstractmethod
    def parse(self, cells: Reader) -> T:
        """Read the row that `cells` stands on. Pure; raises `RowRefused`, and notes refused cells in `cells`."""

    def group(self, record: T) -> object:
        """What keeps neighbouring rows in one chunk, where they speak of the same thing; None for nothing."""
        return None

    @abstractmethod
    async def merge(self, work: Work, rows: Sequence[Parsed[T]], run: Run) -> Outcome:
        """Bring a chunk into the tables with a few statements, in the transaction of `work`."""
