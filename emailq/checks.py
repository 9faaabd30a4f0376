"""What can be wrong with the database: one function a check, each a question and the finding that follows from it."""

import re
from collections.abc import AsyncIterator, Iterable
from shlex import quote
from typing import Any, LiteralString, NamedTuple

import psycopg
from psycopg.conninfo import conninfo_to_dict

from emailq.db import Connection, fetch_value, is_pooled, primaries, refuse_a_closed_schema
from emailq.errors import ConfigError, SchemaError, Unavailable
from emailq.migrate import Migration, check_encoding, check_schema, functions, migrations

OLD_S = 300  # a transaction of this age, seconds, keeps dead rows that claims have to pass
WAIT_S = 2  # so long, seconds, a transaction may hold a lock that our workers wait for
MANY_DEAD_XIDS = 1_000_000  # the same for a standby or slot, in transactions
BUSY = 0.9  # share of the connections in use from which it is worth a warning
NOTIFIES = 0.5  # share of their queue; when it is full, nobody can send one
KEPT_WAL_BYTES = 1 << 30  # what an unused replication slot may keep


class Finding(NamedTuple):
    check: str
    state: str  # ok | warn | fail
    text: str
    exit_code: int = 0  # of a failure


async def check_database(conn: Connection, dsn: str) -> AsyncIterator[Finding]:
    """All checks, as far as they make sense on this database and this role may ask."""
    yield version(conn)
    yield connection(conn)
    if not is_pooled(conn):
        yield await keepalives(conn)
    if "," in str(conninfo_to_dict(dsn).get("host")):
        yield await one_primary(dsn)
    yield await durability(conn)
    yield await standbys(conn)
    yield await room_for_connections(conn)
    yield await access(conn)
    yield await autovacuum(conn)
    yield await old_snapshots(conn)
    yield await unused_slots(conn)
    yield await notifications(conn)
    found = await locks(conn)
    yield found
    if found.state == "fail":  # what follows might wait too
        return
    found = await schema(conn)
    yield found
    if found.state == "ok":
        yield await parts_of_the_schema(conn)
        yield await row_security(conn)
        yield await cleanup(conn)
        async for finding in queues(conn):
            yield finding


def version(conn: Connection) -> Finding:
    number = conn.info.server_version
    where = f"{conn.info.dbname} on {conn.info.host}:{conn.info.port}"
    text = f"PostgreSQL {number // 10_000}.{number % 10_000}, {where}, as {conn.info.user}"
    try:
        check_encoding(conn)
    except SchemaError as error:
        return Finding("database", "fail", str(error), error.exit_code)
    if number >= 150_000:
        return Finding("database", "ok", text)
    return Finding("database", "fail", f"{text}; 15 or newer is needed", SchemaError.exit_code)


def connection(conn: Connection) -> Finding:
    if not is_pooled(conn):
        return Finding("connection", "ok", "direct, so session locks and LISTEN work")
    return Finding(
        "connection",
        "warn",
        "a pooler is in the way: workers live by a lease and poll, so a dead one's items wait 15 s and a new item up to"
        " EMAILQ_POLL_INTERVAL_S; a direct DSN is better for workers",
    )


async def keepalives(conn: Connection) -> Finding:
    """Over a unix socket there is no network to be cut; PostgreSQL then shows 0."""
    row = await _row(
        conn,
        "select inet_client_addr() is not null, current_setting('tcp_keepalives_idle')::integer,"
        " current_setting('tcp_user_timeout')::integer, current_setting('client_connection_check_interval')",
    )
    is_tcp, idle_s, silence_ms, interval = row
    if is_tcp and not (0 < idle_s <= 60 and 0 < silence_ms <= 60_000 and interval != "0"):
        return Finding(
            "network",
            "warn",
            "the server would notice a vanished worker only after minutes or hours; set tcp_keepalives_idle = 5,"
            " tcp_user_timeout = 10000 and client_connection_check_interval = 1000 for this role",
        )
    return Finding("network", "ok", "a worker whose host vanishes is noticed in about 10 s")


