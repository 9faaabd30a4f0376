"""Brings a database to the schema of this version: numbered migrations once, then all functions and views."""

import hashlib
from dataclasses import dataclass

import psycopg
from psycopg import sql

from emailq.db import sql_directory
from emailq.errors import SchemaError

_LOCK = (7717, 0)  # one migrate at a time


@dataclass(frozen=True, slots=True)
class Migration:
    name: str  # "0001_emails"
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations() -> list[Migration]:
    return _read("migrations")


def functions() -> list[Migration]:
    return _read("functions")


def migrate(dsn: str) -> list[str]:
    """Apply what is missing and return the names applied; safe to call from several places at once.

    Each migration is a transaction of its own; an interrupted run goes on where it stopped. Raises SchemaError when an
    applied migration was edited, or when the database has one that this version does not know.
    """
    with psycopg.connect(dsn, autocommit=True, application_name="emailq migrate") as conn:
        conn.execute("set client_min_messages = warning")
        conn.execute("select pg_advisory_lock(%s, %s)", _LOCK)
        conn.execute("set lock_timeout = '10s'")
        conn.execute(
            "create table if not exists schema_migrations ("
            "name text primary key, checksum text not null, applied_at timestamptz not null default now())"
        )
        applied = _check(dict(conn.execute("select name, checksum from schema_migrations").fetchall()))
        done = [_apply(conn, migration) for migration in migrations() if migration.name not in applied]
        if done or applied.get("functions") != _functions_checksum():
            _apply_functions(conn)
        return done


def check_schema(applied: dict[str, str]) -> None:
    """Raise SchemaError unless `applied` (name → checksum) is what this version works with."""
    missing = [m.name for m in migrations() if m.name not in _check(applied)]
    if missing:
        raise SchemaError(f"the database lacks {missing[0]}; run: emailq migrate")
    if applied.get("functions") != _functions_checksum():
        raise SchemaError("the database has the functions of another version; run: emailq migrate")


def _check(applied: dict[str, str]) -> dict[str, str]:
    known = {m.name: m.checksum for m in migrations()} | {"functions": applied.get("functions", "")}
    for name, checksum in sorted(applied.items()):
        if name not in known:
            raise SchemaError(f"the database has migration {name}, which this version does not know; upgrade emailq")
        if known[name] != checksum:
            raise SchemaError(
                f"migration {name} was edited after it was applied; restore the file sql/migrations/{name}.sql"
            )
    return applied


def _apply(conn: psycopg.Connection, migration: Migration) -> str:
    with conn.transaction():
        conn.execute(sql.SQL(migration.text))
        conn.execute(
            "insert into schema_migrations (name, checksum) values (%s, %s)", (migration.name, migration.checksum)
        )
    return migration.name


def _apply_functions(conn: psycopg.Connection) -> None:
    with conn.transaction():
        conn.execute("set local check_function_bodies = off")  # they call each other
        for function in functions():
            conn.execute(sql.SQL(function.text))
        conn.execute("select ensure_api_metrics_partitions(), schedule_cleanup()")
        conn.execute(
            "insert into schema_migrations (name, checksum) values ('functions', %s)"
            " on conflict (name) do update set checksum = excluded.checksum, applied_at = now()",
            (_functions_checksum(),),
        )


def _functions_checksum() -> str:
    return hashlib.sha256("".join(f.checksum for f in functions()).encode()).hexdigest()


def _read(directory: str) -> list[Migration]:
    files = sorted(
        (f for f in (sql_directory() / directory).iterdir() if f.name.endswith(".sql")), key=lambda f: f.name
    )
    return [Migration(f.name.removesuffix(".sql"), f.read_text(encoding="utf-8")) for f in files]
