"""Alembic's environment: runs migrations on the connection that `gateway.kernel.migrating` hands over."""

from __future__ import annotations

import re
from typing import Any

from alembic import context

from gateway import schema

#: Partitions are made as months come, not by migrations.
_PARTITION = re.compile(r"^message(_account|_event)?_(p\d{6}|default)$")


def _ours(thing: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    table = name if kind == "table" else getattr(getattr(thing, "table", None), "name", None)
    return not (table and _PARTITION.match(table))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    include_object=_ours,
    compare_server_default=False,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
