"""Revising texts: proposed with a preview, put in force by a second person, for every node at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import event, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel import audit
from gateway.kernel.acting import needs
from gateway.kernel.clock import Clock
from gateway.kernel.database import driver
from gateway.kernel.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound
from gateway.kernel.ids import new_id
from gateway.kernel.segments import count
from gateway.notices.texts.keeping import CHANGED, TextKeeper, edits_in_force
from gateway.notices.texts.tables import TemplateRevision, TemplateRevisionText, TemplateVersion
from gateway.notices.wording import Finding, Severity, Template, TextKey, Wording, differences, version_of
from gateway.outbox import approvals

#: Approvals come one after another, since texts of one name must agree in the end.
_ONE_AT_A_TIME: Final = 0x54455854
_named_well = re.compile(r"[a-z][a-z0-9_]{0,63}").fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """One text as somebody wants it. Without a source it goes back to what the release brings."""

    key: TextKey
    source: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A text filled in, signature and all, and what it takes on the air."""

    body: str
    segments: int
    units: int
    encoding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something about a text: an error keeps it from being used, a warning is advice."""

    line: int
    severity: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPreview:
    """A proposed text as it would go out. What is wrong with it stands in `findings`."""

    name: str
    language: str
    tone: str
    version: str | None
    template: Template | None
    example: Filled | None
    longest: Filled | None
    findings: tuple[Remark, ...]


def filled(text: str) -> Filled:
    """What a whole text takes on the air."""
    size = count(text)
    return Filled(body=text, segments=size.parts, units=size.units, encoding=size.encoding.value)


class Texts:
    """The use cases around texts. All work in the session's transaction."""

    def __init__(self, clock: Clock, keeper: TextKeeper, wording: Wording) -> None:
        self._clock = clock
        self._keeper = keeper
        self._wording = wording

    @property
    def in_force(self) -> Wording:
        """The texts that this node uses now."""
        return self._wording

    @property
    def shipped(self) -> Wording:
        """The texts as the release brings them."""
        return self._keeper.shipped

    async def approved_by_carrier(
        self,
        session: AsyncSession,
        *,
        name: str,
        version: str,
        carrier: str,
        carrier_template_id: str | None,
        state: str,
        reason: str | None,
        actor: str,
    ) -> None:
        """Write down what a carrier says of a version. Raises NotFound where there is no such version."""
        known = TemplateVersion
        if await session.scalar(select(known.id).where(known.name == name, known.version == version)) is None:
            raise NotFound(f"there is no version {version} of the text {name}")
        now = self._clock.now()
        before = await approvals.record(
            await driver(session),
            carrier=carrier,
            template=name,
            version=version,
            carrier_template_id=carrier_template_id,
            state=state,
            reason=reason,
            at=now,
            by=actor,
        )
        audit.record(
            session,
            at=now,
            actor=actor,
            action=f"text {state} by its carrier",
            subject=f"template:{name}:{version}:{carrier}",
            before=None if before is None else dict(before),
            after={"carrier_template_id": carrier_template_id, "state": state, "reason": reason},
        )

    async def preview(self, session: AsyncSession, texts: Sequence[Proposed]) -> list[TextPreview]:
        """Each text with its examples and with its longest fill, and what is wrong with it; nothing is kept."""
        checked = await self._checked(await driver(session), texts)
        return [checked.preview(text) for text in texts]

    @needs("templates:write", whole=True)
    async def draft(self, session: AsyncSession, texts: Sequence[Proposed], *, note: str | None, actor: str) -> UUID:
        """Propose texts; the id of the revision. Raises InvalidInput naming each text that is wrong, and why."""
        checked = await self._checked(await driver(session), texts)
        if faults := checked.faults(texts):
            told = f"{faults[0].field}: {faults[0].message}"
            raise InvalidInput(f"the texts are wrong: {told}", errors=faults)
        now = self._clock.now()
        revision = TemplateRevision(id=new_id(now), note=note, drafted_by=actor, drafted_at=now)
        session.add(revision)
        await session.flush()
        for text in texts:
            session.add(
                TemplateRevisionText(
                    revision_id=revision.id,
                    name=text.key.name,
                    language=text.key.language,
                    tone=text.key.tone,
                    version_id=None if text.source is None else await self._kept(session, text.key, text.source),
                )
            )
        await session.flush()
        after = {"texts": {str(text.key): text.source and version_of(text.source) for text in texts}, "note": note}
        self._note(session, actor, "texts proposed", revision.id, after=after)
        return revision.id

    @needs("templates:approve", whole=True)
    async def approve(self, session: AsyncSession, revision_id: UUID, *, actor: str, two_people: bool) -> None:
        """Put a revision in force: here once the session commits, on other nodes a moment later.

        Raises Forbidden where the author approves alone; Conflict where the texts do not fit what is in force by
        now, or where a carrier that takes approved texts only has not approved one of them.
        """
        connection = await driver(session)
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _ONE_AT_A_TIME)
        revision = await self._drafted(session, revision_id)
        if revision.drafted_by == actor and not two_people:
            raise Forbidden("texts are approved by somebody other than who proposed them")
        texts = await self._texts(session, revision_id)
        checked = await self._checked(connection, texts)
        if faults := checked.faults(texts):
            raise Conflict(f"the texts do not fit any more: {faults[0].field}: {faults[0].message}")
        versions = [(text.key.name, version_of(text.source)) for text in texts if text.source is not None]
        for carrier, (name, version) in await approvals.lacking(connection, versions):
            raise Conflict(f"{carrier} takes approved texts only, and has not approved {name} in version {version}")
        before = {str(text.key): checked.version_before(text.key) for text in texts}
        await self._put_in_force(session, revision, texts)
        revision.state, revision.decided_by, revision.decided_at = "approved", actor, self._clock.now()
        await session.flush()
        await connection.execute("SELECT pg_notify($1, '')", CHANGED)
        after = {str(text.key): checked.version_after(text.key) for text in texts}
        self._note(session, actor, "texts approved", revision_id, before=before, after=after)
        event.listen(
            session.sync_session, "after_commit", lambda _session: self._wording.adopt(checked.after), once=True
        )

    async def refuse(self, session: AsyncSession, revision_id: UUID, *, actor: str, remark: str | None) -> None:
        """Turn a revision down; its author takes it back by the same means."""
        revision = await self._drafted(session, revision_id)
        state = "withdrawn" if revision.drafted_by == actor else "refused"
        revision.state, revision.decided_by, revision.remark = state, actor, remark
        revision.decided_at = self._clock.now()
        self._note(session, actor, f"texts {state}", revision_id, after={"remark": remark})

    async def _put_in_force(self, session: AsyncSession, revision: TemplateRevision, texts: Sequence[Proposed]) -> None:
        row = TemplateRevisionText
        for text in texts:
            of_text = (row.name == text.key.name, row.language == text.key.language, row.tone == text.key.tone)
            await session.execute(update(row).where(*of_text, row.in_force).values(in_force=False))
        await session.execute(
            update(row).where(row.revision_id == revision.id, row.version_id.is_not(None)).values(in_force=True)
        )

    async def _kept(self, session: AsyncSession, key: TextKey, source: str) -> int:
        """The id of a version, recorded if it is new."""
        connection = await driver(session)
        version = version_of(source)
        await connection.execute(
            """INSERT INTO template_version (name, language, tone, version, source, kept_at)
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name, language, tone, version) DO NOTHING""",
            key.name,
            key.language,
            key.tone,
            version,
            source,
            self._clock.now(),
        )
        found: int = await connection.fetchval(
            "SELECT id FROM template_version WHERE (name, language, tone, version) = ($1, $2, $3, $4)",
            key.name,
            key.language,
            key.tone,
            version,
        )
        return found

    async def _texts(self, session: AsyncSession, revision_id: UUID) -> list[Proposed]:
        text, version = TemplateRevisionText, TemplateVersion
        rows = await session.execute(
            select(text.name, text.language, text.tone, version.source)
            .outerjoin(version, version.id == text.version_id)
            .where(text.revision_id == revision_id)
            .order_by(text.name, text.language, text.tone)
        )
        return [
            Proposed(key=TextKey(row.name, row.language, row.tone), source=row.source) for row in rows
        ]  # fmt: skip

    async def _drafted(self, session: AsyncSession, revision_id: UUID) -> TemplateRevision:
        row = TemplateRevision
        revision = await session.scalar(select(row).where(row.id == revision_id).with_for_update())
        if revision is None:
            raise NotFound(f"there is no revision {revision_id}")
        if revision.state != "draft":
            raise Conflict(f"the revision is {revision.state} already")
        return revision

    async def _checked(self, connection: Any, texts: Sequence[Proposed]) -> _Checked:
        in_force = await edits_in_force(connection)
        edits = dict(in_force)
        for text in texts:
            edits.pop(text.key, None)
            if text.source is not None:
                edits[text.key] = text.source
        return _Checked(
            shipped=self._keeper.shipped, before=self._keeper.sound(in_force), after=self._keeper.shipped.edited(edits)
        )

    def _note(
        self,
        session: AsyncSession,
        actor: str,
        action: str,
        revision_id: UUID,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        audit.record(
            session,
            at=self._clock.now(),
            actor=actor,
            action=action,
            subject=f"template_revision:{revision_id}",
            before=dict(before) if before else None,
            after=dict(after) if after else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """The wording as shipped, as it is, and as it would be."""

    shipped: Wording
    before: Wording
    after: Wording

    def version_before(self, key: TextKey) -> str | None:
        found = self.before.find(key)
        return found.version if found is not None else None

    def version_after(self, key: TextKey) -> str | None:
        found = self.after.find(key)
        return found.version if found is not None else None

    def preview(self, text: Proposed) -> TextPreview:
        template = self.after.find(text.key)
        return TextPreview(
            name=text.key.name,
            language=text.key.language,
            tone=text.key.tone,
            version=template.version if template else text.source and version_of(text.source),
            template=template,
            example=filled(template.example()) if template else None,
            longest=filled(template.longest()) if template else None,
            findings=tuple(self._remarks(text)),
        )

    def faults(self, texts: Sequence[Proposed]) -> list[FieldError]:
        """Every error, by the text it is about. One that is about another text of the name goes to the first."""
        found = [
            FieldError(f"texts[{number}].source", f"line {remark.line}: {remark.message}", "template")
            for number, text in enumerate(texts)
            for remark in self._remarks(text)
            if remark.severity == Severity.ERROR
        ]
        proposed = {text.key.filename_in for text in texts}
        for finding in self.after.errors:
            if _place(finding) in proposed:
                continue
            number = next((n for n, text in enumerate(texts) if text.key.name == _place(finding)[1].split(".")[0]), 0)
            found.append(FieldError(f"texts[{number}].source", str(finding), "template"))
        return found

    def _remarks(self, text: Proposed) -> Iterable[Remark]:
        if _named_well(text.key.name) is None:
            message = f"{text.key.name!r} is no name of a text: small letters, digits and underscores"
            yield Remark(line=1, severity=Severity.ERROR, message=message)
        if text.key.language not in self.shipped.languages:
            message = f"texts are written in {' and '.join(self.shipped.languages)}, not in {text.key.language}"
            yield Remark(line=1, severity=Severity.ERROR, message=message)
        for finding in self.after.findings:
            if _place(finding) == text.key.filename_in:
                yield Remark(line=finding.line, severity=finding.severity, message=finding.message)
        template = self.after.find(text.key)
        model = next((t for t in self.shipped.templates if t.name == text.key.name), None)
        if template is None or model is None:
            return
        relied_on = [*differences(model, template), *(["its codes"] if not _same_codes(self.shipped, template) else [])]
        for what in relied_on:
            message = f"the program relies on {what} of {text.key.name}: write a text of another name instead"
            yield Remark(line=1, severity=Severity.ERROR, message=message)


def _same_codes(shipped: Wording, template: Template) -> bool:
    """Replies to texts that were sent before are read by the codes of the text in force."""
    same = shipped.find(template.key)
    return same is None or same.codes == template.codes


def _place(finding: Finding) -> tuple[str, str]:
    path: Path = finding.path
    return path.parent.name, path.name
