"""Rows of the staff room: teams, staff members, how they sign in, their tasks, API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
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


class StaffLogin(Base):
    """A member of staff who may sign in: as what, for which part of the utility, and how the pages look to them."""

    __tablename__ = "staff_login"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), primary_key=True, autoincrement=False)
    #: What is typed to sign in, in lower case.
    name: Mapped[str] = mapped_column(Text, unique=True)
    #: Argon2id; empty where nobody can sign in with a password.
    password: Mapped[str] = mapped_column(Text)
    #: The password was given by somebody else and must be changed first.
    must_change: Mapped[bool] = mapped_column(server_default=text("false"))
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    #: The organisation whose part they act for, with all below it; empty: the whole utility.
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    language: Mapped[str | None] = mapped_column(Text)
    theme: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(Instant)
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)


class StaffSession(Base):
    """A sign-in that stands or stood. Real time, also in the sandbox: moving its clock signs nobody out."""

    __tablename__ = "staff_session"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_login.staff_id"), index=True)
    #: HMAC of the cookie's token under SECRET_KEY: neither the table nor the cookie alone is of use.
    digest: Mapped[str] = mapped_column(Text, unique=True)
    began_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    address: Mapped[str] = mapped_column(Text)
    agent: Mapped[str] = mapped_column(Text)


class StaffCode(Base):
    """A code that signs a member of staff in to the staff bot, once. Only its SHA-256 is kept."""

    __tablename__ = "staff_code"

    digest: Mapped[str] = mapped_column(Text, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_login.staff_id"), index=True)
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class StaffChat(Base):
    """A chat in which a member of staff is signed in, or was."""

    __tablename__ = "staff_chat"

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str] = mapped_column(Text)
    chat: Mapped[str] = mapped_column(Text)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_login.staff_id"), index=True)
    began_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        Index("uq_staff_chat", "platform", "chat", unique=True, postgresql_where=text("ended_at IS NULL")),
    )


class StaffNote(Base):
    """What a member of staff is told in a chat, or otherwise where the chat does not take it."""

    __tablename__ = "staff_note"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_no: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    values: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(Instant)
    #: These three in the database's own time.
    left_at: Mapped[datetime] = mapped_column(Instant, server_default=text("clock_timestamp()"))
    telling_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    #: `told` in the chat, or `given_up`.
    ended: Mapped[str | None] = mapped_column(Text)
    #: Where it was told, or why it cannot be.
    remark: Mapped[str | None] = mapped_column(Text)
    #: How often the chat refused it, and when it is told again; in the database's own time.
    tries: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    again_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (Index("ix_staff_note_open", "kind", "id", postgresql_where=text("ended_at IS NULL")),)


class SignInTries(Base):
    """How often signing in failed of late: by name (`name:…`) and by address (`address:…`). Real time."""

    __tablename__ = "sign_in_tries"

    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    failures: Mapped[int] = mapped_column(SmallInteger)
    last_at: Mapped[datetime] = mapped_column(Instant)
    blocked_until: Mapped[datetime | None] = mapped_column(Instant)


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
