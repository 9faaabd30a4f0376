"""emailq migrate: from any earlier state to this version's schema, once, or not at all with a reason."""

import os
import signal
import threading
from collections.abc import Callable

import psycopg
import pytest

from emailq import migrate as module
from emailq.errors import SchemaError
from emailq.migrate import Migration, check_schema, functions, migrate, migrations
from tests.commands import run_emailq, start_emailq
from tests.items import add_items, claim, complete, register
from tests.servers import PostgresServer
from tests.waiting import wait_until

NAMES = [migration.name for migration in migrations()]
TABLES = {
    *("emails", "attachments", "processing_queue", "contacts", "threads", "classification_history", "erp_actions"),
    "api_metrics",
}
VIEWS = {"email_stats_by_sender", "email_volume_daily", "erp_action_stats", "queue_status", "queue_workers"}


@pytest.fixture
def change(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, list[Migration]], None]:
    """Lets this version have other files: change("migrations", […])."""
    return lambda kind, files: monkeypatch.setattr(module, kind, lambda: files)


def query(dsn: str, text: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn, autocommit=True) as conn:
        return conn.execute(text).fetchall()  # type: ignore[arg-type]


def applied(dsn: str) -> dict[str, str]:
    return dict(query(dsn, "select name, checksum from schema_migrations"))  # type: ignore[arg-type]


def objects(dsn: str) -> list[tuple[object, ...]]:
    """All that a schema is made of, as text, without what depends on the day."""
    return query(
        dsn,
        "select 'column', table_name, column_name, data_type || coalesce(column_default, '') || is_nullable"
        " from information_schema.columns where table_schema = 'public' and table_name !~ '_2[0-9]{3}_'"
        " union all select 'index', tablename, indexname, indexdef from pg_indexes"
        " where schemaname = 'public' and tablename !~ '_2[0-9]{3}_'"
        " union all select 'constraint', conrelid::regclass::text, conname,"
        " pg_get_constraintdef(oid) from pg_constraint"
        " where connamespace = 'public'::regnamespace and conrelid::regclass::text !~ '_2[0-9]{3}_'"
        " union all select 'function', proname, proargnames::text, md5(prosrc) from pg_proc"
        " where pronamespace = 'public'::regnamespace"
        " union all select 'view', viewname, '', definition from pg_views where schemaname = 'public'"
        " union all select 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) from pg_trigger"
        " where not tgisinternal order by 1, 2, 3, 4",
    )


def test_no_two_migrations_have_the_same_number() -> None:
    numbers = [name.partition("_")[0] for name in NAMES]

    assert len(set(numbers)) == len(numbers)


def test_an_empty_database_gets_everything(empty_dsn: str) -> None:
    done = migrate(empty_dsn)

    assert done == NAMES
    assert applied(empty_dsn).keys() == {*NAMES, "functions"}
    names = {row[0] for row in query(empty_dsn, "select relname from pg_class where relkind in ('r', 'p', 'v')")}
    assert names >= TABLES | VIEWS
    check_schema(applied(empty_dsn))


def test_a_second_run_changes_nothing(dsn: str) -> None:
    before = query(dsn, "select * from schema_migrations order by name")

    assert migrate(dsn) == []
    assert query(dsn, "select * from schema_migrations order by name") == before


def test_what_an_older_version_claimed_counts_for_the_limit(dsn: str, db: psycopg.Connection) -> None:
    """It went on between the migration that brought `queue_slots` and the functions that use them."""
    db.execute("insert into queue_controls (queue_name, max_running) values ('work', 3)")
    add_items(db, 9)
    worker = register(db)
    old, new = claim(db, worker, 1), claim(db, worker, 1)
    db.execute("delete from queue_slots where %s = any (job_ids)", (old[0].id,))
    db.execute("delete from schema_migrations where name = 'functions'")

    migrate(dsn)

    assert len(claim(db, worker)) == 1
    complete(db, *old, *new)
    assert len(claim(db, worker)) == 2


