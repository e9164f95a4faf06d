"""Keeping the wording in step with the database: versions are recorded, edits in force are read and adopted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.clock import Clock
from gateway.kernel.database import AWAY, Database
from gateway.kernel.logs import logger
from gateway.notices.wording import TextKey, Wording

log = logger(__name__)

#: Channel on which nodes tell one another that texts have changed.
CHANGED: Final = "texts_changed"

_RECORD: Final = """
INSERT INTO template_version (name, language, tone, version, source, kept_at)
SELECT name, language, tone, version, source, $6
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
  AS shipped (name, language, tone, version, source)
ON CONFLICT (name, language, tone, version) DO NOTHING
"""
_IN_FORCE: Final = """
SELECT text.name, text.language, text.tone, version.source
FROM template_revision_text text JOIN template_version version ON version.id = text.version_id
WHERE text.in_force ORDER BY text.name, text.language, text.tone
"""


class TextKeeper:
    """Keeps one node's wording as the database has it."""

    def __init__(self, database: Database, clock: Clock, wording: Wording) -> None:
        self._database = database
        self._clock = clock
        self._wording = wording
        #: The texts as the release brings them.
        self.shipped = wording.edited({})
        self._wake = asyncio.Event()

    def wake(self, _payload: str = "") -> None:
        """Texts have changed, or may have."""
        self._wake.set()

    async def run(self) -> None:
        """Follow the changes of other nodes until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.reload()
            except AWAY as error:
                unless_cancelled()
                log.warning("texts not looked at", error=type(error).__name__)
                self._wake.set()
                await asyncio.sleep(1)

    async def start(self) -> None:
        """Record the release's own texts, and have what is in force."""
        texts = self.shipped.templates
        async with self._database.work() as work:
            await work.execute(
                _RECORD,
                [text.name for text in texts],
                [text.language for text in texts],
                [str(text.tone) for text in texts],
                [text.version for text in texts],
                [text.source for text in texts],
                self._clock.now(),
            )
            await work.commit()
        await self.reload()

    async def reload(self) -> None:
        """Have the texts that are in force now."""
        async with self._database.connection() as connection:
            edits = await edits_in_force(connection)
        self._wording.adopt(self.sound(edits))

    def sound(self, edits: Mapping[TextKey, str]) -> Wording:
        """The wording with these edits. Those that this release cannot use are left out, and said so loudly.

        A rule that is new, or a value that a text no longer gets, must not keep a gateway from starting.
        """
        wording = self.shipped.edited(edits)
        while wording.errors and edits:
            wrong = {finding.path.name.split(".", 1)[0] for finding in wording.errors}
            left = {key: source for key, source in edits.items() if key.name not in wrong}
            if len(left) == len(edits):
                left = {}
            for finding in wording.errors:
                log.error("an edited text cannot be used any more", why=str(finding))
            edits = left
            wording = self.shipped.edited(edits)
        return wording


async def edits_in_force(connection: Any) -> dict[TextKey, str]:
    """The source of every text that stands in place of the release's."""
    rows = await connection.fetch(_IN_FORCE)
    return {TextKey(row["name"], row["language"], row["tone"]): row["source"] for row in rows}
