"""Texts as they are read: what is in force, every version there was, and the revisions that brought them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.database import driver
from gateway.kernel.errors import NotFound
from gateway.notices.texts.revising import Filled, filled
from gateway.notices.texts.tables import TemplateRevision, TemplateRevisionText, TemplateVersion
from gateway.notices.wording import Template, TextKey, Wording
from gateway.outbox import approvals


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierWord:
    """What a carrier said of a version."""

    carrier: str
    carrier_template_id: str | None
    state: str
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TextInForce:
    """A text as it is used now."""

    name: str
    language: str
    tone: str
    kind: str
    klass: str
    purpose: str
    hours: str
    version: str
    #: Whether it stands in place of the release's text, and that text's version (None: the release has none).
    edited: bool
    shipped_version: str | None
    variables: dict[str, str]
    codes: dict[str, str]
    example: Filled
    longest: Filled
    carriers: tuple[CarrierWord, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A text exactly as it was."""

    name: str
    language: str
    tone: str
    version: str
    kept_at: datetime
    in_force: bool
    source: str
    carriers: tuple[CarrierWord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionText:
    """One text of a revision; without a version it goes back to what the release brings."""

    name: str
    language: str
    tone: str
    version: str | None
    source: str | None
    in_force: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A change of texts, and what became of it."""

    id: UUID
    state: str
    note: str | None
    drafted_by: str
    drafted_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    remark: str | None
    texts: tuple[RevisionText, ...]


async def in_force(session: AsyncSession, wording: Wording, shipped: Wording, name: str | None) -> list[TextInForce]:
    """Every text as it is used now, or those of one name. Raises NotFound where there is none of that name."""
    words = await _carriers(session, name)
    found = [
        _text(template, shipped, words)
        for template in sorted(wording.templates, key=lambda template: template.key)
        if name is None or template.name == name
    ]
    if name is not None and not found:
        raise NotFound(f"There is no text named {name}.")
    return found


async def versions(session: AsyncSession, wording: Wording, name: str, version: str | None = None) -> list[Version]:
    """Every version of a text, or one of them, newest first. Raises NotFound where there is none."""
    words = await _carriers(session, name)
    row = TemplateVersion
    query = select(row).where(row.name == name).order_by(row.kept_at.desc(), row.id.desc())
    if version is not None:
        query = query.where(row.version == version)
    used = {(template.key, template.version) for template in wording.templates}
    found = [
        Version(
            name=one.name,
            language=one.language,
            tone=one.tone,
            version=one.version,
            kept_at=one.kept_at,
            in_force=(TextKey(one.name, one.language, one.tone), one.version) in used,
            source=one.source,
            carriers=tuple(words[(one.name, one.version)]),
        )
        for one in await session.scalars(query)
    ]
    if not found:
        told = f"There is no text named {name}." if version is None else f"There is no version {version} of {name}."
        raise NotFound(told)
    return found


async def revisions(
    session: AsyncSession, *, states: Sequence[str] | None, before: UUID | None, limit: int
) -> list[Revision]:
    """Up to `limit` revisions older than `before`, newest first."""
    row = TemplateRevision
    query = select(row).order_by(row.id.desc()).limit(limit)
    if states is not None:
        query = query.where(row.state.in_(states))
    if before is not None:
        query = query.where(row.id < before)
    found = list(await session.scalars(query))
    texts = await _texts(session, [one.id for one in found])
    return [_revision(one, texts[one.id]) for one in found]


async def revision(session: AsyncSession, revision_id: UUID) -> Revision:
    """One revision. Raises NotFound."""
    found = await session.get(TemplateRevision, revision_id, populate_existing=True)
    if found is None:
        raise NotFound("There is no revision with this id.")
    return _revision(found, (await _texts(session, [revision_id]))[revision_id])


async def _texts(session: AsyncSession, ids: Iterable[UUID]) -> Mapping[UUID, list[RevisionText]]:
    text, version = TemplateRevisionText, TemplateVersion
    rows = await session.execute(
        select(text.revision_id, text.name, text.language, text.tone, text.in_force, version.version, version.source)
        .outerjoin(version, version.id == text.version_id)
        .where(text.revision_id.in_(list(ids)))
        .order_by(text.name, text.language, text.tone)
    )
    by_revision: defaultdict[UUID, list[RevisionText]] = defaultdict(list)
    for row in rows:
        fields: dict[str, Any] = dict(row._mapping)
        by_revision[fields.pop("revision_id")].append(RevisionText(**fields))
    return by_revision


def _revision(row: TemplateRevision, texts: Sequence[RevisionText]) -> Revision:
    return Revision(
        id=row.id,
        state=row.state,
        note=row.note,
        drafted_by=row.drafted_by,
        drafted_at=row.drafted_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        remark=row.remark,
        texts=tuple(texts),
    )


_Words = Mapping[tuple[str, str], Sequence[CarrierWord]]


async def _carriers(session: AsyncSession, name: str | None) -> _Words:
    words: defaultdict[tuple[str, str], list[CarrierWord]] = defaultdict(list)
    for row in await approvals.of_template(await driver(session), name):
        words[(row["template"], row["version"])].append(
            CarrierWord(
                carrier=row["carrier"],
                carrier_template_id=row["carrier_template_id"],
                state=row["state"],
                reason=row["reason"],
                at=row["at"],
            )
        )
    return words


def _text(template: Template, shipped: Wording, words: _Words) -> TextInForce:
    own = shipped.find(template.key)
    return TextInForce(
        name=template.name,
        language=template.language,
        tone=template.tone,
        kind=template.kind,
        klass=template.klass,
        purpose=template.purpose,
        hours=template.hours.value,
        version=template.version,
        edited=own is None or own.version != template.version,
        shipped_version=own.version if own is not None else None,
        variables={name: variable.type.value for name, variable in template.variables.items()},
        codes=dict(template.codes),
        example=filled(template.example()),
        longest=filled(template.longest()),
        carriers=tuple(words[(template.name, template.version)]),
        source=template.source,
    )