@pytest.mark.parametrize("path", ["other", "other,public", "''"])
def test_whatever_the_search_path_there_is_one_emailq_and_it_is_found(empty_dsn: str, path: str) -> None:
    """An application in the same database has a schema of its own, and tables that are called like ours."""
    migrate(empty_dsn)
    with psycopg.connect(empty_dsn, autocommit=True) as db:
        db.execute("create schema other; create table other.emails (); create table other.workers ()")
        add_items(db, 3)

    dsn = f"{empty_dsn}?options=-csearch_path%3D{path}"
    shown = run_emailq("status", "--json", env={"EMAILQ_DSN": dsn}).stdout

    assert migrate(dsn) == []
    assert '"queue_name": "work", "pending": 3' in shown
    assert query(empty_dsn, "select to_regclass('other.processing_queue') is null") == [(True,)]


def test_two_runs_at_once_do_the_work_once(empty_dsn: str) -> None:
    done: list[list[str]] = []
    threads = [threading.Thread(target=lambda: done.append(migrate(empty_dsn))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(name for names in done for name in names) == NAMES


def test_an_edited_migration_is_refused_by_name(dsn: str, change: Callable[[str, list[Migration]], None]) -> None:
    first, *rest = migrations()
    change("migrations", [Migration(first.name, first.text + "-- one word more"), *rest])

    with pytest.raises(
        SchemaError, match=rf"{first.name} was edited .* restore the file sql/migrations/{first.name}.sql"
    ):
        migrate(dsn)


def test_a_newer_database_is_refused_by_name(dsn: str) -> None:
    query(dsn, "insert into schema_migrations (name, checksum) values ('9999_future', 'x') returning name")

    with pytest.raises(SchemaError, match="9999_future, which this version does not know; upgrade emailq"):
        migrate(dsn)


def test_a_worker_refuses_a_newer_database_by_name(dsn: str) -> None:
    query(dsn, "insert into schema_migrations (name, checksum) values ('9999_future', 'x') returning name")

    done = run_emailq("worker", "--drain", env={"EMAILQ_DSN": dsn})

    assert (done.returncode, done.stdout) == (78, "")
    assert "9999_future" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("state", ["empty", "half"])
def test_a_worker_refuses_an_older_database_and_says_what_to_do(empty_dsn: str, state: str) -> None:
    if state == "half":
        migrate(empty_dsn)
        query(empty_dsn, f"delete from schema_migrations where name = '{NAMES[-1]}' returning name")  # noqa: S608

    done = run_emailq("worker", "--drain", env={"EMAILQ_DSN": empty_dsn})

    assert done.returncode == 78
    assert "run: emailq migrate" in done.stderr


def test_a_database_from_before_the_last_migration_is_brought_up_to_date(
    empty_dsn: str, dsn: str, change: Callable[[str, list[Migration]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    all_migrations, all_functions = migrations(), functions()
    with monkeypatch.context() as earlier:
        earlier.setattr(module, "migrations", lambda: all_migrations[:-1])
        earlier.setattr(module, "_apply_functions", lambda conn, **_: None)  # some belong to tables still to come
        migrate(empty_dsn)

    assert migrate(empty_dsn) == NAMES[-1:]
    assert functions() == all_functions
    assert objects(empty_dsn) == objects(dsn)


def test_a_migration_that_fails_leaves_those_before_it_and_goes_on_later(
    empty_dsn: str, change: Callable[[str, list[Migration]], None]
) -> None:
    files = migrations()
    broken = Migration(files[1].name, files[1].text + ";\ncreate table half_way (); select 1 / 0;")
    change("migrations", [files[0], broken, *files[2:]])
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty_dsn)
    assert applied(empty_dsn).keys() == {NAMES[0]}
    assert query(empty_dsn, "select to_regclass('half_way'), to_regclass('processing_queue')") == [(None, None)]

    change("migrations", files)

    assert migrate(empty_dsn) == NAMES[1:]


def test_a_run_that_was_killed_goes_on_where_it_was(empty_dsn: str) -> None:
    with psycopg.connect(empty_dsn) as conn:
        conn.execute("create table workers ()")  # the second migration has to wait for this one
        with start_emailq("migrate", env={"EMAILQ_DSN": empty_dsn}) as process:
            wait_until(lambda: query(empty_dsn, "select from pg_locks where not granted"))
            os.kill(process.pid, signal.SIGKILL)
        conn.rollback()
    wait_until(lambda: not query(empty_dsn, "select from pg_stat_activity where application_name = 'emailq migrate'"))
    assert applied(empty_dsn).keys() == {NAMES[0]}

    assert migrate(empty_dsn) == NAMES[1:]


def test_functions_are_made_anew_when_their_text_changed(
    dsn: str, change: Callable[[str, list[Migration]], None]
) -> None:
    changed = Migration(
        "clock",
        "create or replace function queue_now() returns timestamptz language sql as 'select to_timestamp(0)'",
    )
    change("functions", [*functions(), changed])

    done = migrate(dsn)

    assert done == []
    assert query(dsn, "select extract(year from queue_now())::int") == [(1970,)]


def test_a_database_with_functions_of_another_version_is_refused_by_workers(dsn: str) -> None:
    found = applied(dsn) | {"functions": "another"}

    with pytest.raises(SchemaError, match="functions of another version; run: emailq migrate"):
        check_schema(found)


def test_every_function_checks_out(empty_dsn: str) -> None:
    """migrate() lets functions name each other before they exist; once all are there, each body must be sound."""
    migrate(empty_dsn)

    with psycopg.connect(empty_dsn) as conn:
        for (definition,) in conn.execute(
            "select pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace and prokind = 'f'"
            " and prolang <> (select oid from pg_language where lanname = 'c')"
        ).fetchall():
            conn.execute(definition)


def test_api_metrics_is_partitioned_by_month_from_birth(dsn: str) -> None:
    assert query(dsn, "select partstrat from pg_partitioned_table where partrelid = 'api_metrics'::regclass") == [
        ("r",)
    ]
    query(
        dsn,
        "insert into api_metrics (endpoint, method, status_code, latency_ms) values ('/', 'GET', 200, 1) returning id",
    )

    [(month,)] = query(dsn, "select tableoid::regclass::text from api_metrics")

    assert month == query(dsn, "select 'api_metrics_' || to_char(now() at time zone 'UTC', 'YYYY_MM')")[0][0]


def test_the_command_says_what_it_did(empty_dsn: str) -> None:
    first, second = (run_emailq("migrate", env={"EMAILQ_DSN": empty_dsn}) for _ in range(2))

    assert (first.returncode, second.returncode) == (0, 0)
    assert all(name in first.stdout for name in NAMES)
    assert not any(name in second.stdout for name in NAMES)


def test_an_edited_schema_ends_the_command_with_one_line_and_78(dsn: str) -> None:
    query(dsn, f"update schema_migrations set checksum = 'x' where name = '{NAMES[0]}' returning name")  # noqa: S608

    done = run_emailq("migrate", env={"EMAILQ_DSN": dsn})

    assert done.returncode == 78
    assert NAMES[0] in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_database_that_can_not_hold_every_text_is_refused(pg_server: PostgresServer) -> None:
    with psycopg.connect(pg_server.dsn(), autocommit=True) as admin:
        admin.execute("create database latin encoding 'LATIN1' locale 'C' template template0")
        try:
            done = [
                run_emailq(command, env={"EMAILQ_DSN": pg_server.dsn("latin")}) for command in ("migrate", "doctor")
            ]
        finally:
            admin.execute("drop database latin with (force)")

    assert [one.returncode for one in done] == [78, 78]
    assert all("encoding LATIN1" in one.stdout + one.stderr for one in done)
    assert len(done[0].stderr.splitlines()) == 1


def test_text_comes_whole_whatever_encoding_the_environment_names(dsn: str) -> None:
    done = [
        run_emailq(command, env={"EMAILQ_DSN": dsn, "PGCLIENTENCODING": "SQL_ASCII"})
        for command in ("migrate", "status")
    ]

    assert [(one.returncode, one.stderr) for one in done] == [(0, ""), (0, "")]
