"""Rows of the texts: versions, and the revisions that brought them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.archive.tables import one_of
from gateway.kernel.database import Base
from gateway.kernel.tables import Instant

REVISION_STATES = ("draft", "approved", "refused", "withdrawn")


class TemplateVersion(Base):
    """A text exactly as it was, front matter and all. Never changed: messages name it by name and version."""

    __tablename__ = "template_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    tone: Mapped[str] = mapped_column(Text)
    #: The short hash of `source`.
    version: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    #: When it was first seen here, with a release or in a revision.
    kept_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (UniqueConstraint("name", "language", "tone", "version"),)


class TemplateRevision(Base):
    """A change of one or more texts, in force together or not at all."""

    __tablename__ = "template_revision"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(Text, server_default="draft")
    #: Why the texts are to change.
    note: Mapped[str | None] = mapped_column(Text)
    drafted_by: Mapped[str] = mapped_column(Text)
    drafted_at: Mapped[datetime] = mapped_column(Instant)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    remark: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index(None, "state", "id"), one_of("state", REVISION_STATES, "state"))


class TemplateRevisionText(Base):
    """One text of a revision. Without a version the text goes back to what the release brings."""

    __tablename__ = "template_revision_text"

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("template_revision.id"), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    language: Mapped[str] = mapped_column(Text, primary_key=True)
    tone: Mapped[str] = mapped_column(Text, primary_key=True)
    version_id: Mapped[int | None] = mapped_column(ForeignKey("template_version.id"))
    #: Whether it stands in place of the release's text now: at most one row of each text.
    in_force: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        Index("uq_template_in_force", "name", "language", "tone", unique=True, postgresql_where=text("in_force")),
    )