async def one_primary(dsn: str) -> Finding:
    *old, newest = await primaries(dsn) or [(0, "")]
    if not newest[0]:
        return Finding("primary", "fail", "no server of the DSN takes writes", Unavailable.exit_code)
    if old:
        text = f"{newest[1]} was promoted, and {', '.join(server for _, server in old)} takes writes too: stop it"
        return Finding("primary", "fail", text, ConfigError.exit_code)
    return Finding("primary", "ok", f"{newest[1]} is the only one of the DSN")


async def durability(conn: Connection) -> Finding:
    rows = await _rows(
        conn,
        "select name from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit')"
        " and setting = 'off' order by name",
    )
    if rows:
        off = ", ".join(name for (name,) in rows)
        return Finding("durability", "warn", f"{off} is off: a crash can lose accepted mail; set it to on")
    return Finding("durability", "ok", "fsync, full_page_writes and synchronous_commit are on")


async def standbys(conn: Connection) -> Finding:
    names, present = await _row(
        conn,
        "select current_setting('synchronous_standby_names'),"
        " (select count(*) from pg_stat_replication where sync_state in ('sync', 'quorum'))",
    )
    if names and not present:
        return Finding(
            "standbys",
            "fail",
            f"every commit hangs: of synchronous_standby_names = '{names}' none is there; start it or clear it",
            Unavailable.exit_code,
        )
    return Finding("standbys", "ok", f"{present} synchronous" if names else "no synchronous standby is asked for")


async def room_for_connections(conn: Connection) -> Finding:
    used, most = await _row(
        conn,
        "select (select count(*) from pg_stat_activity where backend_type = 'client backend'),"
        " current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer",
    )
    text = f"{used} of {most} connections are in use"
    if used > BUSY * most:
        return Finding(
            "connections", "warn", f"{text}; raise max_connections or start fewer workers (3 + pool_size each)"
        )
    return Finding("connections", "ok", text)


async def access(conn: Connection) -> Finding:
    """pg_hba.conf is shown to few; whoever may not read it hears nothing of it."""
    if await fetch_value(conn, "select pg_is_in_recovery()"):
        text = "this server is a standby: nothing can be written, and a worker counts until another one has swept it"
        return Finding("access", "fail", text, ConfigError.exit_code)
    if await fetch_value(conn, "select current_setting('default_transaction_read_only')") == "on":
        text = "default_transaction_read_only is on, for this role or database: nothing can be written"
        return Finding("access", "fail", text, ConfigError.exit_code)
    faults = []
    if await fetch_value(conn, "select rolsuper from pg_roles where rolname = current_user"):
        faults.append(f"{conn.info.user} is a superuser; give emailq a role of its own")
    may_read = (  # asked first: a refusal would be an ERROR in the server's log at each look
        "select has_table_privilege('pg_hba_file_rules', 'select')"
        " and has_function_privilege('pg_hba_file_rules()', 'execute')"
    )
    if await fetch_value(conn, may_read):
        rows = await _rows(
            conn,
            "select distinct auth_method, address from pg_hba_file_rules where type like 'host%'"
            " and auth_method in ('trust', 'password', 'md5')"
            " and not (auth_method = 'trust' and address in ('127.0.0.1', '::1', 'localhost', 'samehost'))"
            " order by 1, 2",
        )
        faults += [f"pg_hba.conf lets {address} in by {method}; use scram-sha-256" for method, address in rows]
    return Finding("access", "warn" if faults else "ok", "; ".join(faults) or "no superuser, no weak log-in seen")


