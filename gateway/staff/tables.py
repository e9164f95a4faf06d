"""Rows of the staff room: teams, staff members, their tasks, API keys."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from gateway.archive.tables import one_of
from gateway.kernel.database import Base
from gateway.kernel.tables import Instant


class Team(Base):
    """A team (班组): whose work a service was."""

    __tablename__ = "team"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    district: Mapped[str | None] = mapped_column(Text)


class StaffMember(Base):
    """A member of staff. `phone` (E.164) is known so that it never stands on a customer's account."""

    __tablename__ = "staff_member"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_no: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text, index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    job: Mapped[str | None] = mapped_column(Text)


class Task(Base):
    """What a person is to do: a call, a visit, a paper beside a text."""

    __tablename__ = "task"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    #: What it is about (`bill:…`, `outage:…`).
    subject: Mapped[str] = mapped_column(Text)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    words: Mapped[str] = mapped_column(Text)
    #: The unit that owns it, never blank; and the person, where one is known.
    unit: Mapped[str] = mapped_column(Text)
    owner_no: Mapped[str | None] = mapped_column(Text)
    #: `open`, `done`, or `dropped` where nothing is left to do.
    state: Mapped[str] = mapped_column(Text, server_default="open")
    opened_at: Mapped[datetime] = mapped_column(Instant)
    opened_by: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("uq_task_open", "kind", "subject", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_task_open_due", "due_at", postgresql_where=text("state = 'open'")),
        Index(None, "subject"),
        one_of("state", ("open", "done", "dropped"), "state"),
    )


class ApiKey(Base):
    """A key for programs. Only its SHA-256 is kept; the key itself is shown once."""

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    digest: Mapped[str] = mapped_column(Text, unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    #: Whose key it is, where it is a person's and no program's.
    staff_no: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
