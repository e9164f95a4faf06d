"""Rows of trust: names in their plain forms, what is thought of each link and why, and how that turned out."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import JSONB, REAL
from sqlalchemy.orm import Mapped, mapped_column

from gateway.archive.tables import one_of
from gateway.kernel.database import Base
from gateway.kernel.tables import Instant

LOOKUP_VERDICTS = ("recycled", "inactive", "name_mismatch", "name_match", "no_text", "active", "unknown")


class NameForm(Base):
    """A name as the archive writes it, in the forms in which names are compared."""

    __tablename__ = "name_form"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    plain: Mapped[str] = mapped_column(Text, index=True)
    sound: Mapped[str] = mapped_column(Text)
    is_group: Mapped[bool]


class LinkTrust(Base):
    """What the last sweep thought of a link: its marks (bits of `marks.MARKS`) and the probability from them."""

    __tablename__ = "link_trust"

    link_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    marks: Mapped[int] = mapped_column(BigInteger)
    probability: Mapped[float] = mapped_column(REAL)
    at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (Index("ix_link_trust_doubted", "probability", postgresql_where="probability < 0.5"),)


class LinkJudgement(Base):
    """What was judged of a link when evidence about it came last (`judging.judge`), and why."""

    __tablename__ = "link_judgement"

    link_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: `suspend`, `ask`, `watch` or `nothing`.
    action: Mapped[str] = mapped_column(Text)
    weight: Mapped[float] = mapped_column(REAL)
    because: Mapped[list[str]] = mapped_column(JSONB)
    doubtful: Mapped[bool]
    at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (one_of("action", ("suspend", "ask", "watch", "nothing"), "action"),)


class LinkOutcome(Base):
    """How a link turned out, beside what had been thought of it before that was known."""

    __tablename__ = "link_outcome"

    link_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    right: Mapped[bool] = mapped_column("turned_out_right")
    how: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    marks: Mapped[int] = mapped_column(BigInteger)
    probability: Mapped[float] = mapped_column(REAL)


class TrustModel(Base):
    """Weights as they were fitted to the outcomes known then; the newest are in force."""

    __tablename__ = "trust_model"

    id: Mapped[int] = mapped_column(primary_key=True)
    fitted_at: Mapped[datetime] = mapped_column(Instant)
    outcomes: Mapped[int]
    weights: Mapped[dict[str, float]] = mapped_column(JSONB)


class AccountTransfer(Base):
    """过户: an account came to another holder, as an import told."""

    __tablename__ = "account_transfer"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    from_name: Mapped[str] = mapped_column(Text)
    to_name: Mapped[str] = mapped_column(Text)
    import_id: Mapped[UUID | None]


class NumberLookup(Base):
    """What somebody who knows numbers said of one, on a day."""

    __tablename__ = "number_lookup"

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_point_id: Mapped[int] = mapped_column(ForeignKey("contact_point.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    source: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)

    __table_args__ = (Index(None, "contact_point_id", "at"), one_of("verdict", LOOKUP_VERDICTS, "verdict"))


class ContactCheck(Base):
    """A number was asked whether it is right for an account. Nobody is asked without end."""

    __tablename__ = "contact_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_point_id: Mapped[int] = mapped_column(ForeignKey("contact_point.id"))
    link_id: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (Index(None, "contact_point_id", "at"),)


class ContactCoverage(Base):
    """How many accounts could be reached in a month, by organisation, as the month's last sweep saw it."""

    __tablename__ = "contact_coverage"

    #: `YYYY-MM`.
    month: Mapped[str] = mapped_column(Text, primary_key=True)
    #: Empty for accounts of which no organisation is known.
    organisation: Mapped[str] = mapped_column(Text, primary_key=True)
    accounts: Mapped[int]
    #: Accounts with a contact that sends, and with one that was proven in the last 18 months.
    reachable: Mapped[int]
    verified: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)


class Sweep(Base):
    """A look through the whole archive, and what came of it."""

    __tablename__ = "sweep"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    links: Mapped[int]
    doubted: Mapped[int]
    cases: Mapped[int]
    seconds: Mapped[float] = mapped_column(REAL)
