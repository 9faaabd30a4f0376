"""Checks of the settings against the real servers: one function a check."""

from collections.abc import AsyncIterator, Iterable
from typing import NamedTuple

import psycopg

from emailq.db import Connection, brief, connect, is_pooled
from emailq.errors import ConfigError, EmailqError, SchemaError, Unavailable
from emailq.settings import Settings, read_settings


class Finding(NamedTuple):
    check: str
    state: str  # ok | warn | fail
    text: str
    exit_code: int = 0  # of a failure


async def diagnose() -> list[Finding]:
    """Everything worth knowing before a worker is started."""
    try:
        settings, sources = read_settings()
        dsn = settings.require_dsn()
    except ConfigError as error:
        return [Finding("settings", "fail", str(error), error.exit_code)]
    findings = [Finding("settings", "ok", _shown(settings, sources))]
    try:
        conn = await connect(dsn, "doctor")
    except Unavailable as error:
        findings.append(Finding("database", "fail", str(error), error.exit_code))
    else:
        async with conn:
            findings += [finding async for finding in _database(conn)]
    findings.append(await _blobs(settings))
    findings += [finding async for finding in _outside(settings)]
    return findings


def worst_exit_code(findings: Iterable[Finding]) -> int:
    return next((f.exit_code or Unavailable.exit_code for f in findings if f.state == "fail"), 0)


async def _database(conn: Connection) -> AsyncIterator[Finding]:
    version = conn.info.server_version
    yield Finding(
        "database",
        "ok" if version >= 150_000 else "fail",
        f"PostgreSQL {version // 10_000}.{version % 10_000}"
        + ("" if version >= 150_000 else "; 15 or newer is needed"),
        SchemaError.exit_code,
    )
    yield _pooler(conn)
    schema = await _schema(conn)
    yield schema
    yield await _durability(conn)
    yield await _old_snapshots(conn)
    if schema.state == "ok":
        yield await _cleanup(conn)
        async for finding in _queues(conn):
            yield finding


def _pooler(conn: Connection) -> Finding:
    if not is_pooled(conn):
        return Finding("connection", "ok", "direct, so session locks and LISTEN work")
    return Finding(
        "connection",
        "warn",
        "a pooler is in the way: workers live by a lease and poll, so a dead one's items wait 15 s and a new item up to"
        " EMAILQ_POLL_INTERVAL_S; a direct DSN is better for workers",
    )


async def _schema(conn: Connection) -> Finding:
    from emailq.migrate import check_schema

    try:
        cursor = await conn.execute("select name, checksum from schema_migrations")
        check_schema(dict(await cursor.fetchall()))
    except psycopg.errors.UndefinedTable:
        return Finding("schema", "fail", "not there; run: emailq migrate", SchemaError.exit_code)
    except SchemaError as error:
        return Finding("schema", "fail", str(error), error.exit_code)
    return Finding("schema", "ok", "as this version needs it")


async def _durability(conn: Connection) -> Finding:
    cursor = await conn.execute(
        "select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit')"
        " and setting = 'off' order by name"
    )
    off = [name for name, _ in await cursor.fetchall()]
    if off:
        return Finding("durability", "warn", f"{', '.join(off)} is off: a crash can lose accepted mail; set it to on")
    return Finding("durability", "ok", "fsync, full_page_writes and synchronous_commit are on")


async def _old_snapshots(conn: Connection) -> Finding:
    cursor = await conn.execute(
        "select pid, extract(epoch from now() - xact_start)::integer, coalesce(application_name, '')"
        " from pg_stat_activity where backend_xmin is not null and xact_start < now() - interval '5 minutes'"
        " and datname = current_database() order by xact_start limit 1"
    )
    row = await cursor.fetchone()
    if row is None:
        return Finding("transactions", "ok", "none is older than 5 minutes")
    pid, age_s, name = row
    return Finding(
        "transactions", "warn", f"pid {pid} ({name}) holds a snapshot for {age_s} s, so dead rows pile up; end it"
    )


async def _cleanup(conn: Connection) -> Finding:
    cursor = await conn.execute("select exists (select from pg_extension where extname = 'pg_cron')")
    row = await cursor.fetchone()
    if not (row and row[0]):
        return Finding("cleanup", "ok", "by a worker each minute (pg_cron is not in this database)")
    cursor = await conn.execute(
        "select d.status, d.return_message from cron.job_run_details d join cron.job j using (jobid)"
        " where j.jobname = 'emailq-cleanup' order by d.runid desc limit 1"
    )
    run = await cursor.fetchone()
    if run and run[0] == "failed":
        return Finding("cleanup", "warn", f"pg_cron's last run failed: {run[1]}")
    return Finding("cleanup", "ok", "by pg_cron each minute" + ("" if run else " (has not run yet)"))


async def _queues(conn: Connection) -> AsyncIterator[Finding]:
    cursor = await conn.execute(
        "select queue_name, pending, paused, waiting_for_dependency, reason from queue_status"
        " where pending > 0 and (workers = 0 or paused or waiting_for_dependency) order by queue_name"
    )
    for name, pending, paused, waits, reason in await cursor.fetchall():
        if paused:
            text = f"{pending} items wait; paused" + (f": {reason}" if reason else "") + f"; run: emailq resume {name}"
        elif waits:
            text = f"{pending} items wait: {reason}"
        else:
            text = f"{pending} items and no worker; run: emailq worker --queue {name}"
        yield Finding(f"queue {name}", "warn", text)


async def _blobs(settings: Settings) -> Finding:
    from emailq.store.blobs import open_blobs

    where = settings.blob_dir if settings.blobs == "directory" else f"{settings.s3_endpoint}/{settings.s3_bucket}"
    try:
        await open_blobs(settings).check()
    except EmailqError as error:
        return Finding("blobs", "fail", str(error), error.exit_code)
    return Finding("blobs", "ok", f"{settings.blobs} {where} can be written")


async def _outside(settings: Settings) -> AsyncIterator[Finding]:
    """The servers that handlers call: whether they answer at all."""
    import httpx

    async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
        targets = {
            "classifier": settings.llm_url if settings.classifier != "local" else None,
            "erp": settings.erp_url if settings.erp_adapter == "http" else None,
        }
        for name, url in targets.items():
            if url is None:
                chosen = settings.classifier if name == "classifier" else settings.erp_adapter
                yield Finding(name, "ok", f"{chosen}, needs no server")
                continue
            try:
                answer = await http.get(url)
            except httpx.HTTPError as error:
                text = f"{url} does not answer: {type(error).__name__} {brief(error)}"
                yield Finding(name, "fail", text, Unavailable.exit_code)
            else:
                yield Finding(name, "ok", f"{url} answers ({answer.status_code})")


def _shown(settings: Settings, sources: dict[str, str]) -> str:
    """Settings that are not the default, with their source; secrets masked."""
    values = settings.model_dump()
    return ", ".join(f"{key}={values[key]} (from {source})" for key, source in sorted(sources.items())) or "defaults"