async def autovacuum(conn: Connection) -> Finding:
    """What takes dead rows away, of which each job leaves some."""
    is_on, tables = await _row(
        conn,
        "select current_setting('autovacuum')::boolean and current_setting('track_counts')::boolean,"
        " string_agg(oid::regclass::text, ', ' order by relname) from pg_class, pg_options_to_table(reloptions)"
        " where relnamespace = 'public'::regnamespace and option_name = 'autovacuum_enabled'"
        " and not option_value::boolean",
    )
    if is_on and not tables:
        return Finding("autovacuum", "ok", "on, for all tables")
    where, cure = "", "set autovacuum and track_counts to on"
    if is_on:
        where, cure = f" for {tables}", "ALTER TABLE … RESET (autovacuum_enabled)"
    return Finding("autovacuum", "warn", f"off{where}: dead rows stay, so claims slow down and the disk fills; {cure}")


async def old_snapshots(conn: Connection) -> Finding:
    """Dead rows that somebody might still see stay, and every claim has to pass them."""
    rows = await _rows(
        conn,
        """
        select format('pid %%s (%%s, %%s)', pid, coalesce(nullif(application_name, ''), usename), state),
               extract(epoch from clock_timestamp() - xact_start)::integer || ' s',
               format('select pg_terminate_backend(%%s)', pid)
        from pg_stat_activity
        where xact_start < clock_timestamp() - make_interval(secs => %(old)s)
          and (backend_xmin is not null or backend_xid is not null) and backend_type = 'client backend'
        union all
        select format('the prepared transaction %%L', gid),
               extract(epoch from clock_timestamp() - prepared)::integer || ' s', format('rollback prepared %%L', gid)
        from pg_prepared_xacts where prepared < clock_timestamp() - make_interval(secs => %(old)s)
        union all
        select format('the standby %%s (pid %%s)', application_name, pid), age(backend_xmin) || ' transactions',
               'end the long query there'
        from pg_stat_replication where age(backend_xmin) > %(many)s
        union all
        select format('the replication slot %%s', slot_name), age(xmin) || ' transactions',
               format('select pg_drop_replication_slot(%%L)', slot_name)
        from pg_replication_slots where age(xmin) > %(many)s
        """,
        {"old": OLD_S, "many": MANY_DEAD_XIDS},
    )
    if not rows:
        sees_all = await fetch_value(conn, "select pg_has_role('pg_read_all_stats', 'usage')")
        shown = "none" if sees_all else "none that this role is shown (GRANT pg_read_all_stats: all)"
        return Finding("transactions", "ok", f"{shown} is older than {OLD_S // 60} minutes")
    held = "; ".join(
        f"{who} holds dead rows for {since}, so claims slow down (to end it: {cure})" for who, since, cure in rows
    )
    return Finding("transactions", "warn", held)


async def locks(conn: Connection) -> Finding:
    """A transaction that was left open after LOCK TABLE or ALTER TABLE, or was prepared, or that waits to lock a table:
    whoever comes after it waits too."""
    rows = await _rows(
        conn,
        """
        with waited_for (pid) as (
            select unnest(pg_blocking_pids(pid)) from pg_stat_activity
            where application_name in ('emailq claim', 'emailq commit') and datname = current_database()
        )
        select format('pid %%s (%%s, %%s)', holder.pid, coalesce(nullif(application_name, ''), usename), state),
               coalesce(on_table.lock, 'holds what they wait for'), date_trunc('second', xact_start) as since,
               format(', by now with: %%s; commit there, or select pg_terminate_backend(%%s)',
                      left(regexp_replace(query, '[[:space:]]+', ' ', 'g'), 200), holder.pid)
        from pg_stat_activity holder
        left join lateral (
            select case when l.granted then 'locks ' else 'waits to lock ' end || c.relname
            from pg_locks l join pg_class c on c.oid = l.relation
            where l.pid = holder.pid and l.mode = 'AccessExclusiveLock' and c.relkind in ('r', 'p')
              and l.database = (select oid from pg_database where datname = current_database())
              and c.relnamespace = 'public'::regnamespace and c.relname = any (%s)
            order by l.granted desc, c.relname limit 1
        ) on_table (lock) on true
        where xact_start < clock_timestamp() - make_interval(secs => %s)
          and application_name not in ('emailq claim', 'emailq commit') and holder.pid <> pg_backend_pid()
          and (on_table.lock is not null or holder.pid in (select pid from waited_for))
        union all
        (select format('the prepared transaction %%L', gid), 'holds what they wait for', date_trunc('second', prepared),
                format('; commit prepared %%L, or rollback prepared %%L', gid, gid)
         from pg_prepared_xacts
         where 0 in (select pid from waited_for) and database = current_database()  -- of several, the forgotten one
         order by prepared limit 1)
        order by since
        """,
        (_named(r"create (?:unlogged )?table", migrations()), WAIT_S),
    )
    if not rows:
        return Finding("locks", "ok", "nobody keeps workers waiting")
    held = "; ".join(f"{who} keeps workers waiting: it {does} since {since}{cure}" for who, does, since, cure in rows)
    return Finding("locks", "fail", held, Unavailable.exit_code)


