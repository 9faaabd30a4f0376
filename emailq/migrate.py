"""Brings a database to the schema of this version: numbered migrations once, then all functions and views."""

import hashlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import psycopg
from psycopg import sql

from emailq.db import query, sql_directory
from emailq.errors import SchemaError, Unavailable

T = TypeVar("T")

OWNER = "emailq_owner"
ROLES = ("emailq_worker", "emailq_api", "emailq_reader")
_LOCK = (7717, 0)  # one migrate at a time
_LOCK_TIMEOUT = "500ms"  # while we wait for a table everybody behind us waits too
_PATIENCE_S = 60.0  # how long a gap between the transactions of others is looked for


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


def migrate(dsn: str, *, roles: bool = False) -> list[str]:
    """Apply what is missing and return the names applied; safe to call from several places at once and under load.

    Each migration is a transaction of its own; an interrupted run goes on where it stopped. Raises SchemaError when an
    applied migration was edited, when the database has one that this version does not know, or an encoding other than
    UTF8; Unavailable when somebody holds a lock on our tables all the time.

    `roles`: make the roles that sql/functions/roles.sql describes, and give what is there to their owner.
    """
    name = "emailq migrate"
    with psycopg.connect(
        dsn, autocommit=True, prepare_threshold=None, application_name=name, client_encoding="UTF8"
    ) as conn:
        check_encoding(conn)
        if roles:
            _make_roles(conn)
        done = [m.name for m in migrations() if _in_a_gap(conn, m.name, partial(_apply, conn, m))]
        _in_a_gap(conn, "functions", partial(_apply_functions, conn, anew=bool(done) or roles))
        if roles:
            _hand_over(conn)
        return done


def check_encoding(conn: psycopg.Connection | psycopg.AsyncConnection) -> None:
    """Raise SchemaError where the database can't hold the text of every mail."""
    encoding = conn.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise SchemaError(
            f"the database {conn.info.dbname} has the encoding {encoding}, and mail needs UTF8; make another:"
            " create database … encoding 'UTF8' template template0"
        )


def _make_roles(conn: psycopg.Connection) -> None:
    """They belong to the whole cluster, so one may be there already."""
    made = [f"create role {role} nologin" for role in (OWNER, *ROLES)]
    # who migrates is the owner for as long as `_in_a_gap` says so, and has no rights by merely being logged in
    made.append(f"create role emailq_migrate nologin noinherit in role {OWNER}")
    for statement in made:
        try:
            conn.execute(statement.encode())
        except psycopg.errors.DuplicateObject:
            pass


def _hand_over(conn: psycopg.Connection) -> None:
    """Make OWNER the owner of what is ours, one thing at a time; `schema_migrations` last, which says that it is done.

    pg_cron runs a job as who made it, and only if that one can log in: so the cleanup is planned before.
    """

    def alter() -> bool:
        row = conn.execute(query("foreign_object"), {"owner": OWNER}).fetchone()
        if row:
            conn.execute(f"alter {row[0]} owner to {OWNER}".encode())
        return row is not None

    conn.execute(f"grant usage, create on schema public to {OWNER}".encode())
    conn.execute(f"grant usage on schema public to emailq_migrate, {', '.join(ROLES)}".encode())
    conn.execute("select public.schedule_cleanup()")
    while _in_a_gap(conn, "the change of owner", alter, as_owner=False):
        pass


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


def _in_a_gap(conn: psycopg.Connection, name: str, apply: Callable[[], T], *, as_owner: bool = True) -> T:
    """Call `apply` in a transaction that never makes others wait long: rather we try again. What is made belongs to
    whom the schema belongs to, if we may act for that role.

    All settings and locks are the transaction's own, so it works through a transaction pooler too.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            with conn.transaction():
                conn.execute("select pg_advisory_xact_lock(%s, %s)", _LOCK)
                conn.execute(
                    "select set_config('lock_timeout', %s, true), set_config('client_min_messages', 'warning', true),"
                    " set_config('search_path', 'public', true)",  # our functions look there and nowhere else
                    (_LOCK_TIMEOUT,),
                )
                if as_owner:
                    conn.execute(
                        "select set_config('role', pg_get_userbyid(relowner), true) from pg_class"
                        " where oid = to_regclass('schema_migrations') and pg_has_role(relowner, 'member')"
                        " and pg_get_userbyid(relowner) <> current_user"
                    )
                return apply()
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            if time.monotonic() > deadline:
                raise Unavailable(f"{name} waits for a lock{_who_is_in_the_way(conn)}; nothing was changed") from None
        time.sleep(random.uniform(0.2, 0.6))  # let those pass who waited behind us


def _who_is_in_the_way(conn: psycopg.Connection) -> str:
    row = conn.execute(
        "select pid, application_name, extract(epoch from now() - xact_start)::integer from pg_stat_activity"
        " where xact_start is not null and datname = current_database() and pid <> pg_backend_pid()"
        " order by xact_start limit 1"
    ).fetchone()
    return " that pid {} ({}) may hold, in a transaction for {} s; end it and try again".format(*row) if row else ""


def _apply(conn: psycopg.Connection, migration: Migration) -> bool:
    if migration.name in _check(_applied(conn)):
        return False
    conn.execute(sql.SQL(migration.text))
    conn.execute("insert into schema_migrations (name, checksum) values (%s, %s)", (migration.name, migration.checksum))
    return True


def _apply_functions(conn: psycopg.Connection, *, anew: bool) -> None:
    if not anew and _applied(conn).get("functions") == _functions_checksum():
        return
    conn.execute("set local check_function_bodies = off")  # they call each other
    for function in functions():
        conn.execute(sql.SQL(function.text))
    conn.execute("select ensure_api_metrics_partitions(), schedule_cleanup(), grant_roles()")
    conn.execute(
        "insert into schema_migrations (name, checksum) values ('functions', %s)"
        " on conflict (name) do update set checksum = excluded.checksum, applied_at = now()",
        (_functions_checksum(),),
    )


def _applied(conn: psycopg.Connection) -> dict[str, str]:
    conn.execute(
        "create table if not exists schema_migrations ("
        "name text primary key, checksum text not null, applied_at timestamptz not null default now())"
    )
    return dict(conn.execute("select name, checksum from schema_migrations").fetchall())


def _functions_checksum() -> str:
    return hashlib.sha256("".join(f.checksum for f in functions()).encode()).hexdigest()


def _read(directory: str) -> list[Migration]:
    files = sorted(
        (f for f in (sql_directory() / directory).iterdir() if f.name.endswith(".sql")), key=lambda f: f.name
    )
    return [Migration(f.name.removesuffix(".sql"), f.read_text(encoding="utf-8")) for f in files]
