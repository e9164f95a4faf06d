"""Rows of the cases room: the work orders of the 95598 hotline."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.kernel.database import Base
from gateway.kernel.tables import Instant


class WorkOrder(Base):
    """工单: what a customer raised and who dealt with it, as the hotline exports it."""

    __tablename__ = "work_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    work_order_no: Mapped[str] = mapped_column(Text, unique=True)
    #: fault_repair, complaint, opinion, consultation, report, service_request, suggestion, praise, commitment.
    kind: Mapped[str] = mapped_column(Text)
    subtype: Mapped[str | None] = mapped_column(Text)
    channel: Mapped[str | None] = mapped_column(Text)
    #: E.164 where it could be read, else as the exchange showed it.
    caller_number: Mapped[str | None] = mapped_column(Text)
    caller_name: Mapped[str | None] = mapped_column(Text)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    #: As the file has it, even where the archive does not know it.
    account_no: Mapped[str | None] = mapped_column(Text)
    content: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    promised_at: Mapped[datetime | None] = mapped_column(Instant)
    fulfilled_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    team_code: Mapped[str | None] = mapped_column(Text)
    handler_no: Mapped[str | None] = mapped_column(Text)
    once_done: Mapped[bool] = mapped_column(server_default=text("false"))
    determination: Mapped[str | None] = mapped_column(Text)
    related_no: Mapped[str | None] = mapped_column(Text)
    relation_kind: Mapped[str | None] = mapped_column(Text)
    result: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index(None, "closed_at", "id", postgresql_where=text("closed_at IS NOT NULL")),)