async def unused_slots(conn: Connection) -> Finding:
    rows = await _rows(
        conn,
        "select slot_name, pg_size_pretty(here - restart_lsn) from pg_replication_slots,"
        " (select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end) wal (here)"
        " where not active and here - restart_lsn > %s",
        (KEPT_WAL_BYTES,),
    )
    if not rows:
        return Finding("slots", "ok", "no unused replication slot keeps much WAL")
    kept = "; ".join(f"nobody reads the replication slot {slot}, which keeps {size} of WAL" for slot, size in rows)
    return Finding("slots", "warn", f"{kept}: the disk will fill; start its standby or drop it")


async def notifications(conn: Connection) -> Finding:
    """A session that listens, and stays in a transaction, keeps all NOTIFYs of the server since then."""
    usage, pid = await _row(
        conn,
        "select pg_notification_queue_usage(), (select pid from pg_stat_activity where xact_start is not null"
        " and backend_type = 'client backend' and pid <> pg_backend_pid() order by xact_start limit 1)",
    )
    full = f"the queue of NOTIFYs is {usage:.0%} full"
    if usage < NOTIFIES:
        return Finding("notifications", "ok", full)
    suspect = f"; the oldest transaction is that of pid {pid}: select pg_terminate_backend({pid})" if pid else ""
    return Finding("notifications", "warn", f"{full}: some session listens and reads nothing{suspect}")


async def schema(conn: Connection) -> Finding:
    try:
        await refuse_a_closed_schema(conn)
        check_schema(dict(await _rows(conn, "select name, checksum from schema_migrations")))
    except psycopg.errors.UndefinedTable:
        return Finding("schema", "fail", "not there; run: emailq migrate", SchemaError.exit_code)
    except (ConfigError, SchemaError) as error:
        return Finding("schema", "fail", str(error), error.exit_code)
    return Finding("schema", "ok", "as this version needs it")


async def parts_of_the_schema(conn: Connection) -> Finding:
    """Indexes and triggers that our files make, and that somebody dropped, disabled, or left half-built."""
    dropped = _named(r"drop index", migrations())
    indexes = [name for name in _named(r"create (?:unique )?index", migrations()) if name not in dropped]
    triggers = _named(r"create or replace trigger", functions())
    rows = await _rows(
        conn,
        """
        select 'index ' || name from unnest(%s::text[]) name
        where not exists (select from pg_index i where i.indexrelid = to_regclass(quote_ident(name)))
        union
        select 'index ' || i.indexrelid::regclass from pg_index i join pg_class t on t.oid = i.indrelid
        where t.relnamespace = current_schema()::regnamespace and not (i.indisvalid and i.indisready)
        union
        select 'trigger ' || name from unnest(%s::text[]) name
        where not exists (select from pg_trigger t where t.tgname = name and t.tgenabled in ('O', 'A'))
        order by 1
        """,
        (indexes, triggers),
    )
    missing = [name for (name,) in rows]
    if missing:
        cure = (
            "REINDEX what is invalid, make what is missing as sql/ has it (indexes: migrations/, triggers: functions/)"
        )
        text = f"missing or invalid: {', '.join(missing)}; {cure}"
        return Finding("schema parts", "fail", text, SchemaError.exit_code)
    return Finding("schema parts", "ok", "all indexes and triggers are there and valid")


async def row_security(conn: Connection) -> Finding:
    hidden = await _rows(
        conn,
        "select relname from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r'"
        " and relrowsecurity and row_security_active(oid) order by relname",
    )
    if not hidden:
        return Finding("row security", "ok", "this role sees all rows")
    names = ", ".join(name for (name,) in hidden)
    return Finding("row security", "warn", f"a worker of this role sees only what policies let through of: {names}")


async def cleanup(conn: Connection) -> Finding:
    """pg_cron where it is, else a worker; pg_cron must have been at it lately."""
    if not await fetch_value(conn, "select exists (select from pg_extension where extname = 'pg_cron')"):
        return Finding("cleanup", "ok", "by a worker each minute (pg_cron is not in this database)")
    try:
        rows = await _rows(
            conn,
            "select j.active, d.status, d.return_message, d.start_time < now() - interval '10 minutes'"
            " from cron.job j left join lateral (select * from cron.job_run_details d where d.jobid = j.jobid"
            " order by d.runid desc limit 1) d on true where j.jobname = 'emailq-cleanup'",
        )
    except psycopg.errors.InsufficientPrivilege:
        return Finding("cleanup", "ok", "by pg_cron, whose log this role may not read")
    if not rows:
        return Finding("cleanup", "warn", "pg_cron is here and has no job emailq-cleanup; run: emailq migrate")
    active, status, message, is_old = rows[0]
    if not active:
        return Finding("cleanup", "warn", "pg_cron's job emailq-cleanup is not active")
    if status == "failed":
        return Finding("cleanup", "warn", f"pg_cron's last run failed: {message}")
    if is_old:
        return Finding("cleanup", "warn", "pg_cron has not run emailq-cleanup for 10 minutes; is its launcher alive?")
    return Finding("cleanup", "ok", "by pg_cron each minute" + ("" if status else " (has not run yet)"))


async def queues(conn: Connection) -> AsyncIterator[Finding]:
    """Queues where work waits and nothing will happen by itself."""
    for name, pending, paused, waits, reason, changed_by, command in await _rows(
        conn,
        "select queue_name, pending, paused, waiting_for_dependency, reason, open_transaction(who),"
        " worker_command(queue_name)"
        " from (select *, who_changes_settings(queue_name) as who from queue_status where pending > 0 offset 0) waiting"
        " where workers = 0 or paused or waiting_for_dependency or who is not null"
        " order by queue_name",
    ):
        if paused:
            why = f": {reason}" if reason else ""
            text = f"{pending} items wait; paused{why}; run: emailq resume {quote(name)}"
        elif waits:
            text = f"{pending} items wait: {reason}"
        elif changed_by:
            text = f"{pending} items wait: {changed_by} has changed its settings"
        else:
            text = f"{pending} items and no worker; run: {command}"
        yield Finding(f"queue {name}", "warn", text)


def _named(statement: str, steps: Iterable[Migration]) -> list[str]:
    """What our files make, or drop."""
    return [name for step in steps for name in re.findall(rf"^{statement} (\w+)", step.text, re.MULTILINE)]


async def _rows(conn: Connection, query: LiteralString, args: Any = None) -> list[Any]:
    return await (await conn.execute(query, args)).fetchall()


async def _row(conn: Connection, query: LiteralString) -> Any:
    [row] = await _rows(conn, query)
    return row
